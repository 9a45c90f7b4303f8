package signaling

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"

	"verifycall/access"
	"verifycall/rooms"
	"verifycall/rooms/tickets"
)

// lives of a session.
type lives struct {
	whole time.Duration // however busy it is
	idle  time.Duration // unused
}

var (
	sellerLives = lives{24 * time.Hour, 24 * time.Hour}
	staffLives  = lives{staffSession, 2 * time.Hour}
)

const (
	staffSession = 12 * time.Hour
	// A token that was used this long is replaced; the old one goes on working for
	// a while, for what was on its way.
	tokenLife  = 15 * time.Minute
	tokenGrace = 10 * time.Minute
)

func livesOf(role access.Role) lives {
	if role == access.Seller {
		return sellerLives
	}
	return staffLives
}

// cookieName of a role. Over https the __Host- prefix binds the cookie to this
// host and to secure connections (RFC 6265bis section 4.1.3.2).
func (s *Server) cookieName(role access.Role) string {
	name := "vc_" + string(role)
	if s.secure {
		return "__Host-" + name
	}
	return name
}

func (s *Server) setCookie(w http.ResponseWriter, role access.Role, token string, life time.Duration) {
	c := &http.Cookie{Name: s.cookieName(role), Value: token, Path: "/", HttpOnly: true, Secure: s.secure,
		SameSite: http.SameSiteStrictMode, MaxAge: int(life / time.Second)}
	if token == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// session reads the session of a role from its cookie. The fault is
// unauthorized if there is none.
func (s *Server) session(r *http.Request, role access.Role) (session, error) {
	if who, ok := passed(r); ok {
		return sessionOf(who, role)
	}
	ended := unauthorized("You are not signed in here, or it was too long ago. Open your link again.")
	c, err := r.Cookie(s.cookieName(role))
	if err != nil {
		return session{}, ended
	}
	t, err := s.cfg.Rooms.Tickets.Get(r.Context(), kindSession, c.Value)
	if errors.Is(err, rooms.ErrNotFound) || err == nil && (t.Role != string(role) || !s.now().Before(t.Until)) {
		return session{}, ended
	}
	if err != nil {
		return session{}, fmt.Errorf("session: %w", err)
	}
	who := session{Role: role, Subject: t.Subject, Name: t.Name, Zone: "UTC", Room: t.Room, Browser: t.Browser, Proved: !t.Proved.IsZero(), token: c.Value, ticket: t}
	if role == access.Seller {
		return who, nil
	}
	return s.staff(r.Context(), who)
}

// fingerprint stands for a secret token where only sameness matters.
func fingerprint(token string) string {
	sum := sha256.Sum256([]byte("browser\x00" + token))
	return hex.EncodeToString(sum[:12])
}

// begin makes a new session and sets its cookie. Whatever session of that role
// the browser had is not taken over.
func (s *Server) begin(ctx context.Context, w http.ResponseWriter, t tickets.Ticket) error {
	token := tickets.NewToken()
	t.Browser, t.Until = fingerprint(token), s.now().Add(livesOf(access.Role(t.Role)).whole)
	if err := s.noteSignIn(ctx, t); err != nil {
		return err
	}
	return s.putSession(ctx, w, token, t)
}

// putSession stores a session under a token and sets its cookie. Those of staff
// are listed, so that they can be revoked.
func (s *Server) putSession(ctx context.Context, w http.ResponseWriter, token string, t tickets.Ticket) error {
	role := access.Role(t.Role)
	t.Made = s.now()
	life := min(livesOf(role).idle, t.Until.Sub(t.Made))
	put := s.cfg.Rooms.Tickets.PutGrant
	if role == access.Seller || t.Room != "" { // ends with its room; a robot's is short
		put = s.cfg.Rooms.Tickets.Put
	}
	if err := put(ctx, kindSession, token, t, life); err != nil {
		return fmt.Errorf("begin a session: %w", err)
	}
	s.setCookie(w, role, token, life)
	return nil
}

// renew gives a session that is in use another token once the old one has been
// used for tokenLife: a token that leaked is of little use. The old one stays for
// tokenGrace at most, and is marked, so that it can't be renewed again for ever.
func (s *Server) renew(w http.ResponseWriter, r *http.Request, who session) error {
	if who.token == "" || r.Header.Get("Upgrade") != "" || s.now().Sub(who.ticket.Made) < tokenLife {
		return nil
	}
	old := who.ticket
	old.Until = s.now().Add(min(tokenGrace, old.Until.Sub(s.now())))
	old.Made = s.now() // one token follows it, not one each request
	if there, err := s.cfg.Rooms.Tickets.Replace(r.Context(), kindSession, who.token, old, old.Until.Sub(s.now())); err != nil || !there {
		return err // revoked meanwhile: nothing follows it
	}
	return s.putSession(r.Context(), w, tickets.NewToken(), who.ticket)
}

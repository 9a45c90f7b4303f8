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
	// A token that was used this long is followed by another one. It goes on working
	// for tokenGrace after that one's first use, for what was on its way.
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
	if t, err = s.arrived(r.Context(), c.Value, t); err != nil {
		return session{}, err
	}
	who := session{Role: role, Subject: t.Subject, Name: t.Name, Zone: "UTC", Room: t.Room, Browser: t.Browser, Proved: !t.Proved.IsZero(), Links: t.Links, token: c.Value, ticket: t}
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
	life, err := s.storeSession(ctx, token, &t)
	if err != nil {
		return fmt.Errorf("begin a session: %w", err)
	}
	s.setCookie(w, access.Role(t.Role), token, life)
	return nil
}

func (s *Server) storeSession(ctx context.Context, token string, t *tickets.Ticket) (time.Duration, error) {
	t.Made, t.Next, t.Renewed = s.now(), "", time.Time{} // nothing follows it yet
	life := unusedEnd(*t).Sub(t.Made)
	put := s.cfg.Rooms.Tickets.PutGrant
	if t.Role == string(access.Seller) || t.Room != "" { // ends with its room; a robot's is short
		put = s.cfg.Rooms.Tickets.Put
	}
	return life, put(ctx, kindSession, token, *t, life)
}

// unusedEnd is when a token ends that no other one follows.
func unusedEnd(t tickets.Ticket) time.Time {
	if idle := t.Made.Add(livesOf(access.Role(t.Role)).idle); idle.Before(t.Until) {
		return idle
	}
	return t.Until
}

// arrived takes note that a token has reached its browser: the one before it ends
// soon. Until then that one goes on as if it were alone, for answers get lost.
func (s *Server) arrived(ctx context.Context, token string, t tickets.Ticket) (tickets.Ticket, error) {
	if t.Before == "" {
		return t, nil
	}
	now := s.now()
	if err := s.cfg.Rooms.Tickets.Shorten(ctx, kindSession, t.Before, now, tokenGrace); err != nil {
		return t, fmt.Errorf("session: %w", err)
	}
	t.Before = ""
	if _, err := s.cfg.Rooms.Tickets.Replace(ctx, kindSession, token, t, max(unusedEnd(t).Sub(now), time.Second)); err != nil {
		return t, fmt.Errorf("session: %w", err)
	}
	return t, nil
}

// renew gives a session that is in use another token once the old one has been
// used for tokenLife: a token that leaked is of little use. Where the new one isn't
// used, another takes its place after tokenGrace.
func (s *Server) renew(w http.ResponseWriter, r *http.Request, who session) error {
	ctx, now, seen := r.Context(), s.now(), who.ticket
	if who.token == "" || r.Header.Get("Upgrade") != "" || now.Sub(seen.Made) < tokenLife || now.Sub(seen.Renewed) < tokenGrace {
		return nil
	}
	token, next := tickets.NewToken(), seen
	next.Before = tickets.HashToken(who.token)
	life, err := s.storeSession(ctx, token, &next)
	if err != nil {
		return fmt.Errorf("renew a session: %w", err)
	}
	// The new one first: whoever ends the session meanwhile ends it with what is
	// there, or has ended the old one before this looks.
	follows, err := s.follow(ctx, who.token, seen, tickets.HashToken(token), now)
	if err != nil || !follows {
		return errors.Join(err, s.cfg.Rooms.Tickets.Drop(ctx, kindSession, token))
	}
	s.setCookie(w, who.Role, token, life)
	return nil
}

// follow notes the token that follows one, and drops the one that did and was never
// used. False: another has followed meanwhile.
func (s *Server) follow(ctx context.Context, token string, seen tickets.Ticket, next string, now time.Time) (bool, error) {
	t, err := s.cfg.Rooms.Tickets.Get(ctx, kindSession, token)
	if err == nil && (!t.Made.Equal(seen.Made) || !t.Renewed.Equal(seen.Renewed)) {
		return false, nil
	}
	there := false
	if err == nil {
		t.Next, t.Renewed = next, now
		there, err = s.cfg.Rooms.Tickets.Replace(ctx, kindSession, token, t, max(unusedEnd(t).Sub(now), time.Second))
	}
	switch {
	case errors.Is(err, rooms.ErrNotFound) || err == nil && !there:
		return false, unauthorized("You were signed out. Sign in again.")
	case err != nil:
		return false, err
	case seen.Next != "":
		return true, s.cfg.Rooms.Tickets.DropHash(ctx, kindSession, seen.Next)
	}
	return true, nil
}

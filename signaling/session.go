package signaling

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/rooms"
	"verifycall/rooms/accesslog"
	"verifycall/rooms/tickets"
)

// Kinds of tickets, see tickets.Ticket.
const (
	kindSignIn  = GrantSignIn
	kindSession = GrantSession
	kindAPIKey  = GrantAPIKey
	kindIdem    = "idem" // what an idempotency key was used for
)

// Kinds of grants, see tickets.Grant.
const (
	GrantSignIn  = "signin"  // a staff link
	GrantSession = "session" // a cookie
	GrantAPIKey  = "apikey"  // an integrator's bearer key
)

// ScopeAgain in a sign-in ticket says that its link may be used again until it
// expires; otherwise it is good for one use.
const ScopeAgain = "again"

// session is who makes a request.
type session struct {
	Role    access.Role
	Subject string // "seller" or the staff account's id
	Name    string // of staff
	Zone    string // of staff, IANA
	Room    string // if not empty, the one room that this session is for
	Browser string // tells browsers apart; nothing can be learnt from it
	Proved  bool   // a seller who entered a mailed code
	Links   int64  // of a seller, see tickets.Ticket
	Reason  string // of access.Reasons: why an operator looks

	at     *rooms.Room    // that a door was opened to; nil where it is about none
	token  string         // of the cookie; empty for a request that was passed on
	ticket tickets.Ticket // of the cookie
}

func unauthorized(message string) *protocol.Fault {
	return protocol.Faultf(protocol.CodeUnauthorized, message)
}

func forbidden(message string) *protocol.Fault {
	return protocol.Faultf(protocol.CodeForbidden, message)
}

// staff fills in what the account says now; robots of test rooms have none.
func (s *Server) staff(ctx context.Context, who session) (session, error) {
	account, err := s.cfg.Rooms.Accounts.Get(ctx, who.Subject)
	switch {
	case errors.Is(err, rooms.ErrNotFound) && who.Room != "":
		return who, nil
	case errors.Is(err, rooms.ErrNotFound), err == nil && account.Role != string(who.Role):
		return session{}, unauthorized("This account is gone.")
	case err != nil:
		return session{}, fmt.Errorf("staff account: %w", err)
	}
	who.Name, who.Zone = account.Name, account.Zone
	return who, nil
}

// exchanged guards an exchange of tokens: an address that failed too often has
// to wait. Only failures count, so that a busy office isn't locked out.
func (s *Server) exchanged(r *http.Request, exchange func() error) error {
	from := address(r)
	if s.limitBy(r.Context(), s.guesses, from, 0) != nil {
		return tooManyFault(s.guesses.Every, "Too many links that don't exist were tried from here. Wait a minute.")
	}
	err := exchange()
	var f *protocol.Fault
	if errors.As(err, &f) && (f.Code == protocol.CodeLinkUnknown || f.Code == protocol.CodeUnauthorized) {
		_ = s.limit(r.Context(), s.guesses, from) // counts; the refusal is said already
	}
	return err
}

type tokenRequest struct {
	Token string `json:"token"`
}

// exchangeLink trades a seller's link for a session of that room.
func (s *Server) exchangeLink(w http.ResponseWriter, r *http.Request) error {
	var req tokenRequest
	if err := readSmall(w, r, &req); err != nil {
		return err
	}
	return s.exchanged(r, func() error {
		room, err := s.roomByLink(r.Context(), req.Token)
		if err != nil {
			return err
		}
		if err := s.limit(r.Context(), limitLinks, room.ID); err != nil {
			return err
		}
		// The same browser keeps its session, so that its second tab is known as such.
		who, err := s.session(r, access.Seller)
		if err != nil || who.Room != room.ID || who.Links < room.LinksFrom {
			who = session{} // has entered no code
			t := tickets.Ticket{Role: string(access.Seller), Subject: "seller", Room: room.ID, Links: room.LinksFrom}
			if err := s.begin(r.Context(), w, t); err != nil {
				return err
			}
		}
		// The appointment at once: a slow network asks for nothing twice.
		appointment, err := s.appointmentOf(r.Context(), room, who)
		if err != nil {
			return err
		}
		return writeJSON(w, http.StatusOK, map[string]any{"role": access.Seller, "appointment": appointment})
	})
}

func (s *Server) roomByLink(ctx context.Context, token string) (*rooms.Room, error) {
	room, err := s.cfg.Rooms.RoomByLink(ctx, token)
	switch {
	case errors.Is(err, rooms.ErrNotFound):
		return nil, protocol.Faultf(protocol.CodeLinkUnknown, "This link is not known. Check that it was copied whole.")
	case errors.Is(err, rooms.ErrLinkExpired):
		return nil, protocol.Faultf(protocol.CodeLinkExpired, "The time of this link is over. Ask for a new one.")
	case err != nil:
		return nil, fmt.Errorf("link: %w", err)
	}
	return room, openToSeller(room)
}

// openToSeller refuses what a seller can't come back to. What the seller called off
// can be booked again.
func openToSeller(room *rooms.Room) error {
	switch room.State {
	case rooms.StateCancelled:
		if room.Rebooks(time.Now()) {
			return nil
		}
		return protocol.Faultf(protocol.CodeRoomCancelled, "This appointment was cancelled.")
	case rooms.StateExpired, rooms.StatePurged:
		return protocol.Faultf(protocol.CodeLinkExpired, "The time of this link is over. Ask for a new one.")
	}
	return nil
}

var homes = map[access.Role]string{access.Manager: "/manager", access.Auditor: "/audit", access.Operator: "/operate"}

// signIn trades a staff link for a session. An invitation gives none and stays:
// the page makes a passkey by it.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request) error {
	if err := s.limit(r.Context(), limitSignIns, address(r)); err != nil {
		return err
	}
	var req tokenRequest
	if err := readSmall(w, r, &req); err != nil {
		return err
	}
	return s.exchanged(r, func() error {
		t, err := s.takeSignIn(r.Context(), req.Token)
		if err != nil {
			return err
		}
		if t.Scope == ScopePasskey {
			account, _, err := s.invited(r.Context(), req.Token)
			if err != nil {
				return err
			}
			return writeJSON(w, http.StatusOK, map[string]any{"role": t.Role, "name": account.Name, "passkey": true})
		}
		t.How = howLink
		return s.welcome(w, r, t)
	})
}

func (s *Server) takeSignIn(ctx context.Context, token string) (tickets.Ticket, error) {
	t, err := s.cfg.Rooms.Tickets.Get(ctx, kindSignIn, token)
	if err == nil && t.Scope != ScopeAgain && t.Scope != ScopePasskey {
		t, err = s.cfg.Rooms.Tickets.Take(ctx, kindSignIn, token)
	}
	if errors.Is(err, rooms.ErrNotFound) {
		return tickets.Ticket{}, protocol.Faultf(protocol.CodeLinkUnknown, "This sign-in link is not known, or was used already.")
	}
	return t, err
}

// signOut ends a session; without one it does nothing. Where the provider of
// OpenID Connect has begun it the answer says where the page ends it there too.
func (s *Server) signOut(w http.ResponseWriter, r *http.Request) error {
	var req struct {
		Role access.Role `json:"role"`
	}
	if err := readSmall(w, r, &req); err != nil {
		return err
	}
	if _, staff := homes[req.Role]; !staff && req.Role != access.Seller {
		return malformed("There is no such role.")
	}
	answer := map[string]string{}
	if c, err := r.Cookie(s.cookieName(req.Role)); err == nil {
		who, _ := s.session(r, req.Role) // of none there is nothing to tell
		if next := s.endAtProvider(r.Context(), c.Value); next != "" {
			answer["next"] = next
		}
		err := s.cfg.Rooms.Tickets.Drop(r.Context(), kindSession, c.Value)
		if err != nil && !errors.Is(err, rooms.ErrNotFound) {
			return fmt.Errorf("end the session: %w", err)
		}
		if who.Browser != "" { // the tokens before it, and what came in by them
			if err := s.cfg.Rooms.Tickets.EndSession(r.Context(), kindSession, who.Browser); err != nil {
				return err
			}
		}
		if err == nil {
			s.cfg.Access.Tell(accesslog.Event{Type: accesslog.SignedOut, Actor: actorOfRole(req.Role, who.Subject), Body: accesslog.Body{Session: who.Browser}})
		}
	}
	s.forgetSession(w, req.Role)
	return writeJSON(w, http.StatusOK, answer)
}

// forgetSession has a browser forget its session, and of staff the pictures that it
// keeps.
func (s *Server) forgetSession(w http.ResponseWriter, role access.Role) {
	s.setCookie(w, role, "", 0)
	if role != access.Seller { // a seller's are never cached
		w.Header().Set("Clear-Site-Data", `"cache"`)
	}
}

// storeAnswers asks the store for something that isn't there.
func (s *Server) storeAnswers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_, err := s.cfg.Rooms.Tickets.Get(ctx, kindSession, "health")
	if errors.Is(err, rooms.ErrNotFound) {
		return nil
	}
	return err
}

// NewSignInLink makes a staff link on the server that people reach by public.
// With Scope ScopeAgain it can be used again within its life.
func NewSignInLink(ctx context.Context, store *rooms.Store, public *url.URL, t tickets.Ticket, life time.Duration) (string, error) {
	token := tickets.NewToken()
	if err := store.Tickets.PutGrant(ctx, kindSignIn, token, t, life); err != nil {
		return "", fmt.Errorf("make a sign-in link: %w", err)
	}
	return originOf(public) + "/in/" + token, nil
}

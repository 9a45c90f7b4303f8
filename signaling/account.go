package signaling

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/rooms/tickets"
	"verifycall/signin/openid"
)

// KeyView is one of an account's passkeys on its holder's page.
type KeyView struct {
	ID    string     `json:"id"`
	Name  string     `json:"name"`
	Added time.Time  `json:"added"`
	Used  *time.Time `json:"used,omitempty"` // last
}

// SessionView is one of an account's sessions on its holder's page.
type SessionView struct {
	ID     string    `json:"id"`
	How    string    `json:"how"`   // "link", "passkey", "oidc"
	Agent  string    `json:"agent"` // "Firefox, Windows"; may be empty
	Signed time.Time `json:"signed"`
	Seen   time.Time `json:"seen"` // in use then, or up to tokenLife later
	Until  time.Time `json:"until"`
	This   bool      `json:"this,omitempty"`
}

// AccountView is what somebody of the staff sees of the own account.
type AccountView struct {
	ID       string        `json:"id"`
	Name     string        `json:"name"`
	Role     access.Role   `json:"role"`
	Zone     string        `json:"zone"`
	Home     string        `json:"home"`
	Makes    bool          `json:"makes"` // passkeys can be made here
	Passkeys []KeyView     `json:"passkeys"`
	Sessions []SessionView `json:"sessions"`
}

func (s *Server) accountRoutes() map[string]door {
	return map[string]door{
		"GET /api/account":                            s.as(access.AccountRead, s.ownAccount),
		"POST /api/account/passkeys/begin":            s.as(access.AccountChange, s.beginOwnKey),
		"POST /api/account/passkeys":                  s.as(access.AccountChange, s.addOwnKey),
		"POST /api/account/passkeys/{key}/remove":     s.as(access.AccountChange, s.removeOwnKey),
		"POST /api/account/sessions/{session}/revoke": s.as(access.AccountChange, s.revokeOwnSession),
	}
}

func (s *Server) ownAccount(w http.ResponseWriter, r *http.Request, who session) error {
	return s.writeAccount(w, r, who)
}

func (s *Server) writeAccount(w http.ResponseWriter, r *http.Request, who session) error {
	keys, err := s.cfg.Rooms.Accounts.Passkeys(r.Context(), who.Subject)
	if err != nil {
		return err
	}
	sessions, err := s.sessionsOf(r.Context(), who.Subject)
	if err != nil {
		return err
	}
	view := AccountView{ID: who.Subject, Name: who.Name, Role: who.Role, Zone: who.Zone, Home: homes[who.Role], Makes: s.passkeys != nil && !openid.IsAccount(who.Subject),
		Passkeys: make([]KeyView, 0, len(keys)), Sessions: make([]SessionView, 0, len(sessions))}
	for _, k := range keys {
		row := KeyView{ID: k.ID, Name: k.Name, Added: k.Added}
		if !k.Used.IsZero() {
			row.Used = &k.Used
		}
		view.Passkeys = append(view.Passkeys, row)
	}
	for _, g := range sessions {
		t := g.Ticket
		view.Sessions = append(view.Sessions, SessionView{ID: g.ID, How: t.How, Agent: t.Agent, Signed: t.Signed.UTC(), Seen: t.Made.UTC(),
			Until: t.Until.UTC(), This: t.Browser == who.Browser})
	}
	return writeJSON(w, http.StatusOK, view)
}

// sessionsOf lists an account's sessions, the newest first: of those with several
// tokens the one that was made last.
func (s *Server) sessionsOf(ctx context.Context, account string) ([]tickets.Grant, error) {
	all, err := s.cfg.Rooms.Tickets.Grants(ctx, kindSession)
	if err != nil {
		return nil, fmt.Errorf("sessions: %w", err)
	}
	all = slices.DeleteFunc(all, func(g tickets.Grant) bool { return g.Ticket.Subject != account })
	slices.SortStableFunc(all, func(a, b tickets.Grant) int {
		return cmp.Or(b.Ticket.Signed.Compare(a.Ticket.Signed), cmp.Compare(a.Ticket.Browser, b.Ticket.Browser),
			b.Expires.Compare(a.Expires)) // an old token is kept for less long than the one after it
	})
	return slices.CompactFunc(all, func(a, b tickets.Grant) bool { return a.Ticket.Browser == b.Ticket.Browser }), nil
}

// fresh wants a sign-in of a moment ago: who finds an open page must not be able
// to come back with a passkey of the own.
func (s *Server) fresh(who session) error {
	if openid.IsAccount(who.Subject) { // whoever the provider lets in no more must have no other way
		return protocol.Faultf(protocol.CodeWrongState, "This account signs in at the company's provider, it has no passkeys.")
	}
	if s.now().Sub(who.ticket.Signed) > freshSignIn {
		return forbidden("Sign in again first: that can be changed only for ten minutes after it.")
	}
	return nil
}

func (s *Server) beginOwnKey(w http.ResponseWriter, r *http.Request, who session) error {
	if err := s.fresh(who); err != nil {
		return err
	}
	a, _, err := s.account(r.Context(), who.Subject)
	if err != nil {
		return err
	}
	return s.beginCreate(w, r, a)
}

func (s *Server) addOwnKey(w http.ResponseWriter, r *http.Request, who session) error {
	req, err := readAnswer(w, r)
	if err != nil {
		return err
	}
	if err := s.fresh(who); err != nil {
		return err
	}
	a, _, err := s.account(r.Context(), who.Subject)
	if err != nil {
		return err
	}
	p, err := s.created(r.Context(), a, req)
	if err != nil {
		return err
	}
	if err := s.addPasskey(r.Context(), actorOf(who), who.Subject, p); err != nil {
		return err
	}
	s.log.Info("passkey added", "account", who.Subject)
	return s.writeAccount(w, r, who)
}

// removeOwnKey takes a passkey away, but the last one only where somebody has
// another way in.
func (s *Server) removeOwnKey(w http.ResponseWriter, r *http.Request, who session) error {
	if err := s.fresh(who); err != nil {
		return err
	}
	keys, err := s.cfg.Rooms.Accounts.Passkeys(r.Context(), who.Subject)
	if err != nil {
		return err
	}
	key := r.PathValue("key")
	if len(keys) == 1 && keys[0].ID == key && who.ticket.How == howPasskey {
		return protocol.Faultf(protocol.CodeWrongState, "This is the only passkey. Add another one first.")
	}
	if err := s.cfg.Rooms.Accounts.RemovePasskey(r.Context(), actorOf(who), who.Subject, key); err != nil {
		return err
	}
	s.log.Info("passkey removed", "account", who.Subject)
	return s.writeAccount(w, r, who)
}

// revokeOwnSession ends one of the own sessions at once.
func (s *Server) revokeOwnSession(w http.ResponseWriter, r *http.Request, who session) error {
	sessions, err := s.sessionsOf(r.Context(), who.Subject)
	if err != nil {
		return err
	}
	id := r.PathValue("session")
	i := slices.IndexFunc(sessions, func(g tickets.Grant) bool { return g.ID == id })
	if i < 0 {
		return protocol.Faultf(protocol.CodeNotFound, "There is no such session, or it is over.")
	}
	if err := s.revokeNoted(r.Context(), who, kindSession, id); err != nil {
		return err
	}
	s.log.Info("session revoked", "account", who.Subject)
	if sessions[i].Ticket.Browser == who.Browser {
		s.forgetSession(w, who.Role)
		return writeJSON(w, http.StatusOK, map[string]bool{"signedOut": true})
	}
	return s.writeAccount(w, r, who)
}

package signaling

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"verifycall/calls/protocol"
	"verifycall/rooms"
	"verifycall/rooms/accesslog"
	"verifycall/rooms/staff"
	"verifycall/rooms/tickets"
	"verifycall/signin/openid"
)

// kindOpenID are tickets of sign-ins that were begun at the provider, by state.
const kindOpenID = "oidc"

const openidLife = 10 * time.Minute

// CallbackPath is where the provider sends browsers back to.
const CallbackPath = "/oidc/callback"

func (s *Server) openidRoutes() map[string]door {
	return map[string]door{
		"GET /oidc/start":     public(s.beginOpenID),
		"GET " + CallbackPath: public(s.finishOpenID),
	}
}

func (s *Server) stateCookie(state string, life time.Duration) *http.Cookie {
	name := "vc_oidc"
	if s.secure {
		name = "__Host-" + name
	}
	// Lax, for it has to come with the way back from the provider's page.
	return &http.Cookie{Name: name, Value: state, Path: "/", HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode, MaxAge: int(life / time.Second)}
}

// failed sends a browser back to the sign-in page, which says why in words.
func failed(w http.ResponseWriter, r *http.Request, why string) error {
	http.Redirect(w, r, "/signin?failed="+url.QueryEscape(why), http.StatusSeeOther)
	return nil
}

func (s *Server) hasOpenID() error {
	if s.cfg.OpenID == nil {
		return protocol.Faultf(protocol.CodeNotFound, "There is no such page.")
	}
	return nil
}

// beginOpenID sends a browser to the provider. Being sent there by another site
// does no harm: whoever comes back is who the provider says.
func (s *Server) beginOpenID(w http.ResponseWriter, r *http.Request) error {
	if err := s.hasOpenID(); err != nil {
		return err
	}
	if err := s.limit(r.Context(), limitCeremonies, address(r)); err != nil {
		return err
	}
	state := tickets.NewToken()
	to, keep, err := s.cfg.OpenID.Begin(r.Context(), state)
	if err != nil {
		s.log.Warn("the provider of OpenID Connect can't be asked", "err", err)
		return failed(w, r, "away")
	}
	if err := s.cfg.Rooms.Tickets.Put(r.Context(), kindOpenID, state, tickets.Ticket{Kept: keep}, openidLife); err != nil {
		return fmt.Errorf("begin a sign-in: %w", err)
	}
	http.SetCookie(w, s.stateCookie(state, openidLife))
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// finishOpenID takes a browser that comes back from the provider.
func (s *Server) finishOpenID(w http.ResponseWriter, r *http.Request) error {
	if err := s.hasOpenID(); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	state := r.URL.Query().Get("state")
	mine, err := r.Cookie(s.stateCookie("", 0).Name)
	if err != nil || state == "" || subtle.ConstantTimeCompare([]byte(mine.Value), []byte(state)) != 1 {
		return failed(w, r, "late") // not begun in this browser; no guess: any site's page can send it here
	}
	var home string
	err = s.exchanged(r, func() (err error) {
		home, err = s.signedAtProvider(w, r, state)
		return err
	})
	switch {
	case err == nil:
		http.Redirect(w, r, home, http.StatusSeeOther)
		return nil
	case errors.Is(err, openid.ErrNoRole):
		return failed(w, r, "no_role")
	case errors.Is(err, openid.ErrAway):
		s.log.Warn("the provider of OpenID Connect can't be asked", "err", err)
		return failed(w, r, "away")
	case errors.Is(err, openid.ErrRefused):
		s.log.Warn("a sign-in by OpenID Connect was refused", "why", err)
		return failed(w, r, "refused")
	}
	var f *protocol.Fault
	if errors.As(err, &f) && f.Code == protocol.CodeLinkUnknown {
		return failed(w, r, "late")
	}
	return err
}

// signedAtProvider checks what a browser brings of the sign-in that it has begun,
// makes or renews the account and begins its session.
func (s *Server) signedAtProvider(w http.ResponseWriter, r *http.Request, state string) (home string, err error) {
	ctx := r.Context()
	http.SetCookie(w, s.stateCookie("", -time.Second))
	t, err := s.cfg.Rooms.Tickets.Take(ctx, kindOpenID, state)
	if errors.Is(err, rooms.ErrNotFound) {
		return "", protocol.Faultf(protocol.CodeLinkUnknown, "This sign-in took too long, or was used already.")
	}
	if err != nil {
		return "", fmt.Errorf("sign-in: %w", err)
	}
	who, err := s.cfg.OpenID.Finish(ctx, t.Kept, r.URL.Query())
	if errors.Is(err, openid.ErrRefused) {
		return "", &protocol.Fault{Code: protocol.CodeUnauthorized, Message: "The provider's answer proves nothing.", Err: err}
	}
	if err != nil {
		return "", err
	}
	account := staff.Account{ID: who.Account, Name: who.Name, Role: string(who.Role), Zone: who.Zone}
	old, err := s.cfg.Rooms.Accounts.Get(ctx, who.Account)
	switch {
	case err == nil:
		account.Languages = old.Languages
	case !errors.Is(err, rooms.ErrNotFound):
		return "", err
	}
	if old.Role != account.Role {
		if err := s.noted(ctx, accesslog.Event{Type: accesslog.RoleSet, Actor: "system", Body: accesslog.Body{Account: account.ID, Role: account.Role,
			By: howOpenID}}); err != nil {
			return "", err
		}
	}
	if err := s.cfg.Rooms.Accounts.Put(ctx, "system", account); err != nil {
		return "", fmt.Errorf("account: %w", err)
	}
	_, home, err = s.beginStaff(w, r, tickets.Ticket{Role: account.Role, Subject: account.ID, How: howOpenID})
	return home, err
}

// endAtProvider gives where a session that the provider began is ended there.
func (s *Server) endAtProvider(ctx context.Context, token string) string {
	if s.cfg.OpenID == nil {
		return ""
	}
	t, err := s.cfg.Rooms.Tickets.Get(ctx, kindSession, token)
	if err != nil || t.How != howOpenID {
		return ""
	}
	return s.cfg.OpenID.Logout(ctx, s.link("/signin"))
}

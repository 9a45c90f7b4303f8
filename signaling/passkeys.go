package signaling

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/rooms"
	"verifycall/rooms/limits"
	"verifycall/rooms/staff"
	"verifycall/rooms/tickets"
	"verifycall/signin"
)

// ScopePasskey in a sign-in ticket says that its link makes a passkey, once, and
// signs in by that alone.
const ScopePasskey = "passkey"

// kindCeremony are tickets of what a passkey's next step needs.
const kindCeremony = "ceremony"

const (
	ceremonyLife = 5 * time.Minute
	// freshSignIn is how long after signing in an account's passkeys can be changed.
	freshSignIn = 10 * time.Minute
	maxAnswer   = 16 << 10 // bytes of a browser's answer
	maxKeyName  = 60       // runes
)

// limitCeremonies are first steps with a passkey, by address.
var limitCeremonies = limits.Limit{Name: "ceremony", Every: time.Second, Burst: 60}

// How somebody signed in, in a session's ticket.
const (
	howLink    = "link"
	howPasskey = "passkey"
	howOpenID  = "oidc"
	howCode    = "code"
)

func (s *Server) passkeyRoutes() map[string]door {
	return map[string]door{
		"GET /api/signin":                   public(s.waysIn),
		"POST /api/passkeys/invited/begin":  public(s.beginInvited),
		"POST /api/passkeys/invited/finish": public(s.finishInvited),
		"POST /api/passkeys/begin":          public(s.beginPasskey),
		"POST /api/passkeys/finish":         public(s.finishPasskey),
	}
}

// waysIn says by what staff can sign in here.
func (s *Server) waysIn(w http.ResponseWriter, _ *http.Request) error {
	ways := map[string]any{"passkeys": s.passkeys != nil}
	if s.cfg.OpenID != nil {
		ways["openid"] = s.cfg.OpenID.Label()
	}
	return writeJSON(w, http.StatusOK, ways)
}

// ceremony is what a browser needs for its step, and what it has to bring back.
type ceremony struct {
	Ceremony string          `json:"ceremony"` // one use, ceremonyLife
	Options  json.RawMessage `json:"options"`
}

// ceremonyAnswer is what a browser brings of its step.
type ceremonyAnswer struct {
	Ceremony   string          `json:"ceremony"`
	Token      string          `json:"token"` // of an invitation
	Name       string          `json:"name"`  // of a new passkey
	Credential json.RawMessage `json:"credential"`
}

func (s *Server) hasPasskeys() error {
	if s.passkeys == nil {
		return protocol.Faultf(protocol.CodeWrongState, "Passkeys need an https address with a name. This address has none.")
	}
	return nil
}

// keep stores what a step has to find again, and gives what the browser gets. who
// is the account that a passkey is made for, empty for a sign-in.
func (s *Server) keep(ctx context.Context, who string, step signin.Step) (ceremony, error) {
	token := tickets.NewToken()
	err := s.cfg.Rooms.Tickets.Put(ctx, kindCeremony, token, tickets.Ticket{Subject: who, Kept: step.Kept}, ceremonyLife)
	if err != nil {
		return ceremony{}, fmt.Errorf("ceremony: %w", err)
	}
	return ceremony{token, step.Options}, nil
}

// kept gives what a step has left for the account who, once.
func (s *Server) kept(ctx context.Context, token, who string) (string, error) {
	t, err := s.cfg.Rooms.Tickets.Take(ctx, kindCeremony, token)
	if errors.Is(err, rooms.ErrNotFound) || err == nil && t.Subject != who {
		return "", protocol.Faultf(protocol.CodeLinkExpired, "That took too long, or was sent twice. Try again.")
	}
	if err != nil {
		return "", fmt.Errorf("ceremony: %w", err)
	}
	return t.Kept, nil
}

// account gives a staff account as package signin knows it.
func (s *Server) account(ctx context.Context, id string) (signin.Account, staff.Account, error) {
	account, err := s.cfg.Rooms.Accounts.Get(ctx, id)
	if err != nil {
		return signin.Account{}, staff.Account{}, err
	}
	keys, err := s.cfg.Rooms.Accounts.Passkeys(ctx, id)
	return signin.Account{ID: id, Name: account.Name, Passkeys: keys}, account, err
}

// invited gives the account that an invitation is for, and the invitation.
func (s *Server) invited(ctx context.Context, token string) (signin.Account, tickets.Ticket, error) {
	t, err := s.cfg.Rooms.Tickets.Get(ctx, kindSignIn, token)
	if errors.Is(err, rooms.ErrNotFound) || err == nil && t.Scope != ScopePasskey {
		return signin.Account{}, t, protocol.Faultf(protocol.CodeLinkUnknown, "This invitation is not known, or was used already.")
	}
	if err != nil {
		return signin.Account{}, t, fmt.Errorf("invitation: %w", err)
	}
	a, staff, err := s.account(ctx, t.Subject)
	if errors.Is(err, rooms.ErrNotFound) || err == nil && staff.Role != t.Role {
		return signin.Account{}, t, protocol.Faultf(protocol.CodeLinkUnknown, "The account of this invitation is gone.")
	}
	return a, t, err
}

// beginInvited begins the passkey of an invitation. The invitation stays.
func (s *Server) beginInvited(w http.ResponseWriter, r *http.Request) error {
	var req tokenRequest
	if err := readSmall(w, r, &req); err != nil {
		return err
	}
	return s.exchanged(r, func() error {
		a, _, err := s.invited(r.Context(), req.Token)
		if err != nil {
			return err
		}
		return s.beginCreate(w, r, a)
	})
}

func (s *Server) beginCreate(w http.ResponseWriter, r *http.Request, a signin.Account) error {
	if err := s.hasPasskeys(); err != nil {
		return err
	}
	if err := s.limit(r.Context(), limitCeremonies, address(r)); err != nil {
		return err
	}
	step, err := s.passkeys.BeginCreate(a)
	if err != nil {
		return err
	}
	answer, err := s.keep(r.Context(), a.ID, step)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, answer)
}

// readAnswer reads what a browser brings of its step.
func readAnswer(w http.ResponseWriter, r *http.Request) (ceremonyAnswer, error) {
	var req ceremonyAnswer
	err := readJSON(w, r, maxAnswer, &req)
	return req, err
}

// created gives the passkey that an answer has made for an account.
func (s *Server) created(ctx context.Context, a signin.Account, req ceremonyAnswer) (staff.Passkey, error) {
	if err := s.hasPasskeys(); err != nil {
		return staff.Passkey{}, err
	}
	name := strings.TrimSpace(req.Name)
	if n := utf8.RuneCountInString(name); n == 0 || n > maxKeyName || strings.ContainsFunc(name, unicode.IsControl) {
		return staff.Passkey{}, malformed("A passkey's name is one line of 1 to 60 characters.")
	}
	kept, err := s.kept(ctx, req.Ceremony, a.ID)
	if err != nil {
		return staff.Passkey{}, err
	}
	p, err := s.passkeys.Create(a, kept, req.Credential)
	if errors.Is(err, signin.ErrRefused) {
		return staff.Passkey{}, &protocol.Fault{Code: protocol.CodeMalformed, Message: "This passkey can't be used. Try again, or take another device.", Err: err}
	}
	p.Name = name
	return p, err
}

// addPasskey stores a passkey that was made.
func (s *Server) addPasskey(ctx context.Context, actor, account string, p staff.Passkey) error {
	err := s.cfg.Rooms.Accounts.AddPasskey(ctx, actor, account, p)
	if errors.Is(err, staff.ErrPasskeys) {
		return protocol.Faultf(protocol.CodeWrongState, "This account has as many passkeys as it may. Remove one first.")
	}
	if err == nil && p.Count > 0 {
		err = s.cfg.Rooms.Accounts.UsedPasskey(ctx, account, p.ID, p.Count)
	}
	return err
}

// finishInvited stores the passkey of an invitation, uses the invitation up and
// signs in.
func (s *Server) finishInvited(w http.ResponseWriter, r *http.Request) error {
	req, err := readAnswer(w, r)
	if err != nil {
		return err
	}
	return s.exchanged(r, func() error {
		a, t, err := s.invited(r.Context(), req.Token)
		if err != nil {
			return err
		}
		p, err := s.created(r.Context(), a, req)
		if err != nil {
			return err
		}
		// Of two at the same moment one gets the invitation.
		if _, err := s.cfg.Rooms.Tickets.Take(r.Context(), kindSignIn, req.Token); errors.Is(err, rooms.ErrNotFound) {
			return protocol.Faultf(protocol.CodeLinkUnknown, "This invitation was used already.")
		} else if err != nil {
			return fmt.Errorf("invitation: %w", err)
		}
		if err := s.addPasskey(r.Context(), t.Role+":"+a.ID, a.ID, p); err != nil {
			if left := t.Until.Sub(s.now()); left > 0 { // it was of no use
				err = errors.Join(err, s.cfg.Rooms.Tickets.PutGrant(context.WithoutCancel(r.Context()), kindSignIn, req.Token, t, left))
			}
			return err
		}
		return s.welcome(w, r, tickets.Ticket{Role: t.Role, Subject: a.ID, How: howPasskey})
	})
}

// beginPasskey begins a sign-in with a passkey.
func (s *Server) beginPasskey(w http.ResponseWriter, r *http.Request) error {
	var req struct{}
	if err := readSmall(w, r, &req); err != nil {
		return err
	}
	if err := s.hasPasskeys(); err != nil {
		return err
	}
	if err := s.limit(r.Context(), limitCeremonies, address(r)); err != nil {
		return err
	}
	step, err := s.passkeys.BeginUse()
	if err != nil {
		return err
	}
	answer, err := s.keep(r.Context(), "", step)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, answer)
}

// finishPasskey signs in with a passkey.
func (s *Server) finishPasskey(w http.ResponseWriter, r *http.Request) error {
	req, err := readAnswer(w, r)
	if err != nil {
		return err
	}
	if err := s.hasPasskeys(); err != nil {
		return err
	}
	return s.exchanged(r, func() error {
		ctx := r.Context()
		kept, err := s.kept(ctx, req.Ceremony, "")
		if err != nil {
			return err
		}
		id, p, err := s.passkeys.Use(kept, req.Credential, func(id string) (signin.Account, error) {
			a, _, err := s.account(ctx, id)
			return a, err
		})
		if errors.Is(err, signin.ErrRefused) {
			s.log.Warn("a passkey was refused", "why", err)
			return &protocol.Fault{Code: protocol.CodeUnauthorized, Message: "This passkey opens no account here.", Err: err}
		}
		if err != nil {
			return err
		}
		if err := s.cfg.Rooms.Accounts.UsedPasskey(ctx, id, p.ID, p.Count); err != nil {
			return err
		}
		staff, err := s.cfg.Rooms.Accounts.Get(ctx, id)
		if err != nil {
			return err
		}
		return s.welcome(w, r, tickets.Ticket{Role: staff.Role, Subject: id, How: howPasskey})
	})
}

// welcome begins the session of a staff account and says where it goes on.
func (s *Server) welcome(w http.ResponseWriter, r *http.Request, t tickets.Ticket) error {
	name, home, err := s.beginStaff(w, r, t)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, map[string]string{"role": t.Role, "name": name, "home": home})
}

// beginStaff begins the session of a staff account and gives its holder's name
// and page.
func (s *Server) beginStaff(w http.ResponseWriter, r *http.Request, t tickets.Ticket) (name, home string, err error) {
	role := access.Role(t.Role)
	home, known := homes[role]
	if !known {
		return "", "", fmt.Errorf("sign-in with role %q", t.Role)
	}
	who, err := s.staff(r.Context(), session{Role: role, Subject: t.Subject, Name: t.Name, Room: t.Room})
	if err != nil {
		return "", "", err
	}
	t.Scope, t.Signed, t.Agent = "", s.now(), agentOf(r.UserAgent())
	return who.Name, home, s.begin(r.Context(), w, t)
}

// Names of browsers and systems in a User-Agent, the first that is found counts:
// most pretend to be others too.
var (
	browserNames = [][2]string{{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}}
	systemNames  = [][2]string{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS", "macOS"}, {"Linux", "Linux"}}
)

// agentOf says in a word or two what browser that is, so that somebody finds the
// own sessions again; no more of it is kept.
func agentOf(header string) string {
	var words []string
	for _, names := range [][][2]string{browserNames, systemNames} {
		for _, name := range names {
			if strings.Contains(header, name[0]) {
				words = append(words, name[1])
				break
			}
		}
	}
	return strings.Join(words, ", ")
}

// NewInvitation makes the link by which an account gets a passkey. Errors:
// signin.ErrNoPasskeys where public is no address for passkeys.
func NewInvitation(ctx context.Context, store *rooms.Store, public *url.URL, account staff.Account, life time.Duration) (string, error) {
	if _, err := signin.NewPasskeys(public); err != nil {
		return "", err
	}
	return NewSignInLink(ctx, store, public, tickets.Ticket{Role: account.Role, Subject: account.ID, Scope: ScopePasskey,
		Until: time.Now().Add(life)}, life)
}

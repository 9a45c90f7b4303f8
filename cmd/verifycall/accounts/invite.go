// Package accounts has the subcommands that let people and programs in, and shut them
// out again: invite, admin and apikey.
package accounts

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"verifycall/access"
	"verifycall/cmd/verifycall/console"
	"verifycall/cmd/verifycall/places"
	"verifycall/cmd/verifycall/settings"
	"verifycall/rooms"
	"verifycall/rooms/accesslog"
	"verifycall/rooms/staff"
	"verifycall/rooms/tickets"
	"verifycall/signaling"
	"verifycall/signin"
	"verifycall/signin/openid"
)

const inviteUsage = `usage: verifycall invite manager ID NAME ZONE [flags]
       verifycall invite auditor ID NAME ZONE [flags]
       verifycall invite operator ID NAME ZONE [flags]

Makes a staff account, or changes the one of that ID, and prints an invitation:
a link by which its holder makes a passkey, once, and signs in with it from then
on. ID stands in ledgers for ever: take a code such as m17, not a name. ZONE is a
time zone such as Europe/Berlin. Passkeys need a --public-url of https:// and a
name, or localhost, the same as the server's. Where there is none, --direct makes
a link that signs in by itself until its days are over or it is revoked (verifycall
admin revoke). An account is closed by verifycall admin close. Integrators get keys
by verifycall apikey create.

With the embedded Redis the server has to be stopped meanwhile; with --redis it
may run, and --keys and --store are those of the server: a name is encrypted. Each flag may be given as an environment variable too: --public-url is
VERIFYCALL_PUBLIC_URL.

`

// invitation is what invite is asked for.
type invitation struct {
	Role   string // "manager", "auditor", "operator", "apikey"
	ID     string // of staff; an API key's name
	Name   string // of staff, personal
	Zone   string // of staff
	Scopes []string

	settings.Settings      // those of serve that say where things are
	Days              int  // that the link or key works; 0 = invitationDays, or keyDays
	Direct            bool // the link signs in by itself
}

// Days that an invitation is open, and that a key or a direct link works, where
// nothing else is said.
const (
	invitationDays = 7
	keyDays        = 30
)

// roleAPIKey stands where an invitation is for no person.
const roleAPIKey = "apikey"

// Forms of what stands in ledgers and logs.
var (
	inviteID = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)
	scopes   = access.Scopes
)

// Invite is the subcommand invite. It gives the exit code: 1 when the store
// can't be used, 2 for a wrong call.
func Invite(args []string, out, errOut io.Writer) int {
	if len(args) > 0 && args[0] == roleAPIKey {
		fmt.Fprintf(errOut, "verifycall invite: only manager, auditor and operator; keys are made by verifycall apikey create\n\n%s", inviteUsage)
		return console.ExitUsage
	}
	return makeInvitation("invite", inviteUsage, args, out, errOut)
}

// makeInvitation issues what args ask for and prints its line.
func makeInvitation(name, usage string, args []string, out, errOut io.Writer) int {
	i, err := parseInvitation(args, os.LookupEnv, out, usage)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(errOut, "verifycall %s: %s\n\n%s", name, strings.ReplaceAll(err.Error(), "\n", "\n  "), usage)
		return console.ExitUsage
	}
	line, err := i.issue(context.Background())
	if err == nil {
		_, err = fmt.Fprintln(out, line)
	}
	if err != nil {
		fmt.Fprintf(errOut, "verifycall %s: %v\n", name, err)
		return 1
	}
	return 0
}

func (i *invitation) flags() *flag.FlagSet {
	f := flag.NewFlagSet("invite", flag.ContinueOnError)
	f.StringVar(&i.Data, "data", "./data", "`folder` of the server's own files")
	f.StringVar(&i.Redis, "redis", "", "`URL` of Redis (default embedded, in --data)")
	i.BindPlaces(f)
	f.StringVar(&i.PublicURL, "public-url", "http://127.0.0.1:8080", "`URL` that people reach the pages by")
	f.Var(console.NewNumber(&i.Days, 0, 1, 366), "days", "`number` of days that the invitation is open (default 7), or the direct link or key works (30)")
	f.BoolVar(&i.Direct, "direct", false, "make a link that signs in by itself, without a passkey")
	return f
}

// parseInvitation reads arguments, flags and environment. The error names every
// fault, one a line; flag.ErrHelp asks for the usage.
func parseInvitation(args []string, env func(string) (string, bool), help io.Writer, usage string) (invitation, error) {
	var i invitation
	plain, err := i.parse(args, env, help, usage)
	if plain == nil && err != nil {
		return i, err
	}
	return i, errors.Join(err, i.take(plain), i.checkPlaces())
}

// parse reads flags and environment, and gives the other arguments; nil where
// the flags can't be read.
func (i *invitation) parse(args []string, env func(string) (string, bool), help io.Writer, usage string) ([]string, error) {
	f := i.flags()
	f.SetOutput(io.Discard)
	plain, err := console.ParseMixed(f, args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(help, usage)
		f.SetOutput(help)
		f.PrintDefaults()
	}
	if err != nil {
		return nil, err
	}
	err = console.SetFromEnv(f, env)
	i.Complete()
	return append([]string{}, plain...), err
}

// take checks the arguments and keeps them.
func (i *invitation) take(args []string) error {
	if len(args) == 0 {
		return errors.New("say whom to invite: manager, auditor or operator")
	}
	switch i.Role = args[0]; i.Role {
	case string(access.Manager), string(access.Auditor), string(access.Operator):
		if len(args) != 4 {
			return fmt.Errorf("%s needs ID, NAME and ZONE (a name with spaces in quotes)", i.Role)
		}
		i.ID, i.Name, i.Zone = args[1], args[2], args[3]
		return errors.Join(i.checkID(), checkName(i.Name), checkZone(i.Zone))
	case roleAPIKey:
		if len(args) < 3 {
			return errors.New("apikey needs NAME and one SCOPE at least")
		}
		i.ID, i.Scopes = args[1], args[2:]
		return errors.Join(i.checkID(), checkScopes(i.Scopes))
	}
	return fmt.Errorf("%.40q can't be invited, only manager, auditor and operator", i.Role)
}

func (i *invitation) checkID() error {
	if openid.IsAccount(i.ID) {
		return fmt.Errorf("%.40q is an id of accounts that sign in by OpenID Connect", i.ID)
	}
	if !inviteID.MatchString(i.ID) {
		return fmt.Errorf("%.40q is no id: a letter, then up to 31 of a to z, 0 to 9, _ and -", i.ID)
	}
	return nil
}

func checkName(name string) error {
	n := utf8.RuneCountInString(name)
	if n == 0 || n > 120 || !utf8.ValidString(name) || strings.TrimSpace(name) != name || strings.ContainsFunc(name, unicode.IsControl) {
		return errors.New("the name has to be one line of 1 to 120 characters")
	}
	return nil
}

func checkZone(zone string) error {
	if _, err := time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
		return fmt.Errorf("%.40q is no time zone such as Europe/Berlin", zone)
	}
	return nil
}

func checkScopes(given []string) error {
	for _, scope := range given {
		if !slices.Contains(scopes, scope) {
			return fmt.Errorf("%.40q is no scope, only %s", scope, strings.Join(scopes, ", "))
		}
	}
	return nil
}

func (i *invitation) checkPlaces() error {
	_, err := settings.ParsePublicURL(i.PublicURL)
	if err != nil {
		err = fmt.Errorf("--public-url: %w", err)
	}
	return errors.Join(err, i.CheckStores())
}

// issue makes what is asked for and gives the line to print, as --demo's.
func (i *invitation) issue(ctx context.Context) (line string, err error) {
	var p places.Places
	defer func() { err = errors.Join(err, p.Close()) }()
	if err := p.Open(ctx, i.Settings, nil); err != nil {
		return "", err
	}
	store := p.Rooms
	life := i.life()
	if i.Role == roleAPIKey {
		key, err := signaling.NewAPIKey(ctx, store, i.ID, i.Scopes, life)
		return roleAPIKey + " " + key, errors.Join(err, p.Noted(ctx, accesslog.Event{Type: accesslog.Granted,
			Body: accesslog.Body{Kind: signaling.GrantAPIKey, Account: i.ID}}))
	}
	public, err := settings.ParsePublicURL(i.PublicURL)
	if err != nil {
		return "", err
	}
	if _, err := signin.NewPasskeys(public); err != nil && !i.Direct {
		return "", fmt.Errorf("%s can't be invited to %s: %w; give the server's --public-url, or --direct", i.ID, public, err)
	}
	switch old, err := store.Accounts.Get(ctx, i.ID); {
	case err == nil && old.Role != i.Role: // who hosted a call must never audit it
		return "", fmt.Errorf("%s is the id of a %s already; take another one", i.ID, old.Role)
	case err != nil && !errors.Is(err, rooms.ErrNotFound):
		return "", err
	}
	account := staff.Account{ID: i.ID, Name: i.Name, Role: i.Role, Zone: i.Zone}
	if err := store.Accounts.Put(ctx, "operator", account); err != nil {
		return "", err
	}
	invite := signaling.NewInvitation
	if i.Direct {
		invite = StaffLink
	}
	link, err := invite(ctx, store, public, account, life)
	return i.Role + " " + link, errors.Join(err, p.Noted(ctx, accesslog.Event{Type: accesslog.RoleSet, Body: accesslog.Body{Account: i.ID, Role: i.Role}},
		accesslog.Event{Type: accesslog.Granted, Body: accesslog.Body{Kind: signaling.GrantSignIn, Account: i.ID}}))
}

func (i *invitation) life() time.Duration {
	days := i.Days
	switch {
	case days == 0 && (i.Direct || i.Role == roleAPIKey):
		days = keyDays
	case days == 0:
		days = invitationDays
	}
	return time.Duration(days) * 24 * time.Hour
}

// StaffLink makes a sign-in link that works as often as it is used within its
// life.
func StaffLink(ctx context.Context, store *rooms.Store, public *url.URL, account staff.Account, life time.Duration) (string, error) {
	t := tickets.Ticket{Role: account.Role, Subject: account.ID, Scope: signaling.ScopeAgain}
	return signaling.NewSignInLink(ctx, store, public, t, life)
}

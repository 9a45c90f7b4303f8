package accounts

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"verifycall/access"
	"verifycall/cmd/verifycall/console"
	"verifycall/cmd/verifycall/places"
	"verifycall/rooms"
	"verifycall/rooms/accesslog"
	"verifycall/rooms/tickets"
	"verifycall/signaling"
)

const adminUsage = `usage: verifycall admin invite ID NAME ZONE [flags]
       verifycall admin list [flags]
       verifycall admin revoke KIND ID [flags]
       verifycall admin close ACCOUNT [flags]

invite makes an operator's account and prints an invitation to make a passkey;
with it begins a server without the demo. list prints what lets staff in: links
and sessions, one a line: kind, id, role, account, end. revoke ends one at once.
close takes an account's passkeys, links and sessions away; its rooms stay.

`

const apikeyUsage = `usage: verifycall apikey create NAME SCOPE... [flags]
       verifycall apikey list [flags]
       verifycall apikey revoke ID [flags]

create prints a new key of an integrator; it is shown this once. SCOPE is rooms,
evidence, test or calendar. list prints the keys, one a line: kind, id, name,
scopes, end; never a key itself. revoke ends one at once.

`

// Admin is the subcommand admin. It gives the exit code as Invite does.
func Admin(args []string, out, errOut io.Writer) int {
	kinds := []string{signaling.GrantSignIn, signaling.GrantSession}
	return runGrants("admin", adminUsage, map[string]grantVerb{
		"invite": {before: []string{string(access.Operator)}},
		"list":   {kinds: kinds},
		"revoke": {kinds: kinds, revokes: true},
		"close":  {kinds: kinds, closes: true},
	}, args, out, errOut)
}

// APIKey is the subcommand apikey.
func APIKey(args []string, out, errOut io.Writer) int {
	kinds := []string{signaling.GrantAPIKey}
	return runGrants("apikey", apikeyUsage, map[string]grantVerb{
		"create": {before: []string{roleAPIKey}},
		"list":   {kinds: kinds},
		"revoke": {kinds: kinds, revokes: true},
	}, args, out, errOut)
}

// grantVerb is what a subcommand's second word does: it makes an invitation, or
// lists or revokes grants of some kinds.
type grantVerb struct {
	before  []string // words of invite that its arguments follow
	kinds   []string
	revokes bool
	closes  bool // an account: all grants of the kinds, and its passkeys
}

func runGrants(name, usage string, verbs map[string]grantVerb, args []string, out, errOut io.Writer) int {
	if len(args) > 0 && slices.Contains([]string{"help", "-h", "--help"}, args[0]) {
		fmt.Fprint(out, usage)
		return 0
	}
	verb, known := grantVerb{}, false
	if len(args) > 0 {
		verb, known = verbs[args[0]]
	}
	if !known {
		fmt.Fprint(errOut, usage)
		return console.ExitUsage
	}
	if verb.before != nil {
		return makeInvitation(name+" "+args[0], usage, append(verb.before, args[1:]...), out, errOut)
	}
	var i invitation
	plain, err := i.parse(args[1:], os.LookupEnv, out, usage)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil {
		err = i.checkPlaces()
	}
	want := 0
	if verb.closes {
		want = 1
	}
	if verb.revokes {
		if want = 1; len(verb.kinds) > 1 { // a kind need not be named where there is one
			want = 2
		}
	}
	if err == nil && len(plain) != want {
		err = fmt.Errorf("takes %d arguments, not %d", want, len(plain))
	}
	if err != nil {
		fmt.Fprintf(errOut, "verifycall %s %s: %s\n\n%s", name, args[0], strings.ReplaceAll(err.Error(), "\n", "\n  "), usage)
		return console.ExitUsage
	}
	if err := i.grants(context.Background(), verb, plain, out); err != nil {
		fmt.Fprintf(errOut, "verifycall %s %s: %v\n", name, args[0], err)
		return 1
	}
	return 0
}

// grants lists the grants, or revokes the one that plain names.
func (i *invitation) grants(ctx context.Context, verb grantVerb, plain []string, out io.Writer) (err error) {
	var p places.Places
	defer func() { err = errors.Join(err, p.Close()) }()
	if err := p.Open(ctx, i.Settings, nil); err != nil {
		return err
	}
	if verb.closes {
		return errors.Join(closeAccount(ctx, p.Rooms, plain[0], verb.kinds),
			p.Noted(ctx, accesslog.Event{Type: accesslog.Revoked, Body: accesslog.Body{Kind: "account", Account: plain[0]}}))
	}
	if verb.revokes {
		kind := verb.kinds[0]
		if len(plain) == 2 {
			kind = plain[0]
		}
		if !slices.Contains(verb.kinds, kind) {
			return fmt.Errorf("%.20q is none of %s", kind, strings.Join(verb.kinds, ", "))
		}
		id := plain[len(plain)-1]
		if err := p.Rooms.Tickets.Revoke(ctx, kind, id); err != nil {
			return err
		}
		return p.Noted(ctx, accesslog.Event{Type: accesslog.Revoked, Body: accesslog.Body{Kind: kind, Grant: id}})
	}
	for _, kind := range verb.kinds {
		grants, err := p.Rooms.Tickets.Grants(ctx, kind)
		if err != nil {
			return err
		}
		for _, g := range grants {
			if err := printGrant(out, g); err != nil {
				return err
			}
		}
	}
	return nil
}

// closeAccount ends all that lets an account in.
func closeAccount(ctx context.Context, store *rooms.Store, account string, kinds []string) error {
	keys, err := store.Accounts.Passkeys(ctx, account)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if err := store.Accounts.RemovePasskey(ctx, "operator", account, k.ID); err != nil {
			return err
		}
	}
	for _, kind := range kinds {
		grants, err := store.Tickets.Grants(ctx, kind)
		if err != nil {
			return err
		}
		for _, g := range grants {
			if g.Ticket.Subject != account {
				continue
			}
			// One session's tokens end together.
			if err := store.Tickets.Revoke(ctx, kind, g.ID); err != nil && !errors.Is(err, rooms.ErrNotFound) {
				return err
			}
		}
	}
	return nil
}

func printGrant(out io.Writer, g tickets.Grant) error {
	what := g.Ticket.Role + " " + g.Ticket.Subject
	if g.Kind == signaling.GrantAPIKey {
		what = g.Ticket.Subject + " " + strings.ReplaceAll(g.Ticket.Scope, " ", ",")
	}
	_, err := fmt.Fprintf(out, "%s %s %s %s\n", g.Kind, g.ID, what, g.Expires.Format("2006-01-02T15:04:05Z"))
	return err
}

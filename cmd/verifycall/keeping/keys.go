package keeping

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"verifycall/cmd/verifycall/places"
	"verifycall/cmd/verifycall/settings"
	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/vault"
)

const keysUsage = `usage: verifycall keys list   [flags]
       verifycall keys rotate [flags]
       verifycall keys rewrap [flags]

list prints the public halves of the deployment's keys. rotate makes a new
signing key and a new wrapping key and then does what rewrap does: it wraps the
key of every room and account to the present wrapping key and to the recovery.
No recording, still or document is touched; what the old key has signed still
verifies, since the key list keeps it. Rewrap again after --recovery has changed.

Stop the server before rotate: what it signs with the old key after that moment
counts for nothing. Run "verifycall reindex" after it, before a node starts: the
indexes of mail addresses and flags are named by the signing key. With several nodes, copy the key folder to all of them before
they start again; a node with an old folder is refused. list and rewrap may run
beside the server.
Each flag may be given as an environment variable too, as for serve.

`

// Keys is the subcommand keys. It gives the exit code: 1 when keys or store
// can't be used, 2 for a wrong call.
func Keys(args []string, out, errOut io.Writer) int {
	var c settings.Settings
	f := flag.NewFlagSet("keys", flag.ContinueOnError)
	var what string
	if code, done := c.ForStore(f, keysUsage, args, out, errOut, func(words []string) error {
		if len(words) != 1 {
			return errors.New("say what to do: list, rotate or rewrap")
		}
		if what = words[0]; what != "list" && what != "rotate" && what != "rewrap" {
			return fmt.Errorf("can't %.20q, only list, rotate and rewrap", what)
		}
		return nil
	}); done {
		return code
	}
	if err := doKeys(context.Background(), what, c, out); err != nil {
		fmt.Fprintf(errOut, "verifycall keys: %v\n", err)
		return 1
	}
	return 0
}

func doKeys(ctx context.Context, what string, c settings.Settings, out io.Writer) (err error) {
	if err := places.Owned(c); err != nil {
		return err
	}
	if what == "rotate" {
		if err := rotateKeys(c.Keys); err != nil {
			return err
		}
	}
	signing, err := evidence.LoadOrCreateKeys(c.Keys)
	if err != nil {
		return err
	}
	store, v, err := places.OpenVault(ctx, c, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if what != "list" {
		count, err := v.Rewrap(ctx)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "wrapped %d\n", count); err != nil {
			return err
		}
	}
	if what == "rotate" {
		if _, err := fmt.Fprintln(out, "next: verifycall reindex, before a node starts"); err != nil {
			return err
		}
	}
	for i, id := range v.Ring().IDs() {
		if _, err := fmt.Fprintf(out, "%s wrapping %s\n", order(i), id); err != nil {
			return err
		}
	}
	for i, id := range signing.IDs() {
		if _, err := fmt.Fprintf(out, "%s signing %s\n", order(i), id); err != nil {
			return err
		}
	}
	return nil
}

func order(i int) string {
	if i == 0 {
		return "present"
	}
	return "earlier"
}

func rotateKeys(dir string) error {
	if err := evidence.RotateKeys(dir); err != nil {
		return err
	}
	ring, err := vault.OpenRing(dir)
	if err != nil {
		return err
	}
	return ring.Rotate()
}

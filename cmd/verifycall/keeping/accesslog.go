package keeping

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"verifycall/cmd/verifycall/places"
	"verifycall/cmd/verifycall/settings"
	"verifycall/rooms/accesslog"
	"verifycall/rooms/embedded"
)

const accessUsage = `usage: verifycall access verify [flags]
       verifycall access list [DAY] [flags]

verify checks the access ledger: the chain and the signatures of each day, that
each day begins with the head of the day before, and that Redis and the evidence
store tell the same. It prints a line for each day and ends with 1 where something
doesn't hold. list prints the entries of a day (YYYY-MM-DD in UTC, today without)
as JSON lines. Beside a running server with the embedded Redis both read what the
evidence store has, which is a minute behind at most.
Each flag may be given as an environment variable too, as for serve.

`

// Access is the subcommand access. It gives the exit code: 1 where the ledger
// doesn't hold or can't be read, 2 for a wrong call.
func Access(args []string, out, errOut io.Writer) int {
	var c settings.Settings
	f := flag.NewFlagSet("access", flag.ContinueOnError)
	var what string
	day := time.Now().UTC().Format(time.DateOnly)
	if code, done := c.ForPlaces(f, accessUsage, args, out, errOut, func(words []string) error {
		if len(words) == 2 && words[0] == "list" {
			day, words = words[1], words[:1]
			if _, err := time.Parse(time.DateOnly, day); err != nil {
				return fmt.Errorf("%.20q is no day", day)
			}
		}
		if len(words) != 1 || words[0] != "verify" && words[0] != "list" {
			return errors.New("say what to do: verify or list")
		}
		what = words[0]
		return nil
	}); done {
		return code
	}
	if err := doAccess(context.Background(), what, day, c, out); err != nil {
		fmt.Fprintf(errOut, "verifycall access: %v\n", err)
		return 1
	}
	return 0
}

func doAccess(ctx context.Context, what, day string, c settings.Settings, out io.Writer) (err error) {
	var p places.Places
	defer func() { err = errors.Join(err, p.Close()) }()
	if err := p.Open(ctx, c, nil); err != nil && !errors.Is(err, embedded.ErrLocked) {
		return err
	}
	reader := p.AccessReader()
	if what == "verify" {
		return verifyAccess(ctx, reader, out)
	}
	read, err := reader.Read(ctx, day)
	if err != nil {
		return err
	}
	for _, e := range read.Entries {
		line, err := e.Line()
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "%s\n", line); err != nil {
			return err
		}
	}
	if read.Fault != "" {
		return errors.New(read.Fault)
	}
	return nil
}

func verifyAccess(ctx context.Context, reader accesslog.Reader, out io.Writer) error {
	days, err := reader.Verify(ctx)
	if err != nil {
		return err
	}
	bad := 0
	for _, d := range days {
		verdict := "holds"
		if d.Fault != "" {
			verdict = "DOESN'T HOLD: " + d.Fault
			bad++
		}
		if _, err := fmt.Fprintf(out, "%s %d entries (%s): %s\n", d.Day, d.Count, d.Where, verdict); err != nil {
			return err
		}
	}
	if bad > 0 {
		return fmt.Errorf("the access ledger doesn't hold on %d of %d days", bad, len(days))
	}
	return nil
}

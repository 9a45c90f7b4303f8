package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"verifycall/recorder/evidence"
	"verifycall/rooms"
	"verifycall/rooms/accesslog"
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

// runAccess is the subcommand access. It gives the exit code: 1 where the ledger
// doesn't hold or can't be read, 2 for a wrong call.
func runAccess(args []string, out, errOut io.Writer) int {
	var c settings
	f := flag.NewFlagSet("access", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&c.Data, "data", "./data", "`folder` of the server's own files")
	f.StringVar(&c.Redis, "redis", "", "`URL` of Redis (default embedded, in --data)")
	c.bindPlaces(f)
	plain, err := parseWords(f, accessUsage, args, out)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	c.complete()
	day := time.Now().UTC().Format(time.DateOnly)
	if len(plain) == 2 && plain[0] == "list" {
		day, plain = plain[1], plain[:1]
		if _, wrong := time.Parse(time.DateOnly, day); wrong != nil {
			err = errors.Join(err, fmt.Errorf("%.20q is no day", day))
		}
	}
	if err == nil && (len(plain) != 1 || plain[0] != "verify" && plain[0] != "list") {
		err = errors.New("say what to do: verify or list")
	}
	if err != nil {
		fmt.Fprintf(errOut, "verifycall access: %v\n\n%s", err, accessUsage)
		return exitUsage
	}
	if err := doAccess(context.Background(), plain[0], day, c, out); err != nil {
		fmt.Fprintf(errOut, "verifycall access: %v\n", err)
		return 1
	}
	return 0
}

func doAccess(ctx context.Context, what, day string, c settings, out io.Writer) (err error) {
	var p places
	defer func() { err = errors.Join(err, p.close()) }()
	if err := p.open(ctx, c, nil); err != nil && !errors.Is(err, rooms.ErrLocked) {
		return err
	}
	reader := p.accessReader()
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

// accessReader reads the access ledger; from the mirror alone where Redis is
// somebody else's.
func (p *places) accessReader() accesslog.Reader {
	return accesslog.Reader{Store: p.rooms, Signer: p.keys, Mirror: evidence.Mirror{Store: p.store}}
}

// openAccess begins to write the access ledger.
func (p *places) openAccess(c accesslog.Config) *accesslog.Log {
	c.Store, c.Signer, c.Mirror = p.rooms, p.keys, evidence.Mirror{Store: p.store}
	return accesslog.Open(c)
}

// operatorByHand is who works by the command line.
const operatorByHand = "operator"

// noted has events in the access ledger when it returns.
func (p *places) noted(ctx context.Context, events ...accesslog.Event) error {
	log := p.openAccess(accesslog.Config{})
	defer log.Close()
	for _, e := range events {
		e.Actor = operatorByHand
		if err := log.Note(ctx, e); err != nil {
			return fmt.Errorf("done, but not written down: %w", err)
		}
	}
	return nil
}

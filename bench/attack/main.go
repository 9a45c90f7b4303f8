// Command attack does to a running server what a stranger, a thief of a link, a
// seller, another site's page and a flood would do, beside a call that goes on. It
// starts the server itself, with TLS and a Redis, and prints a table: how much was
// tried, how much of it was refused, and how often harm was done, then what the
// call and a good client felt, without and with the attack. The code is 1 if any
// harm was done.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"text/tabwriter"
	"time"
)

// settings of a run.
type settings struct {
	program string // built where empty
	film    string
	short   bool
	conns   int // of the crowd
	slow    int // connections of each kind that go slowly
	alone   time.Duration
}

func main() {
	var set settings
	flag.StringVar(&set.program, "program", "", "the `program`; built without")
	flag.StringVar(&set.film, "film", "bench/testdata/card.ivf", "VP8 film (IVF) that the robots publish")
	flag.BoolVar(&set.short, "short", false, "less of each, and nobody waits for what ends only after half a minute")
	flag.IntVar(&set.conns, "conns", 10000, "connections at once")
	flag.IntVar(&set.slow, "slow", 100, "connections of each kind that go slowly")
	flag.DurationVar(&set.alone, "alone", 15*time.Second, "how long the call is measured without the attack")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	harm, err := run(ctx, set)
	if err == nil && harm > 0 {
		err = fmt.Errorf("harm was done %d times", harm)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "attack:", err)
		os.Exit(1)
	}
}

// kind is one way of attacking.
type kind struct {
	name   string
	strike func(context.Context, *target, *tally)
}

// kinds in the order of the run. Each comes from an address of its own; the
// crowd and the guesses come last, since they leave their addresses shut out.
var kinds = []kind{
	{"links: unknown, malformed", unknownLinks},
	{"links: expired, spent, revoked", deadLinks},
	{"a stolen link in a live call", stolenLink},
	{"others' rooms", othersRooms},
	{"a record without a reason", recordWithoutReason},
	{"replayed WebSockets", replayedSockets},
	{"another site's page", crossOrigin},
	{"paths that lead out", traversal},
	{"smuggled and forged headers", smuggling},
	{"forged tokens", forgedTokens},
	{"what comes back from a provider", callback},
	{"too large", oversized},
	{"bombs for files", bombs},
	{"too many messages, floods of datagrams", floods},
	{"slow connections", slowly},
	{"connections at once", crowd},
	{"links: guessed", guessedLinks},
}

func run(ctx context.Context, set settings) (harm int, err error) {
	dir, err := os.MkdirTemp("", "verifycall-attack-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	if set.program == "" {
		set.program = filepath.Join(dir, "verifycall")
		if text, err := exec.CommandContext(ctx, "go", "build", "-o", set.program, "./cmd/verifycall").CombinedOutput(); err != nil {
			return 0, fmt.Errorf("build: %w\n%s", err, text)
		}
	}
	t, err := newTarget(ctx, set, dir)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, t.close()) }()

	watch := newSteady(t)
	alone := watch.during(ctx, func(ctx context.Context) { sleep(ctx, set.alone) })
	before := t.weight(ctx)
	tallies := make([]*tally, len(kinds))
	attacked := watch.during(ctx, func(ctx context.Context) {
		for i, k := range kinds {
			t.address, tallies[i] = i+10, &tally{}
			began := time.Now()
			k.strike(ctx, t, tallies[i])
			tallies[i].took = time.Since(began)
		}
	})
	last := &tally{}
	watch.harm(ctx, last, attacked)
	t.lightAgain(ctx, last, before)
	harm = show(append(tallies, last), alone, attacked)
	if harm > 0 {
		fmt.Printf("\nthe server's log ends:\n%s\n", t.server.Log())
	}
	return harm, ctx.Err()
}

// show prints the table and gives how often harm was done.
func show(tallies []*tally, alone, attacked figures) (harm int) {
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "attack\ttried\trefused\tharm\ttook")
	total := &tally{}
	var whys []string
	for i, t := range tallies {
		name := "the call and the server afterwards"
		if i < len(kinds) {
			name = kinds[i].name
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%s\n", name, t.tried, t.refused, t.harm, t.took.Round(100*time.Millisecond))
		total.tried, total.refused, total.harm = total.tried+t.tried, total.refused+t.refused, total.harm+t.harm
		for _, why := range t.why {
			whys = append(whys, name+": "+why)
		}
	}
	fmt.Fprintf(w, "in all\t%d\t%d\t%d\t\n\n", total.tried, total.refused, total.harm)
	fmt.Fprintln(w, "a well-behaved call\talone p50\talone p99\talone worst\tattacked p50\tattacked p99\tattacked worst\tn")
	for i, name := range figureNames {
		a, b := alone[i], attacked[i]
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d, %d\n", name, ms(a.at(50)), ms(a.at(99)), ms(a.at(100)),
			ms(b.at(50)), ms(b.at(99)), ms(b.at(100)), len(a), len(b))
	}
	_ = w.Flush() // of standard output
	for _, why := range whys {
		fmt.Println("HARM", why)
	}
	return total.harm
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

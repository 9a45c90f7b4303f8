package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"verifycall/bench/robot"
	"verifycall/bench/testdata"
	"verifycall/bench/trial"
	"verifycall/cmd/verifycall/console"
	"verifycall/cmd/verifycall/settings"
)

const benchUsage = `usage: verifycall bench --url URL --apikey KEY [--calls N] [--ramp TIME] [--hold TIME] [--metrics URL] [--json]

Holds more and more real calls against a running deployment: pairs of robots with a
synthetic card as film join, are admitted, see each other and take stills. Says from
which number on joins, pictures, loss or captures get worse. The key needs the class
test ("verifycall apikey create bench rooms test"): the rooms are test rooms, marked,
never offered to people nor counted, and erased by themselves within a day.

Give the robots another machine than the server; with --metrics
(http://HOST:9090/metrics) the server's CPU time and memory are in the report.

exit code  0  every number of calls went well
           1  it got worse before the last, or the deployment couldn't be used
           2  a wrong call

`

// maxBenchCalls bounds what one machine of robots is asked for.
const maxBenchCalls = 2000

// runBench is the subcommand bench. It gives the exit code.
func runBench(args []string, out, errOut io.Writer) int {
	var url, key, metrics string
	var calls int
	var asJSON bool
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(errOut)
	f.StringVar(&url, "url", "", "`URL` of the pages")
	f.StringVar(&key, "apikey", "", "API `key` of class test")
	f.Var(console.NewNumber(&calls, 10, 1, maxBenchCalls), "calls", "`number` of calls at the most")
	ramp := f.Duration("ramp", 2*time.Second, "`time` from one call to the next")
	hold := f.Duration("hold", 30*time.Second, "`time` that all of them go on")
	f.StringVar(&metrics, "metrics", "", "`URL` of the server's /metrics")
	f.BoolVar(&asJSON, "json", false, "print the report as JSON")
	f.Usage = func() { fmt.Fprint(errOut, benchUsage); f.PrintDefaults() }
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return console.ExitUsage
	}
	public, err := settings.ParsePublicURL(url)
	switch {
	case err != nil:
		err = fmt.Errorf("--url: %w", err)
	case key == "":
		err = errors.New("--apikey: is missing")
	case f.NArg() > 0:
		err = fmt.Errorf("nothing is known to do with %.40q", f.Arg(0))
	case *ramp <= 0 || *hold < 0 || *ramp > time.Hour || *hold > 24*time.Hour:
		err = errors.New("--ramp, --hold: times of up to an hour, and a day")
	}
	if err != nil {
		fmt.Fprintf(errOut, "verifycall bench: %v\n\n%s", err, benchUsage)
		return console.ExitUsage
	}
	film, err := robot.ReadFilm(bytes.NewReader(testdata.Card), "card.ivf")
	if err != nil {
		fmt.Fprintf(errOut, "verifycall bench: %v\n", err)
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	server := &robot.Server{URL: strings.TrimSuffix(public.String(), "/"), Key: key, Place: robot.Place{Far: true}}
	report, err := trial.Run(ctx, trial.Config{Server: server, Film: film, Calls: calls, Ramp: *ramp, Hold: *hold, Metrics: metrics, Show: errOut})
	if asJSON {
		err = errors.Join(err, console.PrintJSON(out, report))
	} else {
		report.Print(out)
	}
	if err != nil {
		fmt.Fprintf(errOut, "verifycall bench: %v\n", err)
		return 1
	}
	if report.Largest < calls {
		return 1
	}
	return 0
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"verifycall/cmd/verifycall/console"
)

const drainUsage = `usage: verifycall drain [flags]

Lets no new call begin on a running node and waits until its calls have ended.
Those that are not live go on elsewhere at once. Stop the node afterwards; live
calls that can't be waited for move on when it is stopped.

`

// runDrain is the subcommand drain. It gives the exit code: 0 when the node has
// no call left, 1 when it can't be reached or the time is over, 2 for wrong flags.
func runDrain(args []string, out, errOut io.Writer) int {
	f := flag.NewFlagSet("drain", flag.ContinueOnError)
	f.SetOutput(errOut)
	ops := f.String("ops", "http://127.0.0.1:9090", "`URL` of the node's --ops-listen")
	wait := f.Duration("wait", time.Hour, "longest `time` to wait for its calls; 0 only tells it to drain")
	f.Usage = func() { fmt.Fprint(errOut, drainUsage); f.PrintDefaults() }
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil || f.NArg() > 0 {
		return console.ExitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := drainNode(ctx, *ops, *wait, out); err != nil {
		fmt.Fprintf(errOut, "verifycall drain: %v\n", err)
		return 1
	}
	return 0
}

// drainNode asks again until no call is left; asking twice does no harm. A node that
// answers slowly, or has to ask Redis again, is asked again too.
func drainNode(ctx context.Context, ops string, wait time.Duration, out io.Writer) error {
	deadline := time.Now().Add(wait)
	said := ""
	for last := -1; ; {
		state, err := askDrain(ctx, ops)
		switch {
		case err != nil && (!tryAgain(err) || wait == 0 || time.Now().After(deadline)):
			return err
		case err != nil:
			if text := err.Error(); text != said {
				said = text
				fmt.Fprintf(out, "asking again: %s\n", text)
			}
		default:
			if state.Calls != last {
				fmt.Fprintf(out, "draining, calls left: %d\n", state.Calls)
			}
			last = state.Calls
			if last == 0 || wait == 0 {
				return nil
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("%d calls are left after %s", last, wait)
			}
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// errBusy says that the node could not do all now.
var errBusy = errors.New("not now")

// tryAgain says whether the node is there and may answer the next time.
func tryAgain(err error) bool {
	var slow net.Error
	return errors.Is(err, errBusy) || errors.As(err, &slow) && slow.Timeout()
}

func askDrain(ctx context.Context, ops string) (state drainState, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, ops+"/drain", nil)
	if err != nil {
		return state, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return state, err
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusServiceUnavailable {
		return state, fmt.Errorf("%s/drain: %w: %s", ops, errBusy, res.Status)
	}
	if res.StatusCode != http.StatusOK {
		return state, fmt.Errorf("%s/drain: %s", ops, res.Status)
	}
	return state, json.NewDecoder(io.LimitReader(res.Body, 4<<10)).Decode(&state)
}

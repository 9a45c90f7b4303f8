// Command recorder measures what recording costs beside the pipeline that is
// usual with pion (its SampleBuilder and ebml-go's block writer), how long a
// ten-minute call takes to seal, and how fast a bundle is verified beside
// sha256sum over the same files. One JSON object a line.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"os/signal"
	"time"
)

// line is one figure. Ratio says how we compare with Vs: above 1 is better.
type line struct {
	Name  string  `json:"name"`
	On    string  `json:"on"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	Vs    string  `json:"vs,omitempty"`
	Ratio float64 `json:"ratio,omitempty"`
}

// settings of a run.
type settings struct {
	calls   int
	span    time.Duration // of the live recordings
	minutes int           // of the call that is sealed and verified
	rounds  int           // of each verification
	sink    string        // of a process of its own: what it records with
	dir     string
}

func main() {
	var set settings
	flag.IntVar(&set.calls, "calls", 30, "`number` of calls recorded at once, two participants each")
	flag.DurationVar(&set.span, "for", 20*time.Second, "how long they are recorded")
	flag.IntVar(&set.minutes, "minutes", 10, "length of the call that is sealed")
	flag.IntVar(&set.rounds, "rounds", 3, "`number` of verifications, of which the fastest counts")
	flag.StringVar(&set.sink, "sink", "", "record with `ours`, ebml-go or nothing and print what it cost; used by the program itself")
	flag.StringVar(&set.dir, "dir", "", "where to write; a folder of its own is made in it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, set); err != nil {
		fmt.Fprintln(os.Stderr, "bench recorder:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, set settings) error {
	out := json.NewEncoder(os.Stdout)
	dir, err := os.MkdirTemp(set.dir, "bench-recorder-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	set.dir = dir
	if set.sink != "" {
		cost, err := record(ctx, set)
		if err != nil {
			return err
		}
		return out.Encode(cost)
	}
	for _, bench := range []func(context.Context, settings) ([]line, error){benchLive, benchSealed} {
		lines, err := bench(ctx, set)
		if err != nil {
			return err
		}
		for _, l := range lines {
			if err := out.Encode(l); err != nil {
				return err
			}
		}
	}
	return nil
}

func rounded(v float64) float64 { return math.Round(v*100) / 100 }

// Command bench measures the built program from outside with robots on the
// loopback interface and prints one JSON object a line: name, p50, p95, n, and
// vs and ratio where a comparison is made. What each figure means is in
// bench/README.md.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"

	"verifycall/bench/robot"
)

// settings of a run.
type settings struct {
	runs    int    // of each figure measured with robots
	commits int    // of commit_us
	film    string // IVF that the robots publish
}

func main() {
	var set settings
	flag.IntVar(&set.runs, "runs", 24, "runs of each call figure")
	flag.IntVar(&set.commits, "commits", 400, "commits of each store")
	flag.StringVar(&set.film, "film", "bench/testdata/card.ivf", "VP8 film (IVF) that the robots publish")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, set); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, set settings) error {
	dir, err := os.MkdirTemp("", "verifycall-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	out := json.NewEncoder(os.Stdout)
	if err := benchCommits(ctx, set.commits, dir, out); err != nil {
		return err
	}
	program := filepath.Join(dir, "verifycall")
	if text, err := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/verifycall").CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, text)
	}
	film, err := robot.OpenFilm(set.film)
	if err != nil {
		return err
	}
	server, err := robot.StartServer(ctx, program, dir)
	if err != nil {
		return err
	}
	defer server.Stop()
	for _, bench := range []func(context.Context, *robot.Server, *robot.Film, int) ([]figure, error){benchAdmit, benchLive} {
		figures, err := bench(ctx, server, film, set.runs)
		if err != nil {
			return fmt.Errorf("%w\n%s", err, server.Log())
		}
		for _, f := range figures {
			if err := out.Encode(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// Command hostile measures what a packet costs that ought not to be there,
// beside one that is forwarded, in the same run: calls go on, one kind of flood
// after the other comes, and the server's CPU over that of the calls alone is
// the flood's. It prints one JSON object a line; docs/media.md says what the
// figures mean.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"

	"verifycall/bench/process"
)

// settings of a run.
type settings struct {
	path   string
	calls  int
	rate   int // hostile packets a second
	window time.Duration
}

// figure is one line: CPU in µs of the server per packet, and for hostile ones
// the ratio to a forwarded one.
type figure struct {
	Name    string  `json:"name"`
	Path    string  `json:"path"`
	CPU     float64 `json:"cpu_us_per_packet"`
	Packets uint64  `json:"packets"`
	// Unread never got into the program: the socket's queue was full.
	Unread uint64  `json:"unread,omitempty"`
	Loss   float64 `json:"loss_percent"` // of the calls, meanwhile, after no repair
	Vs     string  `json:"vs,omitempty"`
	Ratio  float64 `json:"ratio,omitempty"`
}

func main() {
	var set settings
	flag.StringVar(&set.path, "media-path", "", "pion or lean; both without")
	flag.IntVar(&set.calls, "calls", 10, "calls that go on meanwhile")
	flag.IntVar(&set.rate, "rate", 10000, "hostile packets a second")
	flag.DurationVar(&set.window, "window", 4*time.Second, "time of each flood")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, set); err != nil {
		fmt.Fprintln(os.Stderr, "bench/hostile:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, set settings) error {
	dir, err := os.MkdirTemp("", "verifycall-bench-hostile-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "ours")
	if text, err := exec.CommandContext(ctx, "go", "build", "-o", program, "./bench/ours").CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, text)
	}
	// This process makes the load.
	if text, err := exec.CommandContext(ctx, "taskset", "-apc", process.LoadCore, fmt.Sprint(os.Getpid())).CombinedOutput(); err != nil {
		return fmt.Errorf("taskset: %w\n%s", err, text)
	}
	paths := []string{"pion", "lean"}
	if set.path != "" {
		paths = []string{set.path}
	}
	for _, path := range paths {
		set.path = path
		if err := measure(ctx, set, program); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

// measure runs the calls alone and then with each flood. Each flood's calls
// alone are measured just before it, since the machine's speed changes.
func measure(ctx context.Context, set settings, program string) error {
	out := json.NewEncoder(os.Stdout)
	for _, kind := range kinds {
		alone, flooded, err := measureKind(ctx, set, program, kind)
		if err != nil {
			return fmt.Errorf("%s: %w", kind.name, err)
		}
		if err := errors.Join(out.Encode(alone), out.Encode(flooded)); err != nil {
			return err
		}
	}
	return nil
}

func measureKind(ctx context.Context, set settings, program string, kind kind) (alone, flooded figure, err error) {
	s, err := process.Start(ctx, "", program, "-path", set.path)
	if err != nil {
		return alone, flooded, err
	}
	defer s.Stop()
	c, err := newCrowd(ctx, s.Target, set.calls)
	if err != nil {
		return alone, flooded, err
	}
	defer c.close()
	packets, err := kind.make(c, int(set.window.Seconds()*float64(set.rate)))
	if err != nil {
		return alone, flooded, err
	}
	sleep(ctx, 2*time.Second)
	before, err := c.window(ctx, s, set, nil)
	if err != nil {
		return alone, flooded, err
	}
	with, err := c.window(ctx, s, set, packets)
	if err != nil {
		return alone, flooded, err
	}
	if before.forwarded == 0 || with.hostile == 0 {
		return alone, flooded, errors.New("nothing was forwarded, or nothing hostile sent")
	}
	each := before.cpu / float64(before.forwarded)
	alone = figure{Name: "forwarded", Path: set.path, CPU: round(each), Packets: before.forwarded, Loss: before.loss()}
	extra := max(0, with.cpu-each*float64(with.forwarded)) / float64(with.hostile)
	flooded = figure{Name: kind.name, Path: set.path, CPU: round(extra), Packets: with.hostile, Unread: with.unread,
		Loss: with.loss(), Vs: "forwarded", Ratio: round(extra / each)}
	return alone, flooded, ctx.Err()
}

func round(f float64) float64 { return float64(int64(f*1000+0.5)) / 1000 }

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

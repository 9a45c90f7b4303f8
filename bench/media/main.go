// Command media measures what it costs to forward calls: package media beside
// a stock pion forwarder and Janus, each as a process on one core with the load
// generator on another. It prints one JSON object a line and a table at the
// end. docs/media.md says what the figures mean.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"verifycall/bench/process"
)

// settings of a run; the second part is the load generator's own.
type settings struct {
	calls, servers []string
	runs           int
	window, settle time.Duration
	loading        bool
	janus          bool
	target         string
	count          int
}

func main() {
	var set settings
	var calls, servers string
	flag.StringVar(&calls, "calls", "1,10,20,40,80,160", "numbers of calls, rising")
	flag.StringVar(&servers, "servers", "plain,janus,ours-pion,ours-pion-recording,ours,ours-recording", "rows")
	flag.IntVar(&set.runs, "runs", 3, "runs of each row; the median is printed")
	flag.DurationVar(&set.window, "window", 10*time.Second, "time of measuring")
	flag.DurationVar(&set.settle, "settle", 3*time.Second, "time before it")
	flag.BoolVar(&set.loading, "load", false, "be the load generator (internal)")
	flag.BoolVar(&set.janus, "janus", false, "signal as Janus wants it (internal)")
	flag.StringVar(&set.target, "target", "", "address of the signalling (internal)")
	flag.IntVar(&set.count, "count", 1, "calls of the load generator (internal)")
	flag.Parse()
	set.calls, set.servers = strings.Split(calls, ","), strings.Split(servers, ",")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	run := measure
	if set.loading {
		run = load
	}
	if err := run(ctx, set); err != nil {
		fmt.Fprintln(os.Stderr, "bench/media:", err)
		os.Exit(1)
	}
}

// measure runs every row.
func measure(ctx context.Context, set settings) error {
	dir, err := os.MkdirTemp("", "verifycall-bench-media-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{"plain", "ours"} {
		build := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, name), "./bench/"+name)
		if text, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", name, err, text)
		}
	}
	out := json.NewEncoder(os.Stdout)
	floors, err := measureFloor()
	if err != nil {
		return err
	}
	for _, f := range floors {
		if err := out.Encode(f); err != nil {
			return err
		}
	}
	var rows []figure
	for _, calls := range set.calls {
		if set.count, err = strconv.Atoi(calls); err != nil {
			return err
		}
		of, err := measureCalls(ctx, set, dir)
		if err != nil {
			return err
		}
		for _, f := range of {
			compare(&f, rows)
			rows = append(rows, f)
			if err := out.Encode(f); err != nil {
				return err
			}
		}
		if generatorEnds(of) {
			fmt.Fprintf(os.Stderr, "bench/media: at %d calls the load generator's core is full: no more calls\n", set.count)
			break
		}
	}
	return table(os.Stderr, floors, rows)
}

// measureCalls runs every server in turn, and that some times, so that what
// else the machine does meets all alike.
func measureCalls(ctx context.Context, set settings, dir string) ([]figure, error) {
	runs := make(map[string][]figure, len(set.servers))
	for range set.runs {
		for _, name := range set.servers {
			f, err := measureOnce(ctx, set, name, dir)
			if errors.Is(err, errAbsent) {
				fmt.Fprintln(os.Stderr, "bench/media:", err)
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("%s, %d calls: %w", name, set.count, err)
			}
			runs[name] = append(runs[name], f)
		}
	}
	var rows []figure
	for _, name := range set.servers {
		if len(runs[name]) > 0 {
			rows = append(rows, median(name, set.count, runs[name]))
		}
	}
	return rows, nil
}

// paths are the ways of media of our rows.
var paths = map[string]string{"ours": "lean", "ours-recording": "lean", "ours-pion": "pion", "ours-pion-recording": "pion"}

// launch starts the server of a row.
func launch(ctx context.Context, name, dir string) (*process.Server, error) {
	switch name {
	case "plain":
		return process.Start(ctx, "", filepath.Join(dir, name))
	case "ours", "ours-pion":
		return process.Start(ctx, "", filepath.Join(dir, "ours"), "-path", paths[name])
	case "ours-recording", "ours-pion-recording":
		tapes, err := os.MkdirTemp(dir, "tapes-")
		if err != nil {
			return nil, err
		}
		return process.Start(ctx, "", filepath.Join(dir, "ours"), "-path", paths[name], "-record", tapes)
	case "janus":
		return startJanus(ctx, dir)
	default:
		return nil, fmt.Errorf("no server %q", name)
	}
}

// measureOnce runs a fresh server and a fresh load generator.
func measureOnce(ctx context.Context, set settings, name, dir string) (f figure, err error) {
	s, err := launch(ctx, name, dir)
	if err != nil {
		return f, err
	}
	defer s.Stop()
	idle, err := s.RSS()
	if err != nil {
		return f, err
	}
	self, err := os.Executable()
	if err != nil {
		return f, err
	}
	generator := exec.CommandContext(ctx, "taskset", "-c", process.LoadCore, self, "-load", "-target", s.Target, "-janus="+strconv.FormatBool(name == "janus"),
		"-count", strconv.Itoa(set.count), "-window", set.window.String(), "-settle", set.settle.String())
	generator.Stderr = os.Stderr
	pipe, err := generator.StdoutPipe()
	if err != nil {
		return f, err
	}
	if err := generator.Start(); err != nil {
		return f, err
	}
	f, err = watch(s, pipe, idle, set.count)
	if waited := generator.Wait(); err == nil {
		err = waited
	}
	return f, err
}

// watch reads the server's figures at the load generator's word.
func watch(s *process.Server, from io.Reader, idle, calls int) (f figure, err error) {
	var before time.Duration
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r loadResult
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return f, err
		}
		switch r.Stage {
		case "begin":
			if before, err = s.CPU(); err != nil {
				return f, err
			}
		case "end":
			after, err := s.CPU()
			if err != nil {
				return f, err
			}
			now, err := s.RSS()
			if err != nil {
				return f, err
			}
			f.CPU = float64((after - before).Microseconds())
			f.RSS = float64(now-idle) / 1024 / float64(calls)
		case "result":
			if r.Received == 0 || len(r.DelaysUS) != 2 {
				return f, fmt.Errorf("nothing arrived of %d packets", r.Sent)
			}
			f.Packets, f.Load = r.Received, r.Busy
			f.CPU /= float64(r.Received)
			f.Loss = 100 * float64(r.Sent-min(r.Sent, r.Received)) / float64(r.Sent)
			f.DelayP50, f.DelayP99 = r.DelaysUS[0], r.DelaysUS[1]
			slices.Sort(r.JoinsMS)
			f.JoinP50 = r.JoinsMS[len(r.JoinsMS)/2]
			f.JoinP95 = r.JoinsMS[len(r.JoinsMS)*95/100]
		}
	}
	if f.Packets == 0 {
		return f, errors.Join(errors.New("the load generator gave up"), lines.Err())
	}
	return f, lines.Err()
}

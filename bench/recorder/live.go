package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/pion/rtp"
)

// cost is what a process that recorded says of itself.
type cost struct {
	Packets int     `json:"packets"`
	CPU     float64 `json:"cpu_us"` // of all packets
	RSS     float64 `json:"rss_kib"`
}

// benchLive records with ours, with ebml-go and with nothing, each in a process
// of its own. What making the packets costs, the third says, is taken off.
func benchLive(ctx context.Context, set settings) ([]line, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	costs := map[string]cost{}
	for _, sink := range []string{"nothing", "ebml-go", "ours"} {
		cmd := exec.CommandContext(ctx, program, "-sink", sink, "-calls", fmt.Sprint(set.calls), "-for", set.span.String(), "-dir", set.dir)
		cmd.Stderr = os.Stderr
		text, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("record with %s: %w", sink, err)
		}
		var c cost
		if err := json.Unmarshal(text, &c); err != nil {
			return nil, fmt.Errorf("record with %s: %w", sink, err)
		}
		costs[sink] = c
	}
	packet := func(sink string) float64 {
		return costs[sink].CPU/float64(costs[sink].Packets) - costs["nothing"].CPU/float64(costs["nothing"].Packets)
	}
	call := func(sink string) float64 { return (costs[sink].RSS - costs["nothing"].RSS) / float64(set.calls) }
	var lines []line
	for _, f := range []struct {
		name, unit string
		of         func(string) float64
	}{{"recorded_packet_cpu", "us", packet}, {"recorded_call_rss", "KiB", call}} {
		lines = append(lines,
			line{Name: f.name, On: "ebml-go", Value: rounded(f.of("ebml-go")), Unit: f.unit},
			line{Name: f.name, On: "ours", Value: rounded(f.of("ours")), Unit: f.unit, Vs: "ebml-go", Ratio: rounded(f.of("ebml-go") / f.of("ours"))})
	}
	return lines, nil
}

// sink takes one participant's packets.
type sink interface {
	write(packet *rtp.Packet, arrival time.Time, video bool) error
	stop() error
}

// record plays calls into sinks in real time and says what this process used.
func record(ctx context.Context, set settings) (c cost, err error) {
	reel, open := newFilm(), newOurs
	switch set.sink {
	case "nothing":
		open = func(settings, string) (sink, error) { return nowhere{}, nil }
	case "ebml-go":
		open = newUsual
	case "ours":
	default:
		return c, fmt.Errorf("no sink %q", set.sink)
	}
	senders, sinks := make([]sender, 2*set.calls), make([]sink, 2*set.calls)
	for i := range senders {
		senders[i].film = reel
		if sinks[i], err = open(set, filepath.Join(set.dir, fmt.Sprintf("R-%08d", i))); err != nil {
			return c, err
		}
	}
	before, start := cpu(), time.Now()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for now := start; now.Sub(start) < set.span; now = <-tick.C {
		if ctx.Err() != nil {
			return c, ctx.Err()
		}
		for i := range senders {
			n, err := feed(&senders[i], sinks[i], start, now.Sub(start))
			if err != nil {
				return c, err
			}
			c.Packets += n
		}
	}
	c.CPU = float64((cpu() - before).Microseconds())
	if c.RSS, err = resident(); err != nil {
		return c, err
	}
	for _, s := range sinks {
		err = errors.Join(err, s.stop())
	}
	return c, err
}

// feed writes what is due, and says how many packets.
func feed(s *sender, to sink, start time.Time, due time.Duration) (n int, err error) {
	for {
		packet, at, video := s.due(due)
		if packet == nil {
			return n, nil
		}
		if err := to.write(packet, start.Add(at), video); err != nil {
			return n, err
		}
		n++
	}
}

type nowhere struct{}

func (nowhere) write(*rtp.Packet, time.Time, bool) error { return nil }
func (nowhere) stop() error                              { return nil }

// cpu is the time that this process has used.
func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err) // the arguments are right
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// resident is the process's largest resident memory so far, in KiB (proc(5)).
func resident() (float64, error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, rest, found := strings.Cut(string(text), "VmHWM:")
	var kib float64
	if _, err := fmt.Sscan(rest, &kib); err != nil || !found {
		return 0, fmt.Errorf("no VmHWM in /proc/self/status: %w", err)
	}
	return kib, nil
}

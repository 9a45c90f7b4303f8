// Package trial holds more and more calls against a running deployment, as an outside
// client with an API key of class test, and says how many go before anything gets
// worse. Its rooms are test rooms: marked, never counted, and erased by themselves.
package trial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"
	"time"

	"verifycall/bench/robot"
	"verifycall/calls/protocol"
)

// Config says what to try.
type Config struct {
	Server  *robot.Server // its URL, key and place
	Film    *robot.Film
	Calls   int           // at the most
	Ramp    time.Duration // from one call to the next
	Hold    time.Duration // that all of them go on then
	Metrics string        // URL of the server's /metrics; empty: not read
	Show    io.Writer     // progress
}

// What counts as worse.
const (
	freeze      = 500 * time.Millisecond // between two pictures
	maxFreezes  = 0.02                   // of the time
	maxLoss     = 0.01
	maxJoin     = 5 * time.Second
	maxCapture  = 3 * time.Second
	captureEach = 5 * time.Second
	callTime    = 30 * time.Second // to get a call going
)

// Step is what was seen while so many calls were held.
type Step struct {
	Calls   int     `json:"calls"`
	Frozen  float64 `json:"frozen"`  // share of the pictures' time
	Freezes int     `json:"freezes"` // gaps above 500 ms
	Loss    float64 `json:"loss"`    // share of the video packets, after repair
	Pass    bool    `json:"pass"`    // nothing got worse

	tried int // calls that were to be held
}

// Figure is a distribution in milliseconds.
type Figure struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	N   int     `json:"n"`
}

// Report is what the trial has measured.
type Report struct {
	Steps    []Step   `json:"steps"`
	Largest  int      `json:"largest"` // number of calls at which nothing got worse
	Joins    Figure   `json:"joinMs"`  // from making the room to both sides connected
	Pictures Figure   `json:"firstPictureMs"`
	RTT      Figure   `json:"roundTripMs"` // of connectivity checks
	Captures Figure   `json:"captureMs"`
	Server   *Process `json:"server,omitempty"`
	Faults   []string `json:"faults,omitempty"` // calls that didn't come about or broke off
}

// trial is one run. The fields below mu are shared by its calls.
type trial struct {
	Config
	mu       sync.Mutex
	live     []*robot.Call
	joins    []time.Duration
	pictures []time.Duration
	rtts     []time.Duration
	captures []time.Duration
	faults   []string
	slow     bool // a join or capture took too long, since the last step
}

// maxFaults bounds those that are told.
const maxFaults = 20

// Run holds calls until Config's are reached, or ctx ends. It hangs up at the end.
func Run(ctx context.Context, cfg Config) (Report, error) {
	t := &trial{Config: cfg}
	before, err := readProcess(ctx, cfg.Metrics)
	if err != nil {
		return Report{}, err
	}
	began := time.Now()
	work, stop := context.WithCancel(ctx)
	var group sync.WaitGroup
	var steps []Step
	for n := 1; n <= cfg.Calls && ctx.Err() == nil; n++ {
		t.begin(work, &group)
		sleep(ctx, cfg.Ramp)
		steps = append(steps, t.look(n))
	}
	if ctx.Err() == nil && cfg.Hold > 0 {
		sleep(ctx, cfg.Hold)
		steps = append(steps, t.look(cfg.Calls))
	}
	after, err := readProcess(ctx, cfg.Metrics)
	took := time.Since(began)
	stop()
	group.Wait()
	t.hangUp()
	fmt.Fprintln(cfg.Show)
	r := Report{Steps: steps, Joins: figure(t.joins), Pictures: figure(t.pictures), RTT: figure(t.rtts), Captures: figure(t.captures), Faults: t.faults}
	r.Largest = largest(steps)
	if before != nil && after != nil {
		r.Server = after.since(before, took)
	}
	return r, errors.Join(err, context.Cause(ctx))
}

// largest is the number of calls at which nothing got worse: neither when they were
// brought nor while they were held.
func largest(steps []Step) (calls int) {
	for _, s := range steps {
		if !s.Pass {
			return min(calls, s.tried-1)
		}
		calls = s.tried
	}
	return calls
}

// begin brings one more call to live and lets its manager capture.
func (t *trial) begin(ctx context.Context, group *sync.WaitGroup) {
	began := time.Now()
	call, err := t.bring(ctx)
	if err != nil {
		t.fault(err)
		return
	}
	took := time.Since(began)
	t.mu.Lock()
	t.live, t.joins = append(t.live, call), append(t.joins, took)
	t.slow = t.slow || took > maxJoin
	t.mu.Unlock()
	group.Go(func() { t.capture(ctx, call) })
}

func (t *trial) bring(ctx context.Context) (*robot.Call, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	call, err := t.Server.Wait(ctx, t.Film)
	if err != nil {
		return nil, err
	}
	admitted := time.Now()
	if err := call.Admit(ctx); err != nil {
		return nil, errors.Join(err, call.Close())
	}
	select {
	case at := <-call.M.FirstFrame():
		t.mu.Lock()
		t.pictures = append(t.pictures, at.Sub(admitted))
		t.mu.Unlock()
		return call, nil
	case <-ctx.Done():
		return nil, errors.Join(errors.New("no picture of the seller"), call.Close())
	}
}

// capture takes stills until the trial is over.
func (t *trial) capture(ctx context.Context, call *robot.Call) {
	for i := 0; sleep(ctx, captureEach); i++ {
		began := time.Now()
		asking, cancel := context.WithTimeout(ctx, callTime)
		err := call.M.Do(asking, &protocol.Capture{Slot: protocol.Slots[i%len(protocol.Slots)]})
		cancel()
		var fault *protocol.Fault
		switch {
		case ctx.Err() != nil:
			return
		case errors.As(err, &fault):
			if fault.Code != protocol.CodeWrongState { // otherwise the slot's tries are used up
				t.fault(err)
			}
			continue
		case err != nil:
			t.fault(err)
			return
		}
		took := time.Since(began)
		t.mu.Lock()
		t.captures, t.slow = append(t.captures, took), t.slow || took > maxCapture
		t.mu.Unlock()
	}
}

func (t *trial) fault(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.slow = true
	if len(t.faults) < maxFaults {
		t.faults = append(t.faults, fmt.Sprintf("with %d calls: %v", len(t.live), err))
	}
}

// look judges what was seen since the last look.
func (t *trial) look(n int) Step {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := Step{Calls: len(t.live), tried: n}
	var time, frozen float64
	var lost, all int64
	for _, call := range t.live {
		for _, side := range []*robot.Robot{call.S, call.M} {
			for _, gap := range side.PictureGaps() {
				time += gap.Seconds()
				if gap > freeze {
					s.Freezes++
					frozen += gap.Seconds()
				}
			}
			l, a := side.Loss()
			lost, all = lost+l, all+a
			if rtt, ok := side.RoundTrip(); ok {
				t.rtts = append(t.rtts, rtt)
			}
		}
	}
	s.Frozen, s.Loss = share(frozen, time), share(float64(lost), float64(all))
	s.Pass = s.Calls == n && !t.slow && s.Frozen <= maxFreezes && s.Loss <= maxLoss
	t.slow = false
	t.show(s)
	return s
}

func share(part, whole float64) float64 {
	if whole <= 0 {
		return 0
	}
	return math.Round(part/whole*1e4) / 1e4
}

// barWidth of the progress bar.
const barWidth = 30

func (t *trial) show(s Step) {
	bar := make([]byte, barWidth)
	for i := range bar {
		bar[i] = '.'
		if i < s.Calls*barWidth/t.Calls {
			bar[i] = '#'
		}
	}
	fmt.Fprintf(t.Show, "\r[%s] %d of %d calls, frozen %.1f %%, loss %.1f %% ", bar, s.Calls, t.Calls, 100*s.Frozen, 100*s.Loss)
}

func (t *trial) hangUp() {
	ctx, cancel := context.WithTimeout(context.Background(), callTime)
	defer cancel()
	var group sync.WaitGroup
	for _, call := range t.live {
		group.Go(func() { _ = call.Finish(ctx) }) // a room that isn't told so is erased by itself all the same
	}
	group.Wait()
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func figure(samples []time.Duration) Figure {
	if len(samples) == 0 {
		return Figure{}
	}
	sorted := slices.Sorted(slices.Values(samples))
	at := func(q float64) float64 {
		return math.Round(float64(sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)].Microseconds())/100) / 10
	}
	return Figure{at(0.5), at(0.95), len(sorted)}
}

// Print writes the report for people.
func (r Report) Print(w io.Writer) {
	fmt.Fprintf(w, "%8s %8s %8s %8s\n", "calls", "freezes", "frozen", "loss")
	for _, s := range r.Steps {
		note := ""
		if !s.Pass {
			note = "  worse"
		}
		fmt.Fprintf(w, "%8d %8d %6.2f %% %6.2f %%%s\n", s.Calls, s.Freezes, 100*s.Frozen, 100*s.Loss, note)
	}
	for _, f := range []struct {
		name string
		Figure
	}{{"join", r.Joins}, {"first picture", r.Pictures}, {"round trip", r.RTT}, {"capture", r.Captures}} {
		fmt.Fprintf(w, "%-14s p50 %7.1f ms  p95 %7.1f ms  n %d\n", f.name, f.P50, f.P95, f.N)
	}
	if r.Server != nil {
		fmt.Fprintf(w, "server: CPU %.2f cores, memory %d MB\n", r.Server.Cores, r.Server.Megabytes)
	}
	for _, fault := range r.Faults {
		fmt.Fprintf(w, "fault: %s\n", fault)
	}
	fmt.Fprintf(w, "largest number of calls at which nothing got worse: %d\n", r.Largest)
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"time"

	"verifycall/bench/caller"
	"verifycall/bench/process"
)

// patience bounds a join.
const patience = 20 * time.Second

// loadResult is what the load generator tells the runner: three lines of JSON,
// one when all calls are up, one when measuring begins, one at the end.
type loadResult struct {
	Stage          string    `json:"stage"`
	Sent, Received uint64    // packets
	DelaysUS       []float64 `json:",omitempty"` // p50, p99
	JoinsMS        []float64 `json:",omitempty"`
	Busy           float64   // share of its core that the generator had while measuring
}

// load joins calls, lets them settle, and measures for a time.
func load(ctx context.Context, set settings) error {
	out := json.NewEncoder(os.Stdout)
	var joins []float64
	var callers []*caller.Caller
	defer func() {
		for _, c := range callers {
			c.Close()
		}
	}()
	for i := range 2 * set.count {
		c, err := caller.New()
		if err != nil {
			return err
		}
		callers = append(callers, c)
		joining, cancel := context.WithTimeout(ctx, patience)
		took, err := c.Join(joining, signalTo(set, i/2, i%2))
		cancel()
		if err != nil {
			return fmt.Errorf("caller %d: %w", i, err)
		}
		joins = append(joins, float64(took.Microseconds())/1000)
		c.Send(float64(i) / float64(2*set.count))
	}
	sleep(ctx, set.settle)
	if err := out.Encode(loadResult{Stage: "begin"}); err != nil {
		return err
	}
	begun, worked := time.Now(), cpuTime(thisProcess)
	for _, c := range callers {
		c.Measure(true)
	}
	sleep(ctx, set.window)
	busy := (cpuTime(thisProcess) - worked).Seconds() / time.Since(begun).Seconds()
	for _, c := range callers {
		c.Measure(false)
	}
	if err := out.Encode(loadResult{Stage: "end"}); err != nil {
		return err
	}
	sleep(ctx, time.Second/2) // what is still on its way
	total := loadResult{Stage: "result", JoinsMS: joins, Busy: round(busy)}
	var delays []time.Duration
	for _, c := range callers {
		sent, received, d := c.Counts()
		total.Sent += sent
		total.Received += received
		delays = append(delays, d...)
	}
	if len(delays) > 0 {
		slices.Sort(delays)
		for _, q := range []float64{0.5, 0.99} {
			total.DelaysUS = append(total.DelaysUS, float64(delays[int(q*float64(len(delays)-1))].Nanoseconds())/1000)
		}
	}
	return out.Encode(total)
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// signalTo posts an offer to the server under test.
func signalTo(set settings, call, side int) caller.Signal {
	if set.janus {
		return janusSignal(set.target)
	}
	return func(ctx context.Context, offer string) (string, error) {
		target := "http://" + set.target + "/join?" + url.Values{
			"call": {"call-" + strconv.Itoa(call)}, "side": {strconv.Itoa(side)}}.Encode()
		return process.Exchange(ctx, http.MethodPost, target, "application/sdp", []byte(offer))
	}
}

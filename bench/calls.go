package main

import (
	"context"
	"fmt"
	"time"

	"verifycall/bench/robot"
	"verifycall/calls/protocol"
)

const patience = 20 * time.Second // for anything that takes milliseconds

// benchAdmit measures from the manager's "admit" until both sides have a
// complete picture of each other; a new room for each run.
func benchAdmit(ctx context.Context, server *robot.Server, film *robot.Film, runs int) ([]figure, error) {
	var samples []time.Duration
	for range runs {
		took, err := admitOnce(ctx, server, film)
		if err != nil {
			return nil, fmt.Errorf("admit: %w", err)
		}
		samples = append(samples, took)
	}
	return []figure{summarise("admit_to_first_frame_ms", samples, time.Millisecond)}, nil
}

func admitOnce(ctx context.Context, server *robot.Server, film *robot.Film) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	call, err := server.Wait(ctx, film)
	if err != nil {
		return 0, err
	}
	start := time.Now()
	if err := call.Admit(ctx); err != nil {
		return 0, err
	}
	last := start
	for _, r := range []*robot.Robot{call.S, call.M} {
		at, err := firstFrame(ctx, r)
		if err != nil {
			return 0, err
		}
		if at.After(last) {
			last = at
		}
	}
	return last.Sub(start), call.Finish(ctx)
}

func firstFrame(ctx context.Context, r *robot.Robot) (time.Time, error) {
	select {
	case at := <-r.FirstFrame():
		return at, nil
	case <-r.Ended():
		return time.Time{}, robot.ErrClosed
	case <-ctx.Done():
		return time.Time{}, fmt.Errorf("no picture: %w", context.Cause(ctx))
	}
}

// benchLive measures in one live call: the manager's return, and captures.
func benchLive(ctx context.Context, server *robot.Server, film *robot.Film, runs int) ([]figure, error) {
	call, err := server.Wait(ctx, film)
	if err != nil {
		return nil, err
	}
	if err := call.Admit(ctx); err != nil {
		return nil, err
	}
	captures, err := captureRuns(ctx, call, runs)
	if err != nil {
		return nil, fmt.Errorf("capture: %w", err)
	}
	joins, err := joinRuns(ctx, call, film, runs)
	if err != nil {
		return nil, fmt.Errorf("join: %w", err)
	}
	if err := call.Finish(ctx); err != nil {
		return nil, err
	}
	return []figure{
		summarise("join_to_first_frame_ms", joins, time.Millisecond),
		summarise("capture_ms", captures, time.Millisecond),
	}, nil
}

// joinRuns lets the manager leave and come back: from before the WebSocket is
// opened until the seller's picture is complete.
func joinRuns(ctx context.Context, call *robot.Call, film *robot.Film, runs int) ([]time.Duration, error) {
	var samples []time.Duration
	for range runs {
		if err := call.M.Close(); err != nil {
			return nil, err
		}
		// A side may begin its connection anew once a second.
		if err := sleep(ctx, 1100*time.Millisecond); err != nil {
			return nil, err
		}
		took, err := joinOnce(ctx, call, film)
		if err != nil {
			return nil, err
		}
		samples = append(samples, took)
	}
	return samples, nil
}

func joinOnce(ctx context.Context, call *robot.Call, film *robot.Film) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	start := time.Now()
	var err error
	if call.M, err = call.Manager.Rejoin(ctx, film); err != nil {
		return 0, err
	}
	at, err := firstFrame(ctx, call.M)
	return at.Sub(start), err
}

// captureRuns measures from "capture" sent to "ok" received: the still is stored
// and in the ledger. Requests are further apart than key frame requests are
// merged, and not in step with the film.
func captureRuns(ctx context.Context, call *robot.Call, runs int) ([]time.Duration, error) {
	var samples []time.Duration
	for i := range runs {
		if err := sleep(ctx, 750*time.Millisecond+time.Duration(i*13%67)*time.Millisecond); err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(ctx, patience)
		start := time.Now()
		err := call.M.Do(ctx, &protocol.Capture{Slot: protocol.Slots[i%len(protocol.Slots)]})
		cancel()
		if err != nil {
			return nil, err
		}
		samples = append(samples, time.Since(start))
	}
	return samples, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

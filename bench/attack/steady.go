package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"verifycall/calls/protocol"
)

// span holds measured times.
type span []time.Duration

// at gives a percentile, 0 without values.
func (s span) at(percent int) time.Duration {
	if len(s) == 0 {
		return 0
	}
	slices.Sort(s)
	return s[min(len(s)-1, len(s)*percent/100)]
}

// figures of a window, in the order of figureNames.
type figures [3]span

var figureNames = [3]string{"from picture to picture", "said until the other side has it", "a request of the API"}

// steady is a call that goes on and a program that asks for its room, while all
// else happens.
type steady struct {
	t *target

	mu     sync.Mutex // guards what follows
	got    figures
	faults []string
}

// Bounds beyond which a person would say that the call was disturbed.
const (
	askTime     = 10 * time.Second
	longSilence = 5 * time.Second // of the picture
)

func newSteady(t *target) *steady { return &steady{t: t} }

// during measures while f runs.
func (s *steady) during(ctx context.Context, f func(context.Context)) figures {
	s.mu.Lock()
	s.got = figures{}
	s.mu.Unlock()
	s.t.live.M.PictureGaps() // begins anew
	asking, stop := context.WithCancel(ctx)
	var both sync.WaitGroup
	both.Go(func() { s.repeat(asking, 1, s.say()) })
	both.Go(func() { s.repeat(asking, 2, s.ask) })
	f(ctx)
	stop()
	both.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got[0] = s.t.live.M.PictureGaps()
	return s.got
}

// repeat measures what five times a second.
func (s *steady) repeat(ctx context.Context, figure int, what func(context.Context) error) {
	for ctx.Err() == nil {
		began := time.Now()
		within, cancel := context.WithTimeout(ctx, askTime)
		err := what(within)
		cancel()
		if ctx.Err() != nil {
			return
		}
		s.mu.Lock()
		if err == nil {
			s.got[figure] = append(s.got[figure], time.Since(began))
		} else if len(s.faults) < maxWhy {
			s.faults = append(s.faults, fmt.Sprintf("%s: %v", figureNames[figure], err))
		}
		s.mu.Unlock()
		sleep(ctx, 200*time.Millisecond)
	}
}

// say lets the seller say something that the manager's side must show.
func (s *steady) say() func(context.Context) error {
	off := false
	return func(ctx context.Context) error {
		off = !off
		if err := s.t.live.S.Do(ctx, &protocol.Mute{Kind: "audio", Off: off}); err != nil {
			return err
		}
		_, err := s.t.live.M.Wait(ctx, func(st *protocol.State) bool { return st.Peer != nil && st.Peer.AudioOff == off })
		return err
	}
}

// ask is a program's request, over a connection of its own.
func (s *steady) ask(ctx context.Context) error {
	res, err := s.t.good.send(ctx, http.MethodGet, "/api/v1/rooms/"+s.t.live.Room.ID, "", "Authorization", "Bearer "+s.t.server.Key)
	if err == nil && res.status != http.StatusOK {
		err = fmt.Errorf("status %d %s", res.status, res.code)
	}
	return err
}

// harm looks whether the call and the good client were touched.
func (s *steady) harm(ctx context.Context, t *tally, got figures) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, fault := range s.faults {
		t.want(false, "%s", fault)
	}
	for i, values := range got {
		t.want(len(values) > 0, "%s: nothing was measured", figureNames[i])
	}
	t.want(got[0].at(100) < longSilence, "the picture stood still for %s", got[0].at(100))
	for name, r := range map[string]interface{ Ended() <-chan struct{} }{"seller": s.t.live.S, "manager": s.t.live.M} {
		select {
		case <-r.Ended():
			t.want(false, "the %s of the call was thrown out", name)
		default:
			t.refusals(1)
		}
	}
	within, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	state, err := s.t.live.M.Wait(within, func(*protocol.State) bool { return true })
	t.want(err == nil && state.Room.State == "live" && state.Peer != nil && state.Peer.Media, "the call isn't live any more: %v", err)
	t.want(err == nil && len(state.Chat) == 0, "somebody else's words are in the call")
}

package rooms

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
)

// Ways of a Redis to go on with a request.
func answers(context.Context) error { time.Sleep(time.Millisecond); return nil }

func hangs(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }

func refuses(context.Context) error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
}

// goodAnswers has a request answered ten times a second for a while.
func goodAnswers(t *testing.T, p *pulse, whole time.Duration) {
	t.Helper()
	for end := time.Now().Add(whole); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if err := p.guard(t.Context(), answers); err != nil {
			t.Error(err)
		}
	}
}

// TestOneSlowAnswerIsNoOutage leaves one request without an answer while others
// have theirs.
func TestOneSlowAnswerIsNoOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPulse()
		slow := make(chan error)
		go func() { slow <- p.guard(t.Context(), hangs) }()
		goodAnswers(t, p, answerTime)
		if err := <-slow; !errors.Is(err, ErrAway) || !errors.Is(err, errSlow) {
			t.Errorf("the slow one: %v", err)
		}
		if p.away.Load() {
			t.Error("away for everybody")
		}
		if err := p.guard(t.Context(), answers); err != nil {
			t.Error(err)
		}
	})
}

// TestSilenceIsAnOutage has Redis answer until a moment and then nobody: the first
// request that has waited out its time tells all others.
func TestSilenceIsAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPulse()
		goodAnswers(t, p, time.Second)
		began := time.Now()
		first := make(chan error)
		go func() { first <- p.guard(t.Context(), hangs) }()
		synctest.Wait()
		if err := p.guard(t.Context(), answers); err != nil { // the last answer, to one that was asked after it
			t.Fatal(err)
		}
		for range requests - 1 {
			go func() { _ = p.guard(t.Context(), hangs) }()
		}
		synctest.Wait()
		if err := p.guard(t.Context(), hangs); !errors.Is(err, errNotAsked) { // waited for one of those under way
			t.Errorf("the one that waited: %v", err)
		}
		if took := time.Since(began); took > answerTime+10*time.Millisecond || !p.away.Load() {
			t.Errorf("known after %s: %v", took, p.away.Load())
		}
		if err := <-first; !errors.Is(err, ErrAway) || errors.Is(err, errSlow) {
			t.Errorf("the first: %v", err)
		}
		if err := <-p.lost; !timedOut(err) {
			t.Errorf("told as %v", err)
		}
		time.Sleep(time.Second) // those under way end
	})
}

// TestProcessWithoutTimeIsNoOutage has requests run out of time in a process that
// comes late to everything; a silence that lasts is an outage all the same.
func TestProcessWithoutTimeIsNoOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPulse()
		goodAnswers(t, p, time.Second)
		last := time.Now()
		late := func(ctx context.Context) error { <-ctx.Done(); time.Sleep(2 * lateness); return ctx.Err() }
		for time.Since(last) < longSilence-time.Second {
			if err := p.guard(t.Context(), late); !errors.Is(err, errSlow) || p.away.Load() {
				t.Fatalf("after %s: %v", time.Since(last), err)
			}
		}
		time.Sleep(longSilence - time.Since(last))
		if err := p.guard(t.Context(), late); errors.Is(err, errSlow) || !p.away.Load() {
			t.Errorf("after %s: %v", time.Since(last), err)
		}
	})
}

// TestRefusalIsAnOutage has a connection refused while answers still come.
func TestRefusalIsAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPulse()
		late := make(chan error)
		go func() {
			late <- p.guard(t.Context(), func(context.Context) error { time.Sleep(time.Second / 2); return refuses(t.Context()) })
		}()
		goodAnswers(t, p, time.Second/2)
		if err := <-late; !errors.Is(err, ErrAway) || errors.Is(err, errSlow) {
			t.Error(err)
		}
		if err := p.guard(t.Context(), answers); !errors.Is(err, errNotAsked) {
			t.Errorf("asked all the same: %v", err)
		}
		if err := p.guard(withoutPulse(t.Context()), answers); err != nil || p.away.Load() {
			t.Errorf("a knock was answered: %v", err)
		}
	})
}

// TestSlowReadIsAskedAgain leaves the first request without an answer: who only
// reads has one from the second, what changes something is not sent twice.
func TestSlowReadIsAskedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		cmd   func(context.Context) redis.Cmder
		times int
	}{
		"read":  {func(ctx context.Context) redis.Cmder { return redis.NewStringCmd(ctx, "get", "a") }, 2},
		"write": {func(ctx context.Context) redis.Cmder { return redis.NewStatusCmd(ctx, "set", "a", "b") }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPulse()
				for _, ask := range []func(context.Context, redis.Cmder, func(context.Context) error) error{
					func(ctx context.Context, cmd redis.Cmder, next func(context.Context) error) error {
						return p.ProcessHook(func(ctx context.Context, cmd redis.Cmder) error { cmd.SetErr(next(ctx)); return cmd.Err() })(ctx, cmd)
					},
					func(ctx context.Context, cmd redis.Cmder, next func(context.Context) error) error {
						return p.ProcessPipelineHook(func(ctx context.Context, cmds []redis.Cmder) error { cmds[0].SetErr(next(ctx)); return cmds[0].Err() })(ctx, []redis.Cmder{cmd})
					},
				} {
					asked, cmd, ended := 0, c.cmd(t.Context()), make(chan error)
					go func() {
						ended <- ask(t.Context(), cmd, func(ctx context.Context) error {
							if asked++; asked == 1 {
								return hangs(ctx)
							}
							return answers(ctx)
						})
					}()
					goodAnswers(t, p, answerTime)
					if err := <-ended; asked != c.times || (err == nil) != (c.times == 2) || !errors.Is(cmd.Err(), err) {
						t.Errorf("asked %d times, %v, %v", asked, err, cmd.Err())
					}
					if p.away.Load() {
						t.Error("away")
					}
				}
			})
		})
	}
}

// stalled leaves the first call of a script without an answer, before it is sent or
// after it has run, while another request is answered.
type stalled struct {
	s     *Store
	after bool
	calls atomic.Int32
}

func (h *stalled) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h *stalled) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (h *stalled) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() != "evalsha" || h.calls.Add(1) > 1 {
			return next(ctx, cmd)
		}
		if h.after {
			if err := next(ctx, cmd); err != nil {
				return err
			}
		}
		<-ctx.Done()
		if err := h.s.client.Get(context.WithoutCancel(ctx), prefix+"another").Err(); !answered(err) {
			return err
		}
		cmd.SetErr(ctx.Err())
		return ctx.Err()
	}
}

// TestSlowCommitIsWrittenOnce leaves a commit without an answer that was not written,
// and one that was.
func TestSlowCommitIsWrittenOnce(t *testing.T) {
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprint("written ", after), func(t *testing.T) {
			s := openStore(t, Options{URL: startServer(t).URL()})
			id := create(t, s, nil).ID
			do(t, s, id, append(agree[:2:2], EnterWaiting{})...)
			h := &stalled{s: s, after: after}
			s.client.AddHook(h)
			if r, err := s.Do(t.Context(), id, "seller", SendChat{Seller, "once"}); err != nil || len(r.Chat) != 1 || h.calls.Load() != 2 {
				t.Fatalf("%+v, %v, called %d times", r, err, h.calls.Load())
			}
			if r, err := s.Load(t.Context(), id); err != nil || len(r.Chat) != 1 {
				t.Errorf("%+v, %v", r, err)
			}
			if _, err := s.Record(t.Context(), id); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestSilentOnceIsBack has a real Redis that is believed to be silent: it is
// asked at once.
func TestSilentOnceIsBack(t *testing.T) {
	s := openStore(t, Options{URL: startServer(t).URL()})
	r := create(t, s, nil)
	if err := s.pulse.guard(t.Context(), func(context.Context) error { return context.DeadlineExceeded }); !errors.Is(err, ErrAway) {
		t.Fatal(err)
	}
	for s.pulse.away.Load() {
		if !pauseFor(t.Context(), time.Millisecond) {
			t.Fatal("it stays away")
		}
	}
	if _, err := s.Load(t.Context(), r.ID); err != nil {
		t.Error(err)
	}
}

package db

import (
	"context"
	"errors"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"verifycall/rooms/redistest"

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

// TestSilentOnceIsBack has a real Redis that is believed to be silent: it is
// asked at once.
func TestSilentOnceIsBack(t *testing.T) {
	d := openTest(t, Options{URL: redistest.Serve(t).URL()})
	if err := d.pulse.guard(t.Context(), func(context.Context) error { return context.DeadlineExceeded }); !errors.Is(err, ErrAway) {
		t.Fatal(err)
	}
	for d.Away() {
		if !PauseFor(t.Context(), time.Millisecond) {
			t.Fatal("it stays away")
		}
	}
	if _, err := d.Chain(t.Context(), "room:R-00000001", "record"); err != nil {
		t.Error(err)
	}
}

// TestAbsent: what Redis of any release says where it can't answer or write is an
// outage, other refusals are answers.
func TestAbsent(t *testing.T) {
	for text, want := range map[string]bool{
		"NOREPLICAS Not enough good replicas to write.":                           true,
		"MISCONF Errors writing to the AOF file":                                  true,
		"OOM command not allowed when used memory > 'maxmemory'.":                 true,
		"LOADING Redis is loading the dataset in memory":                          true,
		"ERR Error running script (call to f_1): @user_script:9: -OOM command":    true,
		"ERR Error running script (call to f_1): @user_script:9: -MISCONF Errors": true,
		"ERR Error running script (call to f_1): @user_script:9: wrong type":      false,
		"WRONGTYPE Operation against a key":                                       false,
		"ERR unknown command":                                                     false,
	} {
		if got := absent(reply(text)); got != want {
			t.Errorf("%q: away %v", text, got)
		}
	}
}

// reply is an error that Redis answers.
type reply string

func (r reply) Error() string { return string(r) }
func (reply) RedisError()     {}

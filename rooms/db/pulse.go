package db

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// ErrAway says that Redis doesn't answer. What was only read can be asked again;
// nothing was written unless the error is ErrUnknown too.
var ErrAway = errors.New("redis doesn't answer")

// errNotAsked is ErrAway for what was never sent.
var errNotAsked = fmt.Errorf("%w: not asked", ErrAway)

// errSlow is ErrAway for one request alone.
var errSlow = fmt.Errorf("%w in time", ErrAway)

// errShort says that fewer replicas than wanted have a write.
var errShort = errors.New("too few replicas have it")

// Knock is how often an absent Redis is asked whether it is back.
const Knock = 100 * time.Millisecond

// silence is how long Redis may have answered nobody while one request goes
// without an answer: then it is away. In less, only that request was slow: on a
// machine that has no time, or over a connection that lost a packet.
const silence = answerTime / 2

// A process that comes lateness after the end of a request's time had no time for
// it: the answer may lie in its socket. So long only as longSilence bounds it, which
// is also what a Redis that went away while nobody had time needs to be missed.
const (
	lateness    = 100 * time.Millisecond
	longSilence = 5 * time.Second
)

// readTries is how often what only reads is asked again where it was slow.
const readTries = 3

// pulse stands before every request to Redis, so that none hangs: it bounds the
// time of each, and once one has failed it refuses all others at once until a
// knock is answered. It is a redis.Hook.
type pulse struct {
	away     atomic.Bool
	slots    chan struct{} // one taken for each request under way; full makes the next wait, never for a connection
	lost     chan error    // tells DB.tend that it went away, and by what; capacity 1
	began    time.Time
	answered atomic.Int64 // when Redis answered last, whomever: nanoseconds since began
}

func newPulse() *pulse {
	return &pulse{slots: make(chan struct{}, requests), lost: make(chan error, 1), began: time.Now()}
}

type noPulse struct{}

// withoutPulse lets a request through although Redis is away: to knock, to settle.
func withoutPulse(ctx context.Context) context.Context {
	return context.WithValue(ctx, noPulse{}, true)
}

// guard asks Redis something within answerTime. A request that got no answer in
// that time while others did, or while this process had no time to look, has failed
// alone: errSlow.
func (p *pulse) guard(ctx context.Context, ask func(context.Context) error) error {
	knocks := ctx.Value(noPulse{}) != nil
	if !knocks {
		if p.away.Load() {
			return errNotAsked
		}
		select {
		case p.slots <- struct{}{}:
			defer func() { <-p.slots }()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if p.away.Load() { // while it waited
			return errNotAsked
		}
	}
	bounded, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	asked := time.Since(p.began)
	err := ask(bounded)
	switch {
	case !absent(err):
		p.answered.Store(int64(time.Since(p.began)))
		if err == nil && knocks && p.away.Load() { // the answer to a question asked before it went away proves nothing
			p.away.Store(false)
		}
		return err
	case ctx.Err() != nil:
		return err
	case timedOut(err) && (p.answersOthers(asked) || p.late(asked)):
		return fmt.Errorf("%w: %w", errSlow, err)
	}
	p.away.Store(true)
	select {
	case p.lost <- err:
	default: // it knows
	}
	return fmt.Errorf("%w: %w", ErrAway, err)
}

// patient is guard for ask, which sends cmds: what only reads is asked again where
// it was slow alone.
func (p *pulse) patient(ctx context.Context, ask func(context.Context) error, cmds ...redis.Cmder) error {
	err := p.guard(ctx, ask)
	for tries := 0; tries < readTries && errors.Is(err, errSlow) && onlyReads(cmds...); tries++ {
		for _, cmd := range cmds {
			cmd.SetErr(nil)
		}
		err = p.guard(ctx, ask)
	}
	return err
}

// answersOthers says whether Redis has answered somebody since a time after
// p.began, and not long ago.
func (p *pulse) answersOthers(since time.Duration) bool {
	answered := time.Duration(p.answered.Load())
	return answered > since && time.Since(p.began)-answered < silence
}

// late says that this process had no time for a request asked then.
func (p *pulse) late(asked time.Duration) bool {
	runtime.Gosched() // comes back when all that waits to run here had its turn
	now := time.Since(p.began)
	return now-asked > answerTime+lateness && now-time.Duration(p.answered.Load()) < longSilence
}

// timedOut tells an answer that doesn't come from a connection that is refused or cut.
func timedOut(err error) bool {
	var fault net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &fault) && fault.Timeout()
}

// absent says whether an error is that of a Redis that isn't there, or isn't fit
// to answer or to write now.
func absent(err error) bool {
	if err == nil || errors.Is(err, redis.Nil) || errors.Is(err, errShort) {
		return false
	}
	var reply redis.Error
	if !errors.As(err, &reply) {
		return true
	}
	text := reply.Error()
	if strings.HasPrefix(text, "ERR Error running script") { // so says Redis before 7, and the script's own error after it
		return strings.Contains(text, "-NOREPLICAS ") || strings.Contains(text, "-MISCONF ") || strings.Contains(text, "-OOM ") || strings.Contains(text, "-READONLY ")
	}
	for _, prefix := range []string{"LOADING", "CLUSTERDOWN", "MASTERDOWN", "READONLY", "TRYAGAIN", "NOREPLICAS", "MISCONF", "OOM"} {
		if redis.HasErrorPrefix(err, prefix) {
			return true
		}
	}
	return false
}

// DialHook implements redis.Hook.
func (p *pulse) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook implements redis.Hook. Commands that block by their nature are let
// through.
func (p *pulse) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		switch cmd.Name() {
		case "xread", "blpop", "bzpopmin", "subscribe":
			return next(ctx, cmd)
		}
		err := p.patient(ctx, func(ctx context.Context) error { return next(ctx, cmd) }, cmd)
		if err != nil {
			cmd.SetErr(err)
		}
		return err
	}
}

// askedAgain are the commands that may be asked again: nothing hangs on how often.
var askedAgain = []string{"get", "mget", "exists", "hget", "hmget", "hgetall", "hlen", "zcard", "zcount", "zscore", "zmscore", "zrange", "zrangebyscore",
	"zrevrange", "zrevrangebyscore", "xrange", "xrevrange", "xlen"}

func onlyReads(cmds ...redis.Cmder) bool {
	return !slices.ContainsFunc(cmds, func(cmd redis.Cmder) bool { return !slices.Contains(askedAgain, cmd.Name()) })
}

// ProcessPipelineHook implements redis.Hook.
func (p *pulse) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := p.patient(ctx, func(ctx context.Context) error { return next(ctx, cmds) }, cmds...)
		if errors.Is(err, ErrAway) {
			for _, cmd := range cmds {
				cmd.SetErr(err)
			}
		}
		return err
	}
}

// tend asks an absent Redis until it is back. It is DB's goroutine and ends
// with ctx.
func (d *DB) tend(ctx context.Context) {
	for {
		var why error
		select {
		case <-ctx.Done():
			return
		case why = <-d.pulse.lost:
		}
		d.log.Error("redis doesn't answer; running calls go on, nothing new is taken in")
		began := time.Now()
		if !timedOut(why) && !PauseFor(ctx, Knock) { // what is silent may have been slow once
			return
		}
		if !d.knock(ctx) {
			return
		}
		d.log.Info("redis is back", "after", time.Since(began).Round(time.Millisecond))
	}
}

// knock returns true when Redis writes.
func (d *DB) knock(ctx context.Context) bool {
	for {
		// A key of ours: in a Cluster the node that has them must answer. A write: one that only reads is away too.
		if err := d.Client.Set(withoutPulse(ctx), Prefix+"knock", 1, time.Second).Err(); !absent(err) && ctx.Err() == nil {
			d.pulse.away.Store(false)
			return true
		}
		if !PauseFor(ctx, Knock) {
			return false
		}
	}
}

// PauseFor is false where ctx has ended before.
func PauseFor(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

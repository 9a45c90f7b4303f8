package rooms

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"verifycall/rooms/db"
	"verifycall/rooms/redistest"

	"github.com/redis/go-redis/v9"
)

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
		if err := h.s.db.Client.Get(context.WithoutCancel(ctx), db.Prefix+"another").Err(); !answered(err) {
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
			s := openStore(t, Options{URL: redistest.Serve(t).URL()})
			id := create(t, s, nil).ID
			do(t, s, id, append(agree[:2:2], EnterWaiting{})...)
			h := &stalled{s: s, after: after}
			s.db.Client.AddHook(h)
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

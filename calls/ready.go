package calls

import (
	"context"
	"time"

	"verifycall/calls/protocol"
	"verifycall/recorder"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
)

const (
	keyTime  = 5 * time.Second // bounds the making of the recordings' key
	keyLast  = 2 * time.Second // the same where a call waits for it
	keyAgain = 2 * time.Second // after a store that didn't give it
)

// makeReady makes the recorder as soon as somebody waits to be let in, beside the
// call: what it needs of the store, the keys, is then in memory, and a store that
// fails later costs no frame and no capture. It writes no file.
func (c *Call) makeReady(now time.Time) {
	switch c.room.State {
	case rooms.StateWaiting, rooms.StateLive, rooms.StateInterrupted:
	default:
		return
	}
	if c.recorder != nil || c.readying || now.Before(c.readyAfter) {
		return
	}
	c.readying = true
	work, ctx := c.recorderMaker(), c.ctx
	c.job(func() event {
		ctx, cancel := context.WithTimeout(ctx, keyTime)
		defer cancel()
		r, err := work(ctx)
		return readied{r, err}
	})
}

// recorderMaker gives what makes the call's recorder, on any goroutine.
func (c *Call) recorderMaker() func(context.Context) (*recorder.Recorder, error) {
	h, room := c.house, c.id
	config := recorder.Config{Dir: h.depot.Folder(room), Room: room, Fence: c.lease.Fence, Log: c.log, Post: c.recorderEvent, Spare: h.depot.Check,
		Durable: h.cfg.Metrics.durable}
	return func(ctx context.Context) (*recorder.Recorder, error) {
		key, err := h.cfg.Evidence.Make(ctx, vault.Room(room), vault.Recording)
		if err != nil {
			return nil, err
		}
		if h.depot.Shipping() { // what the store doesn't take later is encrypted with it and kept here
			if _, err := h.cfg.Evidence.Make(ctx, vault.Room(room), vault.Stills); err != nil {
				return nil, err
			}
		}
		config.Key = key.Recipient()
		return recorder.New(config)
	}
}

type readied struct {
	recorder *recorder.Recorder
	err      error
}

func (e readied) apply(_ context.Context, c *Call) {
	c.readying = false
	if e.err != nil {
		c.readyAfter = time.Now().Add(keyAgain)
		if time.Since(c.warned) >= warnEvery {
			c.warned = time.Now()
			c.log.Error("nothing can be recorded, it will be tried again", "err", e.err)
		}
		return
	}
	if c.recorder == nil {
		c.recorder = e.recorder
		c.reconcile()
	}
}

// mayRecord is the reason why a call can't begin: one that nothing is recorded of
// is no verification.
func (c *Call) mayRecord() error {
	if err := c.house.depot.Check(); err != nil {
		return &protocol.Fault{Code: protocol.CodeUnavailable, Err: err,
			Message: "The call can't begin: the server's disk has no room for the recording. Tell your operator."}
	}
	if c.recorder != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(c.ctx, keyLast)
	defer cancel()
	var err error
	if c.recorder, err = c.recorderMaker()(ctx); err != nil {
		return &protocol.Fault{Code: protocol.CodeUnavailable, Err: err,
			Message: "The call can't begin yet: the evidence store doesn't answer, so nothing could be recorded. Try again in a moment."}
	}
	return nil
}

package calls

import (
	"context"
	"time"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/recorder/spool"
)

// shipEvery is how often what was recorded meanwhile goes to the store: with a
// record's 2 s, a lost node loses less than 10 s.
const shipEvery = 5 * time.Second

// warnEvery is how often a log says that a store is still away.
const warnEvery = time.Minute

// shipNow and then ships beside the call, while it records.
func (c *Call) shipNow(now time.Time) {
	if c.parts == nil || c.recorder == nil || c.shipping || now.Sub(c.shipped) < shipEvery {
		return
	}
	c.shipping = true
	parts, ctx := c.parts, c.house.ctx
	c.job(func() event { return shipped{parts.Ship(ctx)} })
}

type shipped struct{ err error }

func (e shipped) apply(_ context.Context, c *Call) {
	c.shipping, c.shipped = false, time.Now()
	news, since := c.house.depot.Behind(c.id, e.err)
	switch {
	case e.err != nil && (news || time.Since(c.warned) >= warnEvery):
		c.warned = time.Now()
		c.log.Error("recorded parts wait on this node, the store doesn't take them", "behind", since.Round(time.Second), "err", e.err)
	case e.err == nil && news:
		c.log.Info("the store has all recorded parts again", "behind", since.Round(time.Second))
	}
}

// shipLeft sends what calls that are over could not send of their recordings.
func (h *House) shipLeft(ctx context.Context) {
	for _, room := range h.depot.Rooms() {
		h.mu.Lock()
		running := h.calls[room] != nil
		h.mu.Unlock()
		if running || ctx.Err() != nil {
			continue
		}
		if news, since := h.depot.Behind(room, h.depot.NewShipper(room).Ship(ctx)); news {
			h.cfg.Log.Info("the store has all recorded parts again", "room", room, "behind", since.Round(time.Second))
		}
	}
}

// Spool tells how much recorded media waits on this node.
func (h *House) Spool() spool.Use { return h.depot.Use() }

// OpenEvidence opens an object of a room's evidence, wherever it lies by now: on this
// node, where the store was away when it came, or in the store.
func (h *House) OpenEvidence(ctx context.Context, room string, class vault.Class, name string) (objects.File, error) {
	return h.depot.Open(ctx, room, class, name)
}

package calls

import (
	"context"
	"fmt"
	"time"

	"verifycall/rooms"
)

// unsealed reports that a room has a verdict after a call, but no bundle yet.
func (c *Call) unsealed() bool {
	return c.room.State == rooms.StateDecided && c.room.Bundle == "" && !c.room.Admitted.IsZero()
}

// startSeal makes the record of a decided room beside the call, once.
func (c *Call) startSeal(ctx context.Context) {
	if c.sealing || !c.unsealed() {
		return
	}
	c.sealing = true
	h, lease := c.house, c.lease
	id, figures := c.id, c.quality
	c.quality = nil                  // nothing is added after the call's end
	ctx = context.WithoutCancel(ctx) // a record once begun is finished; stop waits for it
	c.job(func() event {
		started := time.Now()
		c.stopping.Wait()
		if figures != nil {
			figures.close()
		}
		err := h.seal(ctx, id, lease.Guards()...)
		return sealed{err, time.Since(started)}
	})
}

type sealed struct {
	err  error
	took time.Duration
}

func (e sealed) apply(ctx context.Context, c *Call) {
	c.sealing = false
	if e.err != nil {
		c.sealAfter = time.Now().Add(c.house.cfg.Reseal)
		c.log.Error("record not sealed, it will be tried again", "err", e.err)
		return
	}
	refreshed{}.apply(ctx, c)
	c.log.Info("record sealed", "took", e.took.Round(time.Millisecond), "bundle", c.room.Bundle)
}

// seal assembles the recordings, closes the record ledger, writes the signed
// bundle and opens the custody ledger. Each step can be done again after a
// crash in the middle; parts are deleted when the bundle stands.
func (h *House) seal(ctx context.Context, id string, guards ...rooms.Guard) error {
	r, err := h.cfg.Rooms.Load(ctx, id)
	if err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	if r.Bundle != "" { // only the news of it was lost
		return h.dropParts(ctx, id)
	}
	if err := h.fetchParts(ctx, id); err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	made, err := h.tapes(ctx, id)
	if err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	made = filled(made)
	facts := factsOf(r, made)
	if !r.Sealed {
		if r, err = h.cfg.Rooms.Do(ctx, id, "system", rooms.Seal{Facts: facts.forLedger()}, guards...); err != nil {
			return fmt.Errorf("seal the record ledger: %w", err)
		}
	}
	digest, err := h.writeBundle(ctx, r, facts, made)
	if err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	if err := h.lock(ctx, r); err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	if _, err := h.cfg.Rooms.Do(ctx, id, "system", rooms.OpenReviewed{OpenCustody: rooms.OpenCustody{Bundle: digest, RecordHead: r.Record}}, guards...); err != nil {
		return fmt.Errorf("open the custody ledger: %w", err)
	}
	return h.dropParts(ctx, id)
}

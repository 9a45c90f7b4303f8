package calls

import (
	"context"
	"errors"
	"fmt"
	"time"

	"verifycall/calls/depot"
	"verifycall/calls/facts"
	"verifycall/recorder/evidence"
	"verifycall/rooms"
	"verifycall/rooms/db"
)

// unsealed reports that a room has a verdict after a call, but no bundle yet.
func (c *Call) unsealed() bool {
	return c.room.State == rooms.StateDecided && c.room.Bundle == "" && !c.room.Admitted.IsZero()
}

// startSeal makes the record of a decided room beside the call, once, and not while
// a recording begins that it wouldn't wait for.
func (c *Call) startSeal(ctx context.Context) {
	if c.sealing || c.seller.beginning || c.manager.beginning || !c.unsealed() {
		return
	}
	c.sealing = true
	h, lease := c.house, c.lease
	id, figures, parts := c.id, c.quality, c.parts
	c.quality = nil                  // nothing is added after the call's end
	ctx = context.WithoutCancel(ctx) // a record once begun is finished; stop waits for it
	c.job(func() event {
		started := time.Now()
		c.stopping.Wait()
		if figures != nil {
			figures.close()
		}
		err := parts.ShipKept(ctx)
		if err == nil && lease.Fence > 0 { // who takes over in the middle must have the same recordings
			err = parts.Ship(ctx)
		}
		if err == nil {
			err = h.seal(ctx, id, lease)
		}
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
// crash in the middle; parts are deleted when the bundle stands. Where another
// node has the room meanwhile, what this one writes lies apart from that one's and
// is dropped.
func (h *House) seal(ctx context.Context, id string, lease rooms.Lease) (err error) {
	guards, prefix := lease.Guards(), evidence.FencedPrefix(id, lease.Fence)
	defer func() {
		if err != nil {
			err = errors.Join(err, h.dropStale(ctx, lease, err))
		}
	}()
	r, err := h.cfg.Rooms.Load(ctx, id)
	if err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	if r.Bundle != "" { // only the news of it was lost
		return h.depot.Drop(ctx, id)
	}
	if err := h.depot.Fetch(ctx, id); err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	made, err := h.depot.Tapes(ctx, id)
	if err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	made = depot.Filled(made)
	entries, err := h.cfg.Rooms.Record(ctx, id)
	if err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	about := facts.Of(r, rooms.LiveTime(entries), made)
	if !r.Sealed {
		if r, err = h.cfg.Rooms.Do(ctx, id, "system", rooms.Seal{Facts: about.ForLedger()}, guards...); err != nil {
			return fmt.Errorf("seal the record ledger: %w", err)
		}
	}
	digest, err := h.writeBundle(ctx, r, prefix, about, made)
	if err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	if err := h.ours(ctx, lease); err != nil { // what is locked can't be dropped
		return fmt.Errorf("seal: %w", err)
	}
	if err := h.lock(ctx, r, prefix); err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	opened := rooms.OpenCustody{Bundle: digest, RecordHead: r.Record, Fence: lease.Fence}
	_, err = h.cfg.Rooms.Do(ctx, id, "system", rooms.OpenReviewed{OpenCustody: opened}, guards...)
	if errors.Is(err, rooms.ErrEarlierNode) { // it couldn't carry a review; the room is drawn when it would close
		_, err = h.cfg.Rooms.Do(ctx, id, "system", opened, guards...)
	}
	if err != nil {
		return fmt.Errorf("open the custody ledger: %w", err)
	}
	return errors.Join(evidence.DropOthers(ctx, h.cfg.Evidence.Store(), id, lease.Fence), h.depot.Drop(ctx, id))
}

// ours says that no other node has taken the room, or sealed it, by now.
func (h *House) ours(ctx context.Context, lease rooms.Lease) error {
	if lease.Fence == 0 {
		return nil
	}
	r, err := h.cfg.Rooms.Load(ctx, lease.Room)
	if err != nil {
		return err
	}
	now, err := h.cfg.Rooms.LeaseOf(ctx, lease.Room)
	lapsed := errors.Is(err, rooms.ErrNotFound)
	switch {
	case err != nil && !lapsed:
		return err
	case !lapsed && now != lease, r.Bundle != "" && evidence.FencedPrefix(r.ID, r.BundleFence) != evidence.FencedPrefix(r.ID, lease.Fence):
		return fmt.Errorf("room %s: %w", r.ID, rooms.ErrFenced)
	}
	return nil
}

// A node that was stopped finds Redis away when it goes on, for a moment.
const (
	askAgain = 200 * time.Millisecond
	askFor   = 10 * time.Second
)

// dropStale deletes what this node has written of a bundle where another node has
// the room, or has sealed it, by now. What it can't is left: it counts for nothing,
// and goes with what is purged of the room.
func (h *House) dropStale(ctx context.Context, lease rooms.Lease, why error) error {
	if lease.Fence == 0 {
		return nil
	}
	r, err := h.cfg.Rooms.Load(ctx, lease.Room)
	for until := time.Now().Add(askFor); errors.Is(err, db.ErrAway) && time.Now().Before(until); {
		time.Sleep(askAgain)
		r, err = h.cfg.Rooms.Load(ctx, lease.Room)
	}
	if err != nil {
		return err
	}
	prefix := evidence.FencedPrefix(lease.Room, lease.Fence)
	counts := r.Bundle != "" && evidence.FencedPrefix(r.ID, r.BundleFence) == prefix
	if counts || r.Bundle == "" && !errors.Is(why, rooms.ErrFenced) {
		return nil
	}
	h.cfg.Log.Warn("the room was sealed elsewhere or is another node's, what was written here of its bundle is dropped", "room", r.ID)
	return evidence.DropBundle(ctx, h.cfg.Evidence.Store(), prefix)
}

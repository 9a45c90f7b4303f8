package calls

import (
	"context"
	"fmt"
	"slices"
	"time"

	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
)

// Times of keepEvidence.
const (
	keepEvery = 2 * time.Second  // between looks for what has to be erased or held
	keepAgain = 30 * time.Second // after a store that didn't answer
)

// keepEvidence does in the store what was decided about keeping: erases, holds,
// lets go. Any number of nodes may do the same at once: each step may be done
// again, and what was done is written down once. It is House's goroutine and ends
// with its context.
func (h *House) keepEvidence() {
	wait := time.NewTimer(keepEvery)
	defer wait.Stop()
	shipped, alarm := time.Now(), ""
	for {
		select {
		case <-wait.C:
		case <-h.ctx.Done():
			return
		}
		next := keepEvery
		if err := h.keepAll(h.ctx); err != nil && h.ctx.Err() == nil {
			h.cfg.Log.Error("not all that is to be erased or held is; it is tried again", "err", err)
			next = keepAgain
		}
		alarm = h.depot.Watch(alarm)
		if time.Since(shipped) >= keepAgain {
			h.shipLeft(h.ctx)
			shipped = time.Now()
		}
		wait.Reset(next)
	}
}

func (h *House) keepAll(ctx context.Context) error {
	ids, err := h.cfg.Rooms.Keeping(ctx)
	if err != nil {
		return err
	}
	var first error
	for _, id := range ids {
		if err := h.Keep(ctx, id); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// Keep does in the store what was decided about keeping one room's evidence. It
// may be called again after it was broken off.
func (h *House) Keep(ctx context.Context, id string) error {
	r, err := h.cfg.Rooms.Load(ctx, id)
	if err != nil {
		return fmt.Errorf("keeping: %w", err)
	}
	if r.Purging != nil {
		if err := h.erase(ctx, r); err != nil {
			return err
		}
	}
	if held := r.Hold != nil; held != r.Placed {
		count, err := evidence.Hold(ctx, h.cfg.Evidence.Store(), id, held)
		if err == nil {
			_, err = h.cfg.Rooms.Do(ctx, id, "system", rooms.NoteHold{On: held, Objects: count})
		}
		if err != nil {
			return fmt.Errorf("keeping: %w", err)
		}
	}
	return nil
}

func (h *House) erase(ctx context.Context, r *rooms.Room) error {
	classes := make([]vault.Class, len(r.Purging.Classes))
	for i, class := range r.Purging.Classes {
		classes[i] = vault.Class(class)
	}
	if err := h.cfg.Rooms.Mirrored(ctx, r.ID); err != nil { // who verifies the store meanwhile learns why something is missing
		return fmt.Errorf("purge: %w", err)
	}
	locked, err := evidence.Erase(ctx, h.cfg.Evidence, r.ID, classes)
	if err == nil && slices.Contains(classes, vault.Recording) {
		err = h.depot.Drop(ctx, r.ID)
	}
	if err == nil && slices.Contains(classes, vault.Record) {
		err = h.cfg.Rooms.EndLinks(ctx, r)
	}
	if err != nil {
		return fmt.Errorf("purge: %w", err)
	}
	if _, err := h.cfg.Rooms.Do(ctx, r.ID, "system", rooms.FinishPurge{Locked: locked}); err != nil {
		return fmt.Errorf("purge: %w", err)
	}
	h.Refresh(r.ID)
	h.cfg.Log.Info("evidence purged", "room", r.ID, "classes", r.Purging.Classes, "policy", r.Purging.Policy, "locked", locked)
	return nil
}

// lock keeps the objects of a sealed room in the store until their classes end.
func (h *House) lock(ctx context.Context, r *rooms.Room, prefix string) error {
	return evidence.Lock(ctx, h.cfg.Evidence.Store(), prefix, func(class vault.Class) time.Time { return r.KeptUntil(string(class)) })
}

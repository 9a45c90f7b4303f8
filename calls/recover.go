package calls

import (
	"context"
	"errors"
	"fmt"
	"os"

	"verifycall/rooms"
)

// Recover brings back what an earlier run left: torn recordings become playable
// again, calls that were live are interrupted and may go on, waiting sellers
// are booked again, and decided rooms without a bundle get theirs. Among several
// nodes the rooms may go on elsewhere by now; those that don't are taken in later.
func (h *House) Recover(ctx context.Context) error {
	faults := []error{h.recoverScratch(ctx)}
	if h.cfg.Node != "" {
		return errors.Join(faults...)
	}
	ids, err := h.cfg.Rooms.Unfinished(ctx)
	faults = append(faults, err)
	for _, id := range ids {
		if err := h.recoverRoom(ctx, id); err != nil {
			faults = append(faults, fmt.Errorf("recover %s: %w", id, err))
		}
	}
	return errors.Join(faults...)
}

func (h *House) recoverRoom(ctx context.Context, id string) error {
	r, err := h.cfg.Rooms.Load(ctx, id)
	if err != nil {
		return err
	}
	if r.State == rooms.StateWaiting {
		_, err = h.cfg.Rooms.Do(ctx, r.ID, "system", rooms.LeaveWaiting{})
		return err
	}
	_, err = h.start(ctx, r, rooms.Lease{})
	return err
}

// recoverScratch cuts the torn ends of recordings. What is in a bundle already is
// deleted.
func (h *House) recoverScratch(ctx context.Context) error {
	entries, err := os.ReadDir(h.cfg.Scratch)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("recover recordings: %w", err)
	}
	var faults []error
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		if r, err := h.cfg.Rooms.Load(ctx, e.Name()); err == nil && r.Bundle != "" {
			faults = append(faults, os.RemoveAll(h.depot.Folder(e.Name())))
			continue
		}
		if err := h.depot.Recover(ctx, e.Name()); err != nil {
			faults = append(faults, fmt.Errorf("recover recordings of %s: %w", e.Name(), err))
		}
		err := h.depot.NewShipper(e.Name()).Ship(ctx) // another node may have the room by now
		h.depot.Behind(e.Name(), err)
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

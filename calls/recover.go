package calls

import (
	"context"
	"errors"
	"fmt"
	"os"

	"verifycall/recorder"
	"verifycall/rooms"
)

// Recover brings back what an earlier run left: torn recordings become playable
// again, calls that were live are interrupted and may go on, waiting sellers
// are booked again, and decided rooms without a bundle get theirs.
func (h *House) Recover(ctx context.Context) error {
	var faults []error
	faults = append(faults, h.recoverScratch(ctx))
	for _, state := range []string{rooms.StateLive, rooms.StateWaiting, rooms.StateInterrupted, rooms.StateDecided} {
		faults = append(faults, h.eachRoom(ctx, state, h.recoverRoom))
	}
	return errors.Join(faults...)
}

func (h *House) eachRoom(ctx context.Context, state string, do func(context.Context, *rooms.Room) error) error {
	var faults []error
	query := rooms.Query{State: state, Limit: 100}
	for {
		page, err := h.cfg.Rooms.List(ctx, query)
		if err != nil {
			return errors.Join(append(faults, fmt.Errorf("list %s rooms: %w", state, err))...)
		}
		for _, r := range page.Rooms {
			if err := do(ctx, r); err != nil {
				faults = append(faults, fmt.Errorf("recover %s: %w", r.ID, err))
			}
		}
		if page.Next == "" {
			return errors.Join(faults...)
		}
		query.Cursor = page.Next
	}
}

func (h *House) recoverRoom(ctx context.Context, r *rooms.Room) (err error) {
	switch r.State {
	case rooms.StateLive:
		if r, err = h.cfg.Rooms.Do(ctx, r.ID, "system", rooms.Interrupt{Cause: causeRestart}); err != nil {
			return err
		}
	case rooms.StateWaiting:
		_, err = h.cfg.Rooms.Do(ctx, r.ID, "system", rooms.LeaveWaiting{})
		return err
	case rooms.StateDecided:
		if r.Bundle != "" || r.Admitted.IsZero() {
			return nil
		}
	}
	if r, err = h.cfg.Rooms.Load(ctx, r.ID); err != nil {
		return err
	}
	_, err = h.start(ctx, r)
	return err
}

// recoverScratch cuts the torn ends of recordings and makes each playable. What
// is in a bundle already is deleted.
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
		dir := h.scratch(e.Name())
		if r, err := h.cfg.Rooms.Load(ctx, e.Name()); err == nil && r.Bundle != "" {
			faults = append(faults, os.RemoveAll(dir))
			continue
		}
		if err := recorder.Recover(dir); err != nil {
			faults = append(faults, fmt.Errorf("recover recordings of %s: %w", e.Name(), err))
			continue
		}
		if _, err := assemble(dir); err != nil {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

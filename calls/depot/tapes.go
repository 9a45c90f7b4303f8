package depot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"verifycall/recorder"
	"verifycall/recorder/evidence/vault"
)

// Tapes reads every recording of a room that is on this node. It needs the key
// only where there is one.
func (d *Depot) Tapes(ctx context.Context, room string) ([]*recorder.Tape, error) {
	dir := d.Folder(room)
	ids, err := recorder.Recordings(dir)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	key, err := d.vault.Key(ctx, vault.Room(room), vault.Recording)
	if err != nil {
		return nil, fmt.Errorf("recordings: %w", err)
	}
	return recorder.ReadAll(dir, ids, key)
}

// Filled keeps the recordings that hold a frame; one without is no file but a gap
// of the call.
func Filled(tapes []*recorder.Tape) []*recorder.Tape {
	return slices.DeleteFunc(tapes, func(t *recorder.Tape) bool {
		return !slices.ContainsFunc(t.Summary.Tracks, func(t recorder.TrackSummary) bool { return t.Frames > 0 })
	})
}

// Recover ends what a crash has cut. Recordings whose key is destroyed
// are erased.
func (d *Depot) Recover(ctx context.Context, room string) error {
	dir := d.Folder(room)
	ids, err := recorder.Recordings(dir)
	if err != nil || len(ids) == 0 {
		return err
	}
	key, err := d.vault.Key(ctx, vault.Room(room), vault.Recording)
	if errors.Is(err, vault.ErrDestroyed) {
		return os.RemoveAll(dir)
	}
	if err != nil {
		return err
	}
	return recorder.Recover(dir, key)
}

package calls

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"verifycall/recorder"
	"verifycall/recorder/evidence/vault"
)

// tapes reads every recording of a room that is on this node. It needs the key
// only where there is one.
func (h *House) tapes(ctx context.Context, room string) ([]*recorder.Tape, error) {
	dir := h.scratch(room)
	ids, err := recorder.Recordings(dir)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	key, err := h.cfg.Evidence.Key(ctx, vault.Room(room), vault.Recording)
	if err != nil {
		return nil, fmt.Errorf("recordings: %w", err)
	}
	return recorder.ReadAll(dir, ids, key)
}

// filled keeps the recordings that hold a frame; one without is no file but a gap
// of the call.
func filled(tapes []*recorder.Tape) []*recorder.Tape {
	return slices.DeleteFunc(tapes, func(t *recorder.Tape) bool {
		return !slices.ContainsFunc(t.Summary.Tracks, func(t recorder.TrackSummary) bool { return t.Frames > 0 })
	})
}

// recoverRecordings ends what a crash has cut. Recordings whose key is destroyed
// are erased.
func (h *House) recoverRecordings(ctx context.Context, room string) error {
	dir := h.scratch(room)
	ids, err := recorder.Recordings(dir)
	if err != nil || len(ids) == 0 {
		return err
	}
	key, err := h.cfg.Evidence.Key(ctx, vault.Room(room), vault.Recording)
	if errors.Is(err, vault.ErrDestroyed) {
		return os.RemoveAll(dir)
	}
	if err != nil {
		return err
	}
	return recorder.Recover(dir, key)
}

// earlier gives the coverage of recordings that an earlier Call of the room has
// made. It writes nothing: the record may be being sealed beside it.
func (h *House) earlier(ctx context.Context, room string) []covered {
	tapes, err := h.tapes(ctx, room)
	if err != nil {
		return nil // the seal will say what is wrong
	}
	var past []covered
	for _, t := range tapes {
		s := t.Summary
		part := covered{participant: s.Participant, length: time.Duration(s.DurationMS) * time.Millisecond}
		for _, t := range s.Tracks {
			part.tracks = append(part.tracks, recorder.TrackStatus{Kind: t.Kind, Bytes: t.Bytes, Coverage: t.Coverage})
		}
		past = append(past, part)
	}
	return past
}

package rooms

import (
	"context"
	"errors"
	"fmt"
	"time"

	"verifycall/rooms/db"
	"verifycall/rooms/ledger"
)

// typeLate is an entry that was made while its node could not reach Redis, after
// the room had gone on elsewhere: cause, type, made_at, actor, hash, content. It
// changes nothing but that the room is marked for review.
const typeLate = "late"

// causeAway is the cause of late entries.
const causeAway = "redis_away"

// errSealing says that a record is sealed and its custody ledger is not open yet:
// between them there is nowhere to write to, for as long as the bundle is made.
var errSealing = errors.New("the record is being sealed")

// takeLate takes the entries of a commit in that came too late: into the record,
// or into custody once that is open. Errors: errSealing.
type takeLate struct{ entries []ledger.Entry }

func (c takeLate) decide(r *Room, _ time.Time) ([]Draft, error) {
	name := ledgerRecord
	switch {
	case r.Custody.Seq > 0:
		name = ledgerCustody
	case r.Sealed:
		return nil, errSealing
	}
	var drafts []Draft
	for _, e := range c.entries {
		if e.Type == typeCheckpoint {
			continue
		}
		drafts = append(drafts, Draft{name, typeLate, map[string]any{"cause": causeAway, "type": e.Type, "made_at": e.At,
			"actor": e.Actor, "hash": e.Hash, "content": e.Body}})
	}
	return drafts, nil
}

// late takes a commit in that the room has gone on without. Sent again it changes
// nothing.
func (s *Store) late(ctx context.Context, room string, w db.Ready) error {
	var entries []ledger.Entry
	for _, chain := range w.Chains {
		entries = append(entries, chain.Entries...)
	}
	for attempt := 1; ; attempt++ {
		err := s.takeLate(ctx, room, w, entries)
		if !errors.Is(err, ErrConflict) || attempt == db.Attempts {
			return err
		}
		if err := db.Pause(ctx, attempt); err != nil {
			return err
		}
	}
}

func (s *Store) takeLate(ctx context.Context, room string, w db.Ready, entries []ledger.Entry) error {
	r, err := s.Load(ctx, room)
	if err != nil {
		return err
	}
	if done, err := s.tookLate(ctx, room, entries); done || err != nil {
		return err
	}
	change, err := s.decided(r, "system", takeLate{entries})
	if err != nil || !change.Writes() {
		return err
	}
	for _, value := range w.Stored {
		change.Ops = append(change.Ops, db.Op{Name: "HSET", Key: "room:" + room + ":private", Args: value})
	}
	if err := s.db.Commit(ctx, change); err != nil {
		return err
	}
	if s.witness != nil {
		s.witness.wrote(r, change)
	}
	return nil
}

// tookLate says whether the ledgers hold the entries already, late or, where the
// answer was lost, in their place.
func (s *Store) tookLate(ctx context.Context, room string, entries []ledger.Entry) (bool, error) {
	for _, name := range []string{ledgerRecord, ledgerCustody} {
		there, err := s.chain(ctx, "room:"+room, name)
		if err != nil {
			return false, fmt.Errorf("room %s: %w", room, err)
		}
		for _, e := range there {
			if len(entries) > 0 && (e.Hash == entries[0].Hash || e.Type == typeLate && body(e.Body).text("hash") == entries[0].Hash) {
				return true, nil
			}
		}
	}
	return false, nil
}

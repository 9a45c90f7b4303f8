package rooms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"verifycall/rooms/calendars"
	"verifycall/rooms/db"
	"verifycall/rooms/ledger"
	"verifycall/rooms/proof"
)

// ErrItem says that an Item can't have been exported from a Redis of ours.
var ErrItem = errors.New("no item that could be taken in")

// Bounds of an Item.
const (
	maxItemEntries = 100_000
	maxItemKeys    = 1_000
	maxKeyName     = 512 // bytes
)

// Import writes an exported item into a Redis that doesn't have it, after everything
// that can be checked was: the chains, of rooms also every signature and the
// projection, which is folded anew. Links and tickets whose time is over are left
// out. Run Reindex after the last. Errors: ErrItem, ErrConflict where something
// else is there, those of Commit.
func (s *Store) Import(ctx context.Context, item Item) error {
	if err := item.Check(); err != nil {
		return err
	}
	if item.Aggregate == "" {
		for _, h := range item.Keys {
			if _, err := chainOf(h.Stream, false); err != nil {
				return fmt.Errorf("%w: %s: %w", ErrItem, h.Key, err)
			}
			if err := s.putHeld(ctx, h); err != nil {
				return err
			}
		}
		return nil
	}
	record, err := chainOf(item.Record, strings.HasPrefix(item.Aggregate, calendars.Aggregate("")))
	if err != nil {
		return fmt.Errorf("%w: record of %s: %w", ErrItem, item.Aggregate, err)
	}
	custody, err := chainOf(item.Custody, false)
	if err != nil {
		return fmt.Errorf("%w: custody of %s: %w", ErrItem, item.Aggregate, err)
	}
	change := db.Change{Aggregate: item.Aggregate, Chains: []db.Chain{{Ledger: ledgerRecord, Entries: record}}}
	if len(custody) > 0 {
		change.Chains = append(change.Chains, db.Chain{Ledger: ledgerCustody, Entries: custody})
	}
	if err := s.importing(&change, item); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrItem, item.Aggregate, err)
	}
	return s.db.Commit(ctx, change)
}

// Check refuses names and sizes that no export has. Errors: ErrItem.
func (i Item) Check() error {
	switch {
	case len(i.Record) > maxItemEntries || len(i.Custody) > maxItemEntries || len(i.Keys) > maxItemKeys:
		return fmt.Errorf("%w: it is too large", ErrItem)
	case i.Aggregate != "" && (!exported(i.Aggregate) || len(i.Record) == 0 || strings.Count(i.Aggregate, ":") != 1):
		return fmt.Errorf("%w: aggregate %.80q", ErrItem, i.Aggregate)
	case i.Aggregate == "" && (len(i.Record) > 0 || len(i.Custody) > 0 || len(i.Keys) == 0):
		return fmt.Errorf("%w: entries of nothing", ErrItem)
	}
	for _, h := range i.Keys {
		kinds := 0
		for _, is := range []bool{h.Text != nil, h.Hash != nil, h.Sorted != nil, h.Set != nil, h.Stream != nil} {
			if is {
				kinds++
			}
		}
		inside := i.Aggregate == "" || h.Key == i.Aggregate || strings.HasPrefix(h.Key, i.Aggregate+":")
		if kinds != 1 || !inside || len(h.Key) > maxKeyName || !exported(h.Key) || i.Aggregate == "" && aggregateKey(h.Key) {
			return fmt.Errorf("%w: key %.80q", ErrItem, h.Key)
		}
	}
	return nil
}

// aggregateKey says whether a key can only be there with an aggregate.
func aggregateKey(name string) bool {
	kind, _, _ := strings.Cut(name, ":")
	return kind == "room" || kind == "staff" || kind == "calendar"
}

// chainOf reads a chain; a cut one may begin after its first entry.
func chainOf(lines []string, cut bool) ([]ledger.Entry, error) {
	entries := make([]ledger.Entry, 0, len(lines))
	for _, line := range lines {
		e, err := ledger.Parse([]byte(line))
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	if cut {
		return entries, proof.VerifyTail(entries)
	}
	return entries, ledger.Verify(entries)
}

// importing adds to a change of chains what else the item has.
func (s *Store) importing(change *db.Change, item Item) error {
	id, room := strings.CutPrefix(item.Aggregate, "room:")
	for _, h := range item.Keys {
		switch {
		case h.Hash == nil || h.Until > 0:
			return fmt.Errorf("key %s is no hash that lasts", h.Key)
		case h.Key == item.Aggregate:
			change.State = []byte(h.Hash["state"])
			if fence, _, _ := strings.Cut(h.Hash["fence"], " "); fence != "" { // nobody's, but it goes on counting
				change.Ops = append(change.Ops, db.Op{Name: "HSET", Key: h.Key, Args: []string{"fence", fence + " -"}})
			}
		default:
			for _, call := range h.calls() {
				change.Ops = append(change.Ops, db.Op{Name: call[0], Key: h.Key, Args: call[1:]})
			}
		}
	}
	if !room {
		if !json.Valid(change.State) {
			return errors.New("its projection is no JSON")
		}
		return nil
	}
	if s.witness == nil {
		return errors.New("nothing is mirrored")
	}
	whole := copied{Record: change.Chains[0].Entries}
	if len(change.Chains) > 1 {
		whole.Custody = change.Chains[1].Entries
	}
	r, err := s.witness.proven(id, whole)
	if err != nil {
		return err
	}
	if slices.Contains(r.Purged, ClassRecord) {
		change.Ops = slices.DeleteFunc(change.Ops, func(op db.Op) bool { return op.Key == item.Aggregate+":private" })
	}
	change.State, change.Cut, err = s.projectionOf(r)
	return err
}

// Scrub takes the private values of a room out of Redis whose record is erased, and
// ends its links: they may have come back with a copy.
func (s *Store) Scrub(ctx context.Context, r *Room) error {
	if !slices.Contains(r.Purged, ClassRecord) {
		return nil
	}
	if _, _, err := s.db.Write(ctx, "DEL", db.Prefix+"room:"+r.ID+":private"); err != nil {
		return fmt.Errorf("private values of %s: %w", r.ID, err)
	}
	return s.EndLinks(ctx, r)
}

// EveryRoom gives the ids of all rooms that Redis has, in the order of time.
func (s *Store) EveryRoom(ctx context.Context) ([]string, error) {
	ids, err := s.db.Client.ZRange(ctx, db.Prefix+"index:at", 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("list rooms: %w", err)
	}
	return ids, nil
}

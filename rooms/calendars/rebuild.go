package calendars

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"verifycall/rooms/calendar"
	"verifycall/rooms/db"
	"verifycall/rooms/form"
	"verifycall/rooms/ledger"
	"verifycall/rooms/proof"
)

// Rebuilt says what Rebuild has done.
type Rebuilt struct {
	Wrote   []string         // managers
	Refused map[string]error // "calendar:m1" → why
}

// Rebuild writes what Redis lacks of calendars from their mirrors, and
// then has them hold what the rooms say: wanted is manager → room → when, in
// milliseconds since 1970. Run it after the rooms.
func (s *Calendars) Rebuild(ctx context.Context, wanted map[string]map[string]int64) (done Rebuilt, err error) {
	done.Refused = map[string]error{}
	ids, err := s.every(ctx)
	if err != nil {
		return done, err
	}
	for id := range wanted {
		ids[id] = true
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		wrote, err := s.rebuild(ctx, id)
		if err == nil {
			var moved bool
			moved, err = s.reconcile(ctx, id, wanted[id])
			wrote = wrote || moved
		}
		switch {
		case errors.Is(err, db.ErrAway) || ctx.Err() != nil:
			return done, fmt.Errorf("calendar of %s: %w", id, err)
		case err != nil:
			done.Refused[Aggregate(id)] = err
		case wrote:
			done.Wrote = append(done.Wrote, id)
		}
	}
	return done, nil
}

// every lists the managers whose calendars the mirror or Redis know.
func (s *Calendars) every(ctx context.Context) (map[string]bool, error) {
	names, err := s.mirror.List(ctx, Prefix)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, name := range names {
		if id, _, _ := strings.Cut(strings.TrimPrefix(name, Prefix), "/"); form.Staff.MatchString(id) {
			known[id] = true
		}
	}
	indexed, err := s.db.Client.ZRange(ctx, db.Prefix+"index:calendars", 0, -1).Result()
	if err != nil {
		return nil, err
	}
	for _, id := range indexed {
		known[id] = true
	}
	return known, nil
}

// rebuild completes one calendar from its mirror, with an entry restored.
func (s *Calendars) rebuild(ctx context.Context, manager string) (wrote bool, err error) {
	kept, err := s.Mirrored(ctx, manager)
	if err != nil || len(kept) == 0 {
		return false, err
	}
	have, err := s.tail(ctx, manager)
	if err != nil {
		return false, err
	}
	cause, from := proof.CauseLost, int64(1)
	for _, e := range have { // where both have it, it must be the same
		if e.Seq <= int64(len(kept)) && kept[e.Seq-1].Hash != e.Hash {
			return false, fmt.Errorf("%w: entry %d", proof.ErrDiverges, e.Seq)
		}
	}
	if head := proof.HeadOf(have); head.Seq > 0 {
		if head.Seq >= int64(len(kept)) {
			return false, nil
		}
		cause, from = proof.CauseCut, head.Seq+1
	}
	c, err := calendar.Fold(kept)
	if err != nil {
		return false, err
	}
	e, err := ledger.Append(c.Record, s.now(), "system", calendar.TypeRestored, map[string]any{"cause": cause, "from_seq": from})
	if err != nil {
		return false, err
	}
	if err := c.Apply(e); err != nil {
		return false, err
	}
	state, err := json.Marshal(c)
	if err != nil {
		return false, err
	}
	missing := kept[from-1:]
	if cause == proof.CauseLost { // what is older lies in the mirror
		missing = missing[max(0, len(missing)-Every):]
	}
	return true, s.db.Commit(ctx, db.Change{Aggregate: Aggregate(manager), State: state,
		Chains: []db.Chain{{Ledger: record, Expect: proof.HeadOf(have), Entries: append(slices.Clone(missing), e)}},
		Moves:  []db.Move{{Index: "calendars", Member: manager}}})
}

// reconcile has a calendar hold what the rooms say, where that is not long over.
func (s *Calendars) reconcile(ctx context.Context, manager string, wanted map[string]int64) (wrote bool, err error) {
	c, err := s.own(ctx, manager)
	if err != nil {
		return false, err
	}
	now := s.now()
	write := func(typ string, body map[string]any) error {
		change, err := s.change(c, "system", manager, typ, body)
		if err == nil {
			err, wrote = s.db.Commit(ctx, change), true
		}
		return err
	}
	for _, room := range slices.Sorted(maps.Keys(c.Holds)) {
		if _, holds := wanted[room]; !holds && c.Holds[room].To.After(now) {
			if err := write(calendar.TypeFreed, calendar.FreedBody(room, false)); err != nil {
				return wrote, err
			}
		}
	}
	for _, room := range slices.Sorted(maps.Keys(wanted)) {
		from := time.UnixMilli(wanted[room]).UTC()
		held, there := c.Holds[room]
		if there && held.From.UnixMilli() == wanted[room] || from.Add(c.CallLength()).Before(now.Add(-calendar.Keep)) {
			continue
		}
		if err := write(calendar.TypeTaken, calendar.TakenBody(room, calendar.Hold{From: from, To: from.Add(c.CallLength())})); err != nil {
			return wrote, err
		}
	}
	return wrote, nil
}

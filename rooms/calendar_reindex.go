package rooms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"verifycall/rooms/calendar"
	"verifycall/rooms/ledger"
)

// rebuildCalendars writes what Redis lacks of calendars from their mirrors, and
// then has them hold what the rooms say. Run it after the rooms.
func (s *Store) rebuildCalendars(ctx context.Context, done *Rebuilt) error {
	ids, err := s.everyCalendar(ctx)
	if err != nil {
		return err
	}
	wanted, err := s.holdings(ctx)
	if err != nil {
		return err
	}
	for id := range wanted {
		ids[id] = true
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		wrote, err := s.rebuildCalendar(ctx, id)
		if err == nil {
			var moved bool
			moved, err = s.reconcile(ctx, id, wanted[id])
			wrote = wrote || moved
		}
		switch {
		case errors.Is(err, ErrAway) || ctx.Err() != nil:
			return fmt.Errorf("calendar of %s: %w", id, err)
		case err != nil:
			done.Refused[calendarName(id)] = err
		case wrote:
			done.Calendars = append(done.Calendars, id)
		}
	}
	return nil
}

// everyCalendar lists the managers whose calendars the mirror or Redis know.
func (s *Store) everyCalendar(ctx context.Context) (map[string]bool, error) {
	names, err := s.witness.mirror.List(ctx, calendarPrefix)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, name := range names {
		if id, _, _ := strings.Cut(strings.TrimPrefix(name, calendarPrefix), "/"); staffForm.MatchString(id) {
			known[id] = true
		}
	}
	indexed, err := s.client.ZRange(ctx, prefix+"index:calendars", 0, -1).Result()
	if err != nil {
		return nil, err
	}
	for _, id := range indexed {
		known[id] = true
	}
	return known, nil
}

// rebuildCalendar completes one calendar from its mirror, with an entry restored.
func (s *Store) rebuildCalendar(ctx context.Context, manager string) (wrote bool, err error) {
	kept, err := s.witness.mirroredCalendar(ctx, manager)
	if err != nil || len(kept) == 0 {
		return false, err
	}
	have, err := s.tail(ctx, manager)
	if err != nil {
		return false, err
	}
	cause, from := causeLost, int64(1)
	for _, e := range have { // where both have it, it must be the same
		if e.Seq <= int64(len(kept)) && kept[e.Seq-1].Hash != e.Hash {
			return false, fmt.Errorf("%w: entry %d", errDiverges, e.Seq)
		}
	}
	if head := headOf(have); head.Seq > 0 {
		if head.Seq >= int64(len(kept)) {
			return false, nil
		}
		cause, from = causeCut, head.Seq+1
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
	if cause == causeLost { // what is older lies in the mirror
		missing = missing[max(0, len(missing)-calendarEvery):]
	}
	return true, s.Commit(ctx, Change{Aggregate: calendarName(manager), State: state,
		Chains: []Chain{{Ledger: ledgerRecord, Expect: headOf(have), Entries: append(slices.Clone(missing), e)}},
		Moves:  []Move{{Index: "calendars", Member: manager}}})
}

// reconcileBatch is how many rooms are read at once.
const reconcileBatch = 500

// holdings gives what the rooms hold in each manager's calendar, as far back as
// calendars remember.
func (s *Store) holdings(ctx context.Context) (map[string]map[string]int64, error) {
	ids, err := s.client.ZRangeByScore(ctx, prefix+"index:at", &redis.ZRangeBy{
		Min: strconv.FormatInt(s.now().Add(-calendar.Keep).UnixMilli(), 10), Max: "+inf"}).Result()
	if err != nil {
		return nil, err
	}
	wanted := map[string]map[string]int64{}
	for part := range slices.Chunk(ids, reconcileBatch) {
		rooms, err := s.projections(ctx, part)
		if err != nil {
			return nil, err
		}
		for _, r := range rooms {
			h := r.holds()
			if h.manager == "" {
				continue
			}
			if wanted[h.manager] == nil {
				wanted[h.manager] = map[string]int64{}
			}
			wanted[h.manager][r.ID] = h.at
		}
	}
	return wanted, nil
}

// reconcile has a calendar hold what the rooms say, where that is not long over.
func (s *Store) reconcile(ctx context.Context, manager string, wanted map[string]int64) (wrote bool, err error) {
	c, err := s.ownCalendar(ctx, manager)
	if err != nil {
		return false, err
	}
	now := s.now()
	write := func(typ string, body map[string]any) error {
		change, err := s.calendarChange(c, "system", manager, typ, body)
		if err == nil {
			err, wrote = s.Commit(ctx, change), true
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

package rooms

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"verifycall/rooms/calendar"
	"verifycall/rooms/db"

	"github.com/redis/go-redis/v9"
)

// holds says what a room takes. Test rooms take nobody's time. A call that took
// place, or was missed, keeps its time: it is past, and counts in the shift.
func (r *Room) holds() calendar.Holding {
	if r.Test || r.Manager == "" || r.At.IsZero() {
		return calendar.Holding{}
	}
	switch r.State {
	case "", StateInvited, StateCancelled, StateExpired:
		return calendar.Holding{}
	case StateAborted:
		if r.Admitted.IsZero() {
			return calendar.Holding{}
		}
	}
	return calendar.Holding{Manager: r.Manager, At: r.At.UnixMilli()}
}

// rebuildCalendars makes what Redis lacks of the calendars anew.
func (s *Store) rebuildCalendars(ctx context.Context, done *Rebuilt) error {
	wanted, err := s.holdings(ctx)
	if err != nil {
		return err
	}
	rebuilt, err := s.Calendars.Rebuild(ctx, wanted)
	done.Calendars = append(done.Calendars, rebuilt.Wrote...)
	maps.Copy(done.Refused, rebuilt.Refused)
	return err
}

// reconcileBatch is how many rooms are read at once.
const reconcileBatch = 500

// holdings gives what the rooms hold in each manager's calendar, as far back as
// calendars remember.
func (s *Store) holdings(ctx context.Context) (map[string]map[string]int64, error) {
	ids, err := s.db.Client.ZRangeByScore(ctx, db.Prefix+"index:at", &redis.ZRangeBy{
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
			if h.Manager == "" {
				continue
			}
			if wanted[h.Manager] == nil {
				wanted[h.Manager] = map[string]int64{}
			}
			wanted[h.Manager][r.ID] = h.At
		}
	}
	return wanted, nil
}

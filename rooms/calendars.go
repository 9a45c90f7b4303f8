package rooms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"verifycall/rooms/calendar"
	"verifycall/rooms/ledger"
)

// shelf keeps the calendars that were read last, so that only those that have
// changed are read again, and their free slots. What lies on it is never changed.
// Leaf: its lock is held for look-ups alone.
type shelf struct {
	mu sync.Mutex
	by map[string]*calendar.Free // by manager
}

func (s *shelf) get(manager string, head string) *calendar.Calendar {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.by[manager]; f != nil && headText(f.Record) == head {
		return f.Calendar
	}
	return nil
}

func (s *shelf) put(manager string, c *calendar.Calendar) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by == nil {
		s.by = map[string]*calendar.Free{}
	}
	s.by[manager] = &calendar.Free{Calendar: c}
}

// free gives a calendar's slots: computed before, where this very one lies here.
func (s *shelf) free(manager string, c *calendar.Calendar) *calendar.Free {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.by[manager]; f != nil && f.Calendar == c {
		return f
	}
	return &calendar.Free{Calendar: c}
}

// Calendar reads a manager's calendar; one that was never set has no hours. It
// must not be changed. Errors: ErrNotFound where there is neither a calendar nor
// an account.
func (s *Store) Calendar(ctx context.Context, manager string) (*calendar.Calendar, error) {
	if !staffForm.MatchString(manager) {
		return nil, fmt.Errorf("calendar of %.20q: %w", manager, ErrNotFound)
	}
	list, err := s.calendarsOf(ctx, []string{manager})
	if err != nil {
		return nil, err
	}
	if list[0] != nil {
		return list[0], nil
	}
	account, err := s.Staff(ctx, manager)
	if err != nil {
		return nil, fmt.Errorf("calendar: %w", err)
	}
	c := calendar.New(account.Zone)
	c.Languages = append(c.Languages, account.Languages...)
	return c, nil
}

// calendarsOf reads calendars in at most two round trips; nil stands for one that
// was never written.
func (s *Store) calendarsOf(ctx context.Context, managers []string) ([]*calendar.Calendar, error) {
	heads := make([]*redis.StringCmd, len(managers))
	list := make([]*calendar.Calendar, len(managers))
	pipe := s.client.Pipeline()
	for i, id := range managers {
		heads[i] = pipe.HGet(ctx, prefix+"calendar:"+id, ledgerRecord)
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("calendars: %w", err)
	}
	states := map[int]*redis.StringCmd{}
	pipe = s.client.Pipeline()
	for i, id := range managers {
		if heads[i].Val() == "" {
			continue
		}
		if list[i] = s.shelf.get(id, heads[i].Val()); list[i] == nil {
			states[i] = pipe.HGet(ctx, prefix+"calendar:"+id, "state")
		}
	}
	if len(states) == 0 {
		return list, nil
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("calendars: %w", err)
	}
	for i, state := range states {
		c := calendar.New("UTC")
		if err := json.Unmarshal([]byte(state.Val()), c); err != nil {
			return nil, fmt.Errorf("calendar of %s: projection: %w", managers[i], err)
		}
		list[i] = c
		s.shelf.put(managers[i], c)
	}
	return list, nil
}

// Calendars reads all calendars by manager.
func (s *Store) Calendars(ctx context.Context) (map[string]*calendar.Calendar, error) {
	ids, err := s.client.ZRange(ctx, prefix+"index:calendars", 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("calendars: %w", err)
	}
	list, err := s.calendarsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	by := make(map[string]*calendar.Calendar, len(ids))
	for i, id := range ids {
		if list[i] != nil {
			by[id] = list[i]
		}
	}
	return by, nil
}

// SetAvailability changes a manager's hours and terms. What is held stays held.
// Errors: *InputError, ErrNotFound, ErrConflict, ErrUnknown.
func (s *Store) SetAvailability(ctx context.Context, actor, manager string, a calendar.Availability) error {
	if err := a.Check(); err != nil {
		return &InputError{"SetAvailability", "availability", "can't be used: " + err.Error()}
	}
	for attempt := 1; ; attempt++ {
		c, err := s.Calendar(ctx, manager)
		if err != nil {
			return err
		}
		change, err := s.calendarChange(c.Clone(), actor, manager, calendar.TypeSet, a.Body())
		if err == nil {
			err = s.Commit(ctx, change)
		}
		if err == nil && s.witness != nil {
			s.witness.wroteCalendar(change)
		}
		if !errors.Is(err, ErrConflict) || attempt == attempts {
			return err
		}
		if err := pause(ctx, attempt); err != nil {
			return fmt.Errorf("calendar of %s: %w", manager, err)
		}
	}
}

// calendarChange takes a calendar one entry further, in memory, and gives the
// change that does so in Redis.
func (s *Store) calendarChange(c *calendar.Calendar, actor, manager, typ string, body map[string]any) (Change, error) {
	expect := c.Record
	e, err := ledger.Append(expect, s.now(), actor, typ, body)
	if err != nil {
		return Change{}, err
	}
	if err := c.Apply(e); err != nil {
		return Change{}, err
	}
	state, err := json.Marshal(c)
	if err != nil {
		return Change{}, fmt.Errorf("calendar of %s: %w", manager, err)
	}
	change := Change{Aggregate: "calendar:" + manager, State: state,
		Chains: []Chain{{Ledger: ledgerRecord, Expect: expect, Entries: []ledger.Entry{e}}}}
	if expect.Seq == 0 {
		change.Moves = []Move{{Index: "calendars", Member: manager}}
	}
	return change, nil
}

// holding is the time that a room takes in a manager's calendar.
type holding struct {
	manager string
	at      int64 // ms since 1970
}

// holds says what a room takes. Test rooms take nobody's time. A call that took
// place, or was missed, keeps its time: it is past, and counts in the shift.
func (r *Room) holds() holding {
	if r.Test || r.Manager == "" || r.At.IsZero() {
		return holding{}
	}
	switch r.State {
	case "", StateInvited, StateCancelled, StateExpired:
		return holding{}
	case StateAborted:
		if r.Admitted.IsZero() {
			return holding{}
		}
	}
	return holding{r.Manager, r.At.UnixMilli()}
}

// follow gives the changes of the calendars that go with a room's change. Where
// strict, the time must be one that is offered: *TakenError without Nearest.
func (s *Store) follow(ctx context.Context, room, actor string, was, is holding, strict bool) ([]Change, error) {
	if was == is {
		return nil, nil
	}
	var changes []Change
	if was.manager != "" && was.manager != is.manager {
		c, err := s.ownCalendar(ctx, was.manager)
		if err != nil {
			return nil, err
		}
		if _, there := c.Holds[room]; there {
			change, err := s.calendarChange(c, actor, was.manager, calendar.TypeFreed, calendar.FreedBody(room, false))
			if err != nil {
				return nil, err
			}
			changes = append(changes, change)
		}
	}
	if is.manager == "" {
		return changes, nil
	}
	c, err := s.ownCalendar(ctx, is.manager)
	if err != nil {
		return nil, err
	}
	at := time.UnixMilli(is.at).UTC()
	if strict && !c.Without(room).Offers(at, s.now()) {
		return nil, &TakenError{At: at}
	}
	change, err := s.calendarChange(c, actor, is.manager, calendar.TypeTaken,
		calendar.TakenBody(room, calendar.Hold{From: at, To: at.Add(c.CallLength())}))
	return append(changes, change), err
}

// ownCalendar gives a copy that may be changed. A room can have a manager without
// an account; that one's calendar has no hours.
func (s *Store) ownCalendar(ctx context.Context, manager string) (*calendar.Calendar, error) {
	c, err := s.Calendar(ctx, manager)
	if errors.Is(err, ErrNotFound) {
		return calendar.New("UTC"), nil
	}
	if err != nil {
		return nil, err
	}
	return c.Clone(), nil
}

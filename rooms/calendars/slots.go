package calendars

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"verifycall/rooms/calendar"
	"verifycall/rooms/db"
)

// Slot is a time that can be booked, and who would hold the call.
type Slot struct {
	At      time.Time
	Manager string // staff id
	Zone    string // the manager's, IANA
}

// TakenError says that a time can't be had any more, and which are nearest.
type TakenError struct {
	At      time.Time
	Nearest []Slot // by time; none where nothing is free
}

// Error implements error.
func (e *TakenError) Error() string {
	list := make([]string, 0, len(e.Nearest))
	for _, slot := range e.Nearest {
		list = append(list, slot.At.UTC().Format(time.RFC3339))
	}
	return "just taken: " + e.At.UTC().Format(time.RFC3339) + ", nearest are " + strings.Join(list, ", ")
}

// Nearest is how many slots a TakenError names.
const Nearest = 6

// Languages lists those that some manager holds calls in, in order.
func (s *Calendars) Languages(ctx context.Context) ([]string, error) {
	all, err := s.All(ctx)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, c := range all {
		list = append(list, c.Languages...)
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// candidate is a calendar in which a room could be booked.
type candidate struct {
	manager string
	*calendar.Free
}

// Candidates are calendars by manager.
type Candidates []candidate

// Candidates gives the calendars for a room, the room's own hold taken out: that of
// the manager who is named, else all in the language.
func (s *Calendars) Candidates(ctx context.Context, manager, language, room string) (Candidates, error) {
	if manager != "" {
		c, err := s.Get(ctx, manager)
		if errors.Is(err, db.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return Candidates{{manager, s.shelf.free(manager, c.Without(room))}}, nil
	}
	all, err := s.All(ctx)
	if err != nil {
		return nil, err
	}
	var list Candidates
	for id, c := range all {
		if c.Speaks(language) {
			list = append(list, candidate{id, s.shelf.free(id, c.Without(room))})
		}
	}
	slices.SortFunc(list, func(a, b candidate) int { return strings.Compare(a.manager, b.manager) })
	return list, nil
}

// Of gives the calendars of managers, those too who never set theirs.
func (s *Calendars) Of(ctx context.Context, managers []string) (Candidates, error) {
	var list Candidates
	for _, id := range managers {
		one, err := s.Candidates(ctx, id, "", "")
		if err != nil {
			return nil, err
		}
		list = append(list, one...)
	}
	return list, nil
}

// Speaking are those of whom a call in a language can be had.
func (list Candidates) Speaking(language string) Candidates {
	return slices.DeleteFunc(slices.Clone(list), func(c candidate) bool { return !c.Speaks(language) })
}

// Offers merges their free slots, by time: one each, of the manager who has the
// fewest appointments.
func (list Candidates) Offers(now time.Time) []Slot {
	best := map[int64]int{} // instant → index of its candidate
	for i, c := range list {
		for _, at := range c.Slots(now) {
			if j, there := best[at.UnixMilli()]; !there || c.load() < list[j].load() {
				best[at.UnixMilli()] = i
			}
		}
	}
	slots := make([]Slot, 0, len(best))
	for at, i := range best {
		slots = append(slots, Slot{time.UnixMilli(at).UTC(), list[i].manager, list[i].Zone})
	}
	slices.SortFunc(slots, func(a, b Slot) int { return a.At.Compare(b.At) })
	return slots
}

// load is how much the manager has to do.
func (c candidate) load() int { return len(c.Holds) }

// around gives the slots nearest to a time, by time.
func around(list []Slot, at time.Time, count int) []Slot {
	near := slices.Clone(list)
	slices.SortStableFunc(near, func(a, b Slot) int { return int(a.At.Sub(at).Abs() - b.At.Sub(at).Abs()) })
	near = near[:min(count, len(near))]
	slices.SortFunc(near, func(a, b Slot) int { return a.At.Compare(b.At) })
	return near
}

// Choose gives the manager with the fewest appointments who offers a time.
func (list Candidates) Choose(at, now time.Time) (manager string, found bool) {
	least := 0
	for _, c := range list {
		if c.Offers(at, now) && (!found || c.load() < least) {
			manager, found, least = c.manager, true, c.load()
		}
	}
	return manager, found
}

// Spare gives the manager with the fewest appointments who has none at a time,
// whatever the working hours.
func (list Candidates) Spare(at time.Time) (manager string, found bool) {
	least := 0
	for _, c := range list {
		if c.Clear(at) && (!found || c.load() < least) {
			manager, found, least = c.manager, true, c.load()
		}
	}
	return manager, found
}

// Taken is the error of a time that none of them offers.
func (list Candidates) Taken(at, now time.Time) *TakenError {
	slots := around(list.Offers(now), at, Nearest)
	if slots == nil {
		slots = []Slot{}
	}
	return &TakenError{at, slots}
}

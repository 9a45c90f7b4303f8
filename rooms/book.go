package rooms

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"verifycall/rooms/calendar"
)

// maxMoves bounds how often an appointment is moved, so that nobody fills the
// managers' calendars by one link.
const maxMoves = 20

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

// Book gives a room its appointment with a manager, at the seller's wish. Zone
// and Language are those that the seller has chosen there; empty ones stay as
// they are. The calendar is settled by Store.Book in the same commit.
type Book struct {
	At       time.Time
	Manager  string
	Zone     string
	Language string
}

func (c Book) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := bookable(c, r, now); err != nil {
		return nil, err
	}
	if r.State == StateBooked && r.At.Equal(c.At) && r.Manager == c.Manager {
		return nil, nil
	}
	if r.Sequence >= maxMoves {
		return nil, refuse(c, r, "the appointment was moved too often, ask for a new link")
	}
	if c.At.IsZero() {
		return nil, &InputError{commandName(c), "time", "is missing"}
	}
	body := map[string]any{"appointment": stamp(c.At)}
	err := check(c, "manager", c.Manager, staffForm)
	body["manager"] = c.Manager
	if c.Zone != "" {
		err = first(err, check(c, "zone", c.Zone, zoneForm))
		body["zone"] = c.Zone
	}
	if c.Language != "" {
		err = first(err, check(c, "language", c.Language, codeForm))
		body["language"] = c.Language
	}
	if err != nil {
		return nil, err
	}
	return record(typeBooked, body), nil
}

// Rebooks says whether a room that its seller called off can be booked again by
// the same link: for as long as an invitation lives, while nothing has begun with
// what is left of it.
func (r *Room) Rebooks(now time.Time) bool {
	return r.State == StateCancelled && r.Cause == Seller && now.Sub(r.Since) < InvitationLife && r.Custody.Seq == 0
}

// bookable refuses a room that its seller can't book now.
func bookable(c Command, r *Room, now time.Time) error {
	if r.Rebooks(now) {
		return nil
	}
	return movable(c, r, now)
}

// movable refuses a room whose appointment can't be made or moved now.
func movable(c Command, r *Room, now time.Time) error {
	if err := in(c, r, StateInvited, StateBooked, StateInterrupted, StateNoShow); err != nil {
		return err
	}
	if r.State == StateNoShow && now.Sub(r.Since) > NoShowGrace {
		return refuse(c, r, "the appointment was missed more than 24 hours ago")
	}
	return nil
}

// nearest is how many slots a TakenError names.
const nearest = 6

// Offers lists the slots that a room's seller can book now, by time: one each,
// of the manager who has the fewest appointments. A language other than the
// room's may be asked for; empty is the room's.
func (s *Store) Offers(ctx context.Context, r *Room, language string) ([]Slot, error) {
	candidates, err := s.candidates(ctx, r, language)
	if err != nil {
		return nil, err
	}
	return offers(candidates, s.now()), nil
}

// Languages lists those that some manager holds calls in, in order.
func (s *Store) Languages(ctx context.Context) ([]string, error) {
	all, err := s.Calendars(ctx)
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

// candidates gives the calendars for a room, the room's own hold taken out: that
// of the manager it was made for, else all in the language.
func (s *Store) candidates(ctx context.Context, r *Room, language string) ([]candidate, error) {
	if language == "" {
		language = r.Language
	}
	if r.Named {
		c, err := s.Calendar(ctx, r.Manager)
		if errors.Is(err, ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return []candidate{{r.Manager, s.shelf.free(r.Manager, c.Without(r.ID))}}, nil
	}
	all, err := s.Calendars(ctx)
	if err != nil {
		return nil, err
	}
	var list []candidate
	for id, c := range all {
		if c.Speaks(language) {
			list = append(list, candidate{id, s.shelf.free(id, c.Without(r.ID))})
		}
	}
	slices.SortFunc(list, func(a, b candidate) int { return strings.Compare(a.manager, b.manager) })
	return list, nil
}

// offers merges the free slots of calendars.
func offers(candidates []candidate, now time.Time) []Slot {
	best := map[int64]int{} // instant → index of its candidate
	for i, c := range candidates {
		for _, at := range c.Slots(now) {
			if j, there := best[at.UnixMilli()]; !there || c.load() < candidates[j].load() {
				best[at.UnixMilli()] = i
			}
		}
	}
	list := make([]Slot, 0, len(best))
	for at, i := range best {
		list = append(list, Slot{time.UnixMilli(at).UTC(), candidates[i].manager, candidates[i].Zone})
	}
	slices.SortFunc(list, func(a, b Slot) int { return a.At.Compare(b.At) })
	return list
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

// Wish is what a seller asks for.
type Wish struct {
	At             time.Time
	Zone, Language string // the seller's; empty = as the room has them
}

// Book gives a room one of the slots that are offered, in one commit over room
// and calendar: of all who want a slot one gets it, the others a *TakenError.
// Errors beside that are those of Do.
func (s *Store) Book(ctx context.Context, roomID, actor string, w Wish) (*Room, error) {
	// Of this node's bookings one is decided at a time: what is written next is
	// decided on what was written last, instead of being tried and tried again.
	select {
	case s.booking <- struct{}{}:
		defer func() { <-s.booking }()
	case <-ctx.Done():
		return nil, fmt.Errorf("book %s: %w", roomID, ctx.Err())
	}
	for attempt := 1; ; attempt++ {
		r, err := s.book(ctx, roomID, actor, w)
		var taken *TakenError
		again := errors.Is(err, ErrConflict) || errors.As(err, &taken) && taken.Nearest == nil
		if err == nil || !again || attempt == attempts {
			return r, err
		}
		if err := pause(ctx, attempt); err != nil {
			return nil, fmt.Errorf("book %s: %w", roomID, err)
		}
	}
}

func (s *Store) book(ctx context.Context, roomID, actor string, w Wish) (*Room, error) {
	r, err := s.Load(ctx, roomID)
	if err != nil {
		return nil, err
	}
	if err := bookable(Book{}, r, s.now()); err != nil {
		return nil, fmt.Errorf("room %s: %w", roomID, err)
	}
	if r.State == StateBooked && r.At.Equal(w.At) { // as wanted; the answer was lost
		return r, nil
	}
	candidates, err := s.candidates(ctx, r, w.Language)
	if err != nil {
		return nil, err
	}
	manager, found := choose(candidates, w.At, s.now())
	if !found {
		return nil, &TakenError{w.At, orNone(around(offers(candidates, s.now()), w.At, nearest))}
	}
	if err := s.advance(ctx, r, actor, Book{w.At, manager, w.Zone, w.Language}, nil); err != nil {
		return nil, fmt.Errorf("room %s: %w", roomID, err)
	}
	return r, nil
}

func orNone(list []Slot) []Slot {
	if list == nil {
		return []Slot{}
	}
	return list
}

// choose gives the manager with the fewest appointments who offers a time.
func choose(candidates []candidate, at, now time.Time) (manager string, found bool) {
	least := 0
	for _, c := range candidates {
		if c.Offers(at, now) && (!found || c.load() < least) {
			manager, found, least = c.manager, true, c.load()
		}
	}
	return manager, found
}

package rooms

import (
	"context"
	"errors"
	"fmt"
	"time"

	"verifycall/rooms/calendars"
	"verifycall/rooms/db"
	"verifycall/rooms/form"
)

// maxMoves bounds how often an appointment is moved, so that nobody fills the
// managers' calendars by one link.
const maxMoves = 20

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
		return nil, &form.InputError{Command: form.NameOf(c), Field: "time", Why: "is missing"}
	}
	body := map[string]any{"appointment": stamp(c.At)}
	err := form.Check(c, "manager", c.Manager, form.Staff)
	body["manager"] = c.Manager
	if c.Zone != "" {
		err = form.First(err, form.Check(c, "zone", c.Zone, form.Zone))
		body["zone"] = c.Zone
	}
	if c.Language != "" {
		err = form.First(err, form.Check(c, "language", c.Language, form.Code))
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

// Offers lists the slots that a room's seller can book now, by time: one each,
// of the manager who has the fewest appointments. A language other than the
// room's may be asked for; empty is the room's.
func (s *Store) Offers(ctx context.Context, r *Room, language string) ([]calendars.Slot, error) {
	candidates, err := s.candidates(ctx, r, language)
	if err != nil {
		return nil, err
	}
	return candidates.Offers(s.now()), nil
}

// candidates gives the calendars for a room: that of the manager it was made for,
// else all in the language.
func (s *Store) candidates(ctx context.Context, r *Room, language string) (calendars.Candidates, error) {
	if language == "" {
		language = r.Language
	}
	manager := ""
	if r.Named {
		manager = r.Manager
	}
	return s.Calendars.Candidates(ctx, manager, language, r.ID)
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
		var taken *calendars.TakenError
		again := errors.Is(err, ErrConflict) || errors.As(err, &taken) && taken.Nearest == nil
		if err == nil || !again || attempt == db.Attempts {
			return r, err
		}
		if err := db.Pause(ctx, attempt); err != nil {
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
	manager, found := candidates.Choose(w.At, s.now())
	if !found {
		return nil, candidates.Taken(w.At, s.now())
	}
	if err := s.advance(ctx, r, actor, Book{w.At, manager, w.Zone, w.Language}, nil); err != nil {
		return nil, fmt.Errorf("room %s: %w", roomID, err)
	}
	return r, nil
}

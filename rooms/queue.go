package rooms

import (
	"time"

	"verifycall/rooms/form"
)

// PlaceKept is how long the instant queue keeps the place of one who leaves the
// page.
const PlaceKept = 15 * time.Minute

func queued(r *Room, at time.Time, _ body) {
	if r.Queued.IsZero() {
		r.Queued = at
	}
	r.Away = time.Time{}
}

// JoinQueue puts an invited seller into the instant queue, or takes one who was
// away back to the own place.
type JoinQueue struct{}

func (c JoinQueue) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := in(c, r, StateInvited); err != nil {
		return nil, err
	}
	if r.Test {
		return nil, refuse(c, r, "a test room is nobody's to take")
	}
	if !r.Queued.IsZero() && r.Away.IsZero() {
		return nil, nil
	}
	return record(typeQueued, nil), nil
}

// StepAway keeps a place in the queue for PlaceKept.
type StepAway struct{}

func (c StepAway) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := in(c, r, StateInvited); err != nil {
		return nil, err
	}
	if r.Queued.IsZero() {
		return nil, refuse(c, r, "the seller is not in the queue")
	}
	if !r.Away.IsZero() {
		return nil, nil
	}
	return record(typeQueueAway, map[string]any{"until": stamp(now.Add(PlaceKept))}), nil
}

// LeaveQueue gives a place in the queue up: cause "left", or "away" once the
// time of one who was away is over.
type LeaveQueue struct{ Cause string }

func (c LeaveQueue) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := form.First(in(c, r, StateInvited), form.OneOf(c, "cause", c.Cause, "left", "away")); err != nil {
		return nil, err
	}
	if r.Queued.IsZero() {
		return nil, nil
	}
	if c.Cause == "away" && (r.Away.IsZero() || now.Before(r.Away)) {
		return nil, &TransitionError{form.NameOf(c), r.State, "the place is still kept", ErrTooEarly}
	}
	return record(typeQueueLeft, map[string]any{"cause": c.Cause}), nil
}

// Assign gives the first in the queue to a free manager: the appointment is now.
type Assign struct{ Manager string }

func (c Assign) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := form.First(in(c, r, StateInvited), form.Check(c, "manager", c.Manager, form.Staff)); err != nil {
		return nil, err
	}
	if r.Queued.IsZero() || !r.Away.IsZero() {
		return nil, refuse(c, r, "the seller is not in the queue")
	}
	return record(typeBooked, map[string]any{"appointment": stamp(now), "manager": c.Manager, "instant": true}), nil
}

// turn is what the queue knows of a room; two that differ say that the queue has
// changed.
type turn struct {
	queued, away time.Time
	language     string
}

func (r *Room) turn() turn {
	if !r.inQueue() {
		return turn{}
	}
	return turn{r.Queued, r.Away, r.Language}
}

// inQueue reports that the room has a place in the queue, kept ones too.
func (r *Room) inQueue() bool { return r.State == StateInvited && !r.Queued.IsZero() }

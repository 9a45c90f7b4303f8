package rooms

import (
	"context"
	"errors"
	"time"

	"verifycall/rooms/form"
	"verifycall/rooms/plan"
)

// typeFollowed in the custody ledger names the room that goes on from this one.
const typeFollowed = "followed" // room

// Follows says whether the seller can have another call: the outcome asks for one,
// or an appeal had it taken back.
func (r *Room) Follows() bool {
	verdict, _, _, _ := r.Outcome()
	return verdict == VerdictRecapture && r.Custody.Seq > 0 && !r.Erased(ClassRecord)
}

// FollowUp names the room that goes on from a decided one: Next, or the one that was
// named before.
type FollowUp struct{ Next string }

func (c FollowUp) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := form.First(in(c, r, StateDecided, StateInReview, StateClosed), form.Check(c, "next", c.Next, form.Room)); err != nil {
		return nil, err
	}
	switch {
	case r.Next != "":
		return nil, nil
	case !r.Follows():
		return nil, refuse(c, r, "its outcome asks for no other call")
	}
	return custody(typeFollowed, map[string]any{"room": c.Next}), nil
}

// Follow gives the room that goes on from r, and makes it where there is none yet:
// with the seller's name, address, application and helper, without documents, which have
// their own key. An account manager who was named holds the repeat too, but not what
// an appeal brought. Profile is r's. Errors: those of Do and Create.
func (s *Store) Follow(ctx context.Context, r *Room, p *plan.Profile) (*Room, error) {
	r, err := s.Do(ctx, r.ID, "seller", FollowUp{NewRoomID()})
	if err != nil {
		return nil, err
	}
	next, err := s.Load(ctx, r.Next)
	if !errors.Is(err, ErrNotFound) {
		return next, err
	}
	cmd := CreateRoom{ID: r.Next, Prev: r.ID, SellerName: r.Text(r.SellerName), SellerMail: r.Text(r.SellerMail), Application: map[string]string{},
		Helper: r.Text(r.Helper), Language: r.Language, Zone: r.Zone, Profile: p, Test: r.Test}
	for field, value := range r.Application {
		cmd.Application[field] = r.Text(value)
	}
	if r.Named && r.Appeal == nil {
		cmd.Manager = r.Manager
	}
	next, err = s.Create(ctx, "seller", cmd)
	if errors.Is(err, ErrConflict) { // asked for twice at the same moment
		return s.Load(ctx, r.Next)
	}
	return next, err
}

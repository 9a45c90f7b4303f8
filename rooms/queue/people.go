package queue

import (
	"context"
	"errors"
	"slices"
	"time"

	"verifycall/rooms"
)

// Place is where a seller stands, or would stand.
type Place struct {
	Joined bool
	Number int           // 1 is next, among those who wait for the same
	Wait   time.Duration // expected; only where Known
	Known  bool          // somebody is there who can take the seller
	Paused bool          // nobody is, but somebody will be after a break
	Away   time.Time     // until when the place is kept of one who left; zero while here
}

// Place tells how a room's seller stands in the queue. A room that isn't in it is
// looked at as if its seller joined now.
func (h *Hall) Place(ctx context.Context, r *rooms.Room) (Place, error) {
	v, err := h.glance(ctx)
	if err != nil {
		return Place{}, err
	}
	p := Place{Joined: !r.Queued.IsZero() && r.State == rooms.StateInvited, Away: r.Away}
	s := sellerOf(r, true)
	if !p.Joined {
		s.Since = v.at
	}
	length, err := h.callLength(ctx)
	if err != nil {
		return Place{}, err
	}
	p.Number = Ahead(v.sellers, s) + 1
	p.Wait, p.Known = Estimate(v.sellers, v.desks, s, length)
	p.Paused = !p.Known && slices.ContainsFunc(v.paused, func(d Desk) bool { return d.Takes(s) })
	return p, nil
}

// Join puts a room's seller, who is here, into the queue, or back to the own
// place. Errors: ErrFull, and those of rooms.Store.Do.
func (h *Hall) Join(ctx context.Context, room string) (*rooms.Room, error) {
	v, err := h.glance(ctx)
	if err != nil {
		return nil, err
	}
	r, err := h.rooms.Load(ctx, room)
	if err != nil {
		return nil, err
	}
	if len(v.sellers) >= rooms.MaxQueue && r.Queued.IsZero() {
		return nil, ErrFull
	}
	if err := h.rooms.SellerHere(ctx, room, SellerTTL); err != nil { // first: who is in and not here is stepped away
		return nil, err
	}
	return h.act(ctx, room, rooms.JoinQueue{})
}

// StepAway keeps the place of a seller who leaves, until Room.Away.
func (h *Hall) StepAway(ctx context.Context, room string) (*rooms.Room, error) {
	r, err := h.act(ctx, room, rooms.StepAway{})
	return r, errors.Join(err, h.rooms.SellerHere(ctx, room, 0))
}

// Leave gives a seller's place up.
func (h *Hall) Leave(ctx context.Context, room string) (*rooms.Room, error) {
	r, err := h.act(ctx, room, rooms.LeaveQueue{Cause: "left"})
	return r, errors.Join(err, h.rooms.SellerHere(ctx, room, 0))
}

func (h *Hall) act(ctx context.Context, room string, c rooms.Command) (*rooms.Room, error) {
	defer h.stale()
	return h.rooms.Do(ctx, room, "seller", c)
}

// Waiting is a seller in the queue as an account manager sees one: no name.
type Waiting struct {
	Room     string
	Language string
	Since    time.Time
	Away     time.Time // until when the place is kept; zero while here
	Yours    bool      // this manager can take the seller
}

// Desk tells a manager how the own desk and the queue stand.
func (h *Hall) Desk(ctx context.Context, manager string) (StaffView, []Waiting, error) {
	v, err := h.glance(ctx)
	if err != nil {
		return StaffView{}, nil, err
	}
	mine, there := v.staff[manager]
	if !there {
		d, err := h.rooms.DeskOf(ctx, manager)
		if err != nil {
			return StaffView{}, nil, err
		}
		mine = StaffView{Status: d.Status, Since: d.Since}
	}
	c, err := h.rooms.Calendars.Get(ctx, manager)
	if err != nil {
		return StaffView{}, nil, err
	}
	self := Desk{Manager: manager, Languages: c.Languages}
	list := make([]Waiting, 0, len(v.lobby.Rooms))
	for i, r := range v.lobby.Rooms {
		list = append(list, Waiting{r.ID, r.Language, r.Queued, r.Away, self.Takes(v.sellers[i])})
	}
	return mine, list, nil
}

// SetDesk sets a manager's own status, from an open page.
func (h *Hall) SetDesk(ctx context.Context, manager, status string) error {
	defer h.stale()
	if err := h.rooms.ManagerHere(ctx, manager, ManagerTTL); err != nil { // first: a desk without a page goes offline
		return err
	}
	return h.rooms.SetDesk(ctx, manager, status)
}

// Staff gives the desks of all managers who are there, by manager.
func (h *Hall) Staff(ctx context.Context) (map[string]StaffView, error) {
	v, err := h.glance(ctx)
	if err != nil {
		return nil, err
	}
	return v.staff, nil
}

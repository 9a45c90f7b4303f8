package queue

import (
	"context"
	"fmt"
	"slices"
	"time"

	"verifycall/rooms"
	"verifycall/rooms/db"
)

// view is the queue at one moment.
type view struct {
	at      time.Time
	known   time.Duration // how long pages have been able to say that they are here
	lobby   rooms.Lobby
	sellers []Seller // the longest waiting first
	desks   []Desk   // that take sellers, now or after their call
	paused  []Desk   // that will, when their manager's break is over
	staff   map[string]StaffView
}

// StaffView is how a manager's desk stands.
type StaffView struct {
	Status string    // rooms.DeskOnline and its kin
	Since  time.Time // of Status
	Room   string    // that the manager is busy with; empty for none
	Queued bool      // Room is from the queue, and its call has not begun
	Bar    string    // why the queue sends nobody although online: calendar.BarFull and its kin
}

// look reads the queue.
func (h *Hall) look(ctx context.Context) (*view, error) {
	lobby, err := h.rooms.Lobby(ctx)
	if err != nil {
		return nil, err
	}
	v := &view{at: h.now(), lobby: lobby, staff: map[string]StaffView{}}
	h.mu.Lock()
	if h.begun.IsZero() {
		h.begun = v.at
	}
	v.known = v.at.Sub(h.begun)
	h.mu.Unlock()
	for _, r := range lobby.Rooms {
		v.sellers = append(v.sellers, sellerOf(r, lobby.Here[r.ID] && r.Away.IsZero()))
	}
	if err := h.takeDesks(ctx, v); err != nil {
		return nil, err
	}
	h.mu.Lock()
	h.seen = v
	h.mu.Unlock()
	return v, nil
}

func sellerOf(r *rooms.Room, here bool) Seller {
	s := Seller{Room: r.ID, Since: r.Queued, Language: r.Language, Here: here}
	if r.Named {
		s.Manager = r.Manager
	}
	return s
}

// takeDesks puts the managers who are there into the view.
func (h *Hall) takeDesks(ctx context.Context, v *view) error {
	var there []rooms.Desk
	var ids []string
	for _, d := range v.lobby.Desks {
		if d.Here && d.Status != rooms.DeskOffline {
			there, ids = append(there, d), append(ids, d.Manager)
		}
	}
	if len(there) == 0 {
		return nil
	}
	busy, err := h.rooms.Occupied(ctx, ids)
	if err != nil {
		return err
	}
	length, err := h.callLength(ctx)
	if err != nil {
		return err
	}
	for _, d := range there {
		c, err := h.rooms.Calendars.Get(ctx, d.Manager)
		if err != nil {
			return fmt.Errorf("desk of %s: %w", d.Manager, err)
		}
		s := StaffView{Status: d.Status, Since: d.Since, Bar: c.Bars(v.at)}
		desk := Desk{Manager: d.Manager, Languages: c.Languages, Idle: d.Since}
		if r := busy[d.Manager]; r != nil {
			s.Room, s.Queued = r.ID, r.Instant && (r.State == rooms.StateBooked || r.State == rooms.StateWaiting)
			desk.FreeIn = left(r, v.at, length)
		}
		v.staff[d.Manager] = s
		switch {
		case s.Bar != "":
		case d.Status == rooms.DeskOnline:
			v.desks = append(v.desks, desk)
		default:
			v.paused = append(v.paused, desk)
		}
	}
	return nil
}

// left is how long a call will still take: as others did, and some time in any
// case.
func left(r *rooms.Room, now time.Time, length time.Duration) time.Duration {
	if !r.Admitted.IsZero() {
		length -= now.Sub(r.Admitted)
	}
	return max(length, shortest)
}

// glance is the queue as it was up to viewLife ago.
func (h *Hall) glance(ctx context.Context) (*view, error) {
	h.mu.Lock()
	v := h.seen
	h.mu.Unlock()
	if v != nil && h.now().Sub(v.at) < viewLife {
		return v, nil
	}
	return h.look(ctx)
}

// stale has the queue read anew for whoever asks next.
func (h *Hall) stale() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen = nil
}

// callLength is how long calls take: the median of the newest.
func (h *Hall) callLength(ctx context.Context) (time.Duration, error) {
	h.mu.Lock()
	length, known := h.length, h.length > 0 && h.now().Sub(h.lengthAt) < lengthLife
	h.mu.Unlock()
	if known {
		return length, nil
	}
	page, err := h.rooms.List(ctx, rooms.Query{DecidedOnly: true, Limit: samples})
	if err != nil {
		return 0, fmt.Errorf("how long calls take: %w", err)
	}
	var took []time.Duration
	for _, r := range page.Rooms {
		if !r.Damaged && !r.Test && !r.Admitted.IsZero() && r.Ended.After(r.Admitted) {
			took = append(took, r.Ended.Sub(r.Admitted))
		}
	}
	length = Typical(took)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.length, h.lengthAt = length, h.now()
	return length, nil
}

// Typical is the median of what calls took, within what is believable of one.
func Typical(took []time.Duration) time.Duration {
	if len(took) == 0 {
		return usual
	}
	slices.Sort(took)
	return min(max(took[len(took)/2], shortest), longest)
}

// next is the step that is due, of rooms that weren't refused one; no room where
// there is none.
func (v *view) next(refused map[string]bool) (room string, c rooms.Command, guards []db.Guard) {
	if gone := v.gone(refused); gone != "" {
		return gone, rooms.StepAway{}, nil
	}
	sellers := slices.DeleteFunc(slices.Clone(v.sellers), func(s Seller) bool { return refused[s.Room] })
	pairs := Match(sellers, v.desks)
	if len(pairs) == 0 {
		return "", nil, nil
	}
	return pairs[0].Room, rooms.Assign{Manager: pairs[0].Manager}, v.lobby.Guards(v.desk(pairs[0].Manager))
}

// gone is a room whose seller has a place, but no page any more; empty for none.
func (v *view) gone(refused map[string]bool) string {
	if v.known < SellerTTL {
		return ""
	}
	for _, r := range v.lobby.Rooms {
		if r.Away.IsZero() && !v.lobby.Here[r.ID] && !refused[r.ID] {
			return r.ID
		}
	}
	return ""
}

func (v *view) desk(manager string) rooms.Desk {
	i := slices.IndexFunc(v.lobby.Desks, func(d rooms.Desk) bool { return d.Manager == manager })
	return v.lobby.Desks[i]
}

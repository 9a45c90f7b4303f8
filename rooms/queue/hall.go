package queue

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"verifycall/rooms"
	"verifycall/rooms/db"
)

// How long a page that says nothing any more is believed to be open. A browser
// lets a hidden page speak once a minute.
const (
	ManagerTTL = 90 * time.Second
	SellerTTL  = 75 * time.Second
)

// Times of a Hall.
const (
	lookEvery   = time.Second
	viewLife    = time.Second      // that a look at the queue serves everybody who asks
	lengthLife  = time.Minute      // the same for how long calls take
	forgetEvery = 10 * time.Minute // who was here
	forgetAfter = time.Hour

	usual    = 8 * time.Minute // a call, where none was held yet
	shortest = time.Minute
	longest  = time.Hour
	samples  = 21 // newest calls that say how long one takes
)

// ErrFull says that nobody else can join.
var ErrFull = errors.New("the queue is full")

// Hall has the queue's turns given. Any number of nodes may have one on the same
// store: an assignment is one commit over room, calendar and queue, guarded by
// what the queue and the desk were when it was decided.
type Hall struct {
	rooms *rooms.Store
	log   *slog.Logger
	now   func() time.Time

	mu       sync.Mutex // guards what follows; never held while calling out
	begun    time.Time  // of the first look; who is here has to be told anew after a restart
	seen     *view
	length   time.Duration // of a call
	lengthAt time.Time
	forgotAt time.Time
}

// NewHall makes a Hall. Run gives the turns.
func NewHall(store *rooms.Store, log *slog.Logger) *Hall {
	return &Hall{rooms: store, log: log, now: time.Now}
}

// Run gives turns until ctx ends; changed is told of each room that changed.
func (h *Hall) Run(ctx context.Context, changed func(room string)) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		list, err := h.Turn(ctx)
		if err != nil && ctx.Err() == nil {
			h.log.Debug("the queue was not tended, it is tried again", "err", err)
		}
		for _, room := range list {
			changed(room)
		}
	}
}

// maxTurns bounds how many commits one Turn tries.
const maxTurns = 100

// Turn does what is to be done now: desks whose pages are gone go offline, places
// of sellers whose pages are gone are kept, and whoever is next is given to a
// free desk. It gives the rooms that changed.
func (h *Hall) Turn(ctx context.Context) (changed []string, err error) {
	refused := map[string]bool{} // rooms that take no step now: the others go on without them
	for range maxTurns {
		v, err := h.look(ctx)
		if err != nil {
			return changed, err
		}
		if err := h.sweep(ctx, v); err != nil {
			return changed, err
		}
		room, command, guards := v.next(refused)
		if room == "" {
			return changed, nil
		}
		if refused[room], err = h.step(ctx, room, command, guards...); err != nil {
			return changed, err
		}
		changed = append(changed, room)
	}
	return changed, nil
}

// step does one command. That somebody else was faster is no error: the queue is
// looked at again. refused says that the room doesn't take the step.
func (h *Hall) step(ctx context.Context, room string, c rooms.Command, guards ...db.Guard) (refused bool, err error) {
	_, err = h.rooms.Do(ctx, room, "system", c, guards...)
	h.stale()
	var moved *rooms.TransitionError
	if errors.Is(err, rooms.ErrFenced) || errors.As(err, &moved) {
		return moved != nil, nil
	}
	return false, err
}

// sweep puts desks offline whose pages are gone, and forgets who was here.
func (h *Hall) sweep(ctx context.Context, v *view) error {
	for _, d := range v.lobby.Desks {
		if d.Status == rooms.DeskOffline || d.Here || v.known < ManagerTTL || v.at.Sub(d.Since) < ManagerTTL {
			continue
		}
		if _, err := h.rooms.Desert(ctx, d); err != nil {
			return err
		}
		h.stale()
	}
	h.mu.Lock()
	due := v.at.Sub(h.forgotAt) > forgetEvery
	if due {
		h.forgotAt = v.at
	}
	h.mu.Unlock()
	if !due {
		return nil
	}
	return h.rooms.ForgetGone(ctx, v.at.Add(-forgetAfter))
}

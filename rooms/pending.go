package rooms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"verifycall/rooms/db"
	"verifycall/rooms/ledger"
)

// Pending says how many changes of a room are kept here and not yet stored.
func (s *Store) Pending(room string) int {
	if s.pending == nil {
		return 0
	}
	return s.pending.Count(room)
}

// Kept says how many changes of all rooms are kept here and not yet stored.
func (s *Store) Kept() (count int) {
	if s.pending == nil {
		return 0
	}
	return s.pending.All()
}

// DoLive is Do for the node that holds the room's Lease and has the room as it
// was last: while Redis is away the change is kept in this node's folder, synced,
// and counts. It is committed in order when Redis is back; where another node has
// taken the room meanwhile it becomes a late entry.
func (s *Store) DoLive(ctx context.Context, last *Room, actor string, c Command, guards ...db.Guard) (*Room, error) {
	if s.pending == nil {
		return s.Do(ctx, last.ID, actor, c, guards...)
	}
	if r, waits, err := s.after(ctx, last.ID, actor, c, guards); waits {
		return r, err
	}
	r, err := last.clone()
	if err != nil {
		return nil, err
	}
	change, err := s.decided(r, actor, c)
	if err != nil { // Redis may know better
		if s.db.Away() {
			return nil, fmt.Errorf("room %s: %w", r.ID, err)
		}
		return s.Do(ctx, last.ID, actor, c, guards...)
	}
	if !change.Writes() {
		return r, nil
	}
	if r.holds() != last.holds() && !s.db.Away() { // the calendar goes with it
		return s.Do(ctx, last.ID, actor, c, guards...)
	}
	change.Guards = guards
	switch err := s.db.Commit(ctx, change); {
	case err == nil:
		if s.witness != nil {
			s.witness.wrote(r, change)
		}
		return r, nil
	case errors.Is(err, ErrConflict):
		return s.Do(ctx, last.ID, actor, c, guards...)
	case errors.Is(err, db.ErrAway), errors.Is(err, ErrUnknown): // the same commit may be sent again
		return r, s.keep(ctx, r, change)
	default:
		return nil, fmt.Errorf("room %s: %w", r.ID, err)
	}
}

// clone copies a room, its opened values too.
func (r *Room) clone() (*Room, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("room %s: %w", r.ID, err)
	}
	c := &Room{Personal: make(map[ledger.Commitment]json.RawMessage, len(r.Personal))}
	if err := json.Unmarshal(text, c); err != nil {
		return nil, fmt.Errorf("room %s: %w", r.ID, err)
	}
	for commitment, value := range r.Personal {
		c.Personal[commitment] = value
	}
	return c, nil
}

// after decides a command on top of what waits for the room; waits is false where
// nothing does.
func (s *Store) after(ctx context.Context, room, actor string, c Command, guards []db.Guard) (r *Room, waits bool, err error) {
	last, waits := s.pending.Last(room)
	if !waits {
		return nil, false, nil
	}
	if r, err = last.clone(); err != nil {
		return nil, true, err
	}
	change, err := s.decided(r, actor, c)
	if err != nil || !change.Writes() {
		return r, true, err
	}
	change.Guards = guards
	return r, true, s.keep(ctx, r, change)
}

// keep encrypts what is personal of a change and has it on disk.
func (s *Store) keep(ctx context.Context, r *Room, change db.Change) error {
	w, err := s.db.Ready(ctx, change)
	if err != nil {
		return fmt.Errorf("keep %s: %w", r.ID, err)
	}
	return s.pending.Keep(r.ID, r, w)
}

// deliver sends what waits, each room's in order, whenever there is something and
// Redis answers. It is Store's goroutine and ends with ctx.
func (s *Store) deliver(ctx context.Context) {
	for {
		for _, room := range s.pending.Rooms() {
			s.deliverRoom(ctx, room)
		}
		if len(s.pending.Rooms()) == 0 {
			select {
			case <-ctx.Done():
				return
			case <-s.pending.Work():
			}
			continue
		}
		if !db.PauseFor(ctx, db.Knock) {
			return
		}
	}
}

// deliverRoom sends a room's commits until none waits or Redis is away again.
func (s *Store) deliverRoom(ctx context.Context, room string) {
	for {
		w, ok := s.pending.First(room)
		if !ok {
			return
		}
		refusal, err := s.db.Send(ctx, w)
		if err == nil && refusal != "" {
			if err = s.late(ctx, room, w); err == nil {
				s.log.Warn("the room went on elsewhere, a change kept here became a late entry", "room", room, "reply", refusal)
			}
		}
		var refused *TransitionError
		switch {
		case errors.As(err, &refused):
			s.log.Error("a change kept here can't be taken in, its file stays", "room", room, "err", err)
			s.pending.SetAside(room)
			return
		case err != nil:
			return // again at the next knock
		}
		if s.pending.Done(room) && s.witness != nil {
			s.witness.soon(room)
		}
	}
}

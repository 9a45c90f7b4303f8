package rooms

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"verifycall/rooms/db"
	"verifycall/rooms/ledger"
	"verifycall/rooms/outbox"
	"verifycall/rooms/plan"
)

// Create makes a room with the command's id or a new one. The actor is who did it: "system",
// "seller", "manager:<staff id>", "key:<name>", no personal name. Errors:
// *InputError, ErrConflict where the command's id is taken, ErrUnknown.
func (s *Store) Create(ctx context.Context, actor string, c CreateRoom) (*Room, error) {
	if c.Seed == nil {
		c.Seed = make([]byte, plan.SeedSize)
		rand.Read(c.Seed) // never fails, crypto/rand
	}
	for attempt := 1; ; attempt++ {
		r := &Room{ID: c.ID}
		if r.ID == "" {
			r.ID = NewRoomID()
		}
		err := s.advance(ctx, r, actor, c, nil)
		if errors.Is(err, ErrConflict) && attempt < db.Attempts && s.free(ctx, c.ID) { // the manager's calendar was written meanwhile
			if err = db.Pause(ctx, attempt); err == nil {
				continue
			}
		}
		if err != nil {
			return nil, fmt.Errorf("create room: %w", err)
		}
		return r, nil
	}
}

// free reports that a room can be made with an id, empty for any.
func (s *Store) free(ctx context.Context, id string) bool {
	if id == "" {
		return true
	}
	_, err := s.Load(ctx, id)
	return errors.Is(err, ErrNotFound)
}

// Do reads a room, decides what the command does to it now, and commits that;
// after a conflict it reads and decides again. It gives the room as it is then.
// A command that changes nothing (the room is as wanted) writes nothing. Errors:
// ErrNotFound, *TransitionError, *LockedError, *InputError, ErrConflict,
// ErrUnknown, ErrFenced where one of the guards doesn't hold, ErrAway also while
// changes of the room wait here: nothing overtakes them.
func (s *Store) Do(ctx context.Context, roomID, actor string, c Command, guards ...db.Guard) (*Room, error) {
	for attempt := 1; ; attempt++ {
		if n := s.Pending(roomID); n > 0 && !opensCustody(c) {
			return nil, fmt.Errorf("room %s: %w: %d changes wait", roomID, db.ErrAway, n)
		}
		r, err := s.Load(ctx, roomID)
		if err != nil {
			return nil, err
		}
		err = s.advance(ctx, r, actor, c, guards)
		if err == nil {
			return r, nil
		}
		if !errors.Is(err, ErrConflict) || attempt == db.Attempts {
			return nil, fmt.Errorf("room %s: %w", roomID, err)
		}
		if err := db.Pause(ctx, attempt); err != nil {
			return nil, fmt.Errorf("room %s: %w", roomID, err)
		}
	}
}

// opensCustody says that a command doesn't overtake what waits: where it is allowed
// the record is sealed, and what waits becomes late entries of custody.
func opensCustody(c Command) bool {
	switch c.(type) {
	case OpenCustody, OpenReviewed:
		return true
	}
	return false
}

// advance takes a room one command further, in memory and in Redis. After an
// error r is spoilt.
func (s *Store) advance(ctx context.Context, r *Room, actor string, c Command, guards []db.Guard) error {
	was, state, queued := r.holds(), r.State, r.Queued
	change, err := s.decided(r, actor, c)
	if err != nil || !change.Writes() {
		return err
	}
	change.Guards = guards
	_, strict := c.(Book)
	changes, err := s.Calendars.Follow(ctx, r.ID, actor, was, r.holds(), strict)
	if err != nil {
		return err
	}
	if err := s.db.Commit(ctx, append(changes, change)...); err != nil { // the room last: its entry names the commit
		return err
	}
	if s.witness != nil {
		s.witness.wrote(r, change)
		for _, c := range changes {
			s.Calendars.Wrote(c)
		}
	}
	s.metrics.moved(r, state, queued)
	return nil
}

// decided takes a room one command further in memory and gives the change that
// does so in Redis; it writes nothing where the room is as wanted. After an error
// r is spoilt.
func (s *Store) decided(r *Room, actor string, c Command) (db.Change, error) {
	now := s.now()
	drafts, err := decide(r, c, now)
	if err != nil || len(drafts) == 0 {
		return db.Change{}, err
	}
	before, hidden, due, state, queued := memberships(r), s.hiddenMemberships(r), deadlines(r), r.State, r.turn()
	change := db.Change{Aggregate: "room:" + r.ID, Chains: []db.Chain{
		{Ledger: ledgerRecord, Expect: r.Record}, {Ledger: ledgerCustody, Expect: r.Custody},
	}}
	for _, d := range drafts {
		if err := r.take(&change, now, actor, d); err != nil {
			return db.Change{}, err
		}
	}
	for _, d := range s.signing(r, state, &change) {
		if err := r.take(&change, now, "system", d); err != nil {
			return db.Change{}, err
		}
	}
	if change.State, change.Cut, err = s.projectionOf(r); err != nil {
		return db.Change{}, err
	}
	if r.turn() != queued { // who gives a turn to somebody must have seen this
		change.Ops = append(change.Ops, db.Op{Name: "INCRBY", Key: queueKey, Args: []string{"1"}})
	}
	change.Moves = slices.Concat(change.Moves, moves(r.ID, before, memberships(r)), moves(r.ID, hidden, s.hiddenMemberships(r)),
		timerMoves(r.ID, due, deadlines(r)))
	return change, nil
}

// take chains one draft, folds it into the room and puts all that follows into
// the change.
func (r *Room) take(change *db.Change, now time.Time, actor string, d Draft) error {
	if err := keepsRecord(actor, d.Ledger); err != nil {
		return err
	}
	chain, head := &change.Chains[0], r.Record
	if d.Ledger == ledgerCustody {
		chain, head = &change.Chains[1], r.Custody
	}
	content, privates, err := hide(d.Body)
	if err != nil {
		return fmt.Errorf("entry %s: %w", d.Type, err)
	}
	e, err := ledger.Append(head, now, actor, d.Type, content)
	if err != nil {
		return err
	}
	if err := r.apply(d.Ledger, e); err != nil {
		return err
	}
	chain.Entries = append(chain.Entries, e)
	change.Privates = append(change.Privates, privates...)
	if r.Personal == nil {
		r.Personal = map[ledger.Commitment]json.RawMessage{}
	}
	for _, p := range privates {
		r.Personal[p.Commitment] = p.Value
	}
	if kind := mailOf(r, e); kind != "" {
		change.Moves = append(change.Moves, db.Move{Index: outbox.Index, Member: outbox.Name(r.ID, e.Seq, kind), Score: now.UnixMilli()})
	}
	if d.Type == typePurged && slices.Contains(r.Purged, ClassRecord) {
		change.Ops = append(change.Ops, db.Op{Name: "DEL", Key: "room:" + r.ID + ":private"}) // nothing opens it any more
	}
	if d.Type == typeLinkAdded {
		return addLink(change, r.ID, e)
	}
	return nil
}

// storedLink is what a link's hash leads to.
type storedLink struct {
	Room    string    `json:"room"`
	Expires time.Time `json:"expires"`
	Seq     int64     `json:"seq,omitempty"` // of the entry that added it; 0 of one from before Room.LinksFrom
}

// addLink has a change write what a link of a room leads to.
func addLink(c *db.Change, room string, e ledger.Entry) error {
	b := body(e.Body)
	text, err := json.Marshal(storedLink{room, b.time("expires"), e.Seq})
	if err != nil {
		return fmt.Errorf("link: %w", err)
	}
	if c.Sets == nil {
		c.Sets = map[string][]byte{}
	}
	c.Sets["link:"+b.text("link")] = text
	return nil
}

// hide replaces the personal values of a body by commitments with fresh salts.
func hide(fields map[string]any) (map[string]any, []ledger.Private, error) {
	out, privates := make(map[string]any, len(fields)), []ledger.Private(nil)
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		switch v := fields[key].(type) {
		case personal:
			p, err := db.Private(v.value)
			if err != nil {
				return nil, nil, err
			}
			out[key], privates = p.Commitment, append(privates, p)
		case map[string]any:
			inner, more, err := hide(v)
			if err != nil {
				return nil, nil, err
			}
			out[key], privates = inner, append(privates, more...)
		default:
			out[key] = v
		}
	}
	return out, privates, nil
}

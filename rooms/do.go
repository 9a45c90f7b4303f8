package rooms

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	mathrand "math/rand/v2"
	"slices"
	"time"

	"verifycall/rooms/ledger"
	"verifycall/rooms/plan"
)

// attempts bounds how often Do decides again after a conflict. One of all who
// write at the same moment gets through each time.
const attempts = 100

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
		if errors.Is(err, ErrConflict) && attempt < attempts && s.free(ctx, c.ID) { // the manager's calendar was written meanwhile
			if err = pause(ctx, attempt); err == nil {
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
func (s *Store) Do(ctx context.Context, roomID, actor string, c Command, guards ...Guard) (*Room, error) {
	for attempt := 1; ; attempt++ {
		if n := s.Pending(roomID); n > 0 && !opensCustody(c) {
			return nil, fmt.Errorf("room %s: %w: %d changes wait", roomID, ErrAway, n)
		}
		r, err := s.Load(ctx, roomID)
		if err != nil {
			return nil, err
		}
		err = s.advance(ctx, r, actor, c, guards)
		if err == nil {
			return r, nil
		}
		if !errors.Is(err, ErrConflict) || attempt == attempts {
			return nil, fmt.Errorf("room %s: %w", roomID, err)
		}
		if err := pause(ctx, attempt); err != nil {
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

// pause lets others get through, the longer the more they are.
func pause(ctx context.Context, attempt int) error {
	most := time.Duration(min(attempt, 20)) * time.Millisecond
	select {
	case <-time.After(mathrand.N(most)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// advance takes a room one command further, in memory and in Redis. After an
// error r is spoilt.
func (s *Store) advance(ctx context.Context, r *Room, actor string, c Command, guards []Guard) error {
	was, state, queued := r.holds(), r.State, r.Queued
	change, err := s.decided(r, actor, c)
	if err != nil || !change.writes() {
		return err
	}
	change.Guards = guards
	_, strict := c.(Book)
	changes, err := s.follow(ctx, r.ID, actor, was, r.holds(), strict)
	if err != nil {
		return err
	}
	if err := s.Commit(ctx, append(changes, change)...); err != nil { // the room last: its entry names the commit
		return err
	}
	if s.witness != nil {
		s.witness.wrote(r, change)
		for _, c := range changes {
			s.witness.wroteCalendar(c)
		}
	}
	s.metrics.moved(r, state, queued)
	return nil
}

// decided takes a room one command further in memory and gives the change that
// does so in Redis; it writes nothing where the room is as wanted. After an error
// r is spoilt.
func (s *Store) decided(r *Room, actor string, c Command) (Change, error) {
	now := s.now()
	drafts, err := decide(r, c, now)
	if err != nil || len(drafts) == 0 {
		return Change{}, err
	}
	before, hidden, due, state, queued := memberships(r), s.hiddenMemberships(r), deadlines(r), r.State, r.turn()
	change := Change{Aggregate: "room:" + r.ID, Chains: []Chain{
		{Ledger: ledgerRecord, Expect: r.Record}, {Ledger: ledgerCustody, Expect: r.Custody},
	}}
	for _, d := range drafts {
		if err := r.take(&change, now, actor, d); err != nil {
			return Change{}, err
		}
	}
	for _, d := range s.signing(r, state, &change) {
		if err := r.take(&change, now, "system", d); err != nil {
			return Change{}, err
		}
	}
	if change.State, change.cut, err = s.projectionOf(r); err != nil {
		return Change{}, err
	}
	if r.turn() != queued { // who gives a turn to somebody must have seen this
		change.Ops = append(change.Ops, Op{Name: "INCRBY", Key: queueKey, Args: []string{"1"}})
	}
	change.Moves = slices.Concat(change.Moves, moves(r.ID, before, memberships(r)), moves(r.ID, hidden, s.hiddenMemberships(r)),
		timerMoves(r.ID, due, deadlines(r)))
	return change, nil
}

// writes says whether the change holds an entry.
func (c Change) writes() bool {
	return slices.ContainsFunc(c.Chains, func(chain Chain) bool { return len(chain.Entries) > 0 })
}

// take chains one draft, folds it into the room and puts all that follows into
// the change.
func (r *Room) take(change *Change, now time.Time, actor string, d Draft) error {
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
		change.Moves = append(change.Moves, Move{Index: outbox, Member: mailName(r.ID, e.Seq, kind), Score: now.UnixMilli()})
	}
	if d.Type == typePurged && slices.Contains(r.Purged, ClassRecord) {
		change.Ops = append(change.Ops, Op{Name: "DEL", Key: "room:" + r.ID + ":private"}) // nothing opens it any more
	}
	if d.Type == typeLinkAdded {
		return change.link(r.ID, body(e.Body))
	}
	return nil
}

// storedLink is what a link's hash leads to.
type storedLink struct {
	Room    string    `json:"room"`
	Expires time.Time `json:"expires"`
}

func (c *Change) link(room string, b body) error {
	text, err := json.Marshal(storedLink{room, b.time("expires")})
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
			p, err := commit(v.value)
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

func commit(value any) (ledger.Private, error) {
	var salt [16]byte
	rand.Read(salt[:]) // never fails, crypto/rand
	return ledger.Commit(value, salt)
}

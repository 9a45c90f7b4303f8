// Package calendars keeps the managers' calendars: their hours, what rooms hold in
// them and which times are offered, each calendar with a ledger of its own. Past
// months lie in the mirror alone.
package calendars

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"verifycall/rooms/calendar"
	"verifycall/rooms/db"
	"verifycall/rooms/form"
	"verifycall/rooms/ledger"
	"verifycall/rooms/proof"
	"verifycall/rooms/staff"
)

// shelf keeps the calendars that were read last, so that only those that have
// changed are read again, and their free slots. What lies on it is never changed.
// Leaf: its lock is held for look-ups alone.
type shelf struct {
	mu sync.Mutex
	by map[string]*calendar.Free // by manager
}

func (s *shelf) get(manager string, head string) *calendar.Calendar {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.by[manager]; f != nil && db.HeadText(f.Record) == head {
		return f.Calendar
	}
	return nil
}

func (s *shelf) put(manager string, c *calendar.Calendar) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by == nil {
		s.by = map[string]*calendar.Free{}
	}
	s.by[manager] = &calendar.Free{Calendar: c}
}

// free gives a calendar's slots: computed before, where this very one lies here.
func (s *shelf) free(manager string, c *calendar.Calendar) *calendar.Free {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.by[manager]; f != nil && f.Calendar == c {
		return f
	}
	return &calendar.Free{Calendar: c}
}

// record is the one ledger of a calendar.
const record = "record"

// Calendars are those of all managers. They are safe for concurrent use.
type Calendars struct {
	db       *db.DB
	accounts *staff.Accounts
	signer   proof.Signer // nil where nothing is signed
	mirror   proof.Mirror // nil where nothing is signed
	soon     func(aggregate string)
	log      *slog.Logger
	now      func() time.Time
	shelf    shelf
}

// Options say what calendars work with.
type Options struct {
	DB       *db.DB
	Accounts *staff.Accounts // a calendar that was never set has an account's zone and languages

	// Signer and Mirror, both or none: what Redis has is copied, and past months are
	// in the mirror alone.
	Signer proof.Signer
	Mirror proof.Mirror
	// Soon has Mirror called soon for an aggregate, "calendar:m1". It must not wait.
	Soon func(aggregate string)

	Log *slog.Logger
	Now func() time.Time // the clock of entries
}

// New gives those in a DB.
func New(o Options) *Calendars {
	return &Calendars{db: o.DB, accounts: o.Accounts, signer: o.Signer, mirror: o.Mirror, soon: o.Soon, log: o.Log, now: o.Now}
}

// Get reads a manager's calendar; one that was never set has no hours. It
// must not be changed. Errors: db.ErrNotFound where there is neither a calendar nor
// an account.
func (s *Calendars) Get(ctx context.Context, manager string) (*calendar.Calendar, error) {
	if !form.Staff.MatchString(manager) {
		return nil, fmt.Errorf("calendar of %.20q: %w", manager, db.ErrNotFound)
	}
	list, err := s.read(ctx, []string{manager})
	if err != nil {
		return nil, err
	}
	if list[0] != nil {
		return list[0], nil
	}
	account, err := s.accounts.Get(ctx, manager)
	if err != nil {
		return nil, fmt.Errorf("calendar: %w", err)
	}
	c := calendar.New(account.Zone)
	c.Languages = append(c.Languages, account.Languages...)
	return c, nil
}

// read reads calendars in at most two round trips; nil stands for one that
// was never written.
func (s *Calendars) read(ctx context.Context, managers []string) ([]*calendar.Calendar, error) {
	heads := make([]*redis.StringCmd, len(managers))
	list := make([]*calendar.Calendar, len(managers))
	pipe := s.db.Client.Pipeline()
	for i, id := range managers {
		heads[i] = pipe.HGet(ctx, db.Prefix+"calendar:"+id, record)
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("calendars: %w", err)
	}
	states := map[int]*redis.StringCmd{}
	pipe = s.db.Client.Pipeline()
	for i, id := range managers {
		if heads[i].Val() == "" {
			continue
		}
		if list[i] = s.shelf.get(id, heads[i].Val()); list[i] == nil {
			states[i] = pipe.HGet(ctx, db.Prefix+"calendar:"+id, "state")
		}
	}
	if len(states) == 0 {
		return list, nil
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("calendars: %w", err)
	}
	for i, state := range states {
		c := calendar.New("UTC")
		if err := json.Unmarshal([]byte(state.Val()), c); err != nil {
			return nil, fmt.Errorf("calendar of %s: projection: %w", managers[i], err)
		}
		list[i] = c
		s.shelf.put(managers[i], c)
	}
	return list, nil
}

// All reads all calendars by manager.
func (s *Calendars) All(ctx context.Context) (map[string]*calendar.Calendar, error) {
	ids, err := s.db.Client.ZRange(ctx, db.Prefix+"index:calendars", 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("calendars: %w", err)
	}
	list, err := s.read(ctx, ids)
	if err != nil {
		return nil, err
	}
	by := make(map[string]*calendar.Calendar, len(ids))
	for i, id := range ids {
		if list[i] != nil {
			by[id] = list[i]
		}
	}
	return by, nil
}

// Set changes a manager's hours and terms. What is held stays held.
// Errors: *form.InputError, db.ErrNotFound, db.ErrConflict, db.ErrUnknown.
func (s *Calendars) Set(ctx context.Context, actor, manager string, a calendar.Availability) error {
	if err := a.Check(); err != nil {
		return &form.InputError{Command: "SetAvailability", Field: "availability", Why: "can't be used: " + err.Error()}
	}
	for attempt := 1; ; attempt++ {
		c, err := s.Get(ctx, manager)
		if err != nil {
			return err
		}
		change, err := s.change(c.Clone(), actor, manager, calendar.TypeSet, a.Body())
		if err == nil {
			err = s.db.Commit(ctx, change)
		}
		if err == nil {
			s.Wrote(change)
		}
		if !errors.Is(err, db.ErrConflict) || attempt == db.Attempts {
			return err
		}
		if err := db.Pause(ctx, attempt); err != nil {
			return fmt.Errorf("calendar of %s: %w", manager, err)
		}
	}
}

// change takes a calendar one entry further, in memory, and gives the
// change that does so in Redis.
func (s *Calendars) change(c *calendar.Calendar, actor, manager, typ string, body map[string]any) (db.Change, error) {
	expect := c.Record
	e, err := ledger.Append(expect, s.now(), actor, typ, body)
	if err != nil {
		return db.Change{}, err
	}
	if err := c.Apply(e); err != nil {
		return db.Change{}, err
	}
	state, err := json.Marshal(c)
	if err != nil {
		return db.Change{}, fmt.Errorf("calendar of %s: %w", manager, err)
	}
	change := db.Change{Aggregate: "calendar:" + manager, State: state,
		Chains: []db.Chain{{Ledger: record, Expect: expect, Entries: []ledger.Entry{e}}}}
	if expect.Seq == 0 {
		change.Moves = []db.Move{{Index: "calendars", Member: manager}}
	}
	return change, nil
}

// Follow gives the changes of the calendars that go with a room's change. Where
// strict, the time must be one that is offered: *TakenError without Nearest.
func (s *Calendars) Follow(ctx context.Context, room, actor string, was, is calendar.Holding, strict bool) ([]db.Change, error) {
	if was == is {
		return nil, nil
	}
	var changes []db.Change
	if was.Manager != "" && was.Manager != is.Manager {
		c, err := s.own(ctx, was.Manager)
		if err != nil {
			return nil, err
		}
		if _, there := c.Holds[room]; there {
			change, err := s.change(c, actor, was.Manager, calendar.TypeFreed, calendar.FreedBody(room, false))
			if err != nil {
				return nil, err
			}
			changes = append(changes, change)
		}
	}
	if is.Manager == "" {
		return changes, nil
	}
	c, err := s.own(ctx, is.Manager)
	if err != nil {
		return nil, err
	}
	at := time.UnixMilli(is.At).UTC()
	if strict && !c.Without(room).Offers(at, s.now()) {
		return nil, &TakenError{At: at}
	}
	change, err := s.change(c, actor, is.Manager, calendar.TypeTaken,
		calendar.TakenBody(room, calendar.Hold{From: at, To: at.Add(c.CallLength())}))
	return append(changes, change), err
}

// own gives a copy that may be changed. A room can have a manager without
// an account; that one's calendar has no hours.
func (s *Calendars) own(ctx context.Context, manager string) (*calendar.Calendar, error) {
	c, err := s.Get(ctx, manager)
	if errors.Is(err, db.ErrNotFound) {
		return calendar.New("UTC"), nil
	}
	if err != nil {
		return nil, err
	}
	return c.Clone(), nil
}

package rooms

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"verifycall/rooms/db"
	"verifycall/rooms/form"

	"github.com/redis/go-redis/v9"
)

//go:embed lua/desk.lua
var deskSource string

var deskScript = db.NewScript(deskSource)

// What a manager's desk says.
const (
	DeskOnline  = "online"  // takes the next of the queue
	DeskBreak   = "break"   // is there, takes nobody
	DeskOffline = "offline" // is not there
)

const (
	indexQueue = "queue"
	indexHere  = "here"
	queueKey   = "queue"
	desksKey   = "desks"
)

// MaxQueue bounds the instant queue.
const MaxQueue = 500

// Desk is a manager's own word on whether the queue may call. It is no part of a
// ledger: it says nothing of a verification.
type Desk struct {
	Manager string
	Status  string    // DeskOnline and its kin
	Since   time.Time // of Status
	Here    bool      // a page of the manager is open
	word    string    // as it stands in Redis
}

// Lobby is the queue and the desks at one moment.
type Lobby struct {
	Rooms []*Room         // in the queue, the longest first, without personal values; kept places too
	Here  map[string]bool // rooms whose seller's page is open
	Desks []Desk          // that were ever taken, by manager
	turn  string          // number of changes that the queue has seen
}

// Guards hold an assignment to the queue and the desk as they are in the Lobby.
func (l Lobby) Guards(d Desk) []db.Guard {
	return []db.Guard{{Key: queueKey, Want: l.turn}, {Key: desksKey, Field: d.Manager, Want: d.word}}
}

// Lobby reads the queue and the desks, in two round trips.
func (s *Store) Lobby(ctx context.Context) (Lobby, error) {
	now := strconv.FormatInt(s.now().UnixMilli(), 10)
	pipe := s.db.Client.Pipeline()
	turn := pipe.Get(ctx, db.Prefix+queueKey) // first: what is read after it is at least as new
	queued := pipe.ZRange(ctx, db.Prefix+"index:"+indexQueue, 0, MaxQueue-1)
	desks := pipe.HGetAll(ctx, db.Prefix+desksKey)
	here := pipe.ZRangeByScore(ctx, db.Prefix+"index:"+indexHere, &redis.ZRangeBy{Min: now, Max: "+inf"})
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return Lobby{}, fmt.Errorf("lobby: %w", err)
	}
	l := Lobby{Here: map[string]bool{}, turn: turn.Val()}
	managers := map[string]bool{}
	for _, member := range here.Val() {
		if id, staff := strings.CutPrefix(member, staffHere); staff {
			managers[id] = true
		} else {
			l.Here[member] = true
		}
	}
	for id, word := range desks.Val() {
		d := parseDesk(id, word)
		d.Here = managers[id]
		l.Desks = append(l.Desks, d)
	}
	slices.SortFunc(l.Desks, func(a, b Desk) int { return strings.Compare(a.Manager, b.Manager) })
	var err error
	if l.Rooms, err = s.projections(ctx, queued.Val()); err != nil {
		return Lobby{}, fmt.Errorf("lobby: %w", err)
	}
	l.Rooms = slices.DeleteFunc(l.Rooms, func(r *Room) bool { return !r.inQueue() })
	return l, nil
}

// projections reads rooms as Redis has them, without personal values; those that
// are gone or can't be read are left out.
func (s *Store) projections(ctx context.Context, ids []string) ([]*Room, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	pipe := s.db.Client.Pipeline()
	states := make([]*redis.StringCmd, len(ids))
	for i, id := range ids {
		states[i] = pipe.HGet(ctx, db.Prefix+"room:"+id, "state")
	}
	if _, err := pipe.Exec(ctx); !answered(err) {
		return nil, err
	}
	list := make([]*Room, 0, len(ids))
	for i, id := range ids {
		if r, err := roomFrom(id, states[i]); err == nil && r.ID == id && !s.witness.doubts(id) {
			list = append(list, r)
		}
	}
	return list, nil
}

func parseDesk(manager, word string) Desk {
	status, since, _ := strings.Cut(word, " ")
	ms, err := strconv.ParseInt(since, 10, 64)
	if err != nil || !slices.Contains([]string{DeskOnline, DeskBreak, DeskOffline}, status) {
		return Desk{Manager: manager, Status: DeskOffline, word: word}
	}
	return Desk{Manager: manager, Status: status, Since: time.UnixMilli(ms).UTC(), word: word}
}

// DeskOf reads one manager's desk; one that was never taken is offline.
func (s *Store) DeskOf(ctx context.Context, manager string) (Desk, error) {
	word, err := s.db.Client.HGet(ctx, db.Prefix+desksKey, manager).Result()
	if errors.Is(err, redis.Nil) {
		return Desk{Manager: manager, Status: DeskOffline}, nil
	}
	if err != nil {
		return Desk{}, fmt.Errorf("desk of %s: %w", manager, err)
	}
	return parseDesk(manager, word), nil
}

// SetDesk says how a manager's desk is from now on. Errors: *InputError.
func (s *Store) SetDesk(ctx context.Context, manager, status string) error {
	c := struct{}{}
	if err := form.First(form.Check(c, "manager", manager, form.Staff), form.OneOf(c, "status", status, DeskOnline, DeskBreak, DeskOffline)); err != nil {
		return err
	}
	_, err := s.setDesk(ctx, manager, "*", status)
	return err
}

// Desert puts a desk offline whose manager's pages are gone, where it is as it
// was read.
func (s *Store) Desert(ctx context.Context, d Desk) (bool, error) {
	return s.setDesk(ctx, d.Manager, d.word, DeskOffline)
}

func (s *Store) setDesk(ctx context.Context, manager, expect, status string) (bool, error) {
	word := status + " " + strconv.FormatInt(s.now().UnixMilli(), 10)
	reply, err := s.db.Run(ctx, deskScript, []string{db.Prefix + desksKey}, []string{manager, expect, word})
	if err != nil {
		return false, fmt.Errorf("desk of %s: %w", manager, err)
	}
	return reply == "DONE", nil
}

const staffHere = "staff:"

// ManagerHere says that a page of a manager is open, and is believed for ttl.
func (s *Store) ManagerHere(ctx context.Context, manager string, ttl time.Duration) error {
	return s.here(ctx, staffHere+manager, ttl)
}

// SellerHere says that the page of a room's seller is open, and is believed for
// ttl; 0 says that it is gone.
func (s *Store) SellerHere(ctx context.Context, room string, ttl time.Duration) error {
	return s.here(ctx, room, ttl)
}

// here goes past the journal of the embedded Redis: it needs to outlive no restart.
func (s *Store) here(ctx context.Context, who string, ttl time.Duration) error {
	key, err := db.Prefix+"index:"+indexHere, error(nil)
	if ttl <= 0 {
		err = s.db.Client.ZRem(ctx, key, who).Err()
	} else {
		err = s.db.Client.ZAdd(ctx, key, redis.Z{Score: float64(s.now().Add(ttl).UnixMilli()), Member: who}).Err()
	}
	if err != nil {
		return fmt.Errorf("who is here: %w", err)
	}
	return nil
}

// ForgetGone drops who was not here any more before a time.
func (s *Store) ForgetGone(ctx context.Context, before time.Time) error {
	err := s.db.Client.ZRemRangeByScore(ctx, db.Prefix+"index:"+indexHere, "-inf", strconv.FormatInt(before.UnixMilli(), 10)).Err()
	if err != nil {
		return fmt.Errorf("who is here: %w", err)
	}
	return nil
}

// occupying are the states in which a room has its manager's whole attention,
// until its verdict, whenever its appointment was; how long one that has ended is
// believed to, and how many of a state are looked at, those of the latest
// appointments first.
var occupying = []string{StateLive, StateInterrupted, StateEnded, StateWaiting}

const (
	occupiedSince = 12 * time.Hour
	occupiedLook  = 100
)

// Occupied gives the room that each of the managers is busy with, none for those
// who are free.
func (s *Store) Occupied(ctx context.Context, managers []string) (map[string]*Room, error) {
	if len(managers) == 0 {
		return nil, nil
	}
	now := s.now()
	by := &redis.ZRangeBy{Min: strconv.FormatInt(now.Add(-occupiedSince).UnixMilli(), 10), Max: strconv.FormatInt(now.UnixMilli(), 10)}
	pipe := s.db.Client.Pipeline()
	var asked []*redis.StringSliceCmd
	for _, id := range managers {
		for _, state := range occupying {
			asked = append(asked, pipe.ZRevRange(ctx, db.Prefix+"index:"+stateIndex(state, id), 0, occupiedLook-1))
		}
		asked = append(asked, pipe.ZRangeByScore(ctx, db.Prefix+"index:"+stateIndex(StateBooked, id), by))
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("occupied managers: %w", err)
	}
	var ids []string
	for _, a := range asked {
		ids = append(ids, a.Val()...)
	}
	rooms, err := s.projections(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("occupied managers: %w", err)
	}
	busy := map[string]*Room{}
	for _, r := range rooms {
		if r.occupies(now) && busy[r.Manager] == nil {
			busy[r.Manager] = r
		}
	}
	return busy, nil
}

// occupies reports that a manager can't take another room beside this one, whose
// time has come. A time that nobody chose binds nobody.
func (r *Room) occupies(now time.Time) bool {
	switch r.State {
	case StateLive, StateInterrupted:
		return true
	case StateWaiting:
		return !r.At.After(now)
	case StateEnded:
		return now.Sub(r.Ended) < occupiedSince
	case StateBooked:
		return r.Instant || r.At.After(r.Booked) && !r.Resumed
	}
	return false
}

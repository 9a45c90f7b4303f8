package rooms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"verifycall/rooms/db"
	"verifycall/rooms/form"
	"verifycall/rooms/ledger"
	"verifycall/rooms/tickets"
)

// Load reads a room and all its personal values, in one round trip where this
// store knows the room, else with its ledgers, which are then compared with their
// signatures and the mirror. Errors: ErrNotFound, *DamagedError, ErrAway.
func (s *Store) Load(ctx context.Context, roomID string) (*Room, error) {
	for attempt := 1; ; attempt++ {
		r, err := s.load(ctx, roomID)
		if !errors.Is(err, errMoved) || attempt == db.Attempts {
			return r, err
		}
	}
}

func (s *Store) load(ctx context.Context, roomID string) (*Room, error) {
	if !form.Room.MatchString(roomID) {
		return nil, fmt.Errorf("room %.20q: %w", roomID, ErrNotFound)
	}
	key := db.Prefix + "room:" + roomID
	pipe := s.db.Client.Pipeline()
	state := pipe.HGet(ctx, key, "state") // first: private values are added before or with a state
	values := pipe.HGetAll(ctx, key+":private")
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("load room %s: %w", roomID, err)
	}
	r, err := roomFrom(roomID, state)
	if err != nil {
		return nil, err
	}
	if s.witness != nil {
		if err := s.attest(ctx, r, state.Val()); err != nil {
			return nil, err
		}
	}
	return r, s.open(ctx, r, values.Val())
}

func roomFrom(roomID string, state *redis.StringCmd) (*Room, error) {
	text, err := state.Result()
	switch {
	case errors.Is(err, redis.Nil):
		return nil, fmt.Errorf("room %.20q: %w", roomID, ErrNotFound)
	case err != nil:
		return nil, fmt.Errorf("room %s: %w", roomID, err)
	}
	r := &Room{Personal: map[ledger.Commitment]json.RawMessage{}}
	if err := json.Unmarshal([]byte(text), r); err != nil {
		return nil, fmt.Errorf("room %s: projection: %w", roomID, err)
	}
	return r, nil
}

// open decrypts personal values of a room into it.
func (s *Store) open(ctx context.Context, r *Room, values map[string]string) error {
	privates, err := s.db.Unlock(ctx, "room:"+r.ID, values)
	for _, p := range privates {
		if err := p.Check(); err != nil {
			return &db.DamagedError{Room: r.ID, Err: err}
		}
		r.Personal[p.Commitment] = p.Value
	}
	return err
}

// Record gives the entries of a room's record, after checking that the chain
// holds. Errors: ErrNotFound, *DamagedError.
func (s *Store) Record(ctx context.Context, roomID string) ([]ledger.Entry, error) {
	if !form.Room.MatchString(roomID) {
		return nil, fmt.Errorf("room %.20q: %w", roomID, ErrNotFound)
	}
	if s.witness != nil {
		if _, err := s.Load(ctx, roomID); err != nil {
			return nil, err
		}
	}
	entries, err := s.chain(ctx, "room:"+roomID, ledgerRecord)
	if err == nil && len(entries) == 0 {
		return nil, fmt.Errorf("room %.20q: %w", roomID, ErrNotFound)
	}
	return entries, err
}

// CustodyLog gives the entries of a room's custody ledger, none before it was
// opened, after checking that the chain holds. Errors: *DamagedError.
func (s *Store) CustodyLog(ctx context.Context, roomID string) ([]ledger.Entry, error) {
	return s.chain(ctx, "room:"+roomID, ledgerCustody)
}

// chain reads a ledger: from Redis, or from the mirror where it left that.
func (s *Store) chain(ctx context.Context, aggregate, name string) ([]ledger.Entry, error) {
	entries, err := s.db.Chain(ctx, aggregate, name)
	if room, is := strings.CutPrefix(aggregate, "room:"); is && name == ledgerRecord && err == nil && len(entries) == 0 {
		if head, err := s.archivedHead(ctx, room); err != nil || head != "" {
			if err != nil {
				return nil, err
			}
			return s.archived(ctx, room, head)
		}
	}
	return entries, err
}

// Privates gives the opened personal values of a room in the order of their
// commitments; none where its key was destroyed.
func (s *Store) Privates(ctx context.Context, roomID string) ([]ledger.Private, error) {
	values, err := s.db.Client.HGetAll(ctx, db.Prefix+"room:"+roomID+":private").Result()
	if err != nil {
		return nil, fmt.Errorf("private values of %s: %w", roomID, err)
	}
	return s.db.Unlock(ctx, "room:"+roomID, values)
}

// RoomByLink gives the room that a seller's link leads to, by the token as it
// stands in the link. A link works until its time is over, and until 14 days
// after an appointment that was booked or moved since. Errors: ErrNotFound, ErrLinkExpired.
func (s *Store) RoomByLink(ctx context.Context, token string) (*Room, error) {
	text, err := s.db.Client.Get(ctx, db.Prefix+"link:"+tickets.HashToken(token)).Result()
	switch {
	case errors.Is(err, redis.Nil):
		return nil, fmt.Errorf("link: %w", ErrNotFound)
	case err != nil:
		return nil, fmt.Errorf("link: %w", err)
	}
	var link storedLink
	if err := json.Unmarshal([]byte(text), &link); err != nil {
		return nil, fmt.Errorf("link: %w", err)
	}
	r, err := s.Load(ctx, link.Room)
	if err != nil {
		return nil, err
	}
	if link.Seq < r.LinksFrom {
		return nil, fmt.Errorf("link of room %s, replaced: %w", link.Room, ErrNotFound)
	}
	until := link.Expires
	if r.Booked.After(r.Created) {
		until = later(until, r.At.Add(InvitationLife))
	}
	if !s.now().Before(until) {
		return nil, fmt.Errorf("link of room %s, until %s: %w", link.Room, until.Format(time.RFC3339), ErrLinkExpired)
	}
	return r, nil
}

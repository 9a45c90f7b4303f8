// Package tickets keeps what a token stands for, by its hash alone, and lists those
// that can be revoked.
package tickets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"verifycall/rooms/db"

	"github.com/redis/go-redis/v9"
)

// Ticket is what a token stands for: a staff sign-in link, a session cookie, an
// API key, an idempotency key. It is no part of any ledger.
type Ticket struct {
	Role    string `json:"role"`
	Subject string `json:"subject"`         // "seller", a staff id, a key's name
	Room    string `json:"room,omitempty"`  // the only room it opens, where not empty
	Scope   string `json:"scope,omitempty"` // what it may do
	Name    string `json:"name,omitempty"`

	// Of a session: what tells its browser from others while the token changes, when
	// the token was made, and when the session ends whatever is done.
	Browser string    `json:"browser,omitempty"`
	Made    time.Time `json:"made,omitzero"`
	Until   time.Time `json:"until,omitzero"`

	// Also of a session: when and how somebody signed in, and with what browser, in
	// a word or two.
	Signed time.Time `json:"signed,omitzero"`
	How    string    `json:"how,omitempty"`   // "link", "passkey", "oidc", "code"
	Agent  string    `json:"agent,omitempty"` // "Firefox, Windows"

	// Of a session whose token changes, hashes of tokens: Before is the one that this
	// token follows, until this one is used; Next is the one that was made last to
	// follow this one, and Renewed is when.
	Before  string    `json:"before,omitempty"`
	Next    string    `json:"next,omitempty"`
	Renewed time.Time `json:"renewed,omitzero"`

	// Proved is when a seller entered a mailed code in this session.
	Proved time.Time `json:"proved,omitzero"`

	// Links of a seller's session is rooms.Room.LinksFrom as it was when the session began.
	Links int64 `json:"links,omitempty"`

	// Kept is what a ceremony of several steps has to find again at the next one.
	Kept string `json:"kept,omitempty"`
}

// Tickets are all of them. They are safe for concurrent use.
type Tickets struct {
	db  *db.DB
	now func() time.Time
}

// New gives tickets that are kept in a DB; now is the clock by which grants end.
func New(d *db.DB, now func() time.Time) *Tickets { return &Tickets{d, now} }

func ticketKey(kind, token string) string { return hashKey(kind, HashToken(token)) }

func hashKey(kind, hash string) string { return db.Prefix + "ticket:" + kind + ":" + hash }

// Put stores a ticket for ttl, for ever where ttl is 0; an earlier one of
// that kind and token is replaced. Only the token's hash is kept.
func (s *Tickets) Put(ctx context.Context, kind, token string, t Ticket, ttl time.Duration) error {
	_, err := s.put(ctx, kind, HashToken(token), t, ttl)
	return err
}

// Claim stores a ticket unless there is one of that kind and token; then
// it gives that one and false.
func (s *Tickets) Claim(ctx context.Context, kind, token string, t Ticket, ttl time.Duration) (Ticket, bool, error) {
	for {
		claimed, err := s.put(ctx, kind, HashToken(token), t, ttl, "NX")
		if err != nil || claimed {
			return t, claimed, err
		}
		there, err := s.Get(ctx, kind, token)
		if errors.Is(err, db.ErrNotFound) {
			continue // it ran out in between
		}
		return there, false, err
	}
}

// Replace stores a ticket in the place of one that is there; false where
// none is.
func (s *Tickets) Replace(ctx context.Context, kind, token string, t Ticket, ttl time.Duration) (bool, error) {
	return s.put(ctx, kind, HashToken(token), t, ttl, "XX")
}

func (s *Tickets) put(ctx context.Context, kind, hash string, t Ticket, ttl time.Duration, more ...string) (bool, error) {
	text, err := json.Marshal(t)
	if err != nil {
		return false, fmt.Errorf("ticket: %w", err)
	}
	args := append([]string{"SET", hashKey(kind, hash), string(text)}, more...)
	if ttl > 0 {
		args = append(args, "PX", strconv.FormatInt(max(1, ttl.Milliseconds()), 10))
	}
	_, ok, err := s.db.Write(ctx, args...)
	if err != nil {
		return false, fmt.Errorf("store %s ticket: %w", kind, err)
	}
	return ok, nil
}

// Get gives the ticket of a token. Errors: db.ErrNotFound, also when its time is
// over.
func (s *Tickets) Get(ctx context.Context, kind, token string) (Ticket, error) {
	return s.get(ctx, kind, HashToken(token))
}

func (s *Tickets) get(ctx context.Context, kind, hash string) (Ticket, error) {
	text, err := s.db.Client.Get(ctx, hashKey(kind, hash)).Result()
	if errors.Is(err, redis.Nil) {
		return Ticket{}, fmt.Errorf("%s ticket: %w", kind, db.ErrNotFound)
	}
	if err != nil {
		return Ticket{}, fmt.Errorf("%s ticket: %w", kind, err)
	}
	return parseTicket(kind, text)
}

// Take gives the ticket of a token and removes it, in one step: of several
// at the same moment one gets it, the others ErrNotFound. When the reply is lost
// the ticket is gone.
func (s *Tickets) Take(ctx context.Context, kind, token string) (Ticket, error) {
	text, ok, err := s.db.Write(ctx, "GETDEL", ticketKey(kind, token))
	if err != nil {
		return Ticket{}, fmt.Errorf("take %s ticket: %w", kind, err)
	}
	if !ok {
		return Ticket{}, fmt.Errorf("%s ticket: %w", kind, db.ErrNotFound)
	}
	return parseTicket(kind, text)
}

// Drop removes a ticket; one that is not there is no error.
func (s *Tickets) Drop(ctx context.Context, kind, token string) error {
	return s.DropHash(ctx, kind, HashToken(token))
}

// DropHash is Drop by the token's hash.
func (s *Tickets) DropHash(ctx context.Context, kind, hash string) error {
	if _, _, err := s.db.Write(ctx, "DEL", hashKey(kind, hash)); err != nil {
		return fmt.Errorf("drop %s ticket: %w", kind, err)
	}
	return nil
}

// Shorten lets the ticket of a token's hash end a life after now at the latest, as
// one made now that nothing follows. One that is not there is no error.
func (s *Tickets) Shorten(ctx context.Context, kind, hash string, now time.Time, life time.Duration) error {
	t, err := s.get(ctx, kind, hash)
	if errors.Is(err, db.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if life = min(life, t.Until.Sub(now)); life <= 0 {
		return s.DropHash(ctx, kind, hash)
	}
	t.Made, t.Until, t.Next, t.Renewed = now, now.Add(life), "", time.Time{}
	_, err = s.put(ctx, kind, hash, t, life, "XX")
	return err
}

func parseTicket(kind, text string) (Ticket, error) {
	var t Ticket
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return Ticket{}, fmt.Errorf("%s ticket: %w", kind, err)
	}
	return t, nil
}

package rooms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

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
	How    string    `json:"how,omitempty"`   // "link", "passkey", "oidc"
	Agent  string    `json:"agent,omitempty"` // "Firefox, Windows"

	// Proved is when a seller entered a mailed code in this session.
	Proved time.Time `json:"proved,omitzero"`

	// Kept is what a ceremony of several steps has to find again at the next one.
	Kept string `json:"kept,omitempty"`
}

func ticketKey(kind, token string) string { return prefix + "ticket:" + kind + ":" + HashToken(token) }

// PutTicket stores a ticket for ttl, for ever where ttl is 0; an earlier one of
// that kind and token is replaced. Only the token's hash is kept.
func (s *Store) PutTicket(ctx context.Context, kind, token string, t Ticket, ttl time.Duration) error {
	_, err := s.putTicket(ctx, kind, token, t, ttl)
	return err
}

// ClaimTicket stores a ticket unless there is one of that kind and token; then
// it gives that one and false.
func (s *Store) ClaimTicket(ctx context.Context, kind, token string, t Ticket, ttl time.Duration) (Ticket, bool, error) {
	for {
		claimed, err := s.putTicket(ctx, kind, token, t, ttl, "NX")
		if err != nil || claimed {
			return t, claimed, err
		}
		there, err := s.Ticket(ctx, kind, token)
		if errors.Is(err, ErrNotFound) {
			continue // it ran out in between
		}
		return there, false, err
	}
}

// ReplaceTicket stores a ticket in the place of one that is there; false where
// none is.
func (s *Store) ReplaceTicket(ctx context.Context, kind, token string, t Ticket, ttl time.Duration) (bool, error) {
	return s.putTicket(ctx, kind, token, t, ttl, "XX")
}

func (s *Store) putTicket(ctx context.Context, kind, token string, t Ticket, ttl time.Duration, more ...string) (bool, error) {
	text, err := json.Marshal(t)
	if err != nil {
		return false, fmt.Errorf("ticket: %w", err)
	}
	args := append([]string{"SET", ticketKey(kind, token), string(text)}, more...)
	if ttl > 0 {
		args = append(args, "PX", strconv.FormatInt(max(1, ttl.Milliseconds()), 10))
	}
	_, ok, err := s.write(ctx, args...)
	if err != nil {
		return false, fmt.Errorf("store %s ticket: %w", kind, err)
	}
	return ok, nil
}

// Ticket gives the ticket of a token. Errors: ErrNotFound, also when its time is
// over.
func (s *Store) Ticket(ctx context.Context, kind, token string) (Ticket, error) {
	text, err := s.client.Get(ctx, ticketKey(kind, token)).Result()
	if errors.Is(err, redis.Nil) {
		return Ticket{}, fmt.Errorf("%s ticket: %w", kind, ErrNotFound)
	}
	if err != nil {
		return Ticket{}, fmt.Errorf("%s ticket: %w", kind, err)
	}
	return parseTicket(kind, text)
}

// TakeTicket gives the ticket of a token and removes it, in one step: of several
// at the same moment one gets it, the others ErrNotFound. When the reply is lost
// the ticket is gone.
func (s *Store) TakeTicket(ctx context.Context, kind, token string) (Ticket, error) {
	text, ok, err := s.write(ctx, "GETDEL", ticketKey(kind, token))
	if err != nil {
		return Ticket{}, fmt.Errorf("take %s ticket: %w", kind, err)
	}
	if !ok {
		return Ticket{}, fmt.Errorf("%s ticket: %w", kind, ErrNotFound)
	}
	return parseTicket(kind, text)
}

// DropTicket removes a ticket; one that is not there is no error.
func (s *Store) DropTicket(ctx context.Context, kind, token string) error {
	if _, _, err := s.write(ctx, "DEL", ticketKey(kind, token)); err != nil {
		return fmt.Errorf("drop %s ticket: %w", kind, err)
	}
	return nil
}

func parseTicket(kind, text string) (Ticket, error) {
	var t Ticket
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return Ticket{}, fmt.Errorf("%s ticket: %w", kind, err)
	}
	return t, nil
}

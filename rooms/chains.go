package rooms

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"verifycall/rooms/embedded"
	"verifycall/rooms/ledger"
)

// ErrLocked says that the embedded Redis is another process's.
var ErrLocked = embedded.ErrLocked

// Chain gives the entries of an aggregate's ledger, after checking that the chain
// holds. Errors: *DamagedError.
func (s *Store) Chain(ctx context.Context, aggregate, name string) ([]ledger.Entry, error) {
	return s.chain(ctx, aggregate, name)
}

// Head gives where an aggregate's ledger ends, zero where there is none.
func (s *Store) Head(ctx context.Context, aggregate, name string) (ledger.Head, error) {
	text, err := s.client.HGet(ctx, prefix+aggregate, name).Result()
	if errors.Is(err, redis.Nil) {
		return ledger.Head{}, nil
	}
	if err != nil {
		return ledger.Head{}, fmt.Errorf("head of %s: %w", aggregate, err)
	}
	head, err := parseHead(text)
	if err != nil {
		return head, fmt.Errorf("%s: %w", aggregate, err)
	}
	return head, nil
}

// parseHead reads what headText writes of a head that isn't zero.
func parseHead(text string) (ledger.Head, error) {
	seq, hash, _ := strings.Cut(text, "-")
	n, err := strconv.ParseInt(seq, 10, 64)
	if err != nil || n < 1 || len(hash) != 64 {
		return ledger.Head{}, errors.New("its head can't be read")
	}
	return ledger.Head{Seq: n, Hash: hash}, nil
}

// Plain gives the value of a plain key that a Change has set, empty where there is
// none.
func (s *Store) Plain(ctx context.Context, key string) (string, error) {
	text, err := s.client.Get(ctx, prefix+key).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return "", fmt.Errorf("%s: %w", key, err)
	}
	return text, nil
}

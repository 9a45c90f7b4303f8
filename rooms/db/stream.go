package db

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"verifycall/rooms/ledger"
)

// DamagedError says that Redis holds another record than the one that was signed
// and mirrored: made anew, cut, rolled back or changed. Nothing of it is used.
type DamagedError struct {
	Room string // or another aggregate
	Err  error  // what is wrong
}

// Error implements error.
func (e *DamagedError) Error() string { return "room " + e.Room + ": record damaged: " + e.Err.Error() }

// Unwrap gives Err.
func (e *DamagedError) Unwrap() error { return e.Err }

// Chain gives the entries of an aggregate's ledger as they lie in Redis, after
// checking that the chain holds. Errors: *DamagedError.
func (d *DB) Chain(ctx context.Context, aggregate, name string) ([]ledger.Entry, error) {
	entries, err := d.Entries(ctx, Prefix+aggregate+":"+name, "-")
	if err != nil {
		return nil, err
	}
	if err := ledger.Verify(entries); err != nil {
		return nil, &DamagedError{strings.TrimPrefix(aggregate, "room:"), fmt.Errorf("%s: %w", name, err)}
	}
	return entries, nil
}

// Entries reads a stream from an id on, or the one entry of that id where it is
// not "-".
func (d *DB) Entries(ctx context.Context, stream, id string) ([]ledger.Entry, error) {
	end := id
	if id == "-" {
		end = "+"
	}
	messages, err := d.Client.XRange(ctx, stream, id, end).Result()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", stream, err)
	}
	list := make([]ledger.Entry, 0, len(messages))
	for _, m := range messages {
		line, _ := m.Values["e"].(string)
		e, err := ledger.Parse([]byte(line))
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", stream, m.ID, err)
		}
		list = append(list, e)
	}
	return list, nil
}

// Head gives where an aggregate's ledger ends, zero where there is none.
func (d *DB) Head(ctx context.Context, aggregate, name string) (ledger.Head, error) {
	text, err := d.Client.HGet(ctx, Prefix+aggregate, name).Result()
	if errors.Is(err, redis.Nil) {
		return ledger.Head{}, nil
	}
	if err != nil {
		return ledger.Head{}, fmt.Errorf("head of %s: %w", aggregate, err)
	}
	head, err := ParseHead(text)
	if err != nil {
		return head, fmt.Errorf("%s: %w", aggregate, err)
	}
	return head, nil
}

// Plain gives the value of a plain key that a Change has set, empty where there is
// none.
func (d *DB) Plain(ctx context.Context, key string) (string, error) {
	text, err := d.Client.Get(ctx, Prefix+key).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return "", fmt.Errorf("%s: %w", key, err)
	}
	return text, nil
}

// StreamID is an entry's in its stream.
func StreamID(seq int64) string { return strconv.FormatInt(seq, 10) + "-0" }

// HeadText writes where a ledger ends, nothing for its beginning.
func HeadText(h ledger.Head) string {
	if h.Seq == 0 {
		return ""
	}
	return strconv.FormatInt(h.Seq, 10) + "-" + h.Hash
}

// ParseHead reads what HeadText writes of a head that isn't zero.
func ParseHead(text string) (ledger.Head, error) {
	seq, hash, _ := strings.Cut(text, "-")
	n, err := strconv.ParseInt(seq, 10, 64)
	if err != nil || n < 1 || len(hash) != 64 {
		return ledger.Head{}, errors.New("its head can't be read")
	}
	return ledger.Head{Seq: n, Hash: hash}, nil
}

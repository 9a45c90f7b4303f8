package rooms

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"verifycall/rooms/db"

	"github.com/redis/go-redis/v9"
)

// ErrElsewhere says that another node has the room, or may come back for it. It
// may keep changes that Redis doesn't know yet, and what comes by itself waits
// until they are there.
var ErrElsewhere = errors.New("another node has the room")

// yield gives the guard under which this node may write to a room by itself, that
// is without a person who asks for it. Whatever another node keeps of its call
// stands on the record as that node knows it, and an entry in between would make
// all of it late. The room is another's while that one holds the lease, and in a
// call also when the lease has lapsed: its last node comes back for it, or another
// takes it in within seconds. What is kept by this node is Pending. Errors:
// ErrElsewhere.
func (s *Store) yield(ctx context.Context, r *Room) (db.Guard, error) {
	key := "room:" + r.ID
	pipe := s.db.Client.Pipeline()
	fence, held := pipe.HGet(ctx, db.Prefix+key, "fence"), pipe.Exists(ctx, db.Prefix+"lease:"+r.ID)
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return db.Guard{}, fmt.Errorf("lease of %s: %w", r.ID, err)
	}
	_, owner, _ := strings.Cut(fence.Val(), " ")
	inCall := r.State == StateWaiting || r.State == StateLive || r.State == StateInterrupted
	if owner != "" && owner != "-" && owner != s.node() && (held.Val() > 0 || inCall) {
		return db.Guard{}, fmt.Errorf("room %s: %w", r.ID, ErrElsewhere)
	}
	return db.Guard{Key: key, Field: "fence", Want: fence.Val()}, nil
}

// node is this store's node, empty until it has kept a lease: what it holds
// earlier is believed to be another's for a moment.
func (s *Store) node() string {
	name, _ := s.keeper.Load().(string)
	return name
}

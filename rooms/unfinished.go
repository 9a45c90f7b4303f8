package rooms

import (
	"context"
	"fmt"

	"verifycall/rooms/db"

	"github.com/redis/go-redis/v9"
)

// indexUnsealed holds the decided rooms whose bundle is not written yet.
const indexUnsealed = "unsealed"

// unsealed says whether a room had a call and a verdict, but has no bundle.
func (r *Room) unsealed() bool {
	return r.State == StateDecided && r.Bundle == "" && !r.Admitted.IsZero()
}

// unfinished are the indexes of rooms that a node has to look after even when
// nobody is in them.
var unfinished = []string{"state:" + StateLive, "state:" + StateInterrupted, "state:" + StateWaiting, indexUnsealed}

// Unfinished gives the ids of the rooms that some node has to look after (live,
// interrupted, waiting, or not sealed yet) and that none holds a Lease of.
func (s *Store) Unfinished(ctx context.Context) ([]string, error) {
	pipe := s.db.Client.Pipeline()
	lists := make([]*redis.StringSliceCmd, len(unfinished))
	for i, index := range unfinished {
		lists[i] = pipe.ZRange(ctx, db.Prefix+"index:"+index, 0, -1)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("unfinished rooms: %w", err)
	}
	var ids []string
	for _, list := range lists {
		ids = append(ids, list.Val()...)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	pipe = s.db.Client.Pipeline()
	held := make([]*redis.IntCmd, len(ids))
	for i, id := range ids {
		held[i] = pipe.Exists(ctx, db.Prefix+"lease:"+id)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, fmt.Errorf("unfinished rooms: %w", err)
	}
	free := ids[:0]
	for i, id := range ids {
		if held[i].Val() == 0 {
			free = append(free, id)
		}
	}
	return free, nil
}

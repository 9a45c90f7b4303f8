package rooms

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"verifycall/rooms/db"

	"github.com/redis/go-redis/v9"
)

// The announcements of nodes: node:ID, each with a time to live, and the set of
// their ids. What stands in one is not this package's business.
const announced = db.Prefix + "nodes"

func nodeKey(id string) string { return db.Prefix + "node:" + id }

// Announce puts a node's announcement up for ttl.
func (s *Store) Announce(ctx context.Context, id, text string, ttl time.Duration) error {
	_, _, first := s.db.Write(ctx, "SADD", announced, id)
	_, _, then := s.db.Write(ctx, "SET", nodeKey(id), text, "PX", strconv.FormatInt(ttl.Milliseconds(), 10))
	if err := errors.Join(first, then); err != nil {
		return fmt.Errorf("announce: %w", err)
	}
	return nil
}

// Unannounce takes a node's announcement down.
func (s *Store) Unannounce(ctx context.Context, id string) error {
	_, _, first := s.db.Write(ctx, "DEL", nodeKey(id))
	_, _, then := s.db.Write(ctx, "SREM", announced, id)
	if err := errors.Join(first, then); err != nil {
		return fmt.Errorf("unannounce: %w", err)
	}
	return nil
}

// Announced gives the announcements that stand, by node.
func (s *Store) Announced(ctx context.Context) (map[string]string, error) {
	ids, err := s.db.Client.SMembers(ctx, announced).Result()
	if err != nil {
		return nil, fmt.Errorf("read announcements: %w", err)
	}
	found := make(map[string]string, len(ids))
	for _, id := range ids {
		text, err := s.db.Client.Get(ctx, nodeKey(id)).Result()
		switch {
		case err == nil:
			found[id] = text
		case errors.Is(err, redis.Nil): // it ran out; one that comes again adds itself again
			if _, _, err := s.db.Write(ctx, "SREM", announced, id); err != nil {
				return nil, fmt.Errorf("read announcements: %w", err)
			}
		default:
			return nil, fmt.Errorf("read announcements: %w", err)
		}
	}
	return found, nil
}

// Register remembers a value that all nodes have in common, such as the identity
// of their evidence store, and gives the one that stands. With replace it is set
// whatever stood there.
func (s *Store) Register(ctx context.Context, name, value string, replace bool) (string, error) {
	key := db.Prefix + "common:" + name
	args := []string{"SET", key, value}
	if !replace {
		args = append(args, "NX")
	}
	if _, _, err := s.db.Write(ctx, args...); err != nil {
		return "", fmt.Errorf("register %s: %w", name, err)
	}
	stands, err := s.db.Client.Get(ctx, key).Result()
	if err != nil {
		return "", fmt.Errorf("register %s: %w", name, err)
	}
	return stands, nil
}

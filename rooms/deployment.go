package rooms

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"verifycall/rooms/db"

	"github.com/redis/go-redis/v9"
)

// ErrForeignKeys says that this Redis belongs to a deployment with other keys.
var ErrForeignKeys = errors.New("the key folder isn't that of the deployment on this Redis")

// RegisterKey looks that a key is the one that this Redis was first used with, or
// a later one of the same folder. ids are the key's and those before it, the
// present one first: an older one that is registered is replaced, an unknown one
// is ErrForeignKeys. What is the key for is its kind, "signing" or such.
func (s *Store) RegisterKey(ctx context.Context, kind string, ids []string) error {
	name := db.Prefix + "keys:" + kind
	for {
		there, err := s.db.Client.Get(ctx, name).Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return fmt.Errorf("registered %s key: %w", kind, err)
		}
		set := []string{"SET", name, ids[0]}
		switch {
		case errors.Is(err, redis.Nil):
			set = append(set, "NX")
		case there == ids[0]:
			return nil
		case !slices.Contains(ids, there):
			return fmt.Errorf("%s key: %w: %s is registered, not %s", kind, ErrForeignKeys, there, ids[0])
		}
		if _, _, err := s.db.Write(ctx, set...); err != nil {
			return fmt.Errorf("register %s key: %w", kind, err)
		}
	}
}

package rooms

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed lua/limit.lua
var limitSource string

var limitScript = redis.NewScript(limitSource)

// Limit is a bucket of Burst that gets one back every Every. All nodes on one
// Redis share it.
type Limit struct {
	Name  string
	Every time.Duration // at least 1 ms
	Burst int
}

// Take takes n from who's bucket, 0 only asks whether there is one. It gives 0,
// or how long to wait until there will be; then nothing was taken. Only a hash of
// who is kept, and no journal: a limit needs to outlive no restart.
func (s *Store) Take(ctx context.Context, l Limit, who string, n int) (time.Duration, error) {
	key := prefix + "limit:" + l.Name + ":" + HashToken(who)
	text, err := limitScript.Run(ctx, s.client, []string{key}, s.now().UnixMilli(), l.Every.Milliseconds(), l.Burst, n).Text()
	if err != nil {
		return 0, fmt.Errorf("limit %s: %w", l.Name, err)
	}
	wait, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("limit %s: %w", l.Name, err)
	}
	return time.Duration(wait) * time.Millisecond, nil
}

// Package limits has how often somebody may do something, on all nodes together, and
// on a node alone where Redis doesn't answer.
package limits

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"verifycall/rooms/db"
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

// Buckets are those of all limits. They are safe for concurrent use.
type Buckets struct {
	db    *db.DB
	log   *slog.Logger
	now   func() time.Time
	spare spareBuckets // while Redis can't be asked
}

// New gives buckets that are kept in a DB; now is the clock by which they fill.
func New(d *db.DB, log *slog.Logger, now func() time.Time) *Buckets {
	return &Buckets{db: d, log: log, now: now}
}

// Take takes n from who's bucket, 0 only asks whether there is one. It gives 0,
// or how long to wait until there will be; then nothing was taken. Only a hash of
// who is kept, and no journal: a limit needs to outlive no restart. Where Redis
// doesn't answer, this node's own buckets count.
func (s *Buckets) Take(ctx context.Context, l Limit, who string, n int) time.Duration {
	sum := sha256.Sum256([]byte(who))
	now, key := s.now(), db.Prefix+"limit:"+l.Name+":"+hex.EncodeToString(sum[:])
	wait, err := s.takeShared(ctx, now, l, key, n)
	if err == nil {
		return wait
	}
	if ctx.Err() == nil {
		s.log.Warn("a limit is this node's own", "limit", l.Name, "err", err)
	}
	return s.spare.take(now, l, key, n)
}

func (s *Buckets) takeShared(ctx context.Context, now time.Time, l Limit, key string, n int) (time.Duration, error) {
	wait, err := limitScript.Run(ctx, s.db.Client, []string{key}, now.UnixMilli(), l.Every.Milliseconds(), l.Burst, n).Int64()
	return time.Duration(wait) * time.Millisecond, err
}

// mostSpare bounds the buckets of a node.
const mostSpare = 10_000

// spareBuckets stand in for those of Redis. The zero value is empty.
type spareBuckets struct {
	mu   sync.Mutex
	full map[string]time.Time // by key: when the bucket would be full again
}

// take is lua/limit.lua.
func (b *spareBuckets) take(now time.Time, l Limit, key string, n int) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	full := b.full[key]
	if full.Before(now) {
		full = now
	}
	if wait := full.Add(l.Every * time.Duration(max(n, 1)-l.Burst)).Sub(now); wait > 0 {
		return wait
	}
	if n > 0 {
		b.makeRoom(now)
		b.full[key] = full.Add(l.Every * time.Duration(n))
	}
	return 0
}

// makeRoom forgets of a few buckets those that are full again, and if none is and
// there are too many, any.
func (b *spareBuckets) makeRoom(now time.Time) {
	if b.full == nil {
		b.full = map[string]time.Time{}
	}
	if len(b.full) < mostSpare {
		return
	}
	looked, other := 0, ""
	for key, full := range b.full {
		other = key
		if !full.After(now) {
			delete(b.full, key)
		}
		if looked++; looked == 16 {
			break
		}
	}
	if len(b.full) >= mostSpare {
		delete(b.full, other)
	}
}

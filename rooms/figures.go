package rooms

import (
	"context"
	"fmt"
	"time"

	"verifycall/rooms/db"
	"verifycall/rooms/outbox"

	"github.com/redis/go-redis/v9"
)

// Figures are numbers of all rooms together, of all nodes, for operators.
type Figures struct {
	Mails     int64     // that are not settled
	Queue     int64     // places in the instant queue, kept ones too
	Longest   time.Time // since when the first of them waits; zero where nobody does
	Unsealed  int64     // decided rooms whose bundle isn't written yet
	Decided   time.Time // when the oldest of them was decided; zero where there is none
	Keeping   int64     // rooms of which the store has to be told what to erase or to hold
	NextPurge time.Time // when the next class of evidence is to be erased, in the past where that is late; zero where none is
}

// Figures reads them in one round trip. The error is Redis's.
func (s *Store) Figures(ctx context.Context) (f Figures, err error) {
	pipe := s.db.Client.Pipeline()
	counts := map[string]*redis.IntCmd{}
	for _, index := range []string{outbox.Index, indexQueue, indexUnsealed, indexKeeping} {
		counts[index] = pipe.ZCard(ctx, db.Prefix+"index:"+index)
	}
	firsts := map[string]*redis.ZSliceCmd{}
	for _, index := range []string{indexQueue, indexUnsealed, indexDue} {
		firsts[index] = pipe.ZRangeWithScores(ctx, db.Prefix+"index:"+index, 0, 0)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return Figures{}, fmt.Errorf("figures: %w", err)
	}
	first := func(index string) (at time.Time) {
		for _, z := range firsts[index].Val() {
			at = time.UnixMilli(int64(z.Score)).UTC()
		}
		return at
	}
	return Figures{Mails: counts[outbox.Index].Val(), Queue: counts[indexQueue].Val(), Longest: first(indexQueue),
		Unsealed: counts[indexUnsealed].Val(), Decided: first(indexUnsealed),
		Keeping: counts[indexKeeping].Val(), NextPurge: first(indexDue)}, nil
}

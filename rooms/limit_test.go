package rooms

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestLimit(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		now := time.Now()
		s.now = func() time.Time { return now }
		l := Limit{"guess", 5 * time.Second, 3}
		take := func(who string, n int) time.Duration {
			t.Helper()
			wait, err := s.Take(t.Context(), l, who, n)
			if err != nil {
				t.Fatal(err)
			}
			return wait
		}
		for i := range 3 {
			if take("a", 0) != 0 || take("a", 1) != 0 {
				t.Fatalf("the bucket is empty after %d of 3", i)
			}
		}
		if got := take("a", 1); got <= 4*time.Second || got > 5*time.Second {
			t.Errorf("an empty bucket says to wait %v, want 5 s", got)
		}
		if take("b", 1) != 0 {
			t.Error("one who waits makes another wait")
		}
		now = now.Add(5 * time.Second)
		if take("a", 1) != 0 || take("a", 1) == 0 {
			t.Error("after 5 s there is one, and one only")
		}
	})
}

// Of many at the same moment no more get through than the bucket holds.
func TestLimitHoldsInARush(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		at := time.Now()
		s.now = func() time.Time { return at }
		var through atomic.Int64
		var rush sync.WaitGroup
		for range 50 {
			rush.Go(func() {
				if wait, err := s.Take(t.Context(), Limit{"join", time.Minute, 7}, "r", 1); err == nil && wait == 0 {
					through.Add(1)
				}
			})
		}
		rush.Wait()
		if through.Load() != 7 {
			t.Errorf("%d got through, want 7", through.Load())
		}
	})
}

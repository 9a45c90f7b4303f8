package limits

import (
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"verifycall/rooms/db"
	"verifycall/rooms/db/dbtest"
	"verifycall/rooms/redistest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	redistest.End()
	os.Exit(code)
}

// onBuckets runs a test on each kind of Redis, an empty one.
func onBuckets(t *testing.T, test func(t *testing.T, s *Buckets)) {
	dbtest.OnEach(t, redistest.Kinds, func(t *testing.T, d *db.DB) { test(t, New(d, slog.New(slog.DiscardHandler), time.Now)) })
}

func TestLimit(t *testing.T) {
	onBuckets(t, func(t *testing.T, s *Buckets) {
		now := time.Now()
		s.now = func() time.Time { return now }
		l := Limit{"guess", 5 * time.Second, 3}
		take := func(who string, n int) time.Duration {
			t.Helper()
			return s.Take(t.Context(), l, who, n)
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
	onBuckets(t, func(t *testing.T, s *Buckets) {
		at := time.Now()
		var through, unknown atomic.Int64
		var rush sync.WaitGroup
		for range 50 {
			rush.Go(func() {
				switch wait, err := s.takeShared(t.Context(), at, Limit{"join", time.Minute, 7}, "verifycall:limit:rush", 1); {
				case err != nil:
					unknown.Add(1) // may have been taken: the answer was slow
				case wait == 0:
					through.Add(1)
				}
			})
		}
		rush.Wait()
		if n := through.Load(); n > 7 || n+unknown.Load() < 7 {
			t.Errorf("%d got through, want 7; %d had no answer", n, unknown.Load())
		}
	})
}

// Where Redis doesn't answer a node limits alone.
func TestLimitAlone(t *testing.T) {
	d, err := db.Open(t.Context(), db.Options{Dir: t.TempDir(), Keys: redistest.OneKey{}})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	now := time.Now()
	s := New(d, slog.New(slog.DiscardHandler), func() time.Time { return now })
	l := Limit{"guess", 5 * time.Second, 3}
	there := d.Client
	defer func() { d.Client = there }()
	away := redis.NewClient(&redis.Options{})
	_ = away.Close()
	d.Client = away
	for i := range 3 {
		if wait := s.Take(t.Context(), l, "a", 1); wait != 0 {
			t.Fatalf("the bucket is empty after %d of 3", i)
		}
	}
	if wait := s.Take(t.Context(), l, "a", 1); wait != 5*time.Second {
		t.Errorf("an empty bucket says to wait %v, want 5 s", wait)
	}
	if s.Take(t.Context(), l, "b", 1) != 0 {
		t.Error("one who waits makes another wait")
	}
}

// A node's own bucket says what the one in Redis does.
func TestLimitAloneIsTheSame(t *testing.T) {
	onBuckets(t, func(t *testing.T, s *Buckets) {
		random, now := rand.New(rand.NewPCG(1, 2)), time.UnixMilli(time.Now().UnixMilli())
		s.now = func() time.Time { return now }
		l, own, waited := Limit{"guess", 7 * time.Minute, 9}, spareBuckets{}, 0
		for range 400 { // in minutes: Redis forgets by its own clock
			now = now.Add(time.Duration(random.IntN(9)) * time.Minute)
			n := random.IntN(4)
			got, want := own.take(now, l, "k", n), s.Take(t.Context(), l, "k", n)
			if got != want {
				t.Fatalf("for %d of the bucket: %v, in Redis %v", n, got, want)
			}
			if got > 0 {
				waited++
			}
		}
		if waited == 0 || waited == 400 {
			t.Errorf("%d of 400 were refused", waited)
		}
	})
}

// So many addresses that nobody can keep them don't fill the memory, and the
// bucket that was just emptied stays empty.
func TestLimitAloneIsBounded(t *testing.T) {
	var b spareBuckets
	now, l := time.Now(), Limit{"guess", time.Second, 1}
	for i := range 3 * mostSpare {
		key := strconv.Itoa(i)
		if b.take(now, l, key, 1) != 0 || b.take(now, l, key, 1) == 0 {
			t.Fatalf("the bucket of %s doesn't hold one", key)
		}
	}
	if len(b.full) > mostSpare {
		t.Errorf("%d buckets are kept", len(b.full))
	}
	for i := range mostSpare {
		b.take(now.Add(time.Minute), l, "late-"+strconv.Itoa(i), 1)
	}
	old := 0
	for key := range b.full {
		if !strings.HasPrefix(key, "late-") {
			old++
		}
	}
	if old > mostSpare/10 {
		t.Errorf("%d buckets that are full again are kept", old)
	}
}

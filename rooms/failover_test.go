package rooms

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"verifycall/rooms/db"
	"verifycall/rooms/redistest"
)

// load writes notes into rooms until it is stopped, and remembers what was
// acknowledged.
type load struct {
	mu    sync.Mutex
	acked map[string][]string // room → texts
	total atomic.Int64
	away  atomic.Int64
	stop  chan struct{}
	wg    sync.WaitGroup
}

// startLoad has writers that each write into a room of their own.
func startLoad(t *testing.T, s *Store, writers int) *load {
	l := &load{acked: map[string][]string{}, stop: make(chan struct{})}
	for range writers {
		id := create(t, s, nil).ID
		l.wg.Go(func() { l.write(t, s, id) })
	}
	return l
}

func (l *load) write(t *testing.T, s *Store, id string) {
	for n := 0; ; n++ {
		select {
		case <-l.stop:
			return
		default:
		}
		text := fmt.Sprint("note ", n)
		switch _, err := s.Do(context.Background(), id, "manager:m1", WriteNote{Text: text}); {
		case err == nil:
			l.mu.Lock()
			l.acked[id] = append(l.acked[id], text)
			l.mu.Unlock()
			l.total.Add(1)
		case errors.Is(err, db.ErrAway), errors.Is(err, ErrUnknown):
			l.away.Add(1)
			time.Sleep(5 * time.Millisecond)
		default:
			t.Errorf("%s: %v", id, err)
			return
		}
	}
}

// more waits until that many more writes were acknowledged.
func (l *load) more(t *testing.T, n int64) {
	t.Helper()
	want := l.total.Load() + n
	for deadline := time.Now().Add(time.Minute); l.total.Load() < want; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d writes after a minute, %d refused", l.total.Load(), want, l.away.Load())
		}
	}
}

// check finds every acknowledged note exactly once, and each chain whole.
func (l *load) check(t *testing.T, s *Store) {
	t.Helper()
	close(l.stop)
	l.wg.Wait()
	for id, texts := range l.acked {
		r, err := s.Load(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		record, err := s.Record(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if record[len(record)-1].Head() != r.Record {
			t.Errorf("%s: projection and chain have different heads", id)
		}
		seen := map[string]int{}
		for _, ref := range r.Notes {
			seen[r.Note(ref).Text]++
		}
		for _, text := range texts {
			if seen[text] != 1 {
				t.Errorf("%s: %q is there %d times", id, text, seen[text])
			}
		}
		for text, n := range seen {
			if n > 1 {
				t.Errorf("%s: %q is there %d times", id, text, n)
			}
		}
	}
	t.Logf("%d acknowledged writes are there, %d were refused meanwhile", l.total.Load(), l.away.Load())
}

// TestFailOverLosesNothingAcknowledged kills the master under load.
func TestFailOverLosesNothingAcknowledged(t *testing.T) {
	for name, start := range map[string]func(context.Context, string) (*redistest.Group, error){
		"sentinel": redistest.StartSentinel, "cluster": redistest.StartCluster,
	} {
		t.Run(name, func(t *testing.T) {
			g, err := start(t.Context(), t.TempDir())
			redistest.Need(t, err)
			t.Cleanup(g.Kill)
			s := openStore(t, Options{URL: g.URL, Replicas: 1})
			l := startLoad(t, s, 8)
			l.more(t, 100)
			master, err := g.Master(t.Context(), db.Prefix+"x")
			if err != nil {
				t.Fatal(err)
			}
			master.Kill()
			// With its only replica promoted nobody is left to wait for: the old
			// master comes back as the new one's replica.
			if err := master.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
			l.more(t, 100)
			l.check(t, s)
		})
	}
}

// TestDownRedisRefusesAtOnce has Redis stop and hang under load: what is asked
// then fails within a second, the later the quicker, and all goes on afterwards.
func TestDownRedisRefusesAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		down func(*redistest.Server)
		up   func(*redistest.Server) error
	}{
		"killed": {(*redistest.Server).Kill, func(s *redistest.Server) error { return s.Restart(context.Background()) }},
		"hangs":  {(*redistest.Server).Pause, func(s *redistest.Server) error { s.Continue(); return nil }},
	} {
		t.Run(name, func(t *testing.T) {
			server := redistest.Serve(t)
			s := openStore(t, Options{URL: server.URL()})
			l := startLoad(t, s, 4)
			l.more(t, 50)
			c.down(server)
			for refused := 0; refused < 20; refused++ {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // only a hang reaches it
				_, err := s.Create(ctx, "system", newRoom)
				late := ctx.Err()
				cancel()
				if late != nil || err == nil {
					t.Fatalf("not refused at once: %v", err)
				}
				if !errors.Is(err, db.ErrAway) {
					t.Fatalf("refused by %v", err)
				}
			}
			if err := c.up(server); err != nil {
				t.Fatal(err)
			}
			l.more(t, 50)
			l.check(t, s)
		})
	}
}

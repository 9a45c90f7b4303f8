// Command rooms measures how fast rooms are committed: on the embedded store, on
// redis-server with both ways of appendfsync, and on a Cluster; and how bookings
// of one calendar go under contention, by the commit script and, in the same run,
// by WATCH and MULTI; the page of slots over 200 managers and 14 days; pages over a
// million closed rooms and what one costs in memory. One JSON object a line.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"verifycall/rooms"
	"verifycall/rooms/db"
	"verifycall/rooms/ledger"
	"verifycall/rooms/redistest"
)

// line is one figure. Ratio is the rate divided by that of Vs.
type line struct {
	Name    string  `json:"name"`
	On      string  `json:"on"`
	PerS    float64 `json:"per_s"`
	P50     float64 `json:"p50_ms"`
	P99     float64 `json:"p99_ms"`
	N       int     `json:"n"`
	Writers int     `json:"writers"`
	Vs      string  `json:"vs,omitempty"`
	Ratio   float64 `json:"ratio,omitempty"`
}

func main() {
	n := flag.Int("n", 4000, "`number` of commits each")
	writers := flag.Int("writers", 32, "`number` of writers at the same time")
	count := flag.Int("closed", 1_000_000, "`number` of closed rooms that pages are made of; 0 leaves them out")
	only := flag.Bool("only-closed", false, "leave all else out")
	flag.Parse()
	var err error
	if !*only {
		err = run(context.Background(), *n, *writers)
	}
	if err == nil && *count > 0 {
		err = closed(context.Background(), *count)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench rooms:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, n, writers int) (err error) {
	dir, err := os.MkdirTemp("", "bench-rooms-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	out := json.NewEncoder(os.Stdout)
	everysec, err := redistest.Start(ctx, filepath.Join(dir, "everysec"), "--appendfsync", "everysec")
	if err != nil {
		return err
	}
	defer everysec.Kill()
	always, err := redistest.Start(ctx, filepath.Join(dir, "always"))
	if err != nil {
		return err
	}
	defer always.Kill()
	cluster, err := redistest.StartCluster(ctx, filepath.Join(dir, "cluster"))
	if err != nil {
		return err
	}
	defer cluster.Kill()
	for _, c := range []struct {
		on string
		o  rooms.Options
	}{
		{"embedded", rooms.Options{Dir: filepath.Join(dir, "embedded")}}, {"redis everysec", rooms.Options{URL: everysec.URL()}},
		{"redis always", rooms.Options{URL: always.URL()}}, {"cluster, 1 replica waited for", rooms.Options{URL: cluster.URL, Replicas: 1}},
	} {
		if err := commits(ctx, c.on, c.o, n, writers, out); err != nil {
			return fmt.Errorf("%s: %w", c.on, err)
		}
	}
	if err := bookings(ctx, everysec, n, writers, out); err != nil {
		return err
	}
	for _, c := range []struct {
		on string
		o  rooms.Options
	}{{"embedded", rooms.Options{Dir: filepath.Join(dir, "slots"), Keys: newOneKey()}}, {"redis everysec", rooms.Options{URL: everysec.URL(), Keys: newOneKey()}}} {
		if err := slots(ctx, c.on, c.o, out); err != nil {
			return fmt.Errorf("slots, %s: %w", c.on, err)
		}
	}
	return nil
}

// closed runs the pages over closed rooms, which the store's own test makes, and
// prints its figures.
func closed(ctx context.Context, count int) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-timeout", "30m", "-v", "-run", "^TestClosedRooms$", "./rooms")
	cmd.Env = append(os.Environ(), "ROOMS_CLOSED="+strconv.Itoa(count))
	text, err := cmd.CombinedOutput()
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "{") {
			fmt.Print(line)
		}
	}
	if err != nil {
		return fmt.Errorf("closed rooms: %w\n%s", err, text)
	}
	return nil
}

// commits has every writer chain entries to an aggregate of its own.
func commits(ctx context.Context, on string, o rooms.Options, n, writers int, out *json.Encoder) error {
	o.Keys = newOneKey()
	s, err := rooms.Open(ctx, o)
	if err != nil {
		return err
	}
	l, err := measure("commit", on, n, writers, func(writer int) func() error {
		var head ledger.Head
		return func() error {
			c, next, err := entry(fmt.Sprint("bench:", writer), head)
			if err == nil {
				if err = s.DB().Commit(ctx, c); err == nil {
					head = next
				}
			}
			return err
		}
	})
	if err == nil {
		err = out.Encode(l)
	}
	return errors.Join(err, s.Close())
}

func entry(aggregate string, head ledger.Head) (db.Change, ledger.Head, error) {
	e, err := ledger.Append(head, time.Now(), "system", "benched", map[string]any{"slot": "2026-11-24T12:00:00Z"})
	return db.Change{Aggregate: aggregate, State: []byte(`{"state":"booked"}`),
		Chains: []db.Chain{{Ledger: "record", Expect: head, Entries: []ledger.Entry{e}}}}, e.Head(), err
}

// bookings has all writers chain entries to one calendar, each with a room of its
// own: who loses reads the calendar's head and tries again.
func bookings(ctx context.Context, server *redistest.Server, n, writers int, out *json.Encoder) error {
	s, err := rooms.Open(ctx, rooms.Options{URL: server.URL(), Keys: newOneKey()})
	if err != nil {
		return err
	}
	client := redis.NewClient(&redis.Options{Addr: server.Addr, PoolSize: writers})
	var count atomic.Int64
	script, err := measure("booking", "commit script", n, writers, func(int) func() error {
		return func() error { return bookByScript(ctx, s, client, count.Add(1)) }
	})
	if err != nil {
		return err
	}
	var turn sync.Mutex
	turns, err := measure("booking", "commit script, one decided at a time as Store.Book does", n, writers, func(int) func() error {
		return func() error {
			turn.Lock()
			defer turn.Unlock()
			return bookByScript(ctx, s, client, count.Add(1))
		}
	})
	if err != nil {
		return err
	}
	watch, err := measure("booking", "WATCH/MULTI", n, writers, func(int) func() error {
		return func() error { return bookByWatch(ctx, client, count.Add(1)) }
	})
	if err != nil {
		return err
	}
	for _, l := range []*line{&script, &turns} {
		l.Vs, l.Ratio = watch.On, math.Round(l.PerS/watch.PerS*100)/100
	}
	return errors.Join(out.Encode(watch), out.Encode(script), out.Encode(turns), client.Close(), s.Close())
}

const calendarKey = "vc:{main}:calendar:bench"

func bookByScript(ctx context.Context, s *rooms.Store, client *redis.Client, number int64) error {
	for {
		head, err := headOf(client.HGet(ctx, calendarKey, "record"))
		if err != nil {
			return err
		}
		c, _, err := entry("calendar:bench", head)
		if err != nil {
			return err
		}
		room, _, err := entry(fmt.Sprint("booked:", number), ledger.Head{})
		if err != nil {
			return err
		}
		if err := s.DB().Commit(ctx, c, room); !errors.Is(err, rooms.ErrConflict) {
			return err
		}
	}
}

func headOf(c *redis.StringCmd) (head ledger.Head, err error) {
	text, err := c.Result()
	if errors.Is(err, redis.Nil) {
		return head, nil
	}
	if err == nil {
		_, err = fmt.Sscanf(text, "%d-%s", &head.Seq, &head.Hash)
	}
	return head, err
}

// bookByWatch writes what bookByScript writes.
func bookByWatch(ctx context.Context, client *redis.Client, number int64) error {
	for {
		err := client.Watch(ctx, func(tx *redis.Tx) error {
			head, err := headOf(tx.HGet(ctx, calendarKey, "record"))
			if err != nil {
				return err
			}
			_, err = tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
				return errors.Join(put(ctx, pipe, "calendar:bench", head), put(ctx, pipe, fmt.Sprint("booked:", number), ledger.Head{}))
			})
			return err
		}, calendarKey)
		if !errors.Is(err, redis.TxFailedErr) {
			return err
		}
	}
}

func put(ctx context.Context, pipe redis.Pipeliner, aggregate string, head ledger.Head) error {
	c, next, err := entry(aggregate, head)
	if err != nil {
		return err
	}
	text, err := c.Chains[0].Entries[0].Line()
	key := "vc:{main}:" + aggregate
	pipe.XAdd(ctx, &redis.XAddArgs{Stream: key + ":record", ID: fmt.Sprint(next.Seq, "-0"), Values: []any{"e", text}})
	pipe.HSet(ctx, key, "record", fmt.Sprintf("%d-%s", next.Seq, next.Hash), "state", c.State)
	return err
}

// measure runs n operations over several writers.
func measure(name, on string, n, writers int, writer func(int) func() error) (line, error) {
	var (
		mu     sync.Mutex
		took   []time.Duration
		faults []error
		left   atomic.Int64
		wg     sync.WaitGroup
	)
	left.Store(int64(n))
	began := time.Now()
	for w := range writers {
		wg.Go(func() {
			do := writer(w)
			for left.Add(-1) >= 0 {
				start := time.Now()
				err := do()
				mu.Lock()
				took, faults = append(took, time.Since(start)), append(faults, err)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	all := time.Since(began).Seconds()
	slices.Sort(took)
	ms := func(q float64) float64 {
		return math.Round(took[max(0, int(math.Ceil(q*float64(len(took))))-1)].Seconds()*1e5) / 100
	}
	return line{Name: name, On: on, PerS: math.Round(float64(len(took)) / all), P50: ms(0.50), P99: ms(0.99), N: len(took),
		Writers: writers}, errors.Join(faults...)
}

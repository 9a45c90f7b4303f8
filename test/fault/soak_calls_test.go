//go:build fault

package fault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"verifycall/bench/robot"
	"verifycall/calls/protocol"
	"verifycall/rooms/ledger"
)

// TestSoakCalls holds 20 calls at a time (VERIFYCALL_CALLS) on one node with a
// Redis and a store: joins and leaves, lost connections, captures, verdicts, and
// purges by an operator. In the end, when all is erased, goroutines, memory, files
// and keys in Redis are back at the start's level, but for the ledgers that outlive
// a purge; those are read out of Redis and verified. VERIFYCALL_SOAK says how long;
// without it, it is 10 calls at a time for 90 s.
func TestSoakCalls(t *testing.T) {
	length, calls := 90*time.Second, 10
	var err error
	if text := os.Getenv("VERIFYCALL_SOAK"); text != "" {
		calls = 20
		length, err = time.ParseDuration(text)
		must(t, err)
	}
	if text := os.Getenv("VERIFYCALL_CALLS"); text != "" {
		calls, err = strconv.Atoi(text)
		must(t, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), length+10*time.Minute)
	defer cancel()
	s := newCallsSoak(t, ctx)
	s.warmUp(ctx, calls)
	start := s.quiet(ctx, level{})
	t.Logf("start: %s", start)
	began := time.Now()
	s.ends = began.Add(length)
	var robots sync.WaitGroup
	for i := range calls {
		robots.Go(func() {
			sleepFor(ctx, time.Duration(i)*500*time.Millisecond)
			s.caller(ctx)
		})
	}
	s.watch(ctx, length/8)
	robots.Wait()
	t.Logf("the last call has ended after %s", time.Since(began).Round(time.Second))
	busy := readLevel(t, ctx, s.node, s.redis, s.store)
	cores := (busy.cpu - start.cpu) / time.Since(began).Seconds()
	s.checkKept(ctx)
	end := s.quiet(ctx, start)
	t.Logf("end after %s: %s", time.Since(began).Round(time.Second), end)
	s.compare(ctx, start, end)
	s.checkLedgers(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	figures, err := json.Marshal(map[string]any{"name": "soak_calls", "calls": calls, "seconds": int(time.Since(began).Seconds()), "done": s.done,
		"cores": math.Round(cores*100) / 100, "storeMB": []int{start.disk >> 20, busy.disk >> 20}, "goroutines": []int{start.goroutines, end.goroutines},
		"files": []int{start.files, end.files}, "heapMB": []int{start.heap >> 20, end.heap >> 20}, "residentMB": []int{start.resident >> 20, end.resident >> 20},
		"redisKB": []int{start.redis >> 10, end.redis >> 10}})
	must(t, err)
	fmt.Println(string(figures))
}

type callsSoak struct {
	t        *testing.T
	cluster  *cluster
	node     *robot.Server
	operator *robot.Operator
	redis    *redis.Client
	store    string
	ends     time.Time

	mu      sync.Mutex // guards what follows
	done    map[string]int
	sealed  []string // rooms whose bundle is there until the end
	erased  []string
	pending []string // told to be erased
}

func newCallsSoak(t *testing.T, ctx context.Context) *callsSoak {
	t.Helper()
	s := &callsSoak{t: t, cluster: newCluster(t, ctx), done: map[string]int{}}
	s.node = s.cluster.node(t, ctx, "a")
	s.store = filepath.Join(s.cluster.dir, "store")
	options, err := redis.ParseURL(s.cluster.redis.URL)
	must(t, err)
	s.redis = redis.NewClient(options)
	t.Cleanup(func() { s.redis.Close() })
	s.operator, err = s.node.Operator(ctx)
	must(t, err)
	return s
}

// warmUp does everything once, with as many calls as there will be, so that what is
// made once and kept, such as the pool of connections to Redis, is there.
func (s *callsSoak) warmUp(ctx context.Context, calls int) {
	var robots sync.WaitGroup
	for range calls {
		robots.Go(func() {
			c := &oneCall{callsSoak: s}
			if err := c.hold(ctx, 5*time.Second); err != nil {
				s.t.Error(err)
			}
		})
	}
	robots.Wait()
	s.mu.Lock()
	s.pending = append(s.pending, s.sealed...)
	s.sealed = nil
	s.mu.Unlock()
	s.erase(ctx)
	s.gone(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.done)
}

func (s *callsSoak) count(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done[what]++
}

// caller holds one call after the other.
func (s *callsSoak) caller(ctx context.Context) {
	for time.Now().Before(s.ends) && ctx.Err() == nil {
		c := &oneCall{callsSoak: s}
		if err := c.hold(ctx, 10*time.Second+rand.N(20*time.Second)); err != nil && ctx.Err() == nil {
			s.t.Logf("call %s: %v", c.room, err)
			s.count("calls that broke off")
			sleepFor(ctx, time.Second)
		}
	}
}

// oneCall is a room and its two robots. Owned by its caller.
type oneCall struct {
	*callsSoak
	room string
	call *robot.Call
}

// patience is for how long a robot tries again what a busy server put off.
const patience = 2 * time.Minute

// again does something until it is done, refused for good, or took too long.
func (c *oneCall) again(ctx context.Context, what string, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		asking, stop := context.WithTimeout(ctx, patience/4)
		err := do(asking)
		stop()
		if err == nil {
			return nil
		}
		if final(err) || ctx.Err() != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if !errors.Is(err, errNotYet) {
			c.count("put off and tried again")
		}
		sleepFor(ctx, time.Second)
	}
}

// hold brings a call about, does in it what people do, ends it with a verdict
// whatever happened, and has it erased once its record is sealed, or keeps it for
// the end.
func (c *oneCall) hold(ctx context.Context, long time.Duration) error {
	c.call = &robot.Call{}
	defer c.hangUp()
	if err := c.join(ctx); err != nil {
		return err
	}
	err := c.talk(ctx, long)
	if err != nil {
		c.hangUp()
		if again := c.rejoin(ctx, &c.call.M, c.call.Manager); again != nil {
			return errors.Join(err, again)
		}
	}
	end := c.again(ctx, "verdict", func(ctx context.Context) error {
		err := c.call.M.Do(ctx, &protocol.Verdict{Verdict: "abort", Reasons: []string{"P_AGENT_FAULT"}})
		if state, _ := c.node.State(ctx, c.room); state == "decided" { // a failure shows by the state
			return nil
		}
		return err
	})
	if end == nil {
		c.count("verdicts")
		end = c.finish(ctx)
	}
	return errors.Join(err, end)
}

func (c *oneCall) hangUp() {
	for _, side := range []**robot.Robot{&c.call.S, &c.call.M} {
		if *side != nil {
			_ = (*side).Close() // the server may have closed it
			*side = nil
		}
	}
}

func (c *oneCall) join(ctx context.Context) error {
	steps := []func(context.Context) error{
		func(ctx context.Context) (err error) { c.call.Room, err = c.node.NewRoom(ctx); return err },
		func(ctx context.Context) (err error) {
			c.call.Seller, err = c.node.SignIn(ctx, protocol.RoleSeller, c.call.Room)
			return err
		},
		func(ctx context.Context) (err error) {
			c.call.Manager, err = c.node.SignIn(ctx, protocol.RoleManager, c.call.Room)
			return err
		},
		func(ctx context.Context) (err error) {
			c.call.S, err = c.call.Seller.Join(ctx, c.cluster.film)
			return err
		},
		func(ctx context.Context) (err error) {
			c.call.M, err = c.call.Manager.Join(ctx, c.cluster.film)
			return err
		},
	}
	for _, step := range steps {
		if err := c.again(ctx, "join", step); err != nil {
			return err
		}
		c.room = c.call.Room.ID
	}
	return c.both(ctx, "waiting")
}

// talk admits the seller and goes on for so long.
func (c *oneCall) talk(ctx context.Context, long time.Duration) error {
	if rand.IntN(5) == 0 { // somebody leaves before the seller is let in, and comes back
		if err := c.drop(ctx, "waiting"); err != nil {
			return err
		}
	}
	if err := c.do(ctx, &protocol.Admit{}); err != nil {
		return err
	}
	for until := time.Now().Add(long); time.Now().Before(until) && ctx.Err() == nil; sleepFor(ctx, time.Second+rand.N(2*time.Second)) {
		if err := c.act(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (c *oneCall) do(ctx context.Context, msg protocol.ClientMessage) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return c.call.M.Do(ctx, msg)
}

func (c *oneCall) act(ctx context.Context) error {
	var fault *protocol.Fault
	switch rand.IntN(6) {
	case 0:
		return c.drop(ctx, "live")
	case 1, 2:
		err := c.do(ctx, &protocol.Capture{Slot: protocol.Slots[rand.IntN(len(protocol.Slots))]})
		if errors.As(err, &fault) { // a slot's tries are used up, or no picture came in time
			c.count("captures refused: " + string(fault.Code))
			return nil
		}
		c.count("captures")
		return err
	default:
		err := c.do(ctx, &protocol.Chat{Text: "Please hold the card still."})
		if errors.As(err, &fault) && protocol.Table[fault.Code].Retryable {
			c.count("lines refused: " + string(fault.Code))
			return nil
		}
		c.count("lines")
		return err
	}
}

// drop lets one side lose its connections and come back, or its WebSocket alone.
func (c *oneCall) drop(ctx context.Context, state string) error {
	side, session := &c.call.S, c.call.Seller
	if rand.IntN(2) == 0 {
		side, session = &c.call.M, c.call.Manager
	}
	var err error
	if rand.IntN(2) == 0 {
		c.count("WebSockets lost")
		err = c.again(ctx, "reconnect", (*side).Reconnect)
	} else {
		c.count("connections lost")
		_ = (*side).Close() // that is the loss
		*side = nil
		err = c.rejoin(ctx, side, session)
	}
	if err != nil {
		return err
	}
	return c.both(ctx, state)
}

func (c *oneCall) rejoin(ctx context.Context, side **robot.Robot, session *robot.Session) error {
	return c.again(ctx, "rejoin", func(ctx context.Context) (err error) { *side, err = session.Rejoin(ctx, c.cluster.film); return err })
}

// both waits until both sides see each other in a state of the room.
func (c *oneCall) both(ctx context.Context, state string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, side := range []*robot.Robot{c.call.S, c.call.M} {
		_, err := side.Wait(ctx, func(s *protocol.State) bool {
			return s.You.Media && s.Peer != nil && s.Peer.Media && s.Room.State == state
		})
		if err != nil {
			return fmt.Errorf("both %s: %w", state, err)
		}
	}
	return nil
}

// keptBundles is how many are kept for the end. A key may fetch 60 at once.
const keptBundles = 30

var errNotYet = errors.New("not yet")

// finish waits for the sealed record.
func (c *oneCall) finish(ctx context.Context) error {
	err := c.again(ctx, "seal", func(ctx context.Context) error {
		sealed, err := c.node.Sealed(ctx, c.room)
		if err == nil && !sealed {
			err = errNotYet
		}
		return err
	})
	if err != nil {
		return err
	}
	c.count("records sealed")
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.sealed) < keptBundles && rand.IntN(4) == 0 {
		c.sealed = append(c.sealed, c.room)
	} else {
		c.pending = append(c.pending, c.room)
	}
	return nil
}

// watch erases what is to be erased until the time is over, and tells how it goes.
func (s *callsSoak) watch(ctx context.Context, every time.Duration) {
	next := time.Now().Add(every)
	for time.Now().Before(s.ends) && ctx.Err() == nil {
		s.erase(ctx)
		sleepFor(ctx, time.Second)
		if time.Now().After(next) {
			next = next.Add(every)
			s.t.Logf("%s left: %s", time.Until(s.ends).Round(time.Second), readLevel(s.t, ctx, s.node, s.redis, s.store))
		}
	}
}

// erase has all that is pending erased.
func (s *callsSoak) erase(ctx context.Context) {
	s.mu.Lock()
	rooms := s.pending
	s.pending = nil
	s.mu.Unlock()
	for _, room := range rooms {
		eventually(s.t, ctx, room+" can be erased", func() bool { return s.operator.Purge(ctx, room) == nil })
		s.count("purges")
		s.mu.Lock()
		s.erased = append(s.erased, room)
		s.mu.Unlock()
	}
}

// checkKept verifies the bundles that were kept, and has them erased.
func (s *callsSoak) checkKept(ctx context.Context) {
	for _, room := range s.sealed {
		verified(s.t, s.cluster.program, bundle(s.t, ctx, s.node, room), s.cluster.dir)
		s.count("bundles verified")
	}
	s.pending = append(s.pending, s.sealed...)
	s.erase(ctx)
	s.gone(ctx)
	for _, room := range s.erased[:min(20, len(s.erased))] {
		if body, err := s.node.Get(ctx, "/api/v1/rooms/"+room+"/bundle.zip"); err == nil {
			_ = body.Close() // it should not be there
			s.t.Errorf("%s is erased, and its bundle is there", room)
		}
	}
}

// gone waits until all that was told to be erased is.
func (s *callsSoak) gone(ctx context.Context) {
	for _, room := range s.erased {
		eventually(s.t, ctx, "the evidence of "+room+" is erased", func() bool {
			purged, err := s.operator.Purged(ctx, room)
			return err == nil && purged
		})
	}
}

func eventually(t *testing.T, ctx context.Context, what string, is func() bool) {
	t.Helper()
	for until := time.Now().Add(2 * time.Minute); !is(); sleepFor(ctx, 200*time.Millisecond) {
		if time.Now().After(until) || ctx.Err() != nil {
			t.Fatalf("not in time: %s", what)
		}
	}
}

// Bounds of what may be more in the end than at the start.
const (
	moreGoroutines = 2
	moreFiles      = 2
	moreHeap       = 6 << 20 // bytes; of 1,000 rooms' bookkeeping too
)

// quiet waits until the node is back at a level, or for the level before any
// call, which is that of ten looks that agree. It gives the last.
func (s *callsSoak) quiet(ctx context.Context, want level) level {
	var last level
	same := 0
	for until := time.Now().Add(3 * time.Minute); time.Now().Before(until) && ctx.Err() == nil; sleepFor(ctx, time.Second) {
		http.DefaultClient.CloseIdleConnections() // the robots'
		l := readLevel(s.t, ctx, s.node, s.redis, s.store)
		if want.goroutines > 0 && l.goroutines <= want.goroutines+moreGoroutines && l.files <= want.files+moreFiles &&
			l.heap <= want.heap+moreHeap && l.scratch <= want.scratch {
			return l
		}
		if l.goroutines == last.goroutines && l.files == last.files {
			same++
		} else {
			same = 0
		}
		if last = l; want.goroutines == 0 && same == 10 {
			return l
		}
	}
	return last
}

func (s *callsSoak) compare(ctx context.Context, start, end level) {
	t := s.t
	if end.goroutines > start.goroutines+moreGoroutines {
		t.Errorf("goroutines: %d, then %d:\n%s", start.goroutines, end.goroutines, fetch(t, ctx, s.node.Ops()+"/debug/pprof/goroutine?debug=1"))
	}
	if end.files > start.files+moreFiles {
		t.Errorf("file handles: %d, then %d", start.files, end.files)
	}
	if end.heap > start.heap+moreHeap {
		t.Errorf("heap: %d bytes, then %d", start.heap, end.heap)
	}
	if end.scratch > start.scratch {
		t.Errorf("files of recordings: %d, then %d", start.scratch, end.scratch)
	}
	rooms := end.keys["room:*"] - start.keys["room:*"]
	more := map[string]int{}
	for kind, n := range end.keys {
		if n != start.keys[kind] {
			more[kind] = n - start.keys[kind]
		}
		most := 2 // of indexes that a first room begins
		if strings.HasPrefix(kind, "room:") || strings.HasPrefix(kind, "link:") {
			most = 2 * rooms // its ledgers and its links stay
		}
		if more[kind] > most {
			t.Errorf("%d keys %s are more, after %d rooms", more[kind], kind, rooms)
		}
	}
	t.Logf("rooms whose ledgers are left: %d; keys of each kind that are more: %v", rooms, more)
}

// checkLedgers reads every chain out of Redis and verifies it.
func (s *callsSoak) checkLedgers(ctx context.Context) {
	chains := readChains(s.t, ctx, s.redis)
	for name, list := range chains {
		if err := ledger.Verify(list); err != nil {
			s.t.Errorf("%s: %v", name, err)
		}
	}
	for _, room := range s.erased {
		if n := count(chains["room:"+room+":custody"], "purged", "", ""); n != 1 {
			s.t.Errorf("%s: %d tombstones", room, n)
		}
	}
	s.t.Logf("ledgers read and verified: %d", len(chains))
}

//go:build fault

package fault

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"verifycall/bench/robot"
)

// TestSoakRooms lets robots book and call on three nodes while those are killed,
// paused and drained, and Redis is killed and started again. In the end every
// ledger is read out of Redis and every bundle is verified: what was acknowledged
// has to be there exactly once, no time is taken twice, and every mail was sent. VERIFYCALL_SOAK says how long, else a minute.
func TestSoakRooms(t *testing.T) {
	length := time.Minute
	if text := os.Getenv("VERIFYCALL_SOAK"); text != "" {
		var err error
		length, err = time.ParseDuration(text)
		must(t, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), length+5*time.Minute)
	defer cancel()
	s := &soak{cluster: newCluster(t, ctx), box: newPostbox(t), t: t, ends: time.Now().Add(length)}
	for _, name := range []string{"a", "b", "c"} {
		s.nodes = append(s.nodes, &soakNode{server: s.cluster.node(t, ctx, name, s.box.args()...), name: name})
		s.nodes[len(s.nodes)-1].server.Key = s.nodes[0].server.Key // one integrator, at whatever node
	}
	var robots sync.WaitGroup
	for i := range 2 {
		robots.Go(func() { s.callers(ctx, i) })
		robots.Go(func() { s.bookers(ctx, i) })
	}
	for i := range 3 {
		robots.Go(func() { s.sellers(ctx, i) })
	}
	s.breakThings(ctx)
	robots.Wait()
	s.check(ctx)
}

// soak is one run. What robots were told is kept for the check.
type soak struct {
	t       *testing.T
	cluster *cluster
	box     *postbox
	ends    time.Time
	nodes   []*soakNode // owned by breakThings but for up

	mu      sync.Mutex // guards what follows
	rooms   []*told
	booked  map[string]string // Idempotency-Key → room
	chosen  []*choice         // of sellers
	taken   int               // answers that a time is just taken
	broken  map[string]int    // what was done to nodes and Redis
	hits    []hit             // the same, with its time
	lastHit time.Time         // when a node was killed last
	backIn  []time.Duration   // from the loss of a connection soon after a kill to pictures
	refused int               // operations that were not acknowledged

	late, afterSeal int // entries that came late, into records and into custody, counted by the check
	archived        int // records that left Redis for the store, counted by the check
}

type soakNode struct {
	name   string
	server *robot.Server
	down   bool // guarded by soak.mu
}

// told is what robots know of a room: what must be in its record, and what may.
type told struct {
	room  robot.Room
	chats map[string]bool   // text → acknowledged
	slots map[string][2]int // captures: acknowledged, tried
	ended bool
}

// breakThings breaks one thing after the other until the time is over, and mends
// each before the next, so that two nodes always work.
func (s *soak) breakThings(ctx context.Context) {
	s.broken = map[string]int{}
	ways := []struct {
		name string
		do   func(context.Context, *soakNode)
	}{{"kill", s.kill}, {"pause", s.pause}, {"drain", s.drain}, {"redis", s.killRedis}}
	for i := 0; time.Until(s.ends) > 12*time.Second; i++ {
		sleepFor(ctx, 4*time.Second+rand.N(3*time.Second))
		way, node := ways[i%len(ways)], s.nodes[rand.IntN(len(s.nodes))]
		s.mu.Lock()
		s.broken[way.name]++
		s.hits = append(s.hits, hit{way.name, time.Now()})
		s.mu.Unlock()
		way.do(ctx, node)
	}
	sleepFor(ctx, time.Until(s.ends))
}

func sleepFor(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

func (s *soak) setDown(n *soakNode, down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n.down = down
}

func (s *soak) kill(ctx context.Context, n *soakNode) {
	s.setDown(n, true)
	s.mu.Lock()
	s.lastHit = time.Now()
	s.mu.Unlock()
	n.server.Kill()
	if err := os.RemoveAll(n.server.Data()); err != nil {
		s.t.Error(err)
	}
	sleepFor(ctx, 4*time.Second)
	s.again(ctx, n)
}

// restarts bounds how often a node is started that ends at its start, as a
// supervisor would.
const restarts = 5

func (s *soak) again(ctx context.Context, n *soakNode) {
	server, err := n.server.Again(ctx)
	for tries := 1; err != nil && tries < restarts && ctx.Err() == nil; tries++ { // Redis may not answer just then
		s.t.Logf("node %s is started again: %v", n.name, err)
		sleepFor(ctx, time.Second)
		server, err = n.server.Again(ctx)
	}
	if err != nil {
		s.t.Errorf("node %s doesn't start again: %v", n.name, err)
		return
	}
	s.t.Cleanup(server.Kill)
	server.Key = n.server.Key
	s.mu.Lock()
	defer s.mu.Unlock()
	n.server, n.down = server, false
}

func (s *soak) pause(ctx context.Context, n *soakNode) {
	s.setDown(n, true)
	if err := n.server.Pause(); err != nil {
		s.t.Error(err)
	}
	sleepFor(ctx, 5*time.Second)
	if err := n.server.Wake(); err != nil {
		s.t.Error(err)
	}
	s.setDown(n, false)
}

func (s *soak) drain(ctx context.Context, n *soakNode) {
	if text, err := s.cluster.drain(ctx, n.server); err != nil {
		s.t.Errorf("drain: %v\n%s", err, text)
	}
	s.setDown(n, true)
	if code := n.server.Stop(); code != 0 {
		s.t.Errorf("a drained node ended with %d:\n%s", code, n.server.Log())
	}
	s.again(ctx, n)
}

func (s *soak) killRedis(ctx context.Context, _ *soakNode) {
	s.cluster.redis.Kill()
	sleepFor(ctx, 2*time.Second)
	if err := s.cluster.redis.Start(ctx); err != nil {
		s.t.Error(err)
	}
}

// any gives a node that works, as a load balancer would.
func (s *soak) any() *robot.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	var up []*robot.Server
	for _, n := range s.nodes {
		if !n.down {
			up = append(up, n.server)
		}
	}
	return up[rand.IntN(len(up))] // one is down at most
}

func (s *soak) count(err error) {
	if err != nil {
		s.mu.Lock()
		s.refused++
		s.mu.Unlock()
	}
}

// bookers make rooms for later with an Idempotency-Key, and repeat what was not
// answered with the same key, wherever.
func (s *soak) bookers(ctx context.Context, who int) {
	for i := 0; time.Now().Before(s.ends) && ctx.Err() == nil; i++ {
		key := fmt.Sprintf("soak-%d-%d", who, i)
		at := time.Now().Add(24*time.Hour + rand.N(300*time.Hour)).Truncate(time.Second)
		first := ""
		for tries := 0; ; tries++ {
			room, err := s.any().Book(ctx, key, at)
			if err != nil {
				s.count(err)
				sleepFor(ctx, 200*time.Millisecond)
				if ctx.Err() != nil {
					return
				}
				continue
			}
			if first != "" && room.ID != first {
				s.t.Errorf("one Idempotency-Key made %s and %s", first, room.ID)
			}
			if first != "" {
				break
			}
			first = room.ID // and once more: the answer might have been lost
		}
		s.mu.Lock()
		if s.booked == nil {
			s.booked = map[string]string{}
		}
		s.booked[key] = first
		s.mu.Unlock()
		sleepFor(ctx, 300*time.Millisecond)
	}
}

func percentile(samples []time.Duration, p float64) time.Duration {
	if len(samples) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(samples))
	return sorted[min(len(sorted)-1, int(p*float64(len(sorted))))].Round(10 * time.Millisecond)
}

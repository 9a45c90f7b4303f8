//go:build fault

package fault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"verifycall/bench/robot"
	"verifycall/calls/protocol"
	"verifycall/rooms/ledger"
)

// wire is a TCP way to a Redis that can be cut: nothing passes then, and nobody
// is told.
type wire struct {
	URL   string
	to    string
	links sync.WaitGroup

	mu   sync.Mutex
	open chan struct{} // closed while bytes may pass
	all  []net.Conn
}

func newWire(t *testing.T, redis *robot.Redis) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	w := &wire{URL: "redis://" + l.Addr().String() + "/0", to: strings.TrimSuffix(strings.TrimPrefix(redis.URL, "redis://"), "/0"), open: make(chan struct{})}
	close(w.open)
	w.links.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			w.links.Go(func() { w.link(from) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		w.mend()
		w.mu.Lock()
		all := w.all
		w.mu.Unlock()
		for _, c := range all {
			c.Close()
		}
		w.links.Wait()
	})
	return w
}

func (w *wire) link(from net.Conn) {
	to, err := net.Dial("tcp", w.to)
	if err != nil {
		from.Close()
		return
	}
	w.mu.Lock()
	w.all = append(w.all, from, to)
	w.mu.Unlock()
	w.links.Go(func() { w.carry(to, from) })
	w.carry(from, to)
}

func (w *wire) carry(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	for buffer := make([]byte, 64<<10); ; {
		n, err := from.Read(buffer)
		<-w.way()
		if _, wrong := to.Write(buffer[:n]); err != nil || wrong != nil {
			return
		}
	}
}

func (w *wire) way() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.open
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open = make(chan struct{})
}

func (w *wire) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.open:
	default:
		close(w.open)
	}
}

// cutTime is how long Redis is away: VERIFYCALL_AWAY, else some times the lease.
func cutTime(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("VERIFYCALL_AWAY")
	if text == "" {
		return 6 * time.Second
	}
	length, err := time.ParseDuration(text)
	must(t, err)
	return length
}

// duringCut does to a call what people do until the time is over, all of it
// acknowledged, and looks that what is kept is shown. It gives the lines said.
func duringCut(t *testing.T, ctx context.Context, call *robot.Call, until time.Time) (lines []string, captures int) {
	t.Helper()
	for n := 0; n == 0 || time.Now().Before(until); n++ {
		text := fmt.Sprint("Said while Redis was away: ", n)
		must(t, call.M.Do(ctx, &protocol.Chat{Text: text}))
		lines = append(lines, text)
		capture(t, ctx, call.M, protocol.Slots[captures%len(protocol.Slots)]) // one slot takes some alone
		captures++
		_, err := call.M.Wait(ctx, func(s *protocol.State) bool { return s.Staff != nil && s.Staff.Unstored >= len(lines)+captures })
		must(t, err)
		sleepFor(ctx, 2*time.Second)
	}
	return lines, captures
}

// refusedAtOnce asks for a room until the time is over: each is refused with
// "try again" and none hangs.
func refusedAtOnce(t *testing.T, ctx context.Context, s *robot.Server, until time.Time) {
	var took []time.Duration
	for time.Now().Before(until) {
		began := time.Now()
		asking, cancel := context.WithTimeout(ctx, 10*time.Second) // only a hang reaches it
		_, err := s.NewRoom(asking)
		cancel()
		took = append(took, time.Since(began))
		var fault *protocol.Fault
		if !errors.As(err, &fault) || fault.Code != protocol.CodeUnavailable {
			t.Errorf("a room was asked for without Redis: %v", err)
			return
		}
		sleepFor(ctx, 20*time.Millisecond)
	}
	t.Logf("refused without Redis: n %d, p50 %s, p99 %s", len(took), percentile(took, 0.5), percentile(took, 0.99))
}

// TestRedisAwayUnderACall takes Redis away under a live call: what is said and
// captured meanwhile is acknowledged, shown as kept, and in the record in order
// and once when Redis is back; new rooms are refused at once.
func TestRedisAwayUnderACall(t *testing.T) {
	away := cutTime(t)
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second+away)
	defer cancel()
	c := newCluster(t, ctx)
	owner := c.node(t, ctx, "a")
	call := c.callAt(t, ctx, owner, owner)
	c.redis.Kill()
	until := time.Now().Add(away)
	var asking sync.WaitGroup
	asking.Go(func() {
		sleepFor(ctx, time.Second) // in which it finds out
		refusedAtOnce(t, ctx, owner, until.Add(-time.Second))
	})
	lines, captures := duringCut(t, ctx, call, until)
	asking.Wait()
	must(t, c.redis.Start(ctx))
	state, err := call.M.Wait(ctx, func(s *protocol.State) bool { return s.Staff != nil && s.Staff.Unstored == 0 })
	must(t, err)
	if state.Room.State != "live" || len(state.Staff.Captures) != captures || len(state.Chat) != len(lines) {
		t.Errorf("after Redis is back: %s", toJSON(t, state))
	}
	must(t, call.Finish(ctx))
	folder := bundle(t, ctx, owner, call.Room.ID)
	verified(t, c.program, folder, c.dir)
	list := entries(t, ctx, owner, call.Room.ID)
	if n := count(list, "chat", "", ""); n != len(lines) || count(list, "capture", "", "") != captures || count(list, "late", "", "") != 0 ||
		count(list, "interrupted", "", "") != 0 {
		t.Errorf("%d lines of %d, %d captures of %d, in %s", n, len(lines), count(list, "capture", "", ""), captures, toJSON(t, list))
	}
	emptied(t, owner)
}

// TestOwnerCutOffFromRedis cuts the owner of a live call off from Redis, for
// longer than its lease: its people go on there and everything is acknowledged,
// while another node takes the room. When the way is mended the owner gives the
// call up, what it kept becomes late entries, its recording is in the bundle, and
// the room is marked.
func TestOwnerCutOffFromRedis(t *testing.T) {
	away := cutTime(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute+away)
	defer cancel()
	c := newCluster(t, ctx)
	way := newWire(t, c.redis)
	owner, err := robot.StartNode(ctx, c.program, c.dir, "a", way.URL)
	must(t, err)
	t.Cleanup(func() {
		owner.Kill()
		if t.Failed() {
			t.Logf("node a:\n%s", owner.Log())
		}
	})
	other := c.node(t, ctx, "b")
	call := c.callAt(t, ctx, owner, owner)
	time.Sleep(3 * time.Second) // of recording
	capture(t, ctx, call.M, protocol.SlotDocFront)

	way.cut()
	lines, captures := duringCut(t, ctx, call, time.Now().Add(away))
	if state, err := other.State(ctx, call.Room.ID); err != nil || state != "interrupted" {
		t.Errorf("the other node has the room in %s, %v", state, err)
	}
	way.mend()
	<-call.S.Ended()
	<-call.M.Ended()
	_, _ = call.S.Close(), call.M.Close() // their connections are gone
	call.S = rejoin(t, ctx, call.Seller.At(other), c.film)
	call.M = rejoin(t, ctx, call.Manager.At(other), c.film)
	_, err = call.M.Wait(ctx, live)
	must(t, err)
	time.Sleep(3 * time.Second) // of recording
	capture(t, ctx, call.M, protocol.SlotDocBack)
	emptied(t, owner)
	must(t, call.Finish(ctx))

	folder := bundle(t, ctx, other, call.Room.ID)
	verified(t, c.program, folder, c.dir)
	checkRecordings(t, folder)
	list := entries(t, ctx, other, call.Room.ID)
	recordings := recordingsOf(t, folder)
	late := map[string]int{}
	for _, e := range list {
		if e.Type != "late" {
			continue
		}
		late[fmt.Sprint(e.Body["type"])]++
		if e.Body["cause"] != "redis_away" {
			t.Errorf("late with the cause %v", e.Body["cause"])
		}
		if e.Body["type"] == "capture" {
			c.checkLateCapture(t, call.Room.ID, recordings, e)
		}
	}
	if late["chat"] != len(lines) || late["capture"] != captures {
		t.Errorf("late entries %v, acknowledged were %d lines and %d captures", late, len(lines), captures)
	}
	if count(list, "capture", "", "") != 2 || count(list, "chat", "", "") != 0 || count(list, "interrupted", "cause", "node_lost") != 1 {
		t.Errorf("the record: %s", toJSON(t, list))
	}
	t.Logf("cut off for %s: %d lines and %d captures acknowledged, late entries %v", away, len(lines), captures, late)
}

// checkLateCapture looks for a late capture's recording in the bundle and for its
// picture in the store.
func (c *cluster) checkLateCapture(t *testing.T, room string, recordings []string, e ledger.Entry) {
	t.Helper()
	content, _ := e.Body["content"].(map[string]any)
	if name := fmt.Sprint(content["recording"]); !slices.Contains(recordings, name) {
		t.Errorf("the recording %s of a late capture is not in the bundle: %v", name, recordings)
	}
	still := fmt.Sprint(content["sha256"]) + ".webp.age"
	if _, err := os.Stat(filepath.Join(c.dir, "store", "rooms", room, "stills", still)); err != nil {
		t.Errorf("a late capture's picture: %v", err)
	}
}

// recordingsOf lists the ids of the recordings in a bundle.
func recordingsOf(t *testing.T, path string) (ids []string) {
	t.Helper()
	var facts struct{ Recordings []struct{ ID string } }
	must(t, json.Unmarshal(soakedFile(t, path, "room.json"), &facts))
	for _, r := range facts.Recordings {
		ids = append(ids, r.ID)
	}
	return ids
}

// emptied waits until a node keeps no changes on its disk.
func emptied(t *testing.T, s *robot.Server) {
	t.Helper()
	for range 200 {
		left, err := filepath.Glob(filepath.Join(s.Data(), "kept", "*"))
		must(t, err)
		if len(left) == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("changes are left on the node's disk")
}

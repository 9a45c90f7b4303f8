//go:build fault

package fault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"verifycall/bench/robot"
	"verifycall/calls/protocol"
	"verifycall/recorder/evidence/objects/s3test"
)

// soakDisk is what the recorder has for the parts of running calls.
const soakDisk = "64m"

// TestSoakEvidence holds 30 calls at once (VERIFYCALL_CALLS) on one node whose
// recorder has a disk of 64 MiB, which fills, and whose store is an S3 server with
// object lock that stalls; the node is killed with SIGKILL at random. In the end
// every bundle verifies, every stretch that isn't recorded is a gap with its
// cause, and what was acknowledged is there. VERIFYCALL_SOAK says how long; without
// it this is left to make soak-evidence.
func TestSoakEvidence(t *testing.T) {
	e := newEvidenceSoak(t)
	ctx, cancel := context.WithTimeout(t.Context(), e.length+6*time.Minute)
	defer cancel()
	e.start(ctx)
	var calls sync.WaitGroup
	for i := range e.count {
		calls.Go(func() {
			sleepFor(ctx, time.Duration(i)*e.length/time.Duration(4*e.count))
			e.hold(ctx, &e.calls[i])
		})
	}
	e.hurt(ctx)
	calls.Wait()
	e.checkAll(ctx)
}

type evidenceSoak struct {
	t       *testing.T
	dir     string
	program string
	film    *robot.Film
	store   *s3test.Server
	length  time.Duration
	ends    time.Time
	count   int
	calls   []soakedCall

	mu     sync.Mutex // guards what follows
	server *robot.Server
	hurts  map[string]int
}

// soakedCall is one call and what its robots were told. Owned by its goroutine
// until all have ended.
type soakedCall struct {
	room     robot.Room
	seller   *robot.Session
	manager  *robot.Session
	said     int      // lines, of which each is said once, whatever the answer
	chats    []string // acknowledged
	captures int      // acknowledged
	refused  int
	rejoined int
	decided  bool
	err      error
}

func newEvidenceSoak(t *testing.T) *evidenceSoak {
	t.Helper()
	text := os.Getenv("VERIFYCALL_SOAK")
	if text == "" {
		t.Skip("a row of make soak")
	}
	length, err := time.ParseDuration(text)
	must(t, err)
	e := &evidenceSoak{t: t, dir: t.TempDir(), length: length, count: 30, hurts: map[string]int{}}
	if text := os.Getenv("VERIFYCALL_CALLS"); text != "" {
		count, err := strconv.Atoi(text)
		must(t, err)
		e.count = count
	}
	e.calls = make([]soakedCall, e.count)
	scratch := e.scratch()
	must(t, os.MkdirAll(scratch, 0o700))
	if text, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+soakDisk, "verifycall-soak", scratch).CombinedOutput(); err != nil {
		t.Skipf("no disk of %s here: %v: %s", soakDisk, err, text)
	}
	t.Cleanup(func() {
		if text, err := exec.Command("umount", "-l", scratch).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, text)
		}
	})
	return e
}

func (e *evidenceSoak) scratch() string { return filepath.Join(e.dir, "data", "scratch") }

func (e *evidenceSoak) start(ctx context.Context) {
	t := e.t
	var err error
	e.store, err = s3test.Start(ctx, filepath.Join(e.dir, "s3"))
	if errors.Is(err, s3test.ErrMissing) {
		t.Skip(err)
	}
	must(t, err)
	t.Cleanup(e.store.Stop)
	t.Setenv("AWS_ACCESS_KEY_ID", s3test.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", s3test.SecretKey)
	must(t, e.store.Bucket(ctx, "evidence", true))
	e.film, err = robot.OpenFilm("../../bench/testdata/card.ivf")
	must(t, err)
	e.program = build(t)
	e.server, err = robot.StartServer(ctx, e.program, e.dir, "--store", e.store.URL("evidence"))
	must(t, err)
	t.Cleanup(func() { e.at().Kill() })
	e.ends = time.Now().Add(e.length)
}

// at is the node as it runs now.
func (e *evidenceSoak) at() *robot.Server {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.server
}

// hurt does harm of one kind after the other until the time is over.
func (e *evidenceSoak) hurt(ctx context.Context) {
	ways := []struct {
		name string
		do   func(context.Context)
	}{{"stall", e.stall}, {"full disk", e.fill}, {"kill", e.kill}}
	for i := 0; time.Until(e.ends) > 10*time.Second; i++ {
		sleepFor(ctx, 3*time.Second+rand.N(3*time.Second))
		way := ways[i%len(ways)]
		e.hurts[way.name]++
		way.do(ctx)
	}
	sleepFor(ctx, time.Until(e.ends))
}

func (e *evidenceSoak) stall(ctx context.Context) {
	must(e.t, e.store.Pause())
	sleepFor(ctx, 5*time.Second)
	must(e.t, e.store.Continue())
}

// fill takes what is free of the recorder's disk for some seconds.
func (e *evidenceSoak) fill(ctx context.Context) {
	ballast := filepath.Join(e.dir, "data", "scratch", ".ballast")
	f, err := os.Create(ballast)
	must(e.t, err)
	chunk := make([]byte, 1<<20)
	for err == nil {
		_, err = f.Write(chunk) // until the disk is full
	}
	_ = f.Close() // of no use but its size
	sleepFor(ctx, 6*time.Second)
	must(e.t, os.Remove(ballast))
}

func (e *evidenceSoak) kill(ctx context.Context) {
	e.at().Kill()
	again, err := e.at().Again(ctx)
	must(e.t, err)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.server = again
}

// hold keeps a call alive until the time is over, then gives its verdict.
func (e *evidenceSoak) hold(ctx context.Context, c *soakedCall) {
	var call *robot.Call
	defer func() {
		if call != nil {
			_ = call.Close() // the node may have been killed
		}
	}()
	for ctx.Err() == nil && !c.decided {
		if call == nil || gone(call) {
			if call = e.join(ctx, c, call); call == nil {
				sleepFor(ctx, time.Second)
				continue
			}
		}
		c.err = e.act(ctx, c, call)
	}
}

func gone(call *robot.Call) bool {
	for _, r := range []*robot.Robot{call.S, call.M} {
		select {
		case <-r.Ended():
			return true
		default:
		}
	}
	return false
}

// join brings both robots into the call, the first time or again, nil if that
// fails now.
func (e *evidenceSoak) join(ctx context.Context, c *soakedCall, before *robot.Call) *robot.Call {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if c.room.ID == "" {
		call, err := e.at().Wait(ctx, e.film)
		if err == nil {
			if err = call.Admit(ctx); err == nil {
				c.room, c.seller, c.manager = call.Room, call.Seller, call.Manager
				return call
			}
			_ = call.Close() // another room takes its place
		}
		c.err = err
		return nil
	}
	if before != nil {
		_ = before.Close() // its connections may be gone
	}
	call := &robot.Call{Room: c.room, Seller: c.seller, Manager: c.manager}
	var err error
	if call.S, err = call.Seller.Rejoin(ctx, e.film); err != nil {
		c.err = err
		return nil
	}
	if call.M, err = call.Manager.Rejoin(ctx, e.film); err != nil {
		c.err = errors.Join(err, call.S.Close())
		return nil
	}
	c.rejoined++
	return call
}

// act says or captures something, or ends the call once its time is over.
func (e *evidenceSoak) act(ctx context.Context, c *soakedCall, call *robot.Call) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if time.Now().After(e.ends) {
		err := call.M.Do(ctx, &protocol.Verdict{Verdict: "abort", Reasons: []string{"P_AGENT_FAULT"}})
		c.decided = err == nil
		return err
	}
	sleepFor(ctx, time.Second+rand.N(2*time.Second))
	text := fmt.Sprintf("Line %d of %s", c.said, c.room.ID)
	c.said++
	if err := call.M.Do(ctx, &protocol.Chat{Text: text}); err != nil {
		c.refused++
		return err
	}
	c.chats = append(c.chats, text)
	if rand.IntN(4) > 0 {
		return nil
	}
	err := call.M.Do(ctx, &protocol.Capture{Slot: protocol.SlotFace})
	if err == nil {
		c.captures++
	} else {
		c.refused++
	}
	return err
}

// checkAll waits for every bundle, verifies it and adds up what happened.
func (e *evidenceSoak) checkAll(ctx context.Context) {
	t := e.t
	sums, causes := map[string]int{}, map[string]int{}
	for i := range e.calls {
		c := &e.calls[i]
		if c.room.ID == "" || !c.decided {
			t.Errorf("call %d (%s) came to no verdict: %v", i, c.room.ID, c.err)
			continue
		}
		path := bundle(t, ctx, e.at(), c.room.ID)
		verified(t, e.program, path, e.dir)
		e.checkCall(path, c, sums, causes)
	}
	figures := map[string]any{"name": "soak_evidence", "calls": e.count, "seconds": int(e.length.Seconds()), "harm": e.hurts, "sums": sums, "gaps": causes}
	text, err := json.Marshal(figures)
	must(t, err)
	fmt.Println(string(text))
}

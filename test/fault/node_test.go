//go:build fault

package fault

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"verifycall/bench/robot"
	"verifycall/calls/protocol"
	"verifycall/rooms/ledger"
)

// cluster is some nodes on one Redis.
type cluster struct {
	program, dir string
	redis        *robot.Redis
	film         *robot.Film
}

func newCluster(t *testing.T, ctx context.Context) *cluster {
	t.Helper()
	c := &cluster{program: build(t), dir: t.TempDir()}
	var err error
	c.film, err = robot.OpenFilm("../../bench/testdata/card.ivf")
	must(t, err)
	c.redis, err = robot.StartRedis(ctx, t.TempDir())
	must(t, err)
	t.Cleanup(func() { c.redis.Kill() })
	return c
}

func (c *cluster) node(t *testing.T, ctx context.Context, name string, more ...string) *robot.Server {
	t.Helper()
	s, err := robot.StartNode(ctx, c.program, c.dir, name, c.redis.URL, more...)
	must(t, err)
	t.Cleanup(func() {
		s.Kill()
		if t.Failed() {
			t.Logf("node %s:\n%s", name, s.Log())
		}
	})
	return s
}

// callAt brings a call to live whose owner is the first node; the manager comes
// by the second and is passed on.
func (c *cluster) callAt(t *testing.T, ctx context.Context, owner, other *robot.Server) *robot.Call {
	t.Helper()
	room, err := owner.NewRoom(ctx)
	must(t, err)
	call := &robot.Call{Room: room}
	call.Seller, err = owner.SignIn(ctx, protocol.RoleSeller, room)
	must(t, err)
	signedIn, err := owner.SignIn(ctx, protocol.RoleManager, room)
	must(t, err)
	call.Manager = signedIn.At(other)
	call.S, err = call.Seller.Join(ctx, c.film)
	must(t, err)
	call.M, err = call.Manager.Join(ctx, c.film)
	must(t, err)
	_, err = call.M.Wait(ctx, func(s *protocol.State) bool { return s.Room.State == "waiting" && s.You.Media && s.Peer.Media })
	must(t, err)
	must(t, call.Admit(ctx))
	return call
}

// rejoin comes back as a page does: again and again until it is let in.
func rejoin(t *testing.T, ctx context.Context, s *robot.Session, film *robot.Film) *robot.Robot {
	t.Helper()
	for {
		r, err := s.Rejoin(ctx, film)
		if err == nil {
			return r
		}
		var fault *protocol.Fault
		if errors.As(err, &fault) && !protocol.Table[fault.Code].Retryable {
			t.Fatal(err)
		}
		select {
		case <-ctx.Done():
			t.Fatalf("not let in again: %v", err)
		case <-time.After(250 * time.Millisecond):
		}
	}
}

func live(s *protocol.State) bool {
	return s.Room.State == "live" && s.You.Media && s.Peer != nil && s.Peer.Media
}

// capture takes a frame, again and again while no picture arrives: just behind a
// change of the connection there may be none yet, and people press once more.
func capture(t *testing.T, ctx context.Context, manager *robot.Robot, slot string) {
	t.Helper()
	for {
		err := manager.Do(ctx, &protocol.Capture{Slot: slot})
		var fault *protocol.Fault
		if !errors.As(err, &fault) || fault.Code != protocol.CodeNoVideo {
			must(t, err)
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(err)
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// picture waits for a complete picture of the other side.
func picture(t *testing.T, ctx context.Context, r *robot.Robot) {
	t.Helper()
	select {
	case <-r.FirstFrame():
	case <-r.Ended():
		t.Fatal(r.Cause())
	case <-ctx.Done():
		t.Fatal("no picture")
	}
}

// entries reads a room's record by any node.
func entries(t *testing.T, ctx context.Context, s *robot.Server, room string) []ledger.Entry {
	t.Helper()
	body, err := s.Get(ctx, "/api/v1/rooms/"+room+"/ledger")
	must(t, err)
	defer body.Close()
	text, err := io.ReadAll(body)
	must(t, err)
	var list []ledger.Entry
	for line := range bytes.Lines(text) {
		e, err := ledger.Parse(bytes.TrimSpace(line))
		must(t, err)
		list = append(list, e)
	}
	must(t, ledger.Verify(list))
	return list
}

func count(list []ledger.Entry, typ, key, value string) int {
	n := 0
	for _, e := range list {
		if e.Type == typ && (key == "" || e.Body[key] == value) {
			n++
		}
	}
	return n
}

// TestNodeLost kills the node that holds a live call and deletes its folder. Both
// people come back by the other node, to the same plan, captures, chat and
// checklist, and the code that was mailed before counts there; the record says that a node was lost, and its bundle verifies with
// what was recorded before.
func TestNodeLost(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := newCluster(t, ctx)
	owner, other := c.node(t, ctx, "a"), c.node(t, ctx, "b")
	call := c.callAt(t, ctx, owner, other)
	must(t, call.M.Do(ctx, &protocol.Chat{Text: "Said before."}))
	must(t, call.M.Do(ctx, &protocol.Step{Step: protocol.SlotDocFront}))
	must(t, call.M.Do(ctx, &protocol.Compare{Item: "name", Decision: "same"}))
	code := c.codeSent(t, ctx, call)
	time.Sleep(4 * time.Second) // of recording; a record is at most 2 s
	capture(t, ctx, call.M, protocol.SlotDocFront)
	before, err := call.M.Wait(ctx, func(s *protocol.State) bool { return s.Staff != nil && len(s.Staff.Captures) == 1 })
	must(t, err)

	owner.Kill()
	must(t, os.RemoveAll(owner.Data()))
	<-call.S.Ended()
	<-call.M.Ended()
	_, _ = call.S.Close(), call.M.Close() // their connections are gone
	lost := time.Now()
	call.Seller = call.Seller.At(other)
	call.S = rejoin(t, ctx, call.Seller, c.film)
	call.M = rejoin(t, ctx, call.Manager, c.film)
	picture(t, ctx, call.S)
	picture(t, ctx, call.M)
	t.Logf("pictures on another node %.1f s after the loss", time.Since(lost).Seconds())
	state, err := call.M.Wait(ctx, live)
	must(t, err)
	if len(state.Staff.Captures) != 1 || state.Staff.Captures[0].SHA256 != before.Staff.Captures[0].SHA256 ||
		len(state.Chat) != 1 || state.Chat[0].Text != "Said before." || state.Step != protocol.SlotDocFront {
		t.Errorf("state on the other node: %+v", state)
	}
	if !strings.Contains(toJSON(t, state.Staff), `"same"`) {
		t.Errorf("the checklist was lost: %s", toJSON(t, state.Staff))
	}
	codeEntered(t, ctx, call, code)
	time.Sleep(3 * time.Second)
	capture(t, ctx, call.M, protocol.SlotFace)
	must(t, call.Finish(ctx))

	folder := bundle(t, ctx, other, call.Room.ID)
	verified(t, c.program, folder, c.dir)
	checkRecordings(t, folder)
	if list := entries(t, ctx, other, call.Room.ID); count(list, "interrupted", "cause", "node_lost") != 1 {
		t.Errorf("the record doesn't tell the loss: %+v", list)
	} else if count(list, "code_asked", "", "") != 1 || count(list, "code_failed", "", "") != 2 || count(list, "code_checked", "", "") != 1 {
		t.Errorf("the record doesn't tell of the code: %+v", list)
	}
	for parts(c.dir, call.Room.ID) > 0 { // they are deleted once the bundle stands
		select {
		case <-ctx.Done():
			t.Fatal("parts are left in the store")
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// parts counts the objects that are left of a room's recordings in the store.
func parts(dir, room string) (n int) {
	_ = filepath.WalkDir(filepath.Join(dir, "store", "rooms", room, "parts"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return nil // a folder that isn't there holds none
	})
	return n
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	must(t, err)
	return string(text)
}

// TestPausedNodeWakesUp stops the owner of a live call where it stands until
// another node has the call, and wakes it: it has to find out that the room isn't
// its own any more, and what it wrote late must be nowhere.
func TestPausedNodeWakesUp(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := newCluster(t, ctx)
	owner, other := c.node(t, ctx, "a"), c.node(t, ctx, "b")
	call := c.callAt(t, ctx, owner, other)
	time.Sleep(3 * time.Second)
	capture(t, ctx, call.M, protocol.SlotDocFront)

	must(t, owner.Pause())
	<-call.M.Ended() // the other node cuts what it passes to a node that is gone
	_, _ = call.S.Close(), call.M.Close()
	call.Seller = call.Seller.At(other)
	call.S = rejoin(t, ctx, call.Seller, c.film)
	call.M = rejoin(t, ctx, call.Manager, c.film)
	_, err := call.M.Wait(ctx, live)
	must(t, err)
	must(t, owner.Wake())
	time.Sleep(4 * time.Second) // in which it notices
	capture(t, ctx, call.M, protocol.SlotFace)
	_, err = call.M.Wait(ctx, func(s *protocol.State) bool { return live(s) && len(s.Staff.Captures) == 2 })
	must(t, err)
	if lost, held := figure(ctx, owner, "verifycall_leases_lost_total"), figure(ctx, other, "verifycall_leases"); lost != "1" || held != "1" {
		t.Errorf("the one that woke up counts %s lost leases, the other holds %s", lost, held)
	}
	must(t, call.Finish(ctx))
	folder := bundle(t, ctx, owner, call.Room.ID) // it serves again, as any node
	verified(t, c.program, folder, c.dir)
	checkRecordings(t, folder)
	list := entries(t, ctx, owner, call.Room.ID)
	if count(list, "interrupted", "", "") != 1 || count(list, "resumed", "", "") != 1 {
		t.Errorf("the record: %+v", list)
	}
}

// drain tells a node to drain, without waiting for its calls.
func (c *cluster) drain(ctx context.Context, s *robot.Server) ([]byte, error) {
	return exec.CommandContext(ctx, c.program, "drain", "--ops", s.Ops(), "--wait", "0").CombinedOutput()
}

// TestDrainedNodeLetsGo drains the owner of a live and of a waiting call: the
// waiting one moves at once, nothing new begins there, and when it is stopped the
// live one moves too.
func TestDrainedNodeLetsGo(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := newCluster(t, ctx)
	owner, other := c.node(t, ctx, "a"), c.node(t, ctx, "b")
	call := c.callAt(t, ctx, owner, other)
	waiting, err := owner.NewRoom(ctx)
	must(t, err)
	seller, err := owner.SignIn(ctx, protocol.RoleSeller, waiting)
	must(t, err)
	if text, err := c.drain(ctx, owner); err != nil {
		t.Fatalf("drain: %v\n%s", err, text)
	}
	r, err := seller.Join(ctx, c.film) // by the draining node, which passes it on
	must(t, err)
	_, err = r.Wait(ctx, func(s *protocol.State) bool { return s.Room.State == "waiting" && s.You.Media })
	must(t, err)
	must(t, call.M.Do(ctx, &protocol.Chat{Text: "Still here."}))

	if code := owner.Stop(); code != 0 {
		t.Errorf("the drained node ended with %d:\n%s", code, owner.Log())
	}
	<-call.M.Ended()
	_, _ = call.S.Close(), call.M.Close()
	_ = r.Close() // it was passed on by the node that is gone
	call.S = rejoin(t, ctx, call.Seller.At(other), c.film)
	call.M = rejoin(t, ctx, call.Manager, c.film)
	_, err = call.M.Wait(ctx, live)
	must(t, err)
	must(t, call.Finish(ctx))
	verified(t, c.program, bundle(t, ctx, other, call.Room.ID), c.dir)
}

// TestStrangeNodesAreRefused starts nodes that don't fit to the one that works.
func TestStrangeNodesAreRefused(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel) // the nodes run beside each other, after this function
	c := newCluster(t, ctx)
	c.node(t, ctx, "a")
	alone := []string{"serve", "--listen", "127.0.0.1:0", "--media-listen", "127.0.0.1:0", "--ops-listen", "",
		"--redis", c.redis.URL, "--keys", filepath.Join(c.dir, "keys")}
	ofCluster := slices.Concat(alone, []string{"--node-listen", "127.0.0.1:0", "--node-cidr", "127.0.0.0/8"})
	shared := []string{"--store", filepath.Join(c.dir, "store")}
	secret := filepath.Join(c.dir, "other-secret")
	must(t, os.WriteFile(secret, []byte(strings.Repeat("x", 40)), 0o600))
	for _, n := range []struct {
		name, says string
		args       []string
	}{
		{"without a secret", "--cluster-secret-file", slices.Concat(alone, shared)},
		{"with another secret", "secret", slices.Concat(ofCluster, shared, []string{"--cluster-secret-file", secret})},
		{"without the shared store", "--store", slices.Concat(ofCluster, []string{"--cluster-secret-file", filepath.Join(c.dir, "secret")})},
	} {
		t.Run(n.name, func(t *testing.T) {
			t.Parallel()
			args := append(n.args, "--data", filepath.Join(c.dir, strings.ReplaceAll(n.name, " ", "-")))
			text, err := exec.CommandContext(ctx, c.program, args...).CombinedOutput()
			var ended *exec.ExitError
			if !errors.As(err, &ended) || ended.ExitCode() != 1 || !strings.Contains(string(text), n.says) {
				t.Errorf("%v\n%s", err, text)
			}
		})
	}
}

//go:build fault

package fault

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"verifycall/bench/robot"
	"verifycall/calls/protocol"
)

// previous builds the release before this one, whose commit testdata/releases names.
// Where there is no history, as in an archive of the sources, the test is skipped.
func previous(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../testdata/releases/previous")
	must(t, err)
	commit, dir := strings.TrimSpace(string(text)), t.TempDir()
	if out, err := exec.Command("git", "cat-file", "-e", commit+"^{commit}").CombinedOutput(); err != nil {
		t.Skipf("NOT TESTED: this tree has no history with %s: %s", commit, out)
	}
	archive := filepath.Join(dir, "sources.tar")
	for _, words := range [][]string{{"git", "-C", "../..", "archive", "--output", archive, commit}, {"tar", "-xf", archive, "-C", dir}} {
		out, err := exec.Command(words[0], words[1:]...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", words, err, out)
		}
	}
	cmd := exec.Command("go", "build", "-o", filepath.Join(dir, "previous"), "./cmd/verifycall")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build of %s: %v\n%s", commit, err, out)
	}
	return filepath.Join(dir, "previous")
}

// TestRollingUpgrade runs two nodes of the previous release with calls, and replaces
// them one after the other: drained, stopped, this release in its place. No call is
// lost, every record is read by nodes of both releases as long as both are there, and
// sealed at the end.
func TestRollingUpgrade(t *testing.T) {
	program := previous(t)
	c := newCluster(t, t.Context())
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	old := &cluster{program: program, dir: c.dir, redis: c.redis, film: c.film}
	a, b := old.node(t, ctx, "a"), old.node(t, ctx, "b")
	ended := old.callAt(t, ctx, a, b) // sealed before anything is replaced
	must(t, ended.Finish(ctx))
	first, second := old.callAt(t, ctx, a, b), old.callAt(t, ctx, b, b)
	capture(t, ctx, first.M, protocol.SlotDocFront)
	rooms := []string{ended.Room.ID, first.Room.ID, second.Room.ID}
	served(t, ctx, b, ended.Room.ID)

	// a is replaced; its live call moves.
	must(t, a.Drain(ctx))
	if code := a.Stop(); code != 0 {
		t.Logf("the previous release ends with %d: it waits 15 s for its connections", code)
	}
	n := c.node(t, ctx, "n")
	comeBack(t, ctx, first, n, b, c.film)
	third := c.callAt(t, ctx, n, b) // made and held with both releases there
	rooms = append(rooms, third.Room.ID)
	must(t, third.M.Do(ctx, &protocol.Chat{Text: "Hello"}))
	capture(t, ctx, third.M, protocol.SlotFace)
	for _, room := range rooms {
		for name, node := range map[string]*robot.Server{"this": n, "previous": b} {
			if state, err := node.State(ctx, room); err != nil || state == "" {
				t.Errorf("%s release reads room %s: %q, %v", name, room, state, err)
			}
			entries(t, ctx, node, room)
		}
	}
	must(t, third.Finish(ctx))
	served(t, ctx, n, third.Room.ID)
	served(t, ctx, b, third.Room.ID) // sealed by this release, served by the previous one

	// b is replaced too.
	must(t, b.Drain(ctx))
	if code := b.Stop(); code != 0 {
		t.Logf("the previous release ends with %d: it waits 15 s for its connections", code)
	}
	for name, node := range map[string]*robot.Server{"a": a, "b": b} {
		if strings.Contains(node.Log(), "DAMAGED") {
			t.Errorf("node %s of the previous release saw a damaged record", name)
		}
	}
	m := c.node(t, ctx, "m")
	for _, call := range []*robot.Call{first, second} {
		comeBack(t, ctx, call, m, n, c.film)
		capture(t, ctx, call.M, protocol.SlotDocBack)
		must(t, call.Finish(ctx))
	}
	for _, room := range rooms {
		served(t, ctx, m, room)
		list := entries(t, ctx, m, room)
		if count(list, "verdict", "", "") != 1 || count(list, "sealed", "", "") != 1 {
			t.Errorf("room %s: %d entries without one verdict and seal", room, len(list))
		}
	}
	if first := entries(t, ctx, m, first.Room.ID); count(first, "capture", "", "") != 2 {
		t.Errorf("captures of the call that moved: %d", count(first, "capture", "", ""))
	}
	if log := n.Log() + m.Log(); strings.Contains(log, "DAMAGED") {
		t.Error("a node saw a damaged record")
	}
}

// comeBack brings both sides of a call back to it by other nodes, as their pages do,
// unless they are in it.
func comeBack(t *testing.T, ctx context.Context, call *robot.Call, seller, manager *robot.Server, film *robot.Film) {
	t.Helper()
	for _, side := range []struct {
		r       **robot.Robot
		session *robot.Session
	}{{&call.S, call.Seller.At(seller)}, {&call.M, call.Manager.At(manager)}} {
		select {
		case <-(*side.r).Ended():
			*side.r = rejoin(t, ctx, side.session, film)
		case <-time.After(time.Second): // it may just be told that its node goes
			select {
			case <-(*side.r).Ended():
				*side.r = rejoin(t, ctx, side.session, film)
			default:
			}
		}
	}
	for _, r := range []*robot.Robot{call.S, call.M} {
		if _, err := r.Wait(ctx, live); err != nil {
			t.Fatalf("back in the call: %v", err)
		}
	}
}

// served waits for a room's bundle and gets all of it.
func served(t *testing.T, ctx context.Context, s *robot.Server, room string) {
	t.Helper()
	for {
		body, err := s.Get(ctx, "/api/v1/rooms/"+room+"/bundle.zip")
		if err == nil {
			_, err = io.Copy(io.Discard, body)
			must(t, errors.Join(err, body.Close()))
			return
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("no bundle of %s: %v", room, err)
		}
	}
}

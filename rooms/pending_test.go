package rooms

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"verifycall/rooms/db"
	"verifycall/rooms/ledger"
	"verifycall/rooms/redistest"
	"verifycall/rooms/tickets"

	"github.com/redis/go-redis/v9"
)

// awaitStored waits until nothing of a room is kept here any more.
func (s *Store) awaitStored(t *testing.T, room string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); s.Pending(room) > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d changes still wait", s.Pending(room))
		}
	}
}

// cable is what a store's commands go through to Redis; a cut one takes none.
type cable struct{ isCut atomic.Bool }

var errCut = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}

func (c *cable) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *cable) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if c.isCut.Load() {
			cmd.SetErr(errCut)
			return errCut
		}
		return next(ctx, cmd)
	}
}

func (c *cable) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if c.isCut.Load() {
			return errCut
		}
		return next(ctx, cmds)
	}
}

// cables are those of the stores that were cut off once.
var cables sync.Map

// cut takes Redis away from a store, or gives it back, and waits until it knows.
func (s *Store) cut(t *testing.T, off bool) {
	t.Helper()
	found, known := cables.LoadOrStore(s, &cable{})
	c := found.(*cable)
	if !known {
		s.db.Client.AddHook(c)
		t.Cleanup(func() { cables.Delete(s) })
	}
	c.isCut.Store(off)
	for deadline := time.Now().Add(30 * time.Second); s.db.Away() != off; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("cut off: %v, and the store says: %v", off, s.db.Away())
		}
		_ = s.db.Client.Ping(t.Context()).Err() // so that it is noticed
	}
}

// cutOff takes Redis away from a store, and has lines of a seller kept here.
func (s *Store) cutOff(t *testing.T, r *Room, lines ...string) {
	t.Helper()
	s.cut(t, true)
	for _, text := range lines {
		var err error
		if r, err = s.DoLive(t.Context(), r, "seller", SendChat{Seller, text}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCallGoesOnWithoutRedis takes Redis away under a live call: its captures and
// lines are kept, survive the process, and are in the record in order afterwards.
func TestCallGoesOnWithoutRedis(t *testing.T) {
	for _, restart := range []bool{false, true} {
		t.Run(fmt.Sprint("restart ", restart), func(t *testing.T) {
			server := redistest.Serve(t)
			dir := t.TempDir()
			o := Options{URL: server.URL(), Kept: dir, Signer: newTestSigner(t), Mirror: &memory{parts: map[string][]byte{}}, Keys: testKeys(t)}
			s, err := Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { s.Close() }()
			id := create(t, s, nil).ID
			r := do(t, s, id, append(agree[:2:2], EnterWaiting{}, Admit{})...)
			server.Kill()
			const lines = 20
			for n := range lines {
				if r, err = s.DoLive(t.Context(), r, "seller", SendChat{Seller, fmt.Sprint("line ", n)}); err != nil {
					t.Fatal(err)
				}
			}
			c := capture
			c.Slot = "FACE"
			if r, err = s.DoLive(t.Context(), r, "manager:m1", TakeCapture{c}); err != nil {
				t.Fatal(err)
			}
			if r, err = s.DoLive(t.Context(), r, "manager:m1", EndCall{Cause: "hangup_seller"}); err != nil || r.State != StateEnded {
				t.Fatalf("%s, %v", r.State, err)
			}
			if n := s.Pending(id); n != lines+2 {
				t.Fatalf("%d wait", n)
			}
			var illegal *TransitionError
			if _, err := s.DoLive(t.Context(), r, "manager:m1", Admit{}); !errors.As(err, &illegal) {
				t.Fatalf("not decided on what is kept: %v", err)
			}
			if restart {
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if err := server.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
			if restart {
				if s, err = Open(t.Context(), o); err != nil {
					t.Fatal(err)
				}
			}
			s.awaitStored(t, id)
			got, err := s.Load(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if !sameJSON(t, got, r) || len(got.Personal) != len(r.Personal) || got.Text(got.Chat[lines-1].Text) != fmt.Sprint("line ", lines-1) {
				t.Error("another room than was kept")
			}
			if _, err := s.Record(t.Context(), id); err != nil {
				t.Error(err)
			}
			if names, _ := filepath.Glob(filepath.Join(dir, "*")); len(names) > 0 {
				t.Errorf("left over: %v", names)
			}
		})
	}
}

// TestKeptChangesOfALostRoomBecomeLate has another node go on with the room while
// this one could not reach Redis.
func TestKeptChangesOfALostRoomBecomeLate(t *testing.T) {
	server := redistest.Serve(t)
	o := Options{URL: server.URL(), Kept: t.TempDir(), Signer: newTestSigner(t), Mirror: &memory{parts: map[string][]byte{}}}
	s := openStore(t, o)
	o.Kept = t.TempDir()
	other := openStore(t, o)
	id := create(t, s, nil).ID
	r := do(t, s, id, append(agree[:2:2], EnterWaiting{}, Admit{})...)
	s.cutOff(t, r, "kept one", "kept two")
	do(t, other, id, SendChat{Manager, "meanwhile"})
	s.cut(t, false)
	s.awaitStored(t, id)
	record, err := other.Record(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	got, err := other.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	late := 0
	for _, e := range record {
		if e.Type == typeLate {
			late++
			content := body(e.Body).object("content")
			if text := got.Text(content.commitment("text")); body(e.Body).text("type") != typeChat || text != []string{"kept one", "kept two"}[late-1] {
				t.Errorf("%v: %q", e.Body, text)
			}
		}
	}
	if late != 2 || got.Late != 2 || len(got.Chat) != 1 {
		t.Errorf("%d late entries, room says %d, %d lines", late, got.Late, len(got.Chat))
	}
}

// TestNothingOvertakesWhatIsKept has a mail's link come into the record at the
// moment Redis is back: it comes behind what was kept.
func TestNothingOvertakesWhatIsKept(t *testing.T) {
	s := openStore(t, Options{URL: redistest.Serve(t).URL(), Kept: t.TempDir(), Signer: newTestSigner(t), Mirror: &memory{parts: map[string][]byte{}}})
	id := create(t, s, nil).ID
	r := do(t, s, id, append(agree[:2:2], EnterWaiting{}, Admit{})...)
	s.cutOff(t, r, "kept one", "kept two")
	s.cut(t, false)
	link := AddLink{Link{tickets.HashToken("a link"), s.now().Add(time.Hour)}}
	got, err := s.Do(t.Context(), id, "system", link)
	for errors.Is(err, db.ErrAway) {
		s.awaitStored(t, id)
		got, err = s.Do(t.Context(), id, "system", link)
	}
	if err != nil || got.Late != 0 || len(got.Chat) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
}

// TestLateWhileSealing has what was kept come back when the record is sealed and its
// custody ledger is not open yet: it waits for that.
func TestLateWhileSealing(t *testing.T) {
	server := redistest.Serve(t)
	dir := t.TempDir()
	o := Options{URL: server.URL(), Kept: dir, Signer: newTestSigner(t), Mirror: &memory{parts: map[string][]byte{}}}
	s := openStore(t, o)
	o.Kept = t.TempDir()
	other := openStore(t, o)
	id := create(t, s, nil).ID
	commands := wholeCall(t)
	seal := slices.IndexFunc(commands, func(c Command) bool { _, is := c.(Seal); return is })
	admit := slices.IndexFunc(commands, func(c Command) bool { _, is := c.(Admit); return is }) + 1
	r := do(t, s, id, commands[:admit]...)
	s.cutOff(t, r, "kept")
	sealed := do(t, other, id, commands[admit:seal+1]...)
	w, _ := s.pending.First(id)
	if err := other.late(t.Context(), id, w); !errors.Is(err, errSealing) {
		t.Fatalf("late in a record that is being sealed: %v", err)
	}
	s.cut(t, false)
	do(t, s, id, OpenCustody{Bundle: digest, RecordHead: sealed.Record}) // by the node that waits itself
	s.awaitStored(t, id)
	custody, err := other.CustodyLog(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	n := slices.IndexFunc(custody, func(e ledger.Entry) bool { return e.Type == typeLate })
	if got, err := other.Load(t.Context(), id); n < 1 || err != nil || got.Late != 1 {
		t.Errorf("late entry %d of custody, %v, %v", n, got, err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

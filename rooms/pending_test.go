package rooms

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"verifycall/rooms/ledger"
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

// cutOff takes Redis away from a store, and has lines of a seller kept here. Nobody
// knocks, for it has not failed by itself.
func (s *Store) cutOff(t *testing.T, r *Room, lines ...string) {
	t.Helper()
	s.pulse.away.Store(true)
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
			server := startServer(t)
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
	server := startServer(t)
	o := Options{URL: server.URL(), Kept: t.TempDir(), Signer: newTestSigner(t), Mirror: &memory{parts: map[string][]byte{}}}
	s := openStore(t, o)
	o.Kept = t.TempDir()
	other := openStore(t, o)
	id := create(t, s, nil).ID
	r := do(t, s, id, append(agree[:2:2], EnterWaiting{}, Admit{})...)
	s.cutOff(t, r, "kept one", "kept two")
	do(t, other, id, SendChat{Manager, "meanwhile"})
	s.pulse.away.Store(false)
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
	s := openStore(t, Options{URL: startServer(t).URL(), Kept: t.TempDir(), Signer: newTestSigner(t), Mirror: &memory{parts: map[string][]byte{}}})
	id := create(t, s, nil).ID
	r := do(t, s, id, append(agree[:2:2], EnterWaiting{}, Admit{})...)
	s.cutOff(t, r, "kept one", "kept two")
	s.pulse.away.Store(false)
	link := AddLink{Link{HashToken("a link"), s.now().Add(time.Hour)}}
	got, err := s.Do(t.Context(), id, "system", link)
	for errors.Is(err, ErrAway) {
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
	server := startServer(t)
	o := Options{URL: server.URL(), Kept: t.TempDir(), Signer: newTestSigner(t), Mirror: &memory{parts: map[string][]byte{}}}
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
	w, _ := s.pending.first(id)
	if err := other.late(t.Context(), id, w); !errors.Is(err, errSealing) {
		t.Fatalf("late in a record that is being sealed: %v", err)
	}
	s.pulse.away.Store(false)
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
	if left, err := filepath.Glob(filepath.Join(s.pending.dir, "*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestPendingIsBoundedAndCutsATornLine(t *testing.T) {
	dir := t.TempDir()
	p, err := openPending(dir)
	if err != nil {
		t.Fatal(err)
	}
	change := oneEntry(t, "room:R-00000001", ledger.Head{})
	room := &Room{ID: "R-00000001"}
	for range maxPending {
		p.rooms[room.ID] = full(p.rooms[room.ID])
	}
	if p.rooms[room.ID].file, err = os.Create(p.path(room.ID)); err != nil {
		t.Fatal(err)
	}
	if err := p.keep(room, change); !errors.Is(err, ErrAway) {
		t.Errorf("one more than fits: %v", err)
	}
	p.rooms[room.ID].commits = nil
	if err := p.keep(room, change); err != nil {
		t.Fatal(err)
	}
	if _, err := p.rooms[room.ID].file.WriteString(`{"keys":["torn`); err != nil {
		t.Fatal(err)
	}
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
	again, err := openPending(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer again.close()
	if q := again.rooms[room.ID]; q == nil || len(q.commits) != 1 || q.commits[0].Chains[0].Entries[0].Hash != change.Chains[0].Entries[0].Hash {
		t.Errorf("%+v", q)
	}
}

func full(q *queue) *queue {
	if q == nil {
		q = &queue{}
	}
	q.commits = append(q.commits, waiting{})
	return q
}

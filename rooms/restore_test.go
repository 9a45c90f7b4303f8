package rooms

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"verifycall/rooms/ledger"
	"verifycall/rooms/proof"
	"verifycall/rooms/redistest"
	"verifycall/rooms/tickets"
)

// ledgers gives both ledgers of a room.
func ledgers(t *testing.T, s *Store, id string) (record, custody []ledger.Entry) {
	t.Helper()
	record, err := s.Record(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if custody, err = s.CustodyLog(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	return record, custody
}

// begins says whether a ledger begins with another one.
func begins(whole, part []ledger.Entry) bool {
	return len(whole) >= len(part) && proof.HeadOf(whole[:len(part)]) == proof.HeadOf(part)
}

// TestCutRoomIsRestored: where Redis has the true beginning of a room the rest comes
// back from the mirror, and a signed entry says so.
func TestCutRoomIsRestored(t *testing.T) {
	for name, cut := range map[string]func(h *hostile, record, custody []ledger.Entry){
		"rolled back":      func(h *hostile, _, _ []ledger.Entry) { h.restore(h.before) },
		"last entry cut":   func(h *hostile, record, _ []ledger.Entry) { h.rebuild(record[:len(record)-1], nil) },
		"custody dropped":  func(h *hostile, record, _ []ledger.Entry) { h.rebuild(record, nil) },
		"custody cut":      func(h *hostile, record, custody []ledger.Entry) { h.rebuild(record, custody[:2]) },
		"custody unsigned": func(h *hostile, record, custody []ledger.Entry) { h.rebuild(record, custody[:3]) },
	} {
		t.Run(name, func(t *testing.T) {
			h, o := newHostile(t)
			record, custody := ledgers(t, h.s, h.room.ID)
			cut(h, record, custody)
			for which, s := range map[string]*Store{"writer": h.s, "new": openStore(t, o)} {
				r, err := s.Load(t.Context(), h.room.ID)
				if err != nil {
					t.Fatalf("%s: %v", which, err)
				}
				if r.State != h.room.State || r.Bundle != h.room.Bundle || !maps.EqualFunc(r.Personal, h.room.Personal, func(a, b json.RawMessage) bool { return string(a) == string(b) }) {
					t.Errorf("%s: %+v", which, r)
				}
				again, after := ledgers(t, s, h.room.ID)
				if !begins(again, record) || !begins(after, custody) || len(after) != len(custody)+2 {
					t.Fatalf("%s: %d and %d entries of %d and %d", which, len(again), len(after), len(record), len(custody))
				}
				if e := after[len(custody)]; e.Type != typeRestored || body(e.Body).text("cause") != proof.CauseCut || after[len(custody)+1].Type != typeCheckpoint {
					t.Errorf("%s: %+v", which, e)
				}
			}
		})
	}
}

// lost is a store with rooms in several states, all mirrored, of which Redis then
// knows nothing any more.
func lost(t *testing.T) (s *Store, mirror *memory, before []*Room, token string) {
	server := redistest.Serve(t)
	mirror = &memory{parts: map[string][]byte{}}
	s = openStore(t, Options{URL: server.URL(), Signer: newTestSigner(t), Mirror: mirror})
	token = tickets.NewToken()
	for i := range 3 {
		id := create(t, s, func(c *CreateRoom) { c.At, c.Manager = noon.Add(time.Duration(i)*time.Hour), "m1" }).ID
		var r *Room
		switch i {
		case 0:
			r = do(t, s, id, append(slices.Clone(agree), AddLink{Link{Hash: tickets.HashToken(token), Expires: time.Now().Add(time.Hour)}}, EnterWaiting{})...)
		case 1:
			r = do(t, s, id, append(slices.Clone(agree), EnterWaiting{}, Admit{})...)
		case 2:
			r = do(t, s, id, wholeCall(t)...)
			r = do(t, s, id, OpenCustody{Bundle: digest, RecordHead: r.Record}, LogView{"a1", "room"})
		}
		before = append(before, r)
		h := hostile{t: t, s: s, room: r}
		if i == 2 {
			h.mirrored()
		} else if err := s.mirrorRoom(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.db.Client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	return s, mirror, before, token
}

func TestReindexAfterALoss(t *testing.T) {
	s, _, before, token := lost(t)
	done, err := s.Reindex(t.Context(), Rebuilding{})
	if err != nil || done.Rooms != 3 || len(done.Restored) != 3 || len(done.Refused) != 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	for _, old := range before {
		r, err := s.Load(t.Context(), old.ID)
		if err != nil {
			t.Fatal(err)
		}
		if r.State != old.State || r.Text(r.SellerName) != "Jörg Müller" || len(r.Captures) != len(old.Captures) {
			t.Errorf("%+v, was %+v", r, old)
		}
		record, custody := ledgers(t, s, r.ID)
		last := append(record, custody...)
		if e := last[len(last)-2]; e.Type != typeRestored || body(e.Body).text("cause") != proof.CauseLost {
			t.Errorf("%+v", e)
		}
	}
	if r, err := s.RoomByLink(t.Context(), token); err != nil || r.ID != before[0].ID {
		t.Errorf("%+v, %v", r, err)
	}
	for _, c := range []struct {
		query Query
		want  []*Room
	}{
		{Query{}, before}, {Query{Manager: "m1"}, before}, {Query{State: StateLive}, before[1:2]}, {Query{Verdict: VerdictPass}, before[2:]},
		{Query{Flag: "S_FRAUD"}, before[2:]}, {Query{Seller: "joerg@example.org"}, before}, {Query{State: StateBooked}, nil},
	} {
		var want []string
		for _, r := range c.want {
			want = append(want, r.ID)
		}
		if got := all(t, s, c.query); !slices.Equal(got, want) {
			t.Errorf("%+v: %v, want %v", c.query, got, want)
		}
	}
	do(t, s, before[1].ID, Interrupt{Cause: "x"}) // it goes on
	s.hiddenKey = hiddenKeyOf(newTestSigner(t))
	if done, err := s.Reindex(t.Context(), Rebuilding{}); err != nil || done.Rooms != 3 || len(done.Restored) != 0 || len(done.Refused) != 0 {
		t.Errorf("again: %+v, %v", done, err)
	}
	if got := all(t, s, Query{Flag: "S_FRAUD"}); !slices.Equal(got, []string{before[2].ID}) {
		t.Errorf("under another key: %v", got)
	}
}

// TestReindexFromABundle: what the mirror lacks of a sealed record is in the bundle.
func TestReindexFromABundle(t *testing.T) {
	s, mirror, before, _ := lost(t)
	id := before[2].ID
	c, err := s.witness.mirrored(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	privates, err := s.db.Unlock(t.Context(), "room:"+id, c.Values)
	if err != nil {
		t.Fatal(err)
	}
	mirror.mu.Lock() // the store may be mirroring another room
	for name := range mirror.parts {
		if p, ok := parsePart(name); ok && strings.HasPrefix(name, mirrorPrefix(id)) && (p.ledger == ledgerCustody || p.to > 20) {
			delete(mirror.parts, name)
		}
	}
	mirror.mu.Unlock()
	sealed := func(_ context.Context, room string) (SealedRecord, bool, error) {
		return SealedRecord{Entries: c.Record, Privates: privates, Digest: digest, Fence: 3}, room == id, nil
	}
	done, err := s.Reindex(t.Context(), Rebuilding{Sealed: sealed})
	if err != nil || len(done.Restored) != 3 || len(done.Refused) != 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	r, err := s.Load(t.Context(), id)
	if err != nil || r.Bundle != digest || r.Record != before[2].Record || r.Text(r.Line) != "Danke!" {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, custody := ledgers(t, s, id); len(custody) != 4 || custody[2].Type != typeRestored {
		t.Errorf("custody of %d entries", len(custody))
	}
}

// TestReindexRefusesAndReplaces: what Redis has instead of the mirrored record stays
// until an operator decides, and is kept then.
func TestReindexRefusesAndReplaces(t *testing.T) {
	h, o := newHostile(t)
	record, _ := ledgers(t, h.s, h.room.ID)
	h.rebuild(rechain(t, record, func(_ int, e *ledger.Entry) {
		if e.Type == typeVerdict {
			e.Body = maps.Clone(e.Body)
			e.Body["verdict"] = VerdictFail
		}
	}), nil)
	s := openStore(t, o)
	done, err := s.Reindex(t.Context(), Rebuilding{})
	if err != nil || len(done.Refused) != 1 || !errors.Is(done.Refused[h.room.ID], proof.ErrDiverges) {
		t.Fatalf("%+v, %v", done, err)
	}
	done, err = s.Reindex(t.Context(), Rebuilding{Replace: []string{h.room.ID}})
	if err != nil || len(done.Restored) != 1 || len(done.Refused) != 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	r, err := s.Load(t.Context(), h.room.ID)
	if err != nil || r.Verdict != VerdictPass {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, custody := ledgers(t, s, r.ID); body(custody[len(custody)-2].Body).text("cause") != proof.CauseReplaced {
		t.Errorf("%+v", custody[len(custody)-2])
	}
	names, err := o.Mirror.List(t.Context(), "rooms/"+r.ID+"/refused/")
	if err != nil || len(names) != 1 {
		t.Errorf("%v, %v", names, err)
	}
}

package rooms

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"verifycall/rooms/db"
)

// Each class ends by its own days, a test room's and that of a call which never
// happened soon, and nothing is known before the end.
func TestKeptUntil(t *testing.T) {
	day := 24 * time.Hour
	made := func(state string, test bool) *Room {
		r := inState(t, state)
		r.Test, r.KeepDays = test, map[string]int{ClassRecording: 10, ClassStills: 20, ClassDocuments: 30, ClassRecord: 40}
		return r
	}
	for _, test := range []struct {
		state     string
		test      bool
		recording time.Duration // after noon; 0: not known
		record    time.Duration
	}{
		{StateBooked, false, 0, 0}, {StateLive, true, 0, 0},
		{StateDecided, false, 10 * day, 40 * day}, {StateClosed, false, 10 * day, 40 * day}, {StateDecided, true, day, day},
		{StateEnded, false, 40 * day, 40 * day}, {StateAborted, false, day, day}, {StateCancelled, false, day, day},
		{StateNoShow, false, day, day}, {StateExpired, true, day, day},
	} {
		r := made(test.state, test.test)
		for class, want := range map[string]time.Duration{ClassRecording: test.recording, ClassRecord: test.record} {
			got := r.KeptUntil(class)
			if want == 0 && !got.IsZero() || want != 0 && !got.Equal(noon.Add(want)) {
				t.Errorf("%s, test %v: %s is kept until %v", test.state, test.test, class, got)
			}
		}
	}
	for state, want := range map[string]time.Time{StateDecided: noon.AddDate(0, 0, 5*365), StateEnded: noon.AddDate(0, 0, 5*365),
		StateCancelled: noon.Add(day), StateBooked: {}} {
		r := made(state, false)
		r.KeepDays, r.UnheldHours = nil, 0 // of before it was pinned
		for _, class := range Classes {
			if got := r.KeptUntil(class); !got.Equal(want) {
				t.Errorf("%s without pinned times: %s is kept until %v", state, class, got)
			}
		}
	}
	if r := made(StateDecided, false); !r.purgeDue().IsZero() {
		t.Error("a room without its bundle is to be purged")
	}
}

// A deadline begins the purge once, of the classes whose time is over; a hold puts
// it off; the tombstone comes once, whoever is first; and the record's private
// values and the indexes made of them are gone with it.
func TestPurgeByDeadline(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		now := noon
		at(s, now)
		id := create(t, s, nil).ID
		last := do(t, s, id, wholeCall(t)...)
		do(t, s, id, OpenCustody{Bundle: digest, RecordHead: last.Record})
		due := func(days int) *Room {
			t.Helper()
			at(s, noon.AddDate(0, 0, days))
			if _, err := s.FireDue(ctx); err != nil {
				t.Fatal(err)
			}
			r, err := s.Load(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		if r := due(1825); r.Purging != nil {
			t.Fatalf("purged too early: %+v", r.Purging)
		}
		do(t, s, id, PlaceHold{"litigation"}, NoteHold{On: true, Objects: 3})
		if r := due(1900); r.Purging != nil || r.Hold == nil || !r.Placed {
			t.Fatalf("a held room: %+v", r.Keeping)
		}
		if _, err := s.Do(ctx, id, "operator:o1", BeginPurge{[]string{ClassStills}, "request"}); !isRefused(err) {
			t.Errorf("purge of a held room: %v", err)
		}
		do(t, s, id, ReleaseHold{}, NoteHold{})
		r := due(1900)
		if r.Purging == nil || !slices.Equal(r.Purging.Classes, Classes) || r.Purging.Policy != PolicyRetention || r.State != StatePurged || r.Verdict != VerdictPass {
			t.Fatalf("room %s: %+v", r.State, r.Purging)
		}
		if ids, err := s.Keeping(ctx); err != nil || !slices.Contains(ids, id) {
			t.Errorf("to be erased: %v, %v", ids, err)
		}
		do(t, s, id, FinishPurge{Locked: 2}, FinishPurge{})
		if r = due(1901); r.Purging != nil || !slices.Equal(r.Purged, Classes) {
			t.Errorf("after the purge: %+v", r.Keeping)
		}
		custody, err := s.CustodyLog(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		var types []string
		for _, e := range custody {
			types = append(types, e.Type)
		}
		if want := []string{typeCustodyOpened, typeReviewDrawn, typeHeld, typeHoldPlaced, typeReleased, typeHoldPlaced, typePurgeBegun, typePurged}; !slices.Equal(types, want) {
			t.Errorf("custody is %v, want %v", types, want)
		}
		stone := body(custody[len(custody)-1].Body)
		if stone.text("bundle") != digest || stone.text("record_hash") != r.Record.Hash || stone.text("by") != "system" || stone.number("locked") != 2 {
			t.Errorf("tombstone %v", stone)
		}
		nothingPrivate(t, s, id)
	})
}

// TestHoldBeforeTheVerdict: a hold never keeps the verdict out of the record.
func TestHoldBeforeTheVerdict(t *testing.T) {
	r := inState(t, StateEnded)
	if _, err := decide(r, PlaceHold{"litigation"}, noon); !isRefused(err) || r.Hold != nil {
		t.Fatalf("a hold before the verdict: %v", err)
	}
	run(t, r, noon, GiveVerdict{Verdict: VerdictFail, Reasons: []string{"M_NAME"}}, Seal{map[string]any{"gaps": 0}})
	run(t, r, noon, OpenCustody{Bundle: digest, RecordHead: r.Record}, PlaceHold{"litigation"})
	if r.Hold == nil {
		t.Error("a sealed room isn't held")
	}
}

// nothingPrivate looks into Redis for values and indexes of an erased room.
func nothingPrivate(t *testing.T, s *Store, id string) {
	t.Helper()
	if n := s.db.Client.Exists(t.Context(), db.Prefix+"room:"+id+":private").Val(); n != 0 {
		t.Error("private values are left in Redis")
	}
	for _, key := range s.db.Client.Keys(t.Context(), db.Prefix+"index:*").Val() {
		_, err := s.db.Client.ZScore(t.Context(), key, id).Result()
		if name := []byte(key[len(db.Prefix):]); err == nil && (bytes.Contains(name, []byte("seller:")) || bytes.Contains(name, []byte("flag:")) || bytes.Contains(name, []byte(indexKeeping))) {
			t.Errorf("the room stands in %s", key)
		}
	}
}

func isRefused(err error) bool {
	var illegal *TransitionError
	return errors.As(err, &illegal)
}

// A room whose call never happened is purged whole after its hours; its custody
// ledger is opened by that, and the seller can't book any more.
func TestUnheldRoomsArePurgedWhole(t *testing.T) {
	for _, end := range []Command{Cancel{"seller"}, NoShow{Seller}, GiveNotice{Seller, "2026-11", "de", false}} {
		s := openEmbedded(t)
		at(s, noon)
		id := create(t, s, nil).ID
		do(t, s, id, end)
		at(s, noon.Add(24*time.Hour))
		if _, err := s.FireDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		r := do(t, s, id, FinishPurge{})
		if r.State != StatePurged || !slices.Equal(r.Purged, Classes) || r.Bundle != "" || r.Custody.Seq != 3 {
			t.Errorf("after %T: %s, %+v", end, r.State, r.Keeping)
		}
		if _, err := s.Do(t.Context(), id, "seller", Reschedule{noon.Add(25 * time.Hour)}); !isRefused(err) {
			t.Errorf("after %T an erased room is booked: %v", end, err)
		}
	}
}

// The record of a purged room is still judged good by its signatures and mirror.
func TestPurgedRoomIsAttested(t *testing.T) {
	o := Options{Dir: t.TempDir(), Signer: newTestSigner(t), Mirror: &memory{parts: map[string][]byte{}}, Keys: testKeys(t)}
	s := openStore(t, o)
	at(s, noon)
	id := create(t, s, nil).ID
	do(t, s, id, NoShow{Seller})
	at(s, noon.Add(24*time.Hour))
	if _, err := s.FireDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	do(t, s, id, FinishPurge{})
	s.witness.forget(id)
	if r, err := s.Load(t.Context(), id); err != nil || r.State != StatePurged {
		t.Errorf("load: %v", err)
	}
}

// What the notice says of how long is what the room's first entry pins.
func TestKeptLongest(t *testing.T) {
	short := *marketplace()
	short.Retention.Recording, short.Retention.Stills, short.Retention.Documents, short.Retention.Record = 30, 90, 10, 60
	c := newRoom
	c.Profile = &short
	if days := run(t, &Room{ID: "R-7K3M9QXD"}, noon, c).KeptLongest(); days != 90 {
		t.Errorf("%d days", days)
	}
	if days := run(t, &Room{ID: "R-7K3M9QXE"}, noon, newRoom).KeptLongest(); days != 1826 {
		t.Errorf("%d days by the marketplace's rules", days)
	}
	c.Test = true
	if days := run(t, &Room{ID: "R-7K3M9QXF"}, noon, c).KeptLongest(); days != 1 {
		t.Errorf("%d days of a test room", days)
	}
}

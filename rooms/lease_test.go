package rooms

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"verifycall/rooms/db"
)

// lapse takes a lease's key away, as its time to live would.
func lapse(t *testing.T, s *Store, id string) {
	t.Helper()
	if _, _, err := s.db.Write(t.Context(), "DEL", db.Prefix+"lease:"+id); err != nil {
		t.Fatal(err)
	}
}

func take(t *testing.T, s *Store, id, node string, others bool) Lease {
	t.Helper()
	l, err := s.TakeLease(t.Context(), id, node, others)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLeaseHasOneOwner(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		id := create(t, s, nil).ID
		a := take(t, s, id, "a", false)
		if a != (Lease{id, "a", 1}) || take(t, s, id, "a", false) != a {
			t.Errorf("first lease %+v", a)
		}
		if _, err := s.TakeLease(t.Context(), id, "b", true); !errors.Is(err, ErrHeld) {
			t.Errorf("somebody else's lease: %v", err)
		}
		if at, err := s.LeaseOf(t.Context(), id); err != nil || at != a {
			t.Errorf("lease of the room %+v, %v", at, err)
		}
		ttl, err := s.db.Client.PTTL(t.Context(), db.Prefix+"lease:"+id).Result()
		if err != nil || ttl <= 0 || ttl > LeaseTTL {
			t.Errorf("time to live %v, %v", ttl, err)
		}

		lapse(t, s, id)
		if _, err := s.TakeLease(t.Context(), id, "b", false); !errors.Is(err, ErrLapsed) {
			t.Errorf("a lapsed lease whose owner may come back: %v", err)
		}
		if take(t, s, id, "a", false) != a {
			t.Error("the last owner came back with another fence")
		}
		lapse(t, s, id)
		if b := take(t, s, id, "b", true); b.Fence != 2 {
			t.Errorf("a new owner with fence %d", b.Fence)
		}
		if _, err := s.TakeLease(t.Context(), "R-00000000", "a", true); !errors.Is(err, ErrNotFound) {
			t.Errorf("lease of no room: %v", err)
		}
	})
}

func TestLeaseGivenUpIsFreeAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		id := create(t, s, nil).ID
		a := take(t, s, id, "a", false)
		if err := s.LeaveLease(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		if _, err := s.LeaseOf(t.Context(), id); !errors.Is(err, ErrNotFound) {
			t.Errorf("after giving up: %v", err)
		}
		b := take(t, s, id, "b", false)
		if b.Fence != 2 {
			t.Errorf("fence %d", b.Fence)
		}
		if err := s.LeaveLease(t.Context(), a); err != nil { // late
			t.Fatal(err)
		}
		if at, err := s.LeaseOf(t.Context(), id); err != nil || at != b {
			t.Errorf("the former owner gave up the new one's: %+v, %v", at, err)
		}
	})
}

func TestFenceKeepsTheFormerOwnerOut(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		id := create(t, s, nil).ID
		do(t, s, id, agree...)
		a := take(t, s, id, "a", false)
		if _, err := s.Do(t.Context(), id, "system", EnterWaiting{}, a.Guards()...); err != nil {
			t.Fatal(err)
		}
		lapse(t, s, id)
		if _, err := s.Do(t.Context(), id, "system", Admit{}, a.Guards()...); err != nil {
			t.Errorf("nobody has taken it meanwhile: %v", err)
		}
		b := take(t, s, id, "b", true)
		if _, err := s.Do(t.Context(), id, "system", Interrupt{Cause: "late"}, a.Guards()...); !errors.Is(err, ErrFenced) {
			t.Errorf("the former owner wrote: %v", err)
		}
		if _, err := s.Do(t.Context(), id, "system", Interrupt{Cause: "node_lost"}, b.Guards()...); err != nil {
			t.Errorf("the new owner: %v", err)
		}
		if (Lease{}).Guards() != nil {
			t.Error("no lease has a guard")
		}
	})
}

func TestKeepLeasesTellsLostAndNews(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		mine, lost := create(t, s, nil), create(t, s, nil)
		take(t, s, mine.ID, "a", false)
		take(t, s, lost.ID, "a", false)
		lapse(t, s, lost.ID)
		take(t, s, lost.ID, "b", true)
		left := create(t, s, nil)
		if err := s.LeaveLease(t.Context(), take(t, s, left.ID, "a", false)); err != nil {
			t.Fatal(err)
		}
		kept, err := s.KeepLeases(t.Context(), "a", []string{mine.ID, lost.ID, left.ID})
		if err != nil || len(kept) != 1 || kept[mine.ID].Fence != 1 {
			t.Fatalf("kept %+v, %v", kept, err)
		}
		if kept[mine.ID].Changed(mine) {
			t.Error("news of a room that nobody has changed")
		}
		do(t, s, mine.ID, agree[0])
		kept, err = s.KeepLeases(t.Context(), "a", []string{mine.ID})
		if err != nil || !kept[mine.ID].Changed(mine) {
			t.Errorf("no news of a change: %+v, %v", kept, err)
		}
	})
}

func TestUnfinishedAreThoseThatNobodyHolds(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		live, held, done := create(t, s, nil).ID, create(t, s, nil).ID, create(t, s, nil).ID
		create(t, s, nil) // booked: nobody has to look after it
		do(t, s, live, append(agree[:2:2], EnterWaiting{}, Admit{})...)
		do(t, s, held, append(agree[:2:2], EnterWaiting{})...)
		take(t, s, held, "a", false)
		commands := wholeCall(t)
		do(t, s, done, commands[:len(commands)-1]...) // all but the seal
		check := func(want ...string) {
			t.Helper()
			ids, err := s.Unfinished(t.Context())
			slices.Sort(ids)
			slices.Sort(want)
			if err != nil || !slices.Equal(ids, want) {
				t.Errorf("unfinished %v, want %v, %v", ids, want, err)
			}
		}
		check(live, done)
		r := do(t, s, done, commands[len(commands)-1])
		do(t, s, done, OpenCustody{Bundle: capture.SHA256, RecordHead: r.Record})
		check(live)
	})
}

func TestAnnouncementsRunOut(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		for _, id := range []string{"a", "b"} {
			if err := s.Announce(t.Context(), id, "text of "+id, 200*time.Millisecond); err != nil {
				t.Fatal(err)
			}
		}
		if all, err := s.Announced(t.Context()); err != nil || len(all) != 2 || all["b"] != "text of b" {
			t.Fatalf("announced %v, %v", all, err)
		}
		if err := s.Unannounce(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		for {
			all, err := s.Announced(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if all["a"] != "" {
				t.Fatal("taken down, and still there")
			}
			if len(all) == 0 {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
}

func TestRegisterKeepsTheFirst(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		for _, c := range []struct {
			value   string
			replace bool
			want    string
		}{{"one", false, "one"}, {"two", false, "one"}, {"two", true, "two"}, {"three", false, "two"}} {
			if got, err := s.Register(t.Context(), "store", c.value, c.replace); err != nil || got != c.want {
				t.Errorf("%+v: %q, %v", c, got, err)
			}
		}
	})
}

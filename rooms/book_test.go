package rooms

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"verifycall/rooms/calendar"
	"verifycall/rooms/calendars"
	"verifycall/rooms/outbox"
	"verifycall/rooms/redistest"
	"verifycall/rooms/staff"
)

// lateGrace is what the default profile gives either side.
const lateGrace = 15 * time.Minute

// thursday is a morning in Berlin, 48 h after the tests' now.
var thursday = time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)

// open gives managers hours on all days, 9 to 17 in Berlin.
func open(t testing.TB, s *Store, managers ...string) {
	t.Helper()
	a := calendar.Default("Europe/Berlin")
	a.Languages = []string{"de", "en"}
	for day := range 7 {
		a.Hours = append(a.Hours, calendar.Span{Day: day, From: 9 * 60, To: 17 * 60})
	}
	for _, id := range managers {
		if err := s.Accounts.Put(t.Context(), "system", staff.Account{ID: id, Name: "Somebody", Role: "manager", Zone: "Europe/Berlin", Languages: []string{"de"}}); err != nil {
			t.Fatal(err)
		}
		if err := s.Calendars.Set(t.Context(), "manager:"+id, id, a); err != nil {
			t.Fatal(err)
		}
	}
}

func invite(t testing.TB, s *Store) *Room {
	t.Helper()
	return create(t, s, func(c *CreateRoom) { c.At, c.Manager, c.Link = time.Time{}, "", Link{} })
}

func at(s *Store, now time.Time) { s.now = func() time.Time { return now } }

// TestOneSlotForAThousand has 1,000 sellers want the same time of one manager.
func TestOneSlotForAThousand(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		at(s, thursday.Add(-48*time.Hour))
		open(t, s, "m1")
		count := 1000
		if name := t.Name(); strings.HasSuffix(name, "/sentinel") || strings.HasSuffix(name, "/cluster") { // each write waits for one
			count = 50
		}
		ids := make([]string, count)
		for i := range ids {
			ids[i] = invite(t, s).ID
		}
		var booked, taken, clear atomic.Int32
		var done sync.WaitGroup
		for _, id := range ids {
			done.Go(func() {
				_, err := s.Book(t.Context(), id, "seller", Wish{At: thursday})
				var late *calendars.TakenError
				switch {
				case err == nil:
					booked.Add(1)
				case errors.As(err, &late):
					taken.Add(1)
					if len(late.Nearest) == calendars.Nearest && late.Nearest[0].Manager == "m1" && late.Nearest[0].Zone == "Europe/Berlin" {
						clear.Add(1)
					}
				default:
					t.Error(err)
				}
			})
		}
		done.Wait()
		if booked.Load() != 1 || int(taken.Load()) != count-1 || int(clear.Load()) != count-1 {
			t.Errorf("%d booked, %d just taken, %d of them told the nearest", booked.Load(), taken.Load(), clear.Load())
		}
		c, err := s.Calendars.Get(t.Context(), "m1")
		if err != nil {
			t.Fatal(err)
		}
		log, err := s.Calendars.Log(t.Context(), "m1")
		if err != nil || len(log) != 2 || len(c.Holds) != 1 {
			t.Errorf("%v: %d entries, %d held", err, len(log), len(c.Holds))
		}
	})
}

// TestTwoNodesBook has two stores on one Redis fill a day: each slot goes to one.
func TestTwoNodesBook(t *testing.T) {
	server := redistest.Serve(t)
	one, two := openStore(t, Options{URL: server.URL()}), openStore(t, Options{URL: server.URL()})
	for _, s := range []*Store{one, two} {
		at(s, thursday.Add(-48*time.Hour))
	}
	open(t, one, "m1", "m2")
	var done sync.WaitGroup
	var got sync.Map
	for i := range 64 {
		s, id := []*Store{one, two}[i%2], invite(t, one).ID
		done.Go(func() {
			wish := Wish{At: thursday.Add(time.Duration(i/4) * 30 * time.Minute)}
			r, err := s.Book(t.Context(), id, "seller", wish)
			var taken *calendars.TakenError
			if errors.As(err, &taken) {
				return
			}
			if err != nil {
				t.Error(err)
				return
			}
			if other, twice := got.LoadOrStore(fmt.Sprint(r.Manager, r.At), id); twice {
				t.Errorf("%s and %s have %s with %s", other, id, r.At, r.Manager)
			}
		})
	}
	done.Wait()
	count := 0
	got.Range(func(any, any) bool { count++; return true })
	if count != 28 { // 14 half hours from 10:00 to 17:00 Berlin, two managers
		t.Errorf("%d were booked", count)
	}
}

func TestBookMoveCancel(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		at(s, thursday.Add(-48*time.Hour))
		open(t, s, "m1")
		r := invite(t, s)
		offered, err := s.Offers(t.Context(), r, "")
		if err != nil || len(offered) < 100 || offered[0].Zone != "Europe/Berlin" {
			t.Fatalf("%v: %d slots", err, len(offered))
		}
		if none, err := s.Offers(t.Context(), r, "es"); err != nil || len(none) != 0 {
			t.Errorf("%v: %d slots in Spanish", err, len(none))
		}
		if r, err = s.Book(t.Context(), r.ID, "seller", Wish{At: thursday, Zone: "Asia/Shanghai"}); err != nil {
			t.Fatal(err)
		}
		if r.State != StateBooked || r.Manager != "m1" || r.Zone != "Asia/Shanghai" || r.Sequence != 0 {
			t.Errorf("%+v", r)
		}
		if r, err = s.Book(t.Context(), r.ID, "seller", Wish{At: thursday.Add(time.Hour)}); err != nil || r.Sequence != 1 {
			t.Fatalf("%v: sequence %d", err, r.Sequence)
		}
		other := invite(t, s)
		if _, err := s.Book(t.Context(), other.ID, "seller", Wish{At: thursday}); err != nil {
			t.Errorf("the time that was given back: %v", err)
		}
		if _, err := s.Do(t.Context(), r.ID, "seller", Cancel{By: Seller}); err != nil {
			t.Fatal(err)
		}
		c, err := s.Calendars.Get(t.Context(), "m1")
		if err != nil || len(c.Holds) != 1 || c.Calls["2026-11-26"] != 1 {
			t.Errorf("%v: %+v", err, c)
		}
		var taken *calendars.TakenError
		if _, err := s.Book(t.Context(), other.ID, "seller", Wish{At: thursday.Add(7 * time.Minute)}); !errors.As(err, &taken) {
			t.Errorf("a time that is no slot: %v", err)
		}
	})
}

// TestDeadlinesFireOnce has two nodes look at once for what is due.
func TestDeadlinesFireOnce(t *testing.T) {
	server := redistest.Serve(t)
	one, two := openStore(t, Options{URL: server.URL()}), openStore(t, Options{URL: server.URL()})
	fire := func(now time.Time) {
		t.Helper()
		var done sync.WaitGroup
		at(one, now)
		at(two, now)
		for _, s := range []*Store{one, two, one, two} {
			done.Go(func() {
				if _, err := s.FireDue(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		done.Wait()
	}
	at(one, thursday.Add(-48*time.Hour))
	at(two, thursday.Add(-48*time.Hour))
	open(t, one, "m1")
	book := func(at time.Time) *Room {
		t.Helper()
		r, err := one.Book(t.Context(), invite(t, one).ID, "seller", Wish{At: at})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	unseen, waited, invited := book(thursday), book(thursday.Add(time.Hour)), invite(t, one)
	for _, before := range []time.Duration{24 * time.Hour, time.Hour, 10 * time.Minute, 0, -lateGrace + time.Second} {
		fire(thursday.Add(-before))
	}
	if r, _ := one.Load(t.Context(), unseen.ID); r.State != StateBooked || len(r.Reminded) != 3 {
		t.Errorf("before the grace is over: %s, reminded of %v", r.State, r.Reminded)
	}
	fire(thursday.Add(lateGrace))
	if r, _ := one.Load(t.Context(), unseen.ID); r.State != StateNoShow || r.Cause != Seller {
		t.Errorf("the seller did not come: %s %s", r.State, r.Cause)
	}
	at(one, thursday.Add(time.Hour-time.Minute))
	do(t, one, waited.ID, agree[0], EnterWaiting{})
	at(one, thursday.Add(time.Hour+5*time.Minute))
	do(t, one, waited.ID, LeaveWaiting{}) // nobody had come
	fire(thursday.Add(time.Hour + lateGrace))
	if r, _ := one.Load(t.Context(), waited.ID); r.State != StateNoShow || r.Cause != Manager {
		t.Errorf("the manager did not come: %s %s", r.State, r.Cause)
	}
	fire(invited.Created.Add(InvitationLife))
	if r, _ := one.Load(t.Context(), invited.ID); r.State != StateExpired {
		t.Errorf("an invitation that nobody used is %s", r.State)
	}
	for _, id := range []string{unseen.ID, waited.ID, invited.ID} {
		entries, err := one.Record(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]int{}
		for _, e := range entries {
			if e.Type == typeReminded {
				seen[e.Body["kind"].(string)]++
			} else {
				seen[e.Type]++
			}
		}
		for what, times := range seen {
			if times != 1 {
				t.Errorf("%s happened %d times in %s", what, times, id)
			}
		}
	}
}

func TestInterruptedCallEndsAsItsProfileSays(t *testing.T) {
	for after, want := range map[string]string{GraceResume: StateBooked, GraceAbort: StateEnded} {
		r := inState(t, StateLive)
		r.AfterGrace = after
		run(t, r, noon, Interrupt{Cause: "seller_lost"})
		if _, err := decide(r, EndGrace{}, noon.Add(time.Minute)); !errors.Is(err, ErrTooEarly) {
			t.Errorf("within the grace: %v", err)
		}
		if run(t, r, noon.Add(2*time.Minute), EndGrace{}); r.State != want {
			t.Errorf("%s: %s", after, r.State)
		}
		if after == GraceResume {
			run(t, r, noon.Add(2*time.Minute+OpenLife), Miss{})
			if r.State != StateEnded || r.Cause != "P_DISCONNECT" {
				t.Errorf("a call that never went on is %s %s", r.State, r.Cause)
			}
		}
	}
}

// TestOutbox has a mail taken up by one of two, put off, lost with its node, and
// settled.
func TestOutbox(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		at(s, noon)
		r := create(t, s, func(c *CreateRoom) { c.Manager = "" })
		take := func(want int) []outbox.Mail {
			t.Helper()
			mails, err := s.Outbox.Take(t.Context(), 10)
			if err != nil || len(mails) != want {
				t.Fatalf("%v: %v", err, mails)
			}
			return mails
		}
		m := take(1)[0]
		if m.Room != r.ID || m.Seq != 1 || m.Kind != outbox.Booked || m.Tries != 0 {
			t.Errorf("%+v", m)
		}
		take(0)
		if err := s.Outbox.PutOff(t.Context(), m, noon.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		at(s, noon.Add(time.Minute))
		again := take(1)[0]
		if again.ID() != m.ID() || again.Tries != 1 {
			t.Errorf("%+v", again)
		}
		at(s, noon.Add(2*time.Minute-time.Second)) // the server takes its time
		if mine, err := s.Outbox.Keep(t.Context(), &again); err != nil || !mine {
			t.Fatalf("not kept: %v", err)
		}
		at(s, noon.Add(time.Minute+outbox.ClaimTime))
		take(0)
		at(s, noon.Add(2*time.Minute+outbox.ClaimTime)) // its node is gone
		last := take(1)[0]
		if mine, err := s.Outbox.Keep(t.Context(), &again); err != nil || mine {
			t.Errorf("kept by one who had lost it: %v", err)
		}
		if err := s.Outbox.Settle(t.Context(), again, "sent late"); err != nil {
			t.Fatal(err)
		}
		if left, err := s.Figures(t.Context()); err != nil || left.Mails != 1 {
			t.Errorf("%v: settled by one who had lost it, %d left", err, left.Mails)
		}
		if err := s.Outbox.Settle(t.Context(), last, "sent"); err != nil {
			t.Fatal(err)
		}
		log, err := s.Outbox.Of(t.Context(), r.ID)
		if err != nil || log["1."+outbox.Booked] != "sent" {
			t.Errorf("%v: %v", err, log)
		}
	})
}

// TestOccupied: a manager is busy with a call that runs, whenever its appointment
// was or is; with one that has ended, until its verdict, but not for ever; and with
// a seller who waits once the time has come.
func TestOccupied(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		live := append(slices.Clone(agree), EnterWaiting{}, Admit{})
		for name, c := range map[string]struct {
			at       time.Duration // of the appointment, from now
			commands []Command
			later    time.Duration
			busy     bool
		}{
			"live, made for yesterday":      {-13 * time.Hour, live, 0, true},
			"live before its appointment":   {2 * time.Hour, live, 0, true},
			"just ended":                    {-13 * time.Hour, append(live, EndCall{Cause: "hangup_seller"}), time.Hour, true},
			"ended long ago":                {0, append(live, EndCall{Cause: "hangup_seller"}), 13 * time.Hour, false},
			"a seller who is hours early":   {2 * time.Hour, live[:3], 0, false},
			"a seller who waits since then": {2 * time.Hour, live[:3], 2 * time.Hour, true},
		} {
			at(s, noon)
			manager := "m-" + strings.ReplaceAll(strings.ReplaceAll(name, ",", ""), " ", "-")
			r := create(t, s, func(room *CreateRoom) { room.Manager, room.At = manager, noon.Add(c.at) })
			do(t, s, r.ID, append([]Command{draw}, c.commands...)...)
			at(s, noon.Add(c.later))
			busy, err := s.Occupied(t.Context(), []string{manager})
			if err != nil || (busy[manager] != nil) != c.busy {
				t.Errorf("%s: %v, %v", name, busy, err)
			}
		}
	})
}

// TestTakenMailsAreFreeAtTheNextStart has the only process lost with a mail taken
// up: the next one need not wait until it runs out.
func TestTakenMailsAreFreeAtTheNextStart(t *testing.T) {
	dir, keys := t.TempDir(), testKeys(t)
	for run := range 2 {
		s, err := Open(t.Context(), Options{Dir: dir, Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		if run == 0 {
			create(t, s, nil)
			later := create(t, s, nil)
			mails, err := s.Outbox.Take(t.Context(), 2)
			if err != nil || len(mails) != 2 {
				t.Fatal(mails, err)
			}
			for _, m := range mails {
				if m.Room == later.ID {
					if err := s.Outbox.PutOff(t.Context(), m, time.Now().Add(time.Hour)); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		mails, err := s.Outbox.Take(t.Context(), 2)
		if err != nil || len(mails) != run {
			t.Errorf("start %d: %v, %v", run, mails, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRebook: a seller who called off books again by the same link, for two weeks;
// the time that was given back is there again, and the mail's calendar file counts
// on. What a manager called off stays so.
func TestRebook(t *testing.T) {
	s := openEmbedded(t)
	now := thursday.Add(-48 * time.Hour)
	at(s, now)
	open(t, s, "m1")
	id := invite(t, s).ID
	book := func(when time.Time) (*Room, error) { return s.Book(t.Context(), id, "seller", Wish{At: when}) }
	if _, err := book(thursday); err != nil {
		t.Fatal(err)
	}
	cancelled := do(t, s, id, Cancel{By: Seller})
	if again := do(t, s, id, Cancel{By: Seller}); again.Record != cancelled.Record {
		t.Errorf("called off twice: %+v", again)
	}
	if c := calendarOf(t, s, "m1"); len(c.Holds) != 0 {
		t.Errorf("still held: %+v", c.Holds)
	}
	r, err := book(thursday)
	if err != nil || r.State != StateBooked || r.Sequence != cancelled.Sequence+1 || r.Cause != "" {
		t.Fatalf("%v: %+v", err, r)
	}
	if c := calendarOf(t, s, "m1"); len(c.Holds) != 1 {
		t.Errorf("held: %+v", c.Holds)
	}
	do(t, s, id, Cancel{By: Seller})
	at(s, now.Add(InvitationLife))
	var illegal *TransitionError
	if _, err := book(thursday.Add(InvitationLife)); !errors.As(err, &illegal) {
		t.Errorf("two weeks later: %v", err)
	}
	at(s, now)
	if _, err := book(thursday); err != nil {
		t.Fatal(err)
	}
	do(t, s, id, Cancel{By: Manager})
	if _, err := book(thursday); !errors.As(err, &illegal) {
		t.Errorf("called off by the manager: %v", err)
	}
}

package queue

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
	"verifycall/rooms/calendar"
	"verifycall/rooms/ledger"
	"verifycall/rooms/redistest"
	"verifycall/rooms/staff"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// keys are shared by the stores of a test.
func keys(t testing.TB) *vault.Vault {
	t.Helper()
	dir := t.TempDir()
	folder, err := objects.OpenFS(dir)
	must(t, err)
	t.Cleanup(func() { must(t, folder.Close()) })
	v, err := vault.Open(folder, dir)
	must(t, err)
	return v
}

func open(t testing.TB, o rooms.Options) *rooms.Store {
	t.Helper()
	s, err := rooms.Open(t.Context(), o)
	must(t, err)
	return s
}

func started(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, redistest.ErrMissing) {
		t.Skip("NOT TESTED on a real Redis: " + err.Error())
	}
	must(t, err)
}

// stores gives two nodes' stores on each kind of Redis; the embedded one serves
// both through one.
var stores = map[string]func(t *testing.T) (one, two *rooms.Store){
	"embedded": func(t *testing.T) (one, two *rooms.Store) {
		s := open(t, rooms.Options{Dir: t.TempDir(), Keys: keys(t)})
		t.Cleanup(func() { must(t, s.Close()) })
		return s, s
	},
	"redis": func(t *testing.T) (one, two *rooms.Store) {
		server, err := redistest.Start(t.Context(), t.TempDir())
		started(t, err)
		t.Cleanup(server.Kill)
		return pairOn(t, server.URL())
	},
	"sentinel": func(t *testing.T) (one, two *rooms.Store) {
		group, err := redistest.StartSentinel(t.Context(), t.TempDir())
		started(t, err)
		t.Cleanup(group.Kill)
		return pairOn(t, group.URL)
	},
	"cluster": func(t *testing.T) (one, two *rooms.Store) {
		group, err := redistest.StartCluster(t.Context(), t.TempDir())
		started(t, err)
		t.Cleanup(group.Kill)
		return pairOn(t, group.URL)
	},
}

func pairOn(t *testing.T, url string) (one, two *rooms.Store) {
	k := keys(t)
	one, two = open(t, rooms.Options{URL: url, Keys: k}), open(t, rooms.Options{URL: url, Keys: k})
	t.Cleanup(func() { must(t, one.Close()); must(t, two.Close()) })
	return one, two
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// desk makes a manager who is online.
func desk(t testing.TB, s *rooms.Store, id string, languages ...string) {
	t.Helper()
	must(t, s.Accounts.Put(t.Context(), "system", staff.Account{ID: id, Name: "Somebody", Role: "manager", Zone: "Europe/Berlin", Languages: languages}))
	must(t, NewHall(s, quiet()).SetDesk(t.Context(), id, rooms.DeskOnline))
}

func invite(t testing.TB, s *rooms.Store, language string) string {
	t.Helper()
	r, err := s.Create(t.Context(), "system", rooms.CreateRoom{SellerName: "李雷", Language: language, Zone: "Asia/Shanghai"})
	must(t, err)
	return r.ID
}

// turns are the entries that gave a room its turn.
func turns(t testing.TB, s *rooms.Store, room string) int {
	t.Helper()
	entries, err := s.Record(t.Context(), room)
	must(t, err)
	count := 0
	for _, e := range entries {
		if e.Type == "booked" && e.Body["instant"] == true {
			count++
		}
	}
	return count
}

// TestTurnsOnTwoNodes has sellers of two languages join over two nodes that both
// give turns, while managers end their calls: each seller is called once, no
// manager by two at a time, and of one language nobody is called before one who
// came earlier.
func TestTurnsOnTwoNodes(t *testing.T) {
	for name, pair := range stores {
		t.Run(name, func(t *testing.T) {
			one, two := pair(t)
			halls := []*Hall{NewHall(one, quiet()), NewHall(two, quiet())}
			const count, early = 24, 16
			ids := make([]string, count)
			for i := range ids {
				ids[i] = invite(t, one, []string{"de", "en"}[i%2])
			}
			var tending, joining sync.WaitGroup
			join := func(from, to int) {
				for i, id := range ids[from:to] {
					joining.Go(func() {
						if _, err := halls[i%2].Join(t.Context(), id); err != nil {
							t.Error(err)
						}
					})
				}
			}
			join(0, early)
			joining.Wait()
			desk(t, one, "m1", "de")
			desk(t, one, "m2", "en")
			desk(t, one, "m3", "de", "en")
			ctx, stop := context.WithCancel(t.Context())
			for _, h := range halls {
				tending.Go(func() {
					for ctx.Err() == nil {
						if _, err := h.Turn(ctx); err != nil && ctx.Err() == nil {
							t.Error(err)
						}
					}
				})
			}
			join(early, count)
			called := endAll(t, two, ids)
			joining.Wait()
			stop()
			tending.Wait()
			inOrder(t, one, called, ids[:early])
			for _, id := range ids {
				if n := turns(t, one, id); n != 1 {
					t.Errorf("%s was called %d times", id, n)
				}
			}
			for _, m := range []string{"m1", "m2", "m3"} {
				oneAtATime(t, one, m)
			}
			if lobby, err := one.Lobby(t.Context()); err != nil || len(lobby.Rooms) != 0 {
				t.Errorf("%v: %d are still in the queue", err, len(lobby.Rooms))
			}
		})
	}
}

// endAll ends the call of each room once it was given to a manager, and gives the
// rooms as they were called.
func endAll(t *testing.T, s *rooms.Store, ids []string) []*rooms.Room {
	t.Helper()
	var called []*rooms.Room
	ended := map[string]bool{}
	for until := time.Now().Add(time.Minute); len(called) < len(ids) && time.Now().Before(until); {
		for _, id := range ids {
			if ended[id] {
				continue
			}
			r, err := s.Load(t.Context(), id)
			must(t, err)
			if r.State != rooms.StateBooked {
				continue
			}
			called, ended[id] = append(called, r), true
			if _, err := s.Do(t.Context(), id, "seller", rooms.Cancel{By: rooms.Seller}); err != nil {
				t.Error(err)
			}
		}
	}
	if len(called) != len(ids) {
		t.Fatalf("%d of %d were called", len(called), len(ids))
	}
	return called
}

// inOrder wants that none of the early ones was called after one of the same
// language who came later: by the record, when each came and was called.
func inOrder(t *testing.T, s *rooms.Store, called []*rooms.Room, early []string) {
	t.Helper()
	came := map[string]time.Time{}
	for _, r := range called {
		entries, err := s.Record(t.Context(), r.ID)
		must(t, err)
		i := slices.IndexFunc(entries, func(e ledger.Entry) bool { return e.Type == "queued" })
		came[r.ID] = entries[i].Time().Truncate(time.Millisecond) // as the queue keeps it
	}
	for _, a := range called {
		for _, b := range called {
			if a.Language == b.Language && slices.Contains(early, a.ID) && came[a.ID].Before(came[b.ID]) && b.At.Before(a.At) {
				t.Errorf("%s came %s before %s and was called %s after", a.ID, came[b.ID].Sub(came[a.ID]), b.ID, a.At.Sub(b.At))
			}
		}
	}
}

func oneAtATime(t *testing.T, s *rooms.Store, manager string) {
	t.Helper()
	log, err := s.Calendars.Log(t.Context(), manager)
	must(t, err)
	has := ""
	for _, e := range log {
		room, _ := e.Body["room"].(string)
		switch e.Type {
		case calendar.TypeTaken:
			if has != "" {
				t.Errorf("%s was given %s while busy with %s", manager, room, has)
			}
			has = room
		case calendar.TypeFreed:
			has = ""
		}
	}
}

// TestQueueAfterACrash takes what the journal had on disk while five wait and one
// keeps a place: the next process calls them in the same order, and a place that
// was kept is taken again.
func TestQueueAfterACrash(t *testing.T) {
	dir, k := t.TempDir(), keys(t)
	s := open(t, rooms.Options{Dir: dir, Keys: k})
	h := NewHall(s, quiet())
	var ids []string
	for range 5 {
		id := invite(t, s, "de")
		_, err := h.Join(t.Context(), id)
		must(t, err)
		ids = append(ids, id)
		time.Sleep(2 * time.Millisecond) // another millisecond, which the order is kept by
	}
	away, err := h.StepAway(t.Context(), ids[1])
	must(t, err)
	desk(t, s, "m1", "de")
	crashed := t.TempDir()
	must(t, os.CopyFS(filepath.Join(crashed, "redis"), os.DirFS(dir)))
	must(t, s.Close())

	s = open(t, rooms.Options{Dir: filepath.Join(crashed, "redis"), Keys: k})
	defer func() { must(t, s.Close()) }()
	h = NewHall(s, quiet())
	if list, err := h.Turn(t.Context()); err != nil || len(list) != 0 {
		t.Fatalf("%v: %v were called before anybody's page was there again", err, list)
	}
	if d, err := s.DeskOf(t.Context(), "m1"); err != nil || d.Status != rooms.DeskOnline {
		t.Fatalf("%v: the desk is %+v", err, d)
	}
	must(t, s.ManagerHere(t.Context(), "m1", time.Minute))
	for _, id := range ids {
		must(t, s.SellerHere(t.Context(), id, time.Minute))
	}
	next := func(want string) {
		t.Helper()
		list, err := h.Turn(t.Context())
		if err != nil || !slices.Equal(list, []string{want}) {
			t.Fatalf("%v: %v were called, want %s", err, list, want)
		}
		_, err = s.Do(t.Context(), want, "seller", rooms.Cancel{By: rooms.Seller})
		must(t, err)
	}
	next(ids[0])
	next(ids[2]) // the second keeps the place, and is not here
	r, err := h.Join(t.Context(), ids[1])
	if err != nil || !r.Queued.Equal(away.Queued) || !r.Away.IsZero() {
		t.Fatalf("%v: back since %s, was there since %s", err, r.Queued, away.Queued)
	}
	next(ids[1])
	next(ids[3])
}

// TestPagesThatAreGone: a desk without a page goes offline, a seller without one
// keeps the place and is not called.
func TestPagesThatAreGone(t *testing.T) {
	s := open(t, rooms.Options{Dir: t.TempDir(), Keys: keys(t)})
	defer func() { must(t, s.Close()) }()
	h := NewHall(s, quiet())
	now := time.Now()
	h.now = func() time.Time { return now }
	desk(t, s, "m1", "de")
	id := invite(t, s, "de")
	_, err := s.Do(t.Context(), id, "seller", rooms.JoinQueue{}) // and no page
	must(t, err)
	if list, err := h.Turn(t.Context()); err != nil || len(list) != 0 {
		t.Fatalf("%v: %v", err, list)
	}
	now = now.Add(SellerTTL)
	if list, err := h.Turn(t.Context()); err != nil || !slices.Equal(list, []string{id}) {
		t.Fatalf("%v: %v", err, list)
	}
	r, err := s.Load(t.Context(), id)
	must(t, err)
	if r.Away.IsZero() || r.State != rooms.StateInvited {
		t.Fatalf("%s, place kept until %s", r.State, r.Away)
	}
	if d, err := s.DeskOf(t.Context(), "m1"); err != nil || d.Status != rooms.DeskOnline {
		t.Fatalf("%v: %+v, its page is there", err, d)
	}
	must(t, s.ManagerHere(t.Context(), "m1", 0))
	now = now.Add(ManagerTTL)
	if _, err := h.Turn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d, err := s.DeskOf(t.Context(), "m1"); err != nil || d.Status != rooms.DeskOffline {
		t.Fatalf("%v: %+v, its pages are gone", err, d)
	}
}

// TestWhoIsCalled holds what keeps the queue from a desk: a break, another
// language, a certification that has run out, a call that is being held.
func TestWhoIsCalled(t *testing.T) {
	s := open(t, rooms.Options{Dir: t.TempDir(), Keys: keys(t)})
	defer func() { must(t, s.Close()) }()
	h := NewHall(s, quiet())
	desk(t, s, "m1", "de")
	join := func(language string) string {
		id := invite(t, s, language)
		_, err := h.Join(t.Context(), id)
		must(t, err)
		return id
	}
	id := join("de")
	calls := func(want ...string) {
		t.Helper()
		if list, err := h.Turn(t.Context()); err != nil || !slices.Equal(list, want) {
			t.Fatalf("%v: %v were called, want %v", err, list, want)
		}
	}
	must(t, h.SetDesk(t.Context(), "m1", rooms.DeskBreak))
	calls()
	for language, paused := range map[string]bool{"de": true, "es": false} {
		r, err := s.Load(t.Context(), invite(t, s, language))
		must(t, err)
		if p, err := h.Place(t.Context(), r); err != nil || p.Known || p.Paused != paused {
			t.Fatalf("%v: during the break one who speaks %s is told %+v", err, language, p)
		}
	}
	must(t, h.SetDesk(t.Context(), "m1", rooms.DeskOnline))
	terms := calendar.Default("Europe/Berlin")
	terms.Languages, terms.Certified = []string{"de"}, "2020-01-01"
	must(t, s.Calendars.Set(t.Context(), "system", "m1", terms))
	calls()
	if mine, list, err := h.Desk(t.Context(), "m1"); err != nil || mine.Bar != calendar.BarCertificate || len(list) != 1 || !list[0].Yours {
		t.Fatalf("%v: %+v %+v", err, mine, list)
	}
	terms.Certified, terms.Languages = "", []string{"es"}
	must(t, s.Calendars.Set(t.Context(), "system", "m1", terms))
	calls()
	terms.Languages = []string{"de"}
	must(t, s.Calendars.Set(t.Context(), "system", "m1", terms))
	calls(id)
	second := join("de-AT")
	calls()
	r, err := s.Load(t.Context(), second)
	must(t, err)
	p, err := h.Place(t.Context(), r)
	if err != nil || p.Number != 1 || !p.Known || p.Wait != usual {
		t.Errorf("%v: %+v", err, p)
	}
	if mine, _, err := h.Desk(t.Context(), "m1"); err != nil || mine.Room != id || !mine.Queued {
		t.Errorf("%v: %+v", err, mine)
	}
}

// TestTurnOfAnOldLook: what was decided on a look at the queue is not done where
// the queue or the desk has changed since, on whichever node.
func TestTurnOfAnOldLook(t *testing.T) {
	for name, pair := range stores {
		t.Run(name, func(t *testing.T) {
			one, two := pair(t)
			slow, fast := NewHall(one, quiet()), NewHall(two, quiet())
			desk(t, one, "m1", "de")
			join := func() string {
				id := invite(t, two, "de")
				_, err := fast.Join(t.Context(), id)
				must(t, err)
				return id
			}
			kept, id := join(), join()
			_, err := fast.StepAway(t.Context(), kept)
			must(t, err)
			for _, c := range []struct {
				what   string
				change func() error
			}{
				{"the manager went on a break", func() error { return fast.SetDesk(t.Context(), "m1", rooms.DeskBreak) }},
				{"one who was first came back", func() error { _, err := fast.Join(t.Context(), kept); return err }},
			} {
				must(t, fast.SetDesk(t.Context(), "m1", rooms.DeskOnline))
				v, err := slow.look(t.Context())
				must(t, err)
				if pairs := Match(v.sellers, v.desks); len(pairs) != 1 || pairs[0].Room != id {
					t.Fatalf("%v, want %s", pairs, id)
				}
				must(t, c.change())
				_, err = slow.step(t.Context(), id, rooms.Assign{Manager: "m1"}, v.lobby.Guards(v.desk("m1"))...)
				must(t, err)
				if turns(t, one, id) != 0 {
					t.Fatalf("%s, and the turn was given all the same", c.what)
				}
			}
			must(t, fast.SetDesk(t.Context(), "m1", rooms.DeskOnline))
			v, err := slow.look(t.Context())
			must(t, err)
			if list, err := fast.Turn(t.Context()); err != nil || !slices.Equal(list, []string{kept}) {
				t.Fatalf("%v: %v were called, want %s", err, list, kept)
			}
			_, err = slow.step(t.Context(), id, rooms.Assign{Manager: "m1"}, v.lobby.Guards(v.desk("m1"))...)
			must(t, err)
			if turns(t, one, id) != 0 {
				t.Fatal("a desk was given twice")
			}
		})
	}
}

// TestRefusedStepHoldsNobodyUp: a room that takes no step is left out of this turn,
// whether its seller is gone or would be called.
func TestRefusedStepHoldsNobodyUp(t *testing.T) {
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	first, second := &rooms.Room{ID: "R-AAAAAAAA"}, &rooms.Room{ID: "R-BBBBBBBB"}
	first.Queued, second.Queued = at, at.Add(time.Second)
	v := &view{at: at.Add(time.Hour), known: time.Hour, desks: []Desk{{Manager: "m1", Languages: []string{"de"}}},
		lobby: rooms.Lobby{Desks: []rooms.Desk{{Manager: "m1"}}, Rooms: []*rooms.Room{first, second}, Here: map[string]bool{second.ID: true}}}
	for _, r := range v.lobby.Rooms {
		v.sellers = append(v.sellers, Seller{Room: r.ID, Since: r.Queued, Language: "de", Here: v.lobby.Here[r.ID]})
	}
	refused := map[string]bool{}
	for _, want := range []struct {
		room    string
		command rooms.Command
	}{{first.ID, rooms.StepAway{}}, {second.ID, rooms.Assign{Manager: "m1"}}, {"", nil}} {
		room, command, _ := v.next(refused)
		if room != want.room || command != want.command {
			t.Errorf("%s: %+v, want %+v", room, command, want)
		}
		refused[room] = true
	}
}

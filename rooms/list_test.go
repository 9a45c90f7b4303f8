package rooms

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"verifycall/rooms/db"

	"github.com/redis/go-redis/v9"
)

// all reads a query page by page and gives the ids in order.
func all(t *testing.T, s *Store, q Query) []string {
	t.Helper()
	var ids []string
	for {
		page, err := s.List(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if q.Limit > 0 && len(page.Rooms) > q.Limit {
			t.Fatalf("a page of %d, asked for %d", len(page.Rooms), q.Limit)
		}
		if page.Next != "" && len(page.Rooms) != q.Limit {
			t.Fatalf("a page of %d is not the last one", len(page.Rooms))
		}
		for _, r := range page.Rooms {
			ids = append(ids, r.ID)
		}
		if page.Next == "" {
			return ids
		}
		q.Cursor = page.Next
	}
}

func TestListByAppointment(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		var mine, theirs []string
		for i := range 12 {
			r := create(t, s, func(c *CreateRoom) {
				c.At = noon.Add(time.Duration(i/4) * time.Hour) // four at each time
				c.Manager = []string{"m1", "m2"}[i%2]
			})
			if i%2 == 0 {
				mine = append(mine, r.ID)
			} else {
				theirs = append(theirs, r.ID)
			}
		}
		for limit := range 5 {
			got := all(t, s, Query{Manager: "m1", Limit: limit})
			slices.Sort(got)
			want := slices.Sorted(slices.Values(mine))
			if !slices.Equal(got, want) {
				t.Fatalf("limit %d: got %v, want %v", limit, got, want)
			}
		}
		if got := all(t, s, Query{Limit: 1}); len(got) != 12 {
			t.Fatalf("one at a time: %d", len(got))
		}
		hour := all(t, s, Query{From: noon.Add(time.Hour), To: noon.Add(2 * time.Hour), Manager: "m2"})
		if slices.Sort(hour); !slices.Equal(hour, slices.Sorted(slices.Values(theirs[2:4]))) {
			t.Fatalf("the second hour: %v, want %v", hour, theirs[2:4])
		}
		page, err := s.List(t.Context(), Query{Limit: 3})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Rooms {
			if r.Text(r.SellerName) != "Jörg Müller" || r.Text(r.SellerMail) != "joerg@example.org" || !r.At.Equal(noon) {
				t.Errorf("%+v", r)
			}
		}
	})
}

func TestListFollowsTheState(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		r := create(t, s, nil)
		steps := append(slices.Clone(agree), EnterWaiting{}, Admit{}, Interrupt{Cause: "x"}, Resume{}, EndCall{Cause: "x"})
		for _, c := range steps {
			state := do(t, s, r.ID, c).State
			for _, other := range States {
				got := all(t, s, Query{State: other})
				if (len(got) == 1) != (other == state) {
					t.Fatalf("after %T: %d rooms are %s", c, len(got), other)
				}
			}
		}
		later := create(t, s, nil)
		do(t, s, later.ID, Reschedule{noon.Add(48 * time.Hour)})
		if got := all(t, s, Query{From: noon.Add(time.Hour)}); !slices.Equal(got, []string{later.ID}) {
			t.Fatalf("after the new time: %v", got)
		}
	})
}

func TestListOfDecisions(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		now := noon
		s.now = func() time.Time { return now }
		var decided []string
		for i := range 6 {
			now = noon.Add(time.Duration(i) * time.Hour)
			r := create(t, s, func(c *CreateRoom) { c.Manager = fmt.Sprint("m", 1+i%2) })
			verdict := []string{VerdictFail, VerdictRefer, VerdictAbort}[i%3]
			do(t, s, r.ID, append(slices.Clone(agree), EnterWaiting{}, Admit{}, EndCall{Cause: "x"},
				GiveVerdict{Verdict: verdict, Reasons: []string{"Q_BLUR"}})...)
			decided = append(decided, r.ID)
		}
		create(t, s, nil) // not decided
		for name, c := range map[string]struct {
			query Query
			want  []int // places in decided, the latest first
		}{
			"all":         {Query{DecidedOnly: true}, []int{5, 4, 3, 2, 1, 0}},
			"verdict":     {Query{Verdict: VerdictRefer}, []int{4, 1}},
			"manager":     {Query{DecidedOnly: true, Manager: "m1"}, []int{4, 2, 0}},
			"both":        {Query{Verdict: VerdictFail, Manager: "m2"}, []int{3}},
			"from":        {Query{DecidedOnly: true, From: noon.Add(4 * time.Hour)}, []int{5, 4}},
			"to":          {Query{DecidedOnly: true, To: noon.Add(2 * time.Hour)}, []int{1, 0}},
			"none":        {Query{Verdict: VerdictPass}, nil},
			"other state": {Query{DecidedOnly: true, State: StateClosed}, nil},
		} {
			var want []string
			for _, i := range c.want {
				want = append(want, decided[i])
			}
			for _, limit := range []int{0, 1, 2} {
				c.query.Limit = limit
				if got := all(t, s, c.query); !slices.Equal(got, want) {
					t.Errorf("%s, limit %d: got %v, want %v", name, limit, got, want)
				}
			}
		}
	})
}

func TestListRefusesACursorOfOthers(t *testing.T) {
	s := openEmbedded(t)
	for _, cursor := range []string{"x", "!", "MTI", "OjE", "YTpi"} {
		if _, err := s.List(t.Context(), Query{Cursor: cursor}); !errors.Is(err, ErrCursor) {
			t.Errorf("%q: %v", cursor, err)
		}
	}
}

func FuzzParseCursor(f *testing.F) {
	f.Add(place{noon.UnixMilli(), "R-7K3M9QXD"}.cursor())
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parseCursor(text)
		if err != nil {
			if !errors.Is(err, ErrCursor) {
				t.Fatal(err)
			}
			return
		}
		if p == nil {
			return
		}
		again, err := parseCursor(p.cursor())
		if err != nil || *again != *p {
			t.Fatalf("%+v came back as %+v, %v", p, again, err)
		}
	})
}

// TestListOfHidden finds rooms by the seller's address and by flags, alone and with
// what else can be asked for, and neither in the name of any key.
func TestListOfHidden(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		s.hiddenKey = hiddenKeyOf(newTestSigner(t))
		var ids []string
		for i := range 6 {
			r := create(t, s, func(c *CreateRoom) {
				c.At, c.Manager = noon.Add(time.Duration(i)*time.Hour), []string{"m1", "m2"}[i%2]
				c.SellerMail = []string{"a@example.org", "B@example.org "}[i/3]
			})
			if i%3 == 0 {
				do(t, s, r.ID, append(slices.Clone(agree), EnterWaiting{}, Admit{}, WriteNote{"S_FRAUD", "x"}, WriteNote{"", "y"})...)
			}
			ids = append(ids, r.ID)
		}
		do(t, s, ids[5], Reschedule{noon.Add(-time.Hour)})
		for name, c := range map[string]struct {
			query Query
			want  []int
		}{
			"seller":              {Query{Seller: " b@EXAMPLE.org"}, []int{5, 3, 4}},
			"seller and manager":  {Query{Seller: "b@example.org", Manager: "m2"}, []int{5, 3}},
			"flag":                {Query{Flag: "S_FRAUD"}, []int{0, 3}},
			"flag and seller":     {Query{Flag: "S_FRAUD", Seller: "b@example.org"}, []int{3}},
			"flag and state":      {Query{Flag: "S_FRAUD", State: StateBooked}, nil},
			"another flag":        {Query{Flag: "S_OTHER"}, nil},
			"manager and state":   {Query{Manager: "m1", State: StateBooked}, []int{2, 4}},
			"day":                 {Query{From: noon, To: noon.Add(2 * time.Hour)}, []int{0, 1}},
			"flag, from then on":  {Query{Flag: "S_FRAUD", From: noon.Add(time.Hour)}, []int{3}},
			"flag among decided":  {Query{Flag: "S_FRAUD", DecidedOnly: true}, nil},
			"seller of no rooms":  {Query{Seller: "c@example.org"}, nil},
			"an empty flag is no": {Query{Flag: "", Manager: "m3"}, nil},
		} {
			var want []string
			for _, i := range c.want {
				want = append(want, ids[i])
			}
			for _, limit := range []int{0, 1, 2} {
				c.query.Limit = limit
				if got := all(t, s, c.query); !slices.Equal(got, want) {
					t.Errorf("%s, limit %d: got %v, want %v", name, limit, got, want)
				}
			}
		}
		if _, spread := s.db.Client.(*redis.ClusterClient); spread { // KEYS asks any node
			return
		}
		names, err := s.db.Client.Keys(t.Context(), db.Prefix+"index:*").Result()
		if err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(names, "\n"); strings.Contains(text, "FRAUD") || strings.Contains(text, "example") || !strings.Contains(text, "flag:") {
			t.Errorf("names of indexes:\n%s", text)
		}
	})
}

// TestListShowsDamagedRooms: a projection that can't be read, one of another room,
// a forged private value and a room that Load refuses stand among the others.
func TestListShowsDamagedRooms(t *testing.T) {
	o := Options{Dir: t.TempDir(), Signer: newTestSigner(t), Mirror: &memory{parts: map[string][]byte{}}}
	s := openStore(t, o)
	var ids []string
	for i := range 6 {
		ids = append(ids, create(t, s, func(c *CreateRoom) { c.At, c.Manager = noon.Add(time.Duration(i)*time.Hour), "m1" }).ID)
	}
	good, err := s.Load(t.Context(), ids[3])
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"HSET", db.Prefix + "room:" + ids[1], "state", "{"},
		{"HSET", db.Prefix + "room:" + ids[2], "state", `{"id":"R-00000000","state":"booked"}`},
		{"HSET", db.Prefix + "room:" + ids[3] + ":private", string(good.SellerName), `{"salt":"00112233445566778899aabbccddeeff","value":"Mallory"}`},
		{"HSET", db.Prefix + "room:" + ids[4], "state", `{"id":"` + ids[4] + `","state":"live","manager":"m1"}`},
	} {
		if _, _, err := s.db.Write(t.Context(), args...); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Load(t.Context(), ids[4]); err == nil {
		t.Fatal("a forged projection is used")
	}
	for _, q := range []Query{{}, {Manager: "m1"}, {State: StateBooked}} {
		page, err := s.List(t.Context(), q)
		if err != nil || len(page.Rooms) != len(ids) {
			t.Fatalf("%d rooms, %v", len(page.Rooms), err)
		}
		for i, r := range page.Rooms {
			if damaged := i >= 1 && i <= 4; r.ID != ids[i] || r.Damaged != damaged || damaged && r.SellerName != "" {
				t.Errorf("%+v: %+v", q, r)
			}
		}
	}
}

// TestListLooksAtSoMany: where too many rooms don't match, a page is short and the
// next one goes on.
func TestListLooksAtSoMany(t *testing.T) {
	s := openEmbedded(t)
	want := create(t, s, func(c *CreateRoom) { c.At = noon.Add(maxLookedAt * 2 * time.Second); c.Manager = "m2" }).ID
	other := create(t, s, func(c *CreateRoom) { c.At = noon; c.Manager = "m1" }).ID
	text, err := s.db.Client.HGet(t.Context(), db.Prefix+"room:"+other, "state").Result()
	if err != nil {
		t.Fatal(err)
	}
	index := db.Prefix + "index:" + s.sellerIndex("joerg@example.org")
	var calls [][]string
	for i := range maxLookedAt + 100 {
		id := fmt.Sprintf("R-%08d", i)
		calls = append(calls, []string{"HSET", db.Prefix + "room:" + id, "state", strings.ReplaceAll(text, other, id)},
			[]string{"ZADD", index, fmt.Sprint(noon.Add(time.Duration(i) * time.Second).UnixMilli()), id})
	}
	var wg sync.WaitGroup // writers at the same time share a sync
	for part := range slices.Chunk(calls, 100) {
		wg.Go(func() {
			for _, args := range part {
				if _, _, err := s.db.Write(t.Context(), args...); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	q, pages := Query{Seller: "joerg@example.org", Manager: "m2"}, 0
	for {
		page, err := s.List(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		pages++
		if q.Cursor = page.Next; len(page.Rooms) == 1 && page.Rooms[0].ID == want && page.Next == "" {
			break
		}
		if len(page.Rooms) > 0 || page.Next == "" || pages > 3 {
			t.Fatalf("page %d: %d rooms, next %q", pages, len(page.Rooms), page.Next)
		}
	}
	if pages != 2 {
		t.Errorf("%d pages", pages)
	}
}

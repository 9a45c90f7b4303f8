package rooms

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
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
		steps := append(slices.Clone(agree), EnterWaiting{}, Admit{}, Interrupt{"x"}, Resume{}, EndCall{Cause: "x"})
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

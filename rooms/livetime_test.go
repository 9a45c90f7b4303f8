package rooms

import (
	"slices"
	"testing"
	"time"

	"verifycall/rooms/ledger"
)

func TestLiveTime(t *testing.T) {
	type step struct {
		minute int
		typ    string
	}
	for name, c := range map[string]struct {
		steps []step
		want  int // minutes
	}{
		"never admitted":          {[]step{{0, typeBooked}, {5, typeNoShow}}, 0},
		"one stretch":             {[]step{{0, typeWaiting}, {1, typeAdmitted}, {4, typeStep}, {11, typeEnded}, {13, typeVerdict}}, 10},
		"interrupted":             {[]step{{0, typeAdmitted}, {3, typeInterrupted}, {5, typeResumed}, {9, typeEnded}}, 7},
		"ended while interrupted": {[]step{{0, typeAdmitted}, {3, typeInterrupted}, {8, typeEnded}}, 3},
		"postponed by two days": {[]step{{0, typeAdmitted}, {2, typeInterrupted}, {4, typePostponed}, {2880, typeWaiting},
			{2881, typeAdmitted}, {2885, typeEnded}}, 6},
	} {
		var record []ledger.Entry
		var head ledger.Head
		for _, s := range c.steps {
			e, err := ledger.Append(head, noon.Add(time.Duration(s.minute)*time.Minute), "system", s.typ, nil)
			if err != nil {
				t.Fatal(err)
			}
			record, head = append(record, e), e.Head()
		}
		if got := LiveTime(record); got != time.Duration(c.want)*time.Minute {
			t.Errorf("%s: %v live, want %d min", name, got, c.want)
		}
	}
}

// TestLiveSpans: a span knows its last entry and by what it was interrupted, and is open
// where the record ends within.
func TestLiveSpans(t *testing.T) {
	at := func(minute int) time.Time { return noon.Add(time.Duration(minute) * time.Minute) }
	var record []ledger.Entry
	var head ledger.Head
	for _, s := range []struct {
		minute int
		typ    string
		body   map[string]any
	}{
		{0, typeWaiting, nil}, {1, typeAdmitted, nil}, {4, typeStep, nil}, {6, typeInterrupted, map[string]any{"cause": "node_lost"}}, {7, typeStep, nil},
		{8, typeResumed, nil}, {9, typeEnded, map[string]any{"cause": "done"}},
		{20, typeAdmitted, nil}, {22, typeChat, nil},
	} {
		e, err := ledger.Append(head, at(s.minute), "system", s.typ, s.body)
		if err != nil {
			t.Fatal(err)
		}
		record, head = append(record, e), e.Head()
	}
	want := []LiveSpan{{at(1), at(6), at(4), "node_lost"}, {at(8), at(9), at(8), ""}, {From: at(20), Last: at(22)}}
	if got := LiveSpans(record, time.Time{}); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	want = []LiveSpan{{From: at(1), Last: at(4)}}
	if got := LiveSpans(record, at(6)); !slices.Equal(got, want) {
		t.Errorf("before the interruption %v, want %v", got, want)
	}
}

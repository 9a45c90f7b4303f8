package rooms

import (
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

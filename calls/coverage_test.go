package calls

import (
	"testing"
	"time"

	"verifycall/recorder"
	"verifycall/rooms"
)

// TestUnrecorded: live time that is in no recording is missed, the time in which a lost
// node's call was nobody's isn't.
func TestUnrecorded(t *testing.T) {
	noon := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	at := func(second int) time.Time { return noon.Add(time.Duration(second) * time.Second) }
	tape := func(who string, from, to int) recorder.Summary {
		return recorder.Summary{Participant: who, Start: at(from), DurationMS: int64(to-from) * 1000}
	}
	span := func(from, to, last int, cause string) rooms.LiveSpan {
		return rooms.LiveSpan{From: at(from), To: at(to), Last: at(last), Cause: cause}
	}
	for name, c := range map[string]struct {
		spans   []rooms.LiveSpan
		made    []recorder.Summary
		seller  int // seconds missed
		manager int
	}{
		"whole": {[]rooms.LiveSpan{span(0, 600, 590, "")},
			[]recorder.Summary{tape("seller", 0, 600), tape("manager", 0, 600)}, 0, 0},
		"a disk that failed for a minute": {[]rooms.LiveSpan{span(0, 600, 590, "server_stopping")},
			[]recorder.Summary{tape("seller", 0, 200), tape("seller", 260, 600), tape("manager", 0, 600)}, 60, 0},
		"nothing recorded": {[]rooms.LiveSpan{span(0, 600, 590, "seller_lost")}, nil, 600, 600},
		"interrupted, and no second recording": {[]rooms.LiveSpan{span(0, 100, 90, "seller_lost"), span(160, 260, 250, "")},
			[]recorder.Summary{tape("seller", 0, 100), tape("manager", 0, 100), tape("manager", 160, 260)}, 100, 0},
		"a recording beyond its span":            {[]rooms.LiveSpan{span(10, 100, 90, "")}, []recorder.Summary{tape("seller", 0, 120), tape("manager", 10, 100)}, 0, 0},
		"node lost":                              {[]rooms.LiveSpan{span(0, 600, 30, "node_lost")}, []recorder.Summary{tape("seller", 0, 100), tape("manager", 0, 98)}, 0, 2},
		"node lost, its call goes on elsewhere":  {[]rooms.LiveSpan{span(0, 600, 30, "server_restart"), span(620, 720, 700, "")}, []recorder.Summary{tape("seller", 0, 100), tape("manager", 0, 100), tape("seller", 620, 720), tape("manager", 670, 720)}, 0, 50},
		"node lost just now":                     {[]rooms.LiveSpan{{From: at(0), Last: at(30)}}, []recorder.Summary{tape("seller", 0, 100), tape("manager", 0, 100)}, 0, 0},
		"node lost, nothing recorded by then":    {[]rooms.LiveSpan{span(0, 600, 120, "node_lost")}, nil, 120, 120},
		"node lost just now, the disk before it": {[]rooms.LiveSpan{{From: at(0), Last: at(130)}}, []recorder.Summary{tape("seller", 0, 100), tape("manager", 0, 100)}, 30, 30},
		"no call":                                {nil, nil, 0, 0},
	} {
		missed := map[string]time.Duration{}
		for _, part := range unrecorded(c.spans, c.made) {
			missed[part.participant] += part.length
		}
		for who, want := range map[string]int{rooms.Seller: c.seller, rooms.Manager: c.manager} {
			if missed[who] != time.Duration(want)*time.Second {
				t.Errorf("%s: %v of the %s missed, want %d s", name, missed[who], who, want)
			}
		}
	}
}

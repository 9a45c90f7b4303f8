package facts

import (
	"slices"
	"testing"
	"time"

	"verifycall/recorder"
	"verifycall/rooms"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// tape is a recording of the seller's picture, without a gap in it.
func tape(from, to time.Duration, cause string) *recorder.Tape {
	return &recorder.Tape{Summary: recorder.Summary{ID: from.String(), Participant: "seller", Start: noon.Add(from), DurationMS: (to - from).Milliseconds(),
		Cause: cause, Tracks: []recorder.TrackSummary{{Kind: "video", Frames: 1, Coverage: 1000}}}}
}

// TestGapsAndCoverage: a gap has the cause by which the recording before it ended, and
// coverage counts by the time that the call was live.
func TestGapsAndCoverage(t *testing.T) {
	const minute, ms = time.Minute, int64(time.Minute / time.Millisecond)
	days := 2 * 24 * time.Hour
	for name, c := range map[string]struct {
		length, live time.Duration
		tapes        []*recorder.Tape
		gaps         []Gap // of the seller
		coverage     int
	}{
		"whole": {10 * minute, 10 * minute, []*recorder.Tape{tape(0, 10*minute, GapEnded)}, nil, 1000},
		"consent withdrawn": {10 * minute, 10 * minute, []*recorder.Tape{tape(0, 3*minute, "consent_withdrawn")},
			[]Gap{{"seller", "", 3 * ms, 10 * ms, "consent_withdrawn"}}, 300},
		"late, then interrupted": {10 * minute, 8 * minute, []*recorder.Tape{tape(minute, 4*minute, "interrupted"), tape(6*minute, 10*minute, GapEnded)},
			[]Gap{{"seller", "", 0, ms, recorder.CauseLeadIn}, {"seller", "", 4 * ms, 6 * ms, "interrupted"}}, 875},
		"node lost": {10 * minute, 10 * minute, []*recorder.Tape{tape(0, 4*minute, recorder.CauseCrash), tape(5*minute, 10*minute, GapEnded)},
			[]Gap{{"seller", "", 4 * ms, 5 * ms, recorder.CauseCrash}}, 900},
		"postponed by two days": {days + 5*minute, 10 * minute, []*recorder.Tape{tape(0, 5*minute, "interrupted"), tape(days, days+5*minute, GapEnded)},
			[]Gap{{"seller", "", 5 * ms, days.Milliseconds(), "interrupted"}}, 1000},
	} {
		f := Of(&rooms.Room{Admitted: noon, Ended: noon.Add(c.length)}, c.live, c.tapes)
		gaps := slices.DeleteFunc(slices.Clone(f.Gaps), func(g Gap) bool { return g.Participant != "seller" })
		if !slices.Equal(gaps, c.gaps) {
			t.Errorf("%s: gaps %+v, want %+v", name, gaps, c.gaps)
		}
		if got := f.Coverage["seller.video"]; got != c.coverage {
			t.Errorf("%s: coverage %d, want %d", name, got, c.coverage)
		}
		if i := slices.IndexFunc(f.Gaps, func(g Gap) bool { return g.Participant == "manager" }); i < 0 || f.Gaps[i].Cause != recorder.CauseNoPackets {
			t.Errorf("%s: the manager, who has no recording: %+v", name, f.Gaps)
		}
	}
}

package rooms

import (
	"time"

	"verifycall/rooms/ledger"
)

// LiveSpan is a stretch of a call without an interruption.
type LiveSpan struct {
	From, To time.Time // To is zero where the record ends before it
	Last     time.Time // of the last entry within, From without one
	Cause    string    // of the interruption that ended it, empty without one
}

// LiveSpans are the stretches in which a call was live, by its record before a moment
// (zero: by all of it), oldest first.
func LiveSpans(record []ledger.Entry, before time.Time) []LiveSpan {
	var spans []LiveSpan
	live := false
	for _, e := range record {
		state, changes := stateAfter[e.Type]
		at := e.Time()
		if !before.IsZero() && !at.Before(before) {
			break
		}
		if live {
			last := &spans[len(spans)-1]
			if !changes {
				last.Last = at
				continue
			}
			last.To, live = at, false
			if e.Type == typeInterrupted {
				last.Cause = body(e.Body).text("cause")
			}
		}
		if state == StateLive {
			spans, live = append(spans, LiveSpan{From: at, Last: at}), true
		}
	}
	return spans
}

// LiveTime is how long a call was live, by its record: without the time that it was
// interrupted or postponed, and without what comes after the record's end.
func LiveTime(record []ledger.Entry) (sum time.Duration) {
	for _, s := range LiveSpans(record, time.Time{}) {
		if !s.To.IsZero() {
			sum += s.To.Sub(s.From)
		}
	}
	return sum
}

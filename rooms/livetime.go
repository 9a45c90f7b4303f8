package rooms

import (
	"time"

	"verifycall/rooms/ledger"
)

// LiveTime is how long a call was live, by its record: without the time that it was
// interrupted or postponed.
func LiveTime(record []ledger.Entry) (sum time.Duration) {
	var since time.Time // zero while it isn't live
	for _, e := range record {
		state, changes := stateAfter[e.Type]
		if !changes {
			continue
		}
		if !since.IsZero() {
			sum += e.Time().Sub(since)
			since = time.Time{}
		}
		if state == StateLive {
			since = e.Time()
		}
	}
	return sum
}

package bandwidth

import (
	"testing"
	"time"
)

// TestAckedRateBeforeZero: arrivals before the zero of the subscriber's clock, as a
// report's negative deltas give, count as others do.
func TestAckedRateBeforeZero(t *testing.T) {
	for _, start := range []time.Duration{-10 * time.Second, -60 * time.Millisecond, 0} {
		var a ackedRate
		for at := start; at < start+2*time.Second; at += 5 * time.Millisecond {
			a.add(at, 625) // 1 Mbit/s
		}
		a.add(start-time.Hour, 1e6) // far too old
		if rate, ok := a.bps(); !ok || rate < 0.9e6 || rate > 1.1e6 {
			t.Errorf("from %v: %v bit/s, %v", start, rate, ok)
		}
	}
}

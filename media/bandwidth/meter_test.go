package bandwidth

import (
	"testing"
	"time"
)

func TestMeter(t *testing.T) {
	var m Meter
	at := time.Unix(1_800_000_000, 0)
	if got := m.best(at); got != 0 {
		t.Errorf("%d bit/s of nothing", got)
	}
	for range 30 { // 3 s of 100 kbit/s
		m.Add(1250, at)
		at = at.Add(meterSlot)
	}
	for range 10 { // 1 s of 800 kbit/s
		m.Add(10_000, at)
		at = at.Add(meterSlot)
	}
	for _, c := range []struct {
		after              time.Duration
		best, latest, mean int
	}{
		{0, 800_000, 800_000, 275_000},
		{500 * time.Millisecond, 800_000, 400_000, 244_444},
		{3 * time.Second, 800_000, 0, 181_632},
		{4500 * time.Millisecond, 320_000, 0, 65_306},
		{6 * time.Second, 0, 0, 0},
		{time.Hour, 0, 0, 0},
	} {
		if best, latest := m.best(at.Add(c.after)), m.Latest(at.Add(c.after)); best != c.best || latest != c.latest || m.Mean(at.Add(c.after)) != c.mean {
			t.Errorf("after %v: best %d, latest %d, mean %d, wanted %+v", c.after, best, latest, m.Mean(at.Add(c.after)), c)
		}
	}
}

package media

import (
	"testing"
	"time"
)

func TestLayerChoice(t *testing.T) {
	const full, low = 2_000_000, 150_000
	type span struct {
		of        time.Duration
		bps       int
		full, low int
		wantLow   bool // at its end
	}
	for name, spans := range map[string][]span{
		"bears the full picture":     {{10 * time.Second, 2_500_000, full, low, false}},
		"far too narrow":             {{time.Second, 300_000, full, low, true}},
		"a moment's doubt":           {{time.Second, 2_500_000, full, low, false}, {500 * time.Millisecond, 300_000, full, low, false}, {5 * time.Second, 2_200_000, full, low, false}},
		"a little too narrow":        {{time.Second, 1_800_000, full, low, false}, {2 * time.Second, 1_800_000, full, low, true}},
		"wide again":                 {{5 * time.Second, 300_000, full, low, true}, {3 * time.Second, 2_600_000, full, low, false}},
		"not wide enough":            {{5 * time.Second, 300_000, full, low, true}, {20 * time.Second, 2_100_000, full, low, true}},
		"no low layer":               {{5 * time.Second, 300_000, full, 0, false}},
		"the low layer ends":         {{5 * time.Second, 300_000, full, low, true}, {200 * time.Millisecond, 300_000, full, 0, false}},
		"only the low layer comes":   {{200 * time.Millisecond, 2_500_000, 0, low, true}},
		"full didn't last: it waits": {{5 * time.Second, 300_000, full, low, true}, {3 * time.Second, 2_600_000, full, low, false}, {time.Second, 300_000, full, low, true}, {1500 * time.Millisecond, 2_600_000, full, low, true}, {2 * time.Second, 2_600_000, full, low, false}},
	} {
		t.Run(name, func(t *testing.T) {
			var c layerChoice
			now := time.Unix(1_800_000_000, 0)
			c.choose(4_000_000, full, low, now)
			for i, s := range spans {
				for end := now.Add(s.of); now.Before(end); {
					now = now.Add(arrivalsInterval)
					c.choose(s.bps, s.full, s.low, now)
				}
				if c.low != s.wantLow {
					t.Errorf("after span %d: low is %v", i, c.low)
				}
			}
		})
	}
}

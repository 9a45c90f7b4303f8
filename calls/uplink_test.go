package calls

import "testing"

func TestStartKbps(t *testing.T) {
	for uplink, want := range map[int]int{40: 150, 300: 210, 1000: 700, 2600: 1820, 9000: 2500} {
		if got := startKbps(uplink); got != want {
			t.Errorf("uplink %d: start at %d, wanted %d", uplink, got, want)
		}
	}
}

package calls

import (
	"testing"
	"time"
)

func TestCaptureDeadline(t *testing.T) {
	for uplink, want := range map[int]time.Duration{
		0: 15 * time.Second, 50: 15 * time.Second, 160: 15 * time.Second, 320: 8 * time.Second, 1000: 3 * time.Second, 2500: 3 * time.Second,
	} {
		if got := captureDeadline(3*time.Second, uplink); got != want {
			t.Errorf("uplink %d: %v, wanted %v", uplink, got, want)
		}
	}
}

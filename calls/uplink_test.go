package calls

import (
	"testing"
	"time"
)

func TestStartKbps(t *testing.T) {
	for uplink, want := range map[int]int{40: 150, 300: 210, 1000: 700, 2600: 1820, 9000: 2500} {
		if got := startKbps(uplink); got != want {
			t.Errorf("uplink %d: start at %d, wanted %d", uplink, got, want)
		}
	}
}

// What came before the camera was switched on says nothing of the network.
func TestUplinkIsOfACameraThatIsOn(t *testing.T) {
	now := time.Now()
	s := side{connected: true, connectedAt: now.Add(-time.Minute)}
	if !s.uplinkDue(now) {
		t.Error("a minute of video isn't measured")
	}
	s.switchVideo(true)
	if s.uplinkDue(now) {
		t.Error("a camera that is off is measured")
	}
	s.switchVideo(false)
	if s.uplinkDue(s.videoOn.Add(uplinkAfter - 1)) {
		t.Error("a camera is measured that was off until just now")
	}
	if !s.uplinkDue(s.videoOn.Add(uplinkAfter)) {
		t.Error("a camera that was switched on is never measured")
	}
}

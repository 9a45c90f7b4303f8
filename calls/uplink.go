package calls

import (
	"time"

	"verifycall/media"
)

// uplinkAfter a connection came up, or its camera was switched on, its rate is
// taken for what the network bears: browsers need 2 to 3 s to find it.
const uplinkAfter = 5 * time.Second

// Bounds of a start of video, in kbit/s: a poor phone must not be flooded, and
// more than the best picture needs helps nobody.
const startLeast, startMost = 150, 2500

// measureUplink looks, once for each connection, how much of a side's own
// video arrives. In the waiting room nobody sees that video and nothing keeps it.
func (c *Call) measureUplink(s *side, now time.Time) {
	if !s.uplinkDue(now) || s.transport.Receiver(media.Video) == nil {
		return
	}
	s.uplink, s.measured, c.dirty = s.transport.Uplink(), true, true
	c.log.Info("uplink measured", "role", s.role, "kbps", s.uplink)
}

// uplinkDue says that a side's video has come for long enough and wasn't measured.
// A camera that is off, or was until just now, would measure the encoder.
func (s *side) uplinkDue(now time.Time) bool {
	return !s.measured && s.connected && !s.videoOff &&
		now.Sub(s.connectedAt) >= uplinkAfter && now.Sub(s.videoOn) >= uplinkAfter
}

// switchVideo notes that a side's camera is off, or on again.
func (s *side) switchVideo(off bool) {
	if s.videoOff && !off {
		s.videoOn = time.Now()
	}
	s.videoOff = off
}

// startKbps is where a connection's video starts after an uplink of so many
// kbit/s was measured.
func startKbps(uplink int) int { return min(max(uplink*7/10, startLeast), startMost) }

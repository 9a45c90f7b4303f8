package recorder

import (
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
)

// Tap is the way of one published track's packets into a Recording. Neither
// method ever blocks; both are for one goroutine at a time. When the queue is
// full, packets are dropped and counted, and the recording has a gap of cause
// CauseOverflow there. After Stop both do nothing.
type Tap struct {
	rec      *Recording
	kind     string
	rate     uint32
	stream   *stream       // Recording.run's; nil before the first packet
	light    *light        // of the kind; nil for one that isn't recorded
	dropped  atomic.Uint32 // packets since the last that found room
	reported time.Time     // arrival of the last sender report let through
}

// WriteRTP copies a packet into the recording's queue. arrival has the
// monotonic clock of time.Now.
func (t *Tap) WriteRTP(pkt *rtp.Packet, arrival time.Time) {
	if t.rec.stopped.Load() || t.light == nil {
		return
	}
	dropped := t.dropped.Load() > 0
	if !t.rec.queue.packet(t, pkt, arrival, dropped) {
		t.dropped.Add(1)
		return
	}
	t.light.seen.Store(t.rec.since(arrival).Milliseconds())
	if dropped {
		t.dropped.Store(0)
	}
}

// reportSpacing bounds what a sender can make the recording keep.
const reportSpacing = 200 * time.Millisecond

// WriteSenderReport notes that the track's RTP timestamp rtpTime is the
// sender's time ntp (32.32 bits of a second since 1900). Reports closer than
// 200 ms, and those without room, are left out.
func (t *Tap) WriteSenderReport(ntp uint64, rtpTime uint32, arrival time.Time) {
	if t.rec.stopped.Load() || arrival.Sub(t.reported) < reportSpacing {
		return
	}
	if t.rec.queue.report(queuedReport{t, ntp, rtpTime, arrival}) {
		t.reported = arrival
	}
}

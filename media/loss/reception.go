package loss

import (
	"time"

	"github.com/pion/rtcp"
)

// Reception is how well one published stream comes through, as its publisher
// is told (RFC 3550 section 6.4.1). It counts packets as first sent: what is
// repaired was lost all the same. Pure; owned by one Receiver. The zero value
// is ready.
type Reception struct {
	began          bool
	first, highest int64 // sequence numbers, unwrapped
	received       uint64
	expectedBefore uint64 // at the last report
	receivedBefore uint64
	transit        uint32  // of the last packet, in RTP time
	Jitter         float64 // in RTP time
	reportNTP      uint32  // middle of the publisher's last sender report, 0 before
	reportAt       time.Time
}

// Arrived notes a packet that isn't a repair.
func (r *Reception) Arrived(ext int64, rtpTime, clockRate uint32, now time.Time) {
	ticks := uint32(now.UnixMicro() * int64(clockRate/1000) / 1000) // its beginning doesn't matter
	transit := ticks - rtpTime
	if !r.began {
		r.began, r.first, r.highest = true, ext, ext
	} else {
		distance := int32(transit - r.transit)
		r.Jitter += (float64(max(distance, -distance)) - r.Jitter) / 16 // section 6.4.1 and appendix A.8
	}
	r.transit = transit
	r.first, r.highest = min(r.first, ext), max(r.highest, ext)
	r.received++
}

// Reported notes the publisher's sender report.
func (r *Reception) Reported(ntp uint64, now time.Time) {
	r.reportNTP, r.reportAt = uint32(ntp>>16), now
}

// Block is the report since the last one; ok is false before the first packet.
func (r *Reception) Block(ssrc uint32, now time.Time) (b rtcp.ReceptionReport, ok bool) {
	if !r.began {
		return b, false
	}
	expected := uint64(r.highest-r.first) + 1
	b = rtcp.ReceptionReport{
		SSRC:               ssrc,
		TotalLost:          uint32(min(expected-min(expected, r.received), 1<<23-1)),
		LastSequenceNumber: uint32(r.highest),
		Jitter:             uint32(r.Jitter),
	}
	due, came := expected-r.expectedBefore, r.received-r.receivedBefore
	if due > came {
		b.FractionLost = uint8(min((due-came)*256/due, 255))
	}
	r.expectedBefore, r.receivedBefore = expected, r.received
	if r.reportNTP != 0 {
		b.LastSenderReport = r.reportNTP
		b.Delay = uint32(now.Sub(r.reportAt).Seconds() * 65536)
	}
	return b, true
}

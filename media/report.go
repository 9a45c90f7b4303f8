package media

import (
	"sync"
	"time"

	"github.com/pion/rtcp"
)

// ntpEpoch is 1900-01-01, where NTP time begins, before the Unix epoch
// (RFC 5905 section 6).
const ntpEpoch = 2208988800 * time.Second

// ntpTime is t as NTP time in 32.32 fixed point.
func ntpTime(t time.Time) uint64 {
	seconds := uint64(t.Unix() + int64(ntpEpoch/time.Second))
	return seconds<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}

// fromNTP is the reverse of ntpTime, within a nanosecond.
func fromNTP(ntp uint64) time.Time {
	seconds := int64(ntp>>32) - int64(ntpEpoch/time.Second)
	nanos := (ntp & 0xffffffff) * uint64(time.Second) >> 32
	return time.Unix(seconds, int64(nanos))
}

// senderClock maps one publisher's NTP clock to ours. Its first report sets
// the difference for good: what counts is that audio and video share it, for
// then they stay in step however wrong it is.
type senderClock struct {
	mu    sync.Mutex
	known bool
	ahead time.Duration // our clock before the publisher's
}

// local is our time of the publisher's ntp, which arrived at arrival.
func (c *senderClock) local(ntp uint64, arrival time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	theirs := fromNTP(ntp)
	if !c.known {
		c.known, c.ahead = true, arrival.Sub(theirs)
	}
	return theirs.Add(c.ahead)
}

// senderReport is a pair of the same moment: our time and the RTP time.
type senderReport struct {
	at  time.Time
	rtp uint32
}

// maxExtrapolation bounds how far a report is carried forward: browsers send
// them each second (video) and each five (audio); one further off tells of a
// publisher whose clock jumped.
const maxExtrapolation = time.Minute

// rtpTime carries the report to now; ok is false when it is too far off.
func (s senderReport) rtpTime(now time.Time, clockRate uint32) (rtp uint32, ok bool) {
	since := now.Sub(s.at)
	if since.Abs() > maxExtrapolation {
		return 0, false
	}
	return s.rtp + uint32(int64(since.Seconds()*float64(clockRate))), true
}

// roundTrip is the time between our sender report and the receiver report that
// names it (RFC 3550 section 6.4.1); ok is false when it names none.
func roundTrip(block rtcp.ReceptionReport, now time.Time) (rtt time.Duration, ok bool) {
	if block.LastSenderReport == 0 {
		return 0, false
	}
	units := uint32(ntpTime(now)>>16) - block.LastSenderReport - block.Delay // of 1/65536 s
	if units >= 60<<16 {
		return 0, false // a nonsense report, or clocks within a tick of each other
	}
	return time.Duration(units) * time.Second >> 16, true
}

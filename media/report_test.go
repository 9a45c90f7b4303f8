package media

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

func TestNTPTime(t *testing.T) {
	// RFC 5905 figure 4: the Unix epoch is 2,208,988,800 s after NTP's.
	if got := ntpTime(time.Unix(0, 500_000_000)); got != 2208988800<<32|1<<31 {
		t.Errorf("half a second after the epoch is %#x", got)
	}
	at := time.Date(2026, 11, 24, 11, 0, 0, 123456789, time.UTC)
	if got := fromNTP(ntpTime(at)); got.Sub(at).Abs() > time.Nanosecond {
		t.Errorf("%v came back as %v", at, got)
	}
}

// A publisher's audio and video reports, of a clock far from ours, must give
// the subscriber pairs in step: a frame and a sound of the same moment get the
// same NTP time.
func TestSenderReportsKeepStep(t *testing.T) {
	ours := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	theirs := ours.Add(-77 * time.Hour)
	var clock senderClock
	down := map[Kind]*downTrack{}
	for kind, rate := range map[Kind]uint32{Audio: audioClockRate, Video: videoClockRate} {
		r := newReceiver(kind, 1, 96, rate, &clock, trackIO{})
		d := newDownTrack(kind, rate, 9, newDownlink(time.Now()))
		d.bind(discard{}, outbound{ssrc: 5, payloadType: 96})
		d.play(r)
		d.open()
		// Both were sampled at theirs with RTP time 1000, and came 30 ms late (video).
		r.report.Store(&senderReport{at: clock.local(ntpTime(theirs), ours), rtp: 1000})
		var out outgoing
		d.forward(r, &rtp.Packet{Header: rtp.Header{Timestamp: 1000}, Payload: vp8Payload(true, true, 1, 0)}, ours.Add(30*time.Millisecond), &out)
		down[kind] = d
	}
	later := ours.Add(2 * time.Second)
	audio, video := down[Audio].senderReport(later), down[Video].senderReport(later)
	if audio == nil || video == nil {
		t.Fatal("no report after a packet")
	}
	if audio.NTPTime != ntpTime(later) || video.NTPTime != audio.NTPTime {
		t.Error("reports aren't of the moment they are sent")
	}
	if audio.RTPTime != 1000+2*audioClockRate || video.RTPTime != 1000+2*videoClockRate {
		t.Errorf("audio at %d, video at %d, 2 s after 1000", audio.RTPTime, video.RTPTime)
	}
	if audio.PacketCount != 1 || audio.OctetCount == 0 {
		t.Errorf("counts %d, %d", audio.PacketCount, audio.OctetCount)
	}
}

func TestRoundTrip(t *testing.T) {
	sent := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	block := rtcp.ReceptionReport{LastSenderReport: uint32(ntpTime(sent) >> 16), Delay: 65536 / 2}
	if rtt, ok := roundTrip(block, sent.Add(580*time.Millisecond)); !ok || (rtt-80*time.Millisecond).Abs() > time.Millisecond {
		t.Errorf("round trip %v, %v", rtt, ok)
	}
	if _, ok := roundTrip(rtcp.ReceptionReport{}, sent); ok {
		t.Error("a round trip without a report")
	}
	if _, ok := roundTrip(block, sent.Add(100*time.Millisecond)); ok {
		t.Error("a round trip before the subscriber's own delay was over")
	}
}

type discard struct{}

func (discard) writeRTP(*outgoing) {}

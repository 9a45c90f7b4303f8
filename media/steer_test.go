package media

import (
	"testing"
	"time"

	"github.com/pion/rtcp"

	"verifycall/media/bandwidth"
)

// yielding is a publisher of one layer that may be held.
type yielding struct{}

func (yielding) low() *Receiver { return nil }
func (yielding) yields() bool   { return true }

// A picture of more than the way bears begins when its publisher has been told so
// and can have obeyed, and then with a key frame.
func TestPictureWaitsForItsLimit(t *testing.T) {
	var sent collect
	var asked []rtcp.Packet
	now := time.Now()
	d := newDownTrack(Video, videoClockRate, 100, newDownlink(now))
	d.link.heard = true
	d.bind(&sent, outbound{ssrc: 5, payloadType: 96})
	d.open()
	r := newReceiver(Video, 1, 96, videoClockRate, &senderClock{}, trackIO{
		layers: yielding{}, rtt: func() time.Duration { return 40 * time.Millisecond },
		writeRTCP: func(p []rtcp.Packet) error { asked = append(asked, p...); return nil },
	})
	var out outgoing
	seq := uint16(0)
	frame := func(key bool) {
		seq++
		r.handleRTP(videoPacket(seq, 3000*uint32(seq), key, true, seq), now, false, &out)
	}
	limit := func() int {
		t.Helper()
		if len(asked) == 0 {
			t.Fatal("no limit was sent")
		}
		remb, ok := asked[len(asked)-1].(*rtcp.ReceiverEstimatedMaximumBitrate)
		if !ok {
			t.Fatalf("%T was sent", asked[len(asked)-1])
		}
		return int(remb.Bitrate)
	}
	d.play(r)
	if limit() > bandwidth.First*8/10 {
		t.Errorf("a limit of %d bit/s", limit())
	}
	frame(true)
	frame(false)
	if len(sent.packets) > 0 || r.keyFrames.Wanted() {
		t.Errorf("%d packets sent before the publisher can have obeyed, a key frame wanted: %v", len(sent.packets), r.keyFrames.Wanted())
	}
	d.steer(d.link.bps(now), d.settledAt.Add(-time.Millisecond))
	frame(true)
	if len(sent.packets) > 0 {
		t.Error("begun before the round trip was over")
	}
	if d.steer(d.link.bps(now), d.settledAt) != 0 {
		t.Error("probed while the first key frame is on the way")
	}
	if !r.keyFrames.Wanted() {
		t.Error("no key frame was asked for")
	}
	frame(false)
	frame(true)
	if len(sent.packets) != 1 {
		t.Errorf("%d packets sent of a key frame", len(sent.packets))
	}
	d.steer(d.link.bps(now), d.settledAt.Add(2*settledFor))
	if limit() < bandwidth.First*9/10 {
		t.Errorf("held at %d bit/s for longer than the key frame takes", limit())
	}
}

// What was measured the other way bounds what an estimate begins with, and not below
// what every way is thought to bear.
func TestAssumedDownlink(t *testing.T) {
	now := time.Now()
	for _, c := range [][3]int{{2_000_000, 700_000, 700_000}, {2_000_000, 60_000, bandwidth.First}, {400_000, 700_000, 400_000}} {
		l := newDownlink(now)
		l.heard = true
		l.est.Assume(c[0], 0)
		l.assume(c[1], now)
		if got := l.bps(now); got != c[2] {
			t.Errorf("%d bit/s found, %d measured the other way: %d, wanted %d", c[0], c[1], got, c[2])
		}
	}
}

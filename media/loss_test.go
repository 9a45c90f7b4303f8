package media

import (
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// encoding of what a robot publishes.
func (b *robot) encoding(kind Kind) webrtc.RTPEncodingParameters {
	for _, sender := range b.pc.GetSenders() {
		if sender.Track() != nil && sender.Track().Kind().String() == string(kind) {
			return sender.GetParameters().Encodings[0]
		}
	}
	b.t.Fatalf("no %s is published", kind)
	return webrtc.RTPEncodingParameters{}
}

// recordTo makes a join's onTrack that taps both tracks from their first packet.
func recordTo(taps map[Kind]*tap) func(TrackStarted) {
	return func(e TrackStarted) { e.R.SetTap(taps[e.R.Kind()]) }
}

// At 3 % loss each way a lost packet costs at most 1.3 retransmissions.
func TestRetransmissionsPerLoss(t *testing.T) {
	checkLeaks(t)
	l := newLab(t, conditions{loss: 3, delay: 20 * time.Millisecond})
	seller := l.host("10.0.0.3")
	l.start()
	n := newTestNode(t, Config{Listen: serverIP + serverPort, Net: l.server, Log: testLog(t)})
	a := join(t, n, seller, 60000, nil)
	a.publish()
	a.stream(10, func() bool { return a.mark >= 5000 })

	encoding := a.encoding(Video)
	original, again := l.flow(uint32(encoding.SSRC)), l.flow(uint32(encoding.RTX.SSRC))
	ratio := float64(again.sent) / float64(original.lost)
	t.Logf("of %d packets %d were lost, %d retransmissions (%.2f per lost packet); %+v",
		original.sent, original.lost, again.sent, ratio, a.server.Receiver(Video).Stats())
	if original.lost < 100 || ratio > 1.3 {
		t.Errorf("%.2f retransmissions per lost packet, %d lost", ratio, original.lost)
	}

	// The publisher learns of it: the losses as they were, though all is
	// repaired, and each arrival.
	a.mu.Lock()
	defer a.mu.Unlock()
	report := a.told[uint32(encoding.SSRC)]
	if lost := int(report.TotalLost); lost < original.lost*3/4 || lost > original.lost {
		t.Errorf("%d packets reported lost of %d", lost, original.lost)
	}
	if a.arrived < original.sent/2 { // a report may be lost, too
		t.Errorf("%d arrivals reported of %d packets", a.arrived, original.sent)
	}
}

// At 5 % loss each way and 80 ms round trip, at least 99.5 % of the video
// frames and 99 % of the audio packets reach the tap.
func TestWholeFramesUnderLoss(t *testing.T) {
	checkLeaks(t)
	l := newLab(t, conditions{loss: 5, delay: 40 * time.Millisecond})
	seller := l.host("10.0.0.3")
	l.start()
	n := newTestNode(t, Config{Listen: serverIP + serverPort, Net: l.server, Log: testLog(t)})
	taps := map[Kind]*tap{Audio: {}, Video: {}}
	a := join(t, n, seller, 60000, recordTo(taps))
	a.publish()

	const perFrame = 6
	firstVideo, firstAudio := a.mark, a.picture
	a.stream(perFrame, func() bool { return a.picture >= firstAudio+600 })
	lastVideo, lastAudio := a.mark, a.picture
	for settled := time.Now().Add(time.Second); time.Now().Before(settled); { // a second for the last repairs
		a.sendFrame(1)
		time.Sleep(20 * time.Millisecond)
	}

	frames := map[uint32]int{}
	for mark := range marks(taps[Video].seen()) {
		if mark >= firstVideo && mark < lastVideo {
			frames[(mark-firstVideo)/perFrame]++
		}
	}
	whole := 0
	for _, packets := range frames {
		if packets == perFrame {
			whole++
		}
	}
	audio := map[uint16]bool{}
	for _, pkt := range taps[Audio].seen() {
		if pkt.SequenceNumber >= firstAudio && pkt.SequenceNumber < lastAudio {
			audio[pkt.SequenceNumber] = true
		}
	}
	sentFrames, sentAudio := int(lastVideo-firstVideo)/perFrame, int(lastAudio-firstAudio)
	t.Logf("%d of %d frames, %d of %d audio packets; lost %d video and %d audio packets; %+v", whole, sentFrames, len(audio),
		sentAudio, l.flow(uint32(a.encoding(Video).SSRC)).lost, l.flow(uint32(a.encoding(Audio).SSRC)).lost,
		a.server.Receiver(Video).Stats())
	if whole*1000 < sentFrames*995 {
		t.Errorf("%d of %d frames", whole, sentFrames)
	}
	if len(audio)*100 < sentAudio*99 {
		t.Errorf("%d of %d audio packets", len(audio), sentAudio)
	}
	if lost := l.flow(uint32(a.encoding(Audio).SSRC)).lost; lost < sentAudio/50 {
		t.Errorf("the network lost only %d audio packets", lost)
	}
}

// A repair reaches the tap although the publisher sends nothing after it, as
// between two frames of a poor uplink.
func TestRepairNeedsNoNextPacket(t *testing.T) {
	checkLeaks(t)
	l := newLab(t, conditions{})
	seller := l.host("10.0.0.3")
	l.start()
	n := newTestNode(t, Config{Listen: serverIP + serverPort, Net: l.server, Log: testLog(t)})
	taps := map[Kind]*tap{Audio: {}, Video: {}}
	a := join(t, n, seller, 60000, recordTo(taps))
	a.publish()

	ssrc, lost := uint32(a.encoding(Video).SSRC), a.seq+3
	l.mu.Lock()
	l.lose = func(of uint32, seq uint16) bool { return of == ssrc && seq == lost }
	l.mu.Unlock()
	a.sendFrame(6)
	eventually(t, "the repair", func() bool {
		return has(taps[Video].seen(), lost)
	})
	if f := l.flow(ssrc); f.lost != 1 {
		t.Errorf("the network lost %d packets", f.lost)
	}
	if s := a.server.Receiver(Video).Stats(); s.Repairs != 1 || s.Lost != 0 {
		t.Errorf("%+v", s)
	}
}

func has(packets []*rtp.Packet, seq uint16) bool {
	for _, pkt := range packets {
		if pkt.SequenceNumber == seq {
			return true
		}
	}
	return false
}

package media

import (
	"time"

	"github.com/pion/rtcp"

	"verifycall/media/loss"
)

// RequestKeyFrame asks the publisher for a key frame. Requests are merged,
// spaced by at least 500 ms, and repeated while no key frame begins to arrive.
// Nothing happens on audio.
func (r *Receiver) RequestKeyFrame() {
	if r.kind != Video {
		return
	}
	r.asking.Lock()
	r.keyFrames.Want()
	r.asking.Unlock()
	r.wake()
}

// wake makes ask look.
func (r *Receiver) wake() {
	select {
	case r.asked <- struct{}{}:
	default:
	}
}

// ask sends the requests for lost packets and for key frames, each when due.
func (r *Receiver) ask(over <-chan struct{}) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		packets, copies, wait := r.requests(time.Now())
		for range copies {
			// An error here is a lost request: it is repeated, or the track ends.
			_ = r.io.writeRTCP(packets)
		}
		timer.Stop()
		if wait >= 0 {
			timer.Reset(wait)
		}
		select {
		case <-r.asked:
		case <-timer.C:
		case <-over:
			return
		}
	}
}

// requests to send now, in how many copies, and the time until it is to be
// called again, negative when nothing is to be waited for. What can't be repaired
// is a key frame's case. A request for one that isn't soon sent again goes twice: one
// that is lost makes the picture stand still.
func (r *Receiver) requests(now time.Time) (packets []rtcp.Packet, copies int, wait time.Duration) {
	r.counting.Lock()
	defer r.counting.Unlock()
	numbers, hopeless, wait := r.lost.Next(now, r.io.rtt(), nil)
	if len(numbers) > 0 {
		r.stats.NACKs += uint64(len(numbers))
		packets = append(packets, &rtcp.TransportLayerNack{MediaSSRC: r.ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(numbers)})
	}
	r.asking.Lock()
	defer r.asking.Unlock()
	if hopeless && r.kind == Video {
		r.keyFrames.Want()
	}
	spacing := loss.KeyFrameWait(r.pictures.KeyTook())
	send, wait2 := r.keyFrames.Next(now, spacing)
	if send {
		r.stats.KeyFrameRequests++
		packets = append(packets, &rtcp.PictureLossIndication{MediaSSRC: r.ssrc})
	}
	if wait < 0 || wait2 >= 0 && wait2 < wait {
		wait = wait2
	}
	if len(packets) > 0 {
		copies = 1
	}
	if send && spacing > loss.KeyFrameSpacing {
		copies = 2
	}
	return packets, copies, wait
}

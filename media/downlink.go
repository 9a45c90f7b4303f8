package media

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"verifycall/media/bandwidth"
)

// packetOverhead in bytes of a packet beside its payload: IP, UDP, RTP with a
// transport-wide number, and SRTP's tag.
const packetOverhead = 20 + 8 + 12 + 8 + 16

// downlink is the way to one participant, shared by the down tracks and judged
// by what the participant's browser says about arrivals.
type downlink struct {
	epoch   time.Time
	streams atomic.Int32  // that pion keeps buffers for
	crowded chan struct{} // never closed; 1, full once they are too many

	mu    sync.Mutex // guards what follows; a leaf
	est   bandwidth.Estimator
	heard bool // the browser reports arrivals
	tries int  // probes sent before it did

	probeAt   time.Duration // when the next probe may be sent
	probeWait time.Duration
	probedOf  int // the estimate before the last probe; 0 once that one is judged
}

// How often a subscriber's way is probed: again at once after one that found
// more, then less and less often.
const (
	probeWaitLeast = 300 * time.Millisecond
	probeWaitFirst = time.Second
	probeWaitMost  = 4 * time.Second
	probeFound     = 1.3 // × the estimate before: the probe found more
	probeDeaf      = 4   // probes for a browser that reports nothing
	// probeRests is how long after a full queue none is sent: it has to drain.
	probeRests = 2 * time.Second
)

func newDownlink(now time.Time) *downlink {
	return &downlink{epoch: now, crowded: make(chan struct{}, 1), est: bandwidth.NewEstimator(), probeWait: probeWaitFirst}
}

// number gives a packet of a probe, or of none (0), its transport-wide number
// in the header extension id; 0 where that wasn't negotiated. The number's
// bytes are out's, so that nothing is allocated.
func (l *downlink) number(out *outgoing, id uint8, probe int, now time.Time) {
	if id == 0 {
		return
	}
	size := len(out.payload) + int(out.header.PaddingSize) + packetOverhead
	l.mu.Lock()
	number := l.est.Depart(size, probe, now.Sub(l.epoch))
	l.mu.Unlock()
	binary.BigEndian.PutUint16(out.number[:], number)
	out.header.Extension, out.header.Extensions = false, out.extensions[:0]
	_ = out.header.SetExtension(id, out.number[:]) // fails for ids over 14 only, which pion doesn't negotiate here
}

// handleRTCP takes the participant's feedback.
func (l *downlink) handleRTCP(packets []rtcp.Packet, now time.Time) {
	for _, p := range packets {
		if fb, ok := p.(*rtcp.TransportLayerCC); ok {
			l.mu.Lock()
			l.heard = true
			l.est.Feedback(fb, now.Sub(l.epoch))
			l.mu.Unlock()
		}
	}
}

// assume lowers the estimate to what was measured the other way, before a
// picture begins: few ways bear less towards the participant than from it, and
// what more there is the next probes find. What probes found while the
// participant's computer was busy starting may be wrong by far.
func (l *downlink) assume(bps int, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if most := max(bps, bandwidth.First); most < l.est.Bps() {
		l.est.Assume(most, now.Sub(l.epoch))
	}
}

// bps is the estimate, in bit/s; the most there is for a browser that doesn't
// report arrivals. Called at least each second.
func (l *downlink) bps(now time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.heard {
		return bandwidth.Most
	}
	l.est.Tick(now.Sub(l.epoch))
	return l.est.Bps()
}

// beginProbe starts a probe towards need bit/s if one is due; rate is how fast
// to send it.
func (l *downlink) beginProbe(need int, now time.Time) (probe, rate int, ok bool) {
	since := now.Sub(l.epoch)
	l.mu.Lock()
	defer l.mu.Unlock()
	backed := l.est.BackedOff()
	if l.est.Bps() >= need || since < l.probeAt || backed > 0 && since-backed < probeRests || !l.heard && l.tries == probeDeaf {
		return 0, 0, false
	}
	if l.probedOf > 0 {
		l.probeWait = min(2*l.probeWait, probeWaitMost)
		if float64(l.est.Bps()) >= probeFound*float64(l.probedOf) {
			l.probeWait = probeWaitLeast
		}
		l.probedOf = 0
		if l.probeWait > probeWaitLeast {
			l.probeAt = since + l.probeWait - probeWaitLeast
			return 0, 0, false
		}
	}
	l.tries++
	l.probedOf, l.probeAt = l.est.Bps(), since+bandwidth.ProbeSpan+probeWaitLeast
	return l.est.BeginProbe(), int(min(bandwidth.ProbeFactor*float64(l.est.Bps()), 1.2*float64(need))), true
}

func (l *downlink) endProbe() {
	l.mu.Lock()
	l.est.EndProbe()
	l.mu.Unlock()
}

// padding is the payload-less packet that probes are made of (RFC 3550
// section 5.1): receivers count it and throw it away.
func padding(out *outgoing, as outbound, seq uint16, timestamp uint32) {
	out.header = rtp.Header{
		Version: 2, Padding: true, PaddingSize: 255,
		SSRC: as.rtxSSRC, PayloadType: as.rtxPayloadType, SequenceNumber: seq, Timestamp: timestamp,
	}
	out.payload = nil
}

const paddingSize = 255 + packetOverhead

package media

import (
	"slices"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// rtpWriter sends a packet to the subscriber: out's header and payload, which
// it doesn't keep. One that fails is a packet lost: the subscriber asks for it
// again, or the transport's state tells of the end.
type rtpWriter interface {
	writeRTP(out *outgoing)
}

// downTrack writes one kind of media to one subscriber, in the goroutine of
// the Receiver that is played.
//
// Locks: switching before mu, resending before mu; mu is a leaf, never held
// while writing.
type downTrack struct {
	kind      Kind
	clockRate uint32

	switching sync.Mutex // one play at a time

	mu     sync.Mutex // guards what follows
	source *Receiver
	fwd    forwarder
	writer rtpWriter // nil until negotiated
	as     outbound
	kept   sentPackets
	ready  bool // packets reach the subscriber; before, the key frame would be wasted
	sent   uint32
	octets uint32

	resending sync.Mutex // guards what follows; held while writing
	missed    rtp.Packet
	again     outgoing
	rtxSeq    uint16
}

// outbound is what was negotiated for a down track.
type outbound struct {
	ssrc        uint32
	payloadType uint8
	// rtx… are those of retransmissions, 0 where they go as they were (Opus).
	rtxSSRC        uint32
	rtxPayloadType uint8
}

func newDownTrack(kind Kind, clockRate uint32, firstSeq uint16) *downTrack {
	room := resendAudioRoom
	if kind == Video {
		room = resendVideoRoom
	}
	return &downTrack{
		kind: kind, clockRate: clockRate, fwd: newForwarder(kind, clockRate, firstSeq),
		kept: sentPackets{room: room}, rtxSeq: firstSeq,
	}
}

// play forwards r instead of what was played; nil stops.
func (d *downTrack) play(r *Receiver) {
	d.switching.Lock()
	defer d.switching.Unlock()
	d.mu.Lock()
	old, ready := d.source, d.ready
	d.source = r
	if old != r {
		d.fwd.switchSource()
	}
	d.mu.Unlock()
	if old != r {
		if old != nil {
			old.unsubscribe(d)
		}
		if r != nil {
			r.subscribe(d)
		}
	}
	if r != nil && ready {
		r.RequestKeyFrame()
	}
}

// bind gives the negotiated way out; nil ends it.
func (d *downTrack) bind(w rtpWriter, as outbound) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writer, d.as = w, as
}

// open says that packets reach the subscriber from now on.
func (d *downTrack) open() {
	d.mu.Lock()
	d.ready = true
	source := d.source
	d.mu.Unlock()
	if source != nil {
		source.RequestKeyFrame()
	}
}

// forward sends pkt, if r is what is being played.
func (d *downTrack) forward(r *Receiver, pkt *rtp.Packet, now time.Time, out *outgoing) {
	d.mu.Lock()
	writer := d.writer
	if d.source != r || !d.ready || writer == nil || !d.fwd.forward(pkt, now, out) {
		d.mu.Unlock()
		return
	}
	out.header.SSRC, out.header.PayloadType = d.as.ssrc, d.as.payloadType
	d.kept.keep(&out.header, out.payload)
	d.sent++
	d.octets += uint32(len(out.payload))
	d.mu.Unlock()
	writer.writeRTP(out)
}

// senderReport is the subscriber's clock mapping at now, nil before the first
// packet. It carries the publisher's own reports on, so that audio and video
// are in step at the subscriber as they were at the camera.
func (d *downTrack) senderReport(now time.Time) *rtcp.SenderReport {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.fwd.began || d.fwd.waiting || d.source == nil {
		return nil
	}
	sr := &rtcp.SenderReport{SSRC: d.as.ssrc, NTPTime: ntpTime(now), PacketCount: d.sent, OctetCount: d.octets}
	if published := d.source.report.Load(); published != nil {
		if t, ok := published.rtpTime(now, d.clockRate); ok {
			sr.RTPTime = t + d.fwd.tsOffset
			return sr
		}
	}
	last := senderReport{at: d.fwd.lastAt, rtp: d.fwd.lastTS}
	t, ok := last.rtpTime(now, d.clockRate)
	if !ok {
		return nil
	}
	sr.RTPTime = t
	return sr
}

// handleRTCP takes what the subscriber says about this track; rtt is called
// with each round trip that it tells of.
func (d *downTrack) handleRTCP(packets []rtcp.Packet, now time.Time, rtt func(time.Duration)) {
	d.mu.Lock()
	source, ssrc := d.source, d.as.ssrc
	d.mu.Unlock()
	for _, p := range packets {
		switch p := p.(type) {
		case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
			if source != nil && slices.Contains(p.DestinationSSRC(), ssrc) {
				source.RequestKeyFrame()
			}
		case *rtcp.TransportLayerNack:
			d.resend(p)
		case *rtcp.ReceiverReport:
			roundTrips(p.Reports, ssrc, now, rtt)
		case *rtcp.SenderReport:
			roundTrips(p.Reports, ssrc, now, rtt)
		}
	}
}

// resend answers a request for lost packets (RFC 4585 section 6.2.1), by RTX
// where that was negotiated.
func (d *downTrack) resend(request *rtcp.TransportLayerNack) {
	d.resending.Lock()
	defer d.resending.Unlock()
	for _, pair := range request.Nacks {
		pair.Range(func(seq uint16) bool {
			if writer := d.takeAgain(request.MediaSSRC, seq); writer != nil {
				writer.writeRTP(&d.again)
			}
			return true
		})
	}
}

// takeAgain makes again of a sent packet; nil where there is nothing to send.
// The caller holds resending.
func (d *downTrack) takeAgain(ssrc uint32, seq uint16) rtpWriter {
	d.mu.Lock()
	defer d.mu.Unlock()
	raw := d.kept.again(seq)
	if ssrc != d.as.ssrc || d.writer == nil || raw == nil || d.missed.Unmarshal(raw) != nil {
		return nil
	}
	if d.as.rtxSSRC != 0 && d.as.rtxPayloadType != 0 {
		d.rtxSeq++
		wrapRTX(&d.missed, d.as.rtxSSRC, d.as.rtxPayloadType, d.rtxSeq, &d.again)
		return d.writer
	}
	d.again.header = d.missed.Header
	d.again.payload = d.again.scratch[:copy(d.again.scratch[:], d.missed.Payload)]
	return d.writer
}

func roundTrips(blocks []rtcp.ReceptionReport, ssrc uint32, now time.Time, rtt func(time.Duration)) {
	for _, block := range blocks {
		if t, ok := roundTrip(block, now); ok && block.SSRC == ssrc {
			rtt(t)
		}
	}
}

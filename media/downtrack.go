package media

import (
	"slices"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"verifycall/media/bandwidth"
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
// Locks: switching before mu, resending before mu, mu before the downlink's; mu
// is never held while writing.
type downTrack struct {
	kind      Kind
	clockRate uint32

	link *downlink

	switching  sync.Mutex  // guards the next six; one play or steer at a time
	source     *Receiver   // the full layer of what is played
	subscribed []*Receiver // those that call forward
	layer      layerChoice
	held       int // bit/s, the last limit sent to source's publisher
	heldAt     time.Time
	settledAt  time.Time // when what settles is sent, zero when nothing does

	mu     sync.Mutex // guards what follows
	from   *Receiver  // the layer that is sent
	next   *Receiver  // the one to be sent from its next key frame on, or nil
	passed passed     // of next
	begins passed     // of from while fwd waits
	settle bool       // nothing of from is sent before its publisher keeps the limit
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
	// numberID is the header extension of transport-wide numbers, 0 without.
	numberID uint8
}

func newDownTrack(kind Kind, clockRate uint32, firstSeq uint16, link *downlink) *downTrack {
	room := resendAudioRoom
	if kind == Video {
		room = resendVideoRoom
	}
	return &downTrack{
		kind: kind, clockRate: clockRate, link: link, fwd: newForwarder(kind, clockRate, firstSeq),
		kept: sentPackets{room: room}, rtxSeq: firstSeq,
	}
}

// play forwards r instead of what was played; nil stops.
func (d *downTrack) play(r *Receiver) {
	d.switching.Lock()
	defer d.switching.Unlock()
	old := d.source
	d.source = r
	d.mu.Lock()
	ready := d.ready
	if old != r {
		d.from, d.next, d.begins, d.settle = r, nil, passed{}, false
		d.fwd.switchSource()
	}
	d.mu.Unlock()
	if old != r {
		d.layer, d.settledAt = layerChoice{}, time.Time{}
		d.release(old)
		d.settleFirst(r, time.Now())
		d.subscribeTo(r)
	}
	if r != nil && ready && !d.settles() {
		r.RequestKeyFrame()
	}
}

// release lets a publisher that was held send what it likes. The caller holds
// switching.
func (d *downTrack) release(old *Receiver) {
	if old != nil && d.held != 0 {
		old.hold(bandwidth.Most)
	}
	d.held, d.heldAt = 0, time.Time{}
}

// bind gives the negotiated way out; nil ends it.
func (d *downTrack) bind(w rtpWriter, as outbound) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writer, d.as = w, as
}

// expect makes room to send again for a subscriber at this round trip, before
// anything is sent.
func (d *downTrack) expect(rtt time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.kind == Video && rtt > 0 {
		d.kept.room = resendRoom(rtt)
	}
}

// open says that packets reach the subscriber from now on.
func (d *downTrack) open() {
	d.mu.Lock()
	d.ready = true
	from := d.from
	d.mu.Unlock()
	if from != nil {
		from.RequestKeyFrame()
	}
}

// turn makes next, whose key frame begins with this packet, what is sent. The
// caller holds mu.
func (d *downTrack) turn(now time.Time) {
	old, next := d.from.report.Load(), d.next.report.Load()
	d.from, d.next, d.begins = d.next, nil, d.passed
	d.fwd.switchSource()
	d.kept.forget() // a key frame needs nothing from before, and a full way takes no more
	if old == nil || next == nil {
		return
	}
	was, ok := old.rtpTime(now, d.clockRate)
	is, ok2 := next.rtpTime(now, d.clockRate)
	if ok && ok2 {
		d.fwd.switchLayer(is - was)
	}
}

// passed follows the packets of a source that is to be sent from a key frame on.
// The zero value is ready.
type passed struct {
	began   bool
	highest uint16
}

// overtaken says whether later packets have come before this one. A key frame
// whose first packet is a repair has lost what came before that.
func (p *passed) overtaken(seq uint16) bool {
	if p.began && int16(seq-p.highest) < 0 {
		return true
	}
	p.began, p.highest = true, seq
	return false
}

// awaited is what has come of r where it is a video to be sent from its next key
// frame on, else nil. Two may be at once: the layer that a play begins with and
// the one it turns to before that has begun. The caller holds mu.
func (d *downTrack) awaited(r *Receiver) *passed {
	switch {
	case d.kind != Video:
		return nil
	case r == d.next:
		return &d.passed
	case r == d.from && d.fwd.waiting && !d.settle:
		return &d.begins
	}
	return nil
}

// forward sends pkt, if r is what is being played.
func (d *downTrack) forward(r *Receiver, pkt *rtp.Packet, now time.Time, out *outgoing) {
	d.mu.Lock()
	if awaited := d.awaited(r); awaited != nil {
		overtaken := awaited.overtaken(pkt.SequenceNumber)
		switch key := startsKeyFrame(pkt.Payload); {
		case key && overtaken:
			ready := d.ready
			d.mu.Unlock()
			if ready {
				r.RequestKeyFrame() // the rest of this one is gone already
			}
			return
		case key && r == d.next:
			d.turn(now)
		}
	}
	writer := d.writer
	if d.from != r || !d.ready || d.settle || writer == nil || !d.fwd.forward(pkt, now, out) {
		d.mu.Unlock()
		return
	}
	out.header.SSRC, out.header.PayloadType = d.as.ssrc, d.as.payloadType
	d.link.number(out, d.as.numberID, 0, now)
	d.kept.keep(&out.header, out.payload) // as it is sent, see takeAgain
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
	if !d.fwd.began || d.fwd.waiting || d.from == nil {
		return nil
	}
	sr := &rtcp.SenderReport{SSRC: d.as.ssrc, NTPTime: ntpTime(now), PacketCount: d.sent, OctetCount: d.octets}
	if published := d.from.report.Load(); published != nil {
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
	source, ssrc := d.from, d.as.ssrc
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
// where that was negotiated. One that is asked for again goes twice: lost once
// more it would be two round trips late.
func (d *downTrack) resend(request *rtcp.TransportLayerNack) {
	d.resending.Lock()
	defer d.resending.Unlock()
	for _, pair := range request.Nacks {
		pair.Range(func(seq uint16) bool {
			if d.sendAgain(request.MediaSSRC, seq) > 1 {
				d.sendAgain(request.MediaSSRC, seq)
			}
			return true
		})
	}
}

// sendAgain sends a packet again and says how often that was done by RTX. The
// caller holds resending.
func (d *downTrack) sendAgain(ssrc uint32, seq uint16) (times int) {
	writer, times := d.takeAgain(ssrc, seq)
	if writer != nil {
		writer.writeRTP(&d.again)
	}
	return times
}

// takeAgain makes again of a sent packet; nil where there is nothing to send.
// Without RTX it is the very packet, transport-wide number and all: SRTP seals it
// under its sequence number, and another content under that would give AES-GCM's
// authentication away (RFC 7714 section 9). The caller holds resending.
func (d *downTrack) takeAgain(ssrc uint32, seq uint16) (_ rtpWriter, times int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if ssrc != d.as.ssrc || d.writer == nil {
		return nil, 0
	}
	raw, times := d.kept.again(seq)
	if raw == nil || d.missed.Unmarshal(raw) != nil {
		return nil, 0
	}
	if d.as.rtxSSRC != 0 && d.as.rtxPayloadType != 0 {
		d.rtxSeq++
		wrapRTX(&d.missed, d.as.rtxSSRC, d.as.rtxPayloadType, d.rtxSeq, &d.again)
		d.link.number(&d.again, d.as.numberID, 0, time.Now())
		return d.writer, times
	}
	d.again.header = d.missed.Header
	d.again.payload = d.again.scratch[:copy(d.again.scratch[:], d.missed.Payload)]
	return d.writer, 0
}

func roundTrips(blocks []rtcp.ReceptionReport, ssrc uint32, now time.Time, rtt func(time.Duration)) {
	for _, block := range blocks {
		if t, ok := roundTrip(block, now); ok && block.SSRC == ssrc {
			rtt(t)
		}
	}
}

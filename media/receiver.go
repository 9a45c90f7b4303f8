package media

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"verifycall/media/bandwidth"
	"verifycall/media/loss"
	"verifycall/media/vp8"
)

// Tap sees every packet of a Receiver once, repaired ones included, in the
// order of arrival. Its calls come one at a time, from the Receiver's
// goroutines, and must not block.
type Tap interface {
	// WriteRTP gets a packet; it and its payload are valid during the call only
	// and must not be changed.
	WriteRTP(pkt *rtp.Packet, arrival time.Time)
	// WriteSenderReport gets the publisher's clock mapping (RFC 3550 section
	// 6.4.1): an NTP time in 32.32 fixed point and the RTP time of that moment.
	WriteSenderReport(ntp uint64, rtpTime uint32, arrival time.Time)
}

// Stats of a Receiver since its start.
type Stats struct {
	Packets, Bytes uint64 // each packet once; bytes of payload
	// Lost counts sequence numbers that came neither first hand nor by repair,
	// or not yet.
	Lost uint64
	// Copies counts packets that came twice or too late to be of use.
	Copies uint64
	// Repairs counts the packets that came as retransmissions of their own
	// stream (RTX), NACKs the packets asked for, each time and by copies, too.
	Repairs, NACKs uint64
	// KeyFrames that began to arrive, and requests sent for them.
	KeyFrames, KeyFrameRequests uint64
	// RTT is the round trip to the publisher, 0 while unknown.
	RTT time.Duration
	// Jitter of the arrivals, RFC 3550 section 6.4.1.
	Jitter time.Duration
	// Width and Height of the last key frame in pixels, Frames that began to
	// arrive, and how long in all the picture stood still. Video only.
	Width, Height int
	Frames        uint64
	Frozen        time.Duration
}

// trackIO is what a Receiver needs of the connection below it. Reads return
// one packet, and io.EOF when the track is over; on the lean path nothing is
// read, packets come by take.
type trackIO struct {
	readRTP   func([]byte) (int, error)
	readRTCP  func([]byte) (int, error)
	writeRTCP func([]rtcp.Packet) error
	stop      func() // makes both reads end
	layers    layers // of the publisher
	rtt       func() time.Duration
	resends   bool                                         // the publisher answers NACKs
	arrived   func(h *rtp.Header, size int, now time.Time) // told of each packet, before anything else
}

// Receiver takes one published track. On the lean path packets and RTCP come by
// take and handleRTCP, from the socket's loop, and one goroutine asks for lost
// packets and key frames. On pion's run has one more for the packets and one for
// the RTCP, and retransmissions come from a goroutine below, by repair. All end
// with the track.
type Receiver struct {
	kind        Kind
	ssrc        uint32
	payloadType uint8
	clockRate   uint32
	io          trackIO
	clock       *senderClock // the publisher's, shared by its tracks

	subscribers atomic.Pointer[[]*downTrack] // copied on write, under subscribing
	subscribing sync.Mutex

	// tapping is held while the tap is called, so that SetTap can promise that
	// the old one has returned; the tap never blocks.
	tapping sync.Mutex
	tap     Tap

	asking    sync.Mutex // guards keyFrames; taken after counting
	keyFrames loss.KeyFrameRequests
	asked     chan struct{} // never closed; 1, full means that the asking goroutine will look anyway

	counting sync.Mutex // guards the next six
	speed    bandwidth.Meter
	seen     loss.Sequence
	pictures vp8.Pictures
	came     loss.Reception
	lost     loss.NACKs
	stats    Stats

	repairing sync.Mutex // guards the next four; held while a repair is forwarded
	ended     bool
	repaired  rtp.Packet
	repairOut outgoing

	report atomic.Pointer[senderReport] // the publisher's last
}

func newReceiver(kind Kind, ssrc uint32, payloadType uint8, clockRate uint32, clock *senderClock, io trackIO) *Receiver {
	r := &Receiver{
		kind: kind, ssrc: ssrc, payloadType: payloadType, clockRate: clockRate, clock: clock, io: io,
		asked: make(chan struct{}, 1),
	}
	r.subscribers.Store(new([]*downTrack))
	return r
}

// Kind of the track.
func (r *Receiver) Kind() Kind { return r.kind }

// SSRC of the track as published.
func (r *Receiver) SSRC() uint32 { return r.ssrc }

// ClockRate of the track's RTP time, in Hz.
func (r *Receiver) ClockRate() uint32 { return r.clockRate }

// Stats since the track's start.
func (r *Receiver) Stats() Stats {
	r.counting.Lock()
	defer r.counting.Unlock()
	s := r.stats
	s.Lost = r.seen.Lost()
	s.Jitter = time.Duration(r.came.Jitter * float64(time.Second) / float64(r.clockRate))
	s.Width, s.Height, s.Frames, s.Frozen = r.pictures.Width, r.pictures.Height, r.pictures.Frames, r.pictures.Frozen
	s.RTT = r.io.rtt()
	return s
}

// SetTap replaces the tap; nil removes it. When it returns, the last call into
// the old tap has returned. Not to be called from within a tap.
func (r *Receiver) SetTap(tap Tap) {
	r.tapping.Lock()
	r.tap = tap
	r.tapping.Unlock()
}

// take takes a packet on the lean path: decrypted, and as its calls come one at
// a time, with the caller's out.
func (r *Receiver) take(pkt *rtp.Packet, repair bool, now time.Time, out *outgoing) {
	r.io.arrived(&pkt.Header, pkt.MarshalSize(), now)
	if repair {
		if unwrapRTX(pkt, r.ssrc, r.payloadType) {
			r.handleRTP(pkt, now, true, out)
		}
		return
	}
	if pkt.PayloadType == r.payloadType {
		r.handleRTP(pkt, now, false, out)
	}
}

// run reads until the track ends and returns when its goroutines have ended.
func (r *Receiver) run() {
	var beside sync.WaitGroup
	over := make(chan struct{})
	beside.Go(func() { readRTCP(r.io.readRTCP, r.handleRTCP) })
	beside.Go(func() { r.ask(over) })
	var pkt rtp.Packet
	var out outgoing
	readLoop(r.io.readRTP, func(raw []byte) {
		if pkt.Unmarshal(raw) != nil {
			return
		}
		now := time.Now()
		r.io.arrived(&pkt.Header, len(raw), now)
		if pkt.PayloadType == r.payloadType {
			r.handleRTP(&pkt, now, false, &out)
		}
	})
	close(over)
	r.io.stop()
	beside.Wait()
	r.repairing.Lock()
	r.ended = true
	r.repairing.Unlock()
}

// repair takes an RTX packet. It may be called at any time, also after the end.
func (r *Receiver) repair(raw []byte) {
	r.repairing.Lock()
	defer r.repairing.Unlock()
	if r.ended || r.repaired.Unmarshal(raw) != nil || !unwrapRTX(&r.repaired, r.ssrc, r.payloadType) {
		return
	}
	r.handleRTP(&r.repaired, time.Now(), true, &r.repairOut)
}

// handleRTP forwards a packet and shows it to the tap.
func (r *Receiver) handleRTP(pkt *rtp.Packet, now time.Time, repair bool, out *outgoing) {
	key := r.kind == Video && startsKeyFrame(pkt.Payload)
	if !r.count(pkt, key, repair, now) {
		return
	}
	if key {
		r.asking.Lock()
		r.keyFrames.Arrived()
		r.asking.Unlock()
	}
	for _, d := range *r.subscribers.Load() {
		d.forward(r, pkt, now, out)
	}
	r.tapping.Lock()
	if r.tap != nil {
		r.tap.WriteRTP(pkt, now)
	}
	r.tapping.Unlock()
}

// count says whether the packet is the first of its number.
func (r *Receiver) count(pkt *rtp.Packet, key, repair bool, now time.Time) (fresh bool) {
	r.counting.Lock()
	defer r.counting.Unlock()
	began, before := r.seen.Began, r.seen.Highest
	ext, fresh := r.seen.Add(pkt.SequenceNumber)
	if repair {
		r.stats.Repairs++
	}
	if !fresh {
		r.stats.Copies++
		r.lost.CameAgain(ext)
		return false
	}
	if !repair {
		r.came.Arrived(ext, pkt.Timestamp, r.clockRate, now)
	}
	r.speed.Add(len(pkt.Payload)+packetOverhead, now)
	r.stats.Packets++
	r.stats.Bytes += uint64(len(pkt.Payload))
	if r.kind == Video {
		r.pictures.Packet(pkt.Timestamp, pkt.Payload, key, now)
	}
	if key {
		r.stats.KeyFrames++
	}
	switch {
	case !began || !r.io.resends:
	case ext < before:
		r.lost.Arrived(ext)
	case ext > before+1:
		r.lost.Skipped(before+1, ext-1, now)
		r.wake()
	}
	return true
}

// handleRTCP picks the sender reports on this track.
func (r *Receiver) handleRTCP(packets []rtcp.Packet, now time.Time) {
	for _, p := range packets {
		sr, ok := p.(*rtcp.SenderReport)
		if !ok || sr.SSRC != r.ssrc {
			continue
		}
		r.counting.Lock()
		r.came.Reported(sr.NTPTime, now)
		r.counting.Unlock()
		r.report.Store(&senderReport{at: r.clock.local(sr.NTPTime, now), rtp: sr.RTPTime})
		r.tapping.Lock()
		if r.tap != nil {
			r.tap.WriteSenderReport(sr.NTPTime, sr.RTPTime, now)
		}
		r.tapping.Unlock()
	}
}

// reception is what to report to the publisher.
func (r *Receiver) reception(now time.Time) (rtcp.ReceptionReport, bool) {
	r.counting.Lock()
	defer r.counting.Unlock()
	return r.came.Block(r.ssrc, now)
}

func (r *Receiver) subscribe(d *downTrack) {
	r.subscribing.Lock()
	defer r.subscribing.Unlock()
	now := append(slices.Clone(*r.subscribers.Load()), d)
	r.subscribers.Store(&now)
}

func (r *Receiver) unsubscribe(d *downTrack) {
	r.subscribing.Lock()
	defer r.subscribing.Unlock()
	now := slices.DeleteFunc(slices.Clone(*r.subscribers.Load()), func(other *downTrack) bool { return other == d })
	r.subscribers.Store(&now)
}

func startsKeyFrame(payload []byte) bool {
	d, err := vp8.Parse(payload)
	return err == nil && d.KeyFrame
}

// Package bandwidth tells what the ways to and from a participant bear.
//
// A publisher's browser estimates its way itself, by the arrivals that it is told;
// how fast packets come is metered beside. A subscriber's way is estimated here: what
// his browser says about the arrival of each packet (transport-wide feedback) is
// compared with when it was sent. A delay that grows is a queue that fills. After
// draft-ietf-rmcat-gcc-02, with the trend line of libwebrtc instead of the Kalman
// filter. Packets, reports and times come in, nothing is read or sent.
package bandwidth

import (
	"math"
	"time"

	"github.com/pion/rtcp"
)

// Bounds of an estimate, and where it begins, in bit/s.
const (
	Least = 50_000    // sound alone
	Most  = 4_000_000 // more than a call sends
	First = 300_000   // before anything is known
)

const (
	departuresKept = 512                  // packets whose feedback may still come: two seconds of them
	groupSpan      = 5 * time.Millisecond // packets sent together, section 5.2 of the draft
	ackedSpan      = 500 * time.Millisecond

	overuseBackoff  = 0.85 // of what arrived, section 5.5
	carriedBackoff  = 0.9  // of the target, where what is sent arrives all the same
	carriedShare    = 1.2  // × what arrives: a sender up to that fills no queue of note
	growth          = 0.08 // a second, section 5.5
	growthHeadroom  = 1.5  // × what arrived: a sender that sends less learns nothing
	lossHigh        = 0.1  // a fraction that tells of a full queue; radio loses less
	lossSample      = 20   // packets at least
	lossChance      = 2.0  // standard deviations: so much over lossHigh few packets may be by chance
	lossInterval    = 300 * time.Millisecond
	decreaseSpacing = 200 * time.Millisecond // beside the round trip, of which that much at most
	silence         = time.Second            // without feedback, while sending
	silenceBackoff  = 0.5
)

// departure is a packet on its way. It is small: each downlink keeps many.
type departure struct {
	at      time.Duration
	size    uint16
	probe   uint16 // its probe, 0 for none
	number  uint16
	pending bool // nothing has been said about it yet
	lost    bool // said so; it may still arrive
}

// Estimator of one subscriber's downlink. Times are since an epoch of its
// owner's choice. Pure; owned by one downlink.
type Estimator struct {
	target float64 // bit/s
	next   uint16  // transport-wide sequence number
	sent   [departuresKept]departure

	clock  arrivalClock
	groups groups
	trend  trend
	acked  ackedRate
	sends  ackedRate // by departure
	probe  probeResult
	idle   leastDelay

	rtt         time.Duration
	grewAt      time.Duration // when target last changed, up or down
	loweredAt   time.Duration
	backedAt    time.Duration // when overuse last lowered it
	heardAt     time.Duration // last feedback
	sentAt      time.Duration // last departure
	lossFrom    time.Duration
	lossOf, all int
}

// NewEstimator gives one that knows nothing yet: its estimate is First.
func NewEstimator() Estimator { return Estimator{target: First, trend: newTrend()} }

// Bps is the estimate, in bit/s.
func (e *Estimator) Bps() int { return int(e.target) }

// BackedOff is when a queue that filled last lowered the estimate, 0 for never.
func (e *Estimator) BackedOff() time.Duration { return e.backedAt }

// BeginProbe starts the next probe and gives its number, 16 bits of which 0 is none.
func (e *Estimator) BeginProbe() int { return e.probe.begin() }

// EndProbe says that the probe's last packet was sent.
func (e *Estimator) EndProbe() { e.probe.end() }

// Depart notes a packet that is being sent, of a probe or of none (0), and gives
// its transport-wide number.
func (e *Estimator) Depart(size, probe int, now time.Duration) uint16 {
	number := e.next
	e.next++
	if now-e.sentAt > silence { // nobody could have said anything
		e.heardAt = max(e.heardAt, now)
	}
	e.sentAt = now
	e.sends.add(now, size)
	if probe != 0 {
		e.probe.departed(now)
	}
	e.sent[number%departuresKept] = departure{at: now, size: uint16(size), probe: uint16(probe), number: number, pending: true}
	return number
}

// Feedback takes what the subscriber says about arrivals.
func (e *Estimator) Feedback(fb *rtcp.TransportLayerCC, now time.Duration) {
	e.heardAt = now
	arrival := e.clock.base(fb.ReferenceTime)
	deltas := fb.RecvDeltas
	eachStatus(fb, func(number uint16, received bool) bool {
		d := &e.sent[number%departuresKept]
		known := d.number == number && d.pending
		if !received {
			if known && !d.lost {
				d.lost = true
				e.lossOf++
				e.all++
			}
			return true
		}
		if len(deltas) == 0 {
			return false // a report that contradicts itself
		}
		arrival += time.Duration(deltas[0].Delta) * time.Microsecond
		deltas = deltas[1:]
		if known {
			e.arrived(d, arrival, now)
		}
		return true
	})
	e.decide(now)
}

// arrived takes one packet's arrival, by the subscriber's clock.
func (e *Estimator) arrived(d *departure, arrival, now time.Duration) {
	d.pending = false
	if d.lost {
		e.lossOf--
	} else {
		e.all++
	}
	e.acked.add(arrival, int(d.size))
	e.idle.add(arrival-d.at, now)
	e.probe.arrived(d, arrival)
	if grown, at, ok := e.groups.add(d.at, arrival); ok {
		e.trend.add(grown, at)
	}
	e.rtt = now - d.at
}

// decide moves the target after a feedback.
func (e *Estimator) decide(now time.Duration) {
	switch probed, ok := e.probe.take(e.idle.least()); {
	case ok && probed > e.target:
		e.set(probed, now)
		e.trend.reset()
		return
	case e.trend.overused && !e.probe.disturbs(now):
		e.overuse(now)
	case e.trend.steady && !e.probe.disturbs(now):
		e.grow(now)
	}
	e.countLoss(now)
}

// overuse backs off to a part of what arrives. Where little is sent, that part
// may be far below what the way bears, and a delay that grows may be the
// subscriber's computer's: as long as all arrives, the target falls by steps.
func (e *Estimator) overuse(now time.Duration) {
	if now-e.backedAt < min(e.rtt, decreaseSpacing)+decreaseSpacing {
		return
	}
	arrives, ok := e.acked.most()
	lowered := overuseBackoff * arrives
	if sends, known := e.sends.bps(); known && sends <= carriedShare*arrives {
		lowered = max(lowered, carriedBackoff*e.target)
	}
	if ok && lowered < e.target {
		e.backedAt = now
		e.lower(lowered, now)
	}
}

// grow follows what arrives without delay, and tries a little more.
func (e *Estimator) grow(now time.Duration) {
	since := min(now-e.grewAt, time.Second)
	arrives, ok := e.acked.bps()
	if sends, known := e.sends.bps(); known {
		arrives = min(arrives, sends) // what waited and came at once was sent before
	}
	if !ok {
		return
	}
	more := e.target * (1 + growth*since.Seconds())
	e.set(max(e.target, min(more, growthHeadroom*arrives), arrives), now)
}

// countLoss lowers the target when more is lost than a radio loses, and more
// than chance makes of that: of the fifty packets of an interval 5 % loss takes
// over a tenth every few seconds.
func (e *Estimator) countLoss(now time.Duration) {
	if now-e.lossFrom < lossInterval || e.all < lossSample {
		return
	}
	fraction := float64(e.lossOf) / float64(e.all)
	if fraction-lossChance*math.Sqrt(fraction/float64(e.all)) > lossHigh {
		e.lower(e.target*(1-fraction/2), now)
	}
	e.lossFrom, e.lossOf, e.all = now, 0, 0
}

// Tick halves the target while the subscriber says nothing about what is sent.
func (e *Estimator) Tick(now time.Duration) {
	if now-e.heardAt > silence && e.sentAt > e.heardAt && now-e.loweredAt > silence/2 {
		e.lower(silenceBackoff*e.target, now)
	}
}

func (e *Estimator) lower(target float64, now time.Duration) {
	e.loweredAt = now
	e.set(target, now)
}

func (e *Estimator) set(target float64, now time.Duration) {
	e.target, e.grewAt = min(max(target, Least), Most), now
}

// Assume makes the estimate what is known from elsewhere, in bit/s.
func (e *Estimator) Assume(bps int, now time.Duration) {
	e.trend.reset()
	e.set(float64(bps), now)
}

// eachStatus walks through a feedback's packets until visit says false.
func eachStatus(fb *rtcp.TransportLayerCC, visit func(number uint16, received bool) bool) {
	number, left := fb.BaseSequenceNumber, int(fb.PacketStatusCount)
	one := func(symbol uint16) bool {
		left--
		number++
		return visit(number-1, symbol == rtcp.TypeTCCPacketReceivedSmallDelta || symbol == rtcp.TypeTCCPacketReceivedLargeDelta)
	}
	for _, chunk := range fb.PacketChunks {
		switch c := chunk.(type) {
		case *rtcp.RunLengthChunk:
			for range min(int(c.RunLength), left) {
				if !one(c.PacketStatusSymbol) {
					return
				}
			}
		case *rtcp.StatusVectorChunk:
			for _, symbol := range c.SymbolList[:min(len(c.SymbolList), left)] {
				if !one(symbol) {
					return
				}
			}
		}
	}
}

// arrivalClock unwraps the reference time of feedback: 24 bits of 64 ms.
type arrivalClock struct {
	began bool
	last  uint32
	units int64
}

const referenceUnit = 64 * time.Millisecond

func (c *arrivalClock) base(reference uint32) time.Duration {
	if !c.began {
		c.began, c.last = true, reference
	}
	c.units += int64(int32((reference-c.last)<<8) >> 8)
	c.last = reference
	return time.Duration(c.units) * referenceUnit
}

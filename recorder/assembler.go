package recorder

import (
	"slices"
	"time"
)

// Patience is how long a missing packet is waited for, counted from the arrival
// of the first packet behind it. A repair can take three NACKs at 300 ms round
// trip, and at one frame a second its reader may hand it over a frame late.
const Patience = 2 * time.Second

// window is how many sequence numbers an Assembler spans from the oldest packet
// that it holds: 2 s at 9 Mbit/s of video, 10 s of audio. What would lie
// beyond makes it give up the oldest.
var window = map[string]int64{Video: 2048, Audio: 512}

// Unit is what an Assembler gives: a frame, or the news that at least one frame
// in this place is lost.
type Unit struct {
	Lost      string // cause; empty for a frame
	Timestamp uint32
	Arrival   time.Time // of the frame's first packet to arrive
	// Packets of the frame in order, the taker's to give back. The slice is
	// valid until the Assembler's next call.
	Packets []*Packet
}

// AppendTo appends the frame.
func (u Unit) AppendTo(dst []byte) []byte {
	for _, p := range u.Packets {
		dst = append(dst, p.body...)
	}
	return dst
}

// size of the frame in bytes.
func (u Unit) size() (n int) {
	for _, p := range u.Packets {
		n += len(p.body)
	}
	return n
}

// Assembler makes frames of the packets of one track (VP8 or Opus): they may
// come in any order, more than once and late, and both counters wrap. Frames
// come out in order, each once and whole. Its patience is in time, never in
// packets, and the time is an argument. Not for use by several goroutines.
type Assembler struct {
	Free func(*Packet) // gets back each packet that becomes part of no frame; may be nil

	kind    string
	window  int64
	ring    []slot    // a power of two, up to the window, as many as were needed so far
	begun   bool      // a packet came
	given   bool      // head has moved: what comes before it is late
	head    int64     // extended sequence number of the first not yet consumed
	highest int64     // largest that came
	scanned int64     // head ≤ scanned: up to here the frame at head is without a hole
	losing  bool      // no frame was given since the beginning or a loss
	report  string    // cause of a loss that is still to be told
	ready   []Unit    // given early because the window was full
	late    int       // packets in a row from far behind
	unit    []*Packet // of the newest frame
}

// slot is the place of one packet in the ring.
type slot struct {
	packet  *Packet
	noticed time.Time // when a packet behind this missing one came
	dropped bool      // the recorder itself threw it away: it won't come
}

// NewAssembler makes one for a kind of track, Video (VP8) or Audio (Opus).
func NewAssembler(kind string) *Assembler {
	return &Assembler{kind: kind, window: window[kind], ring: make([]slot, firstRing), losing: true}
}

// firstRing is how many slots there are before any packet is missing.
const firstRing = 64

func (a *Assembler) at(seq int64) *slot { return &a.ring[seq&int64(len(a.ring)-1)] }

// reach makes the ring hold the sequence numbers from first to last beside those
// that it holds.
func (a *Assembler) reach(first, last int64) {
	size := int64(len(a.ring))
	for size <= last-first {
		size *= 2
	}
	if size == int64(len(a.ring)) {
		return
	}
	ring := make([]slot, size)
	for s := a.head; s <= a.highest; s++ {
		ring[s&(size-1)] = *a.at(s)
	}
	a.ring = ring
}

// Push takes a packet in.
func (a *Assembler) Push(p *Packet) {
	seq := a.extend(p.Seq)
	switch {
	case seq < a.head && !a.given && a.highest-seq < a.window:
		a.reach(seq, a.highest)
		for s := seq; s < a.head; s++ {
			*a.at(s) = slot{noticed: p.Arrival}
		}
		a.head, a.scanned = seq, seq
	case seq < a.head:
		a.tooLate(p)
		return
	case seq-a.highest >= a.window:
		a.leap(seq, p)
	default:
		a.makeRoom(seq-a.window+1, p.Arrival)
	}
	a.reach(a.head, seq)
	a.late = 0
	for s := a.highest + 1; s < seq; s++ {
		*a.at(s) = slot{noticed: p.Arrival, dropped: p.Dropped}
	}
	place := a.at(seq)
	if seq > a.highest {
		*place, a.highest = slot{}, seq
	}
	if place.packet != nil {
		a.free(p) // a duplicate
		return
	}
	if err := p.depacketize(a.kind); err != nil {
		p.body, p.start = nil, false // it can't be waited for again: its frame breaks here
	}
	place.packet = p
}

// extend gives the sequence number that lies nearest to the highest so far.
func (a *Assembler) extend(seq uint16) int64 {
	if !a.begun {
		a.begun = true
		a.head = 1<<32 + int64(seq)
		a.highest, a.scanned = a.head-1, a.head
	}
	return a.highest + int64(int16(seq-uint16(a.highest)))
}

// tooLate drops a packet from before head. Many in a row from far behind mean
// that the sender has begun to count anew.
func (a *Assembler) tooLate(p *Packet) {
	defer a.free(p)
	if a.head-a.extend(p.Seq) < a.window {
		return
	}
	if a.late++; a.late >= 50 {
		a.makeRoom(a.highest+1, p.Arrival) // everything
		a.lose(CauseLoss)
		a.begun, a.given, a.late = false, false, 0
	}
}

// leap takes a jump forward over more than the ring holds.
func (a *Assembler) leap(seq int64, p *Packet) {
	a.makeRoom(a.highest+1, p.Arrival) // everything
	cause := CauseLoss
	if p.Dropped {
		cause = CauseOverflow
	}
	a.lose(cause)
	a.head, a.highest, a.scanned = seq, seq-1, seq
}

// makeRoom consumes up to the sequence number limit.
func (a *Assembler) makeRoom(limit int64, now time.Time) {
	for a.head < limit {
		u, ok := a.step(now, limit)
		if !ok {
			break // a frame from before limit is incomplete behind it
		}
		u.Packets = slices.Clone(u.Packets)
		a.ready = append(a.ready, u)
	}
	for ; a.head < limit; a.head++ {
		a.lose(CauseLoss)
		a.drop()
	}
}

// Pop gives the next unit, if there is one at this time.
func (a *Assembler) Pop(now time.Time) (Unit, bool) {
	if len(a.ready) > 0 {
		u := a.ready[0]
		a.ready = a.ready[1:]
		return u, true
	}
	return a.step(now, a.head)
}

// Drain is Pop at the end of the track: nothing missing is waited for. A last
// frame of which the end hasn't arrived is dropped without being called lost.
func (a *Assembler) Drain(now time.Time) (Unit, bool) {
	if len(a.ready) > 0 {
		return a.Pop(now)
	}
	return a.step(now, a.highest+1)
}

// step looks for the next unit; sequence numbers below limit aren't waited for.
func (a *Assembler) step(now time.Time, limit int64) (Unit, bool) {
	for a.begun && a.head <= a.highest {
		if gone, cause := a.gone(a.head, now, limit); gone {
			a.lose(cause)
			a.drop()
			a.head++
			continue
		}
		p := a.at(a.head).packet
		if p == nil {
			break // still waited for
		}
		if !p.start {
			if len(p.body) > 0 || len(p.Payload) > 0 {
				a.lose(CauseMalformed) // or the rest of a frame that is lost already
			}
			a.drop()
			a.head++
			continue
		}
		end, state := a.span(now, limit)
		if state == waiting {
			break
		}
		if state != whole {
			for ; a.head < end; a.head++ {
				a.drop()
			}
			a.given = true
			if state == abandoned {
				a.lose(CauseMalformed)
			}
			continue // a hole at end is lost next, with its cause
		}
		if a.report != "" {
			break
		}
		return a.frame(end), true
	}
	if a.report == "" {
		return Unit{}, false
	}
	u := Unit{Lost: a.report, Arrival: now}
	a.report = ""
	return u, true
}

// gone says whether a packet isn't there and won't be waited for.
func (a *Assembler) gone(seq int64, now time.Time, limit int64) (bool, string) {
	s := a.at(seq)
	switch {
	case seq > a.highest || s.packet != nil:
		return false, ""
	case s.dropped:
		return true, CauseOverflow
	case seq < limit || now.Sub(s.noticed) >= Patience:
		return true, CauseLoss
	}
	return false, ""
}

type spanState int

const (
	waiting spanState = iota
	whole
	broken
	abandoned
)

// span looks how far the frame at head reaches. whole: end is behind its last
// packet. broken: end is a packet that is gone, or that doesn't belong there.
// abandoned: end begins the next frame, and this one had no end. The last packet of
// a VP8 frame has the marker (RFC 7741 section 4.1); libwebrtc throws what is left
// of a frame out of its pacer when a key frame comes, and numbers packets only behind
// it, so that no hole shows.
func (a *Assembler) span(now time.Time, limit int64) (end int64, state spanState) {
	timestamp := a.at(a.head).packet.Timestamp
	for s := max(a.scanned, a.head); ; s++ {
		a.scanned = s
		if s > a.highest {
			return s, waiting
		}
		p := a.at(s).packet
		if p == nil {
			if gone, _ := a.gone(s, now, limit); gone {
				return s, broken
			}
			return s, waiting
		}
		switch {
		case len(p.Payload) == 0: // padding
		case p.Timestamp != timestamp || s > a.head && p.start:
			return s, abandoned // an Opus frame ends with its packet
		case len(p.body) == 0:
			return s, broken
		case p.Marker || a.kind == Audio:
			return s + 1, whole
		}
	}
}

// frame takes the packets up to end out, which are one.
func (a *Assembler) frame(end int64) Unit {
	first := a.at(a.head).packet
	u := Unit{Timestamp: first.Timestamp, Arrival: first.Arrival}
	a.unit = a.unit[:0]
	for ; a.head < end; a.head++ {
		p := a.at(a.head).packet
		if p.Arrival.Before(u.Arrival) {
			u.Arrival = p.Arrival
		}
		a.unit = append(a.unit, p)
		*a.at(a.head) = slot{}
	}
	u.Packets = a.unit
	a.given, a.losing = true, false
	return u
}

// lose notes that frames are lost here; told once until the next frame.
func (a *Assembler) lose(cause string) {
	a.given = true
	if !a.losing {
		a.losing, a.report = true, cause
	}
}

// drop gives back the packet at head, if there is one.
func (a *Assembler) drop() {
	s := a.at(a.head)
	if s.packet != nil {
		a.free(s.packet)
	}
	*s = slot{}
}

func (a *Assembler) free(p *Packet) {
	if a.Free != nil {
		a.Free(p)
	}
}

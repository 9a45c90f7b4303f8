// Package twcc tells a sender when its packets came, by their transport-wide
// sequence numbers (draft-holmer-rmcat-transport-wide-cc-extensions-01). It has no
// clock and no goroutine, and allocates nothing per packet or report: a server sends
// ten reports a second to each participant, and pion's were two thirds of what its
// garbage collector ran for.
package twcc

import (
	"encoding/binary"
	"math"
	"time"
)

const (
	firstRing, mostRing = 128, 4096 // numbers that are remembered, powers of two

	// mostStatuses of a report, beside a run of missing packets before them: with
	// two bytes of time for each it stays below 1,200 bytes.
	mostStatuses = 512

	tick      = 250 * time.Microsecond // of the times between packets
	reference = 64 * time.Millisecond  // tick of a report's own time
	header    = 20                     // bytes of RTCP and of the report before the chunks
	mostRun   = 1<<13 - 1              // packets of a chunk that says one status
)

// Statuses of packets.
const (
	missing = iota
	small   // came, one byte of time since the one before
	large   // came, two bytes, signed
)

// Recorder notes the packets of one sender. Not for use by several goroutines.
type Recorder struct {
	sender, media uint32
	count         uint8 // of the reports
	begun         bool
	next          int64 // first number of the next report, extended
	highest       int64 // that came
	// ring holds when the newest numbers came, by the low bits of the number: those
	// above highest less its length. Times are one more than since the zero, 0 is missing.
	ring []time.Duration
}

// NewRecorder makes one whose reports are of the RTCP sender sender.
func NewRecorder(sender uint32) *Recorder {
	return &Recorder{sender: sender, ring: make([]time.Duration, firstRing)}
}

func (r *Recorder) at(number int64) *time.Duration { return &r.ring[number&int64(len(r.ring)-1)] }

// Note takes in that a packet of the stream media came, at since some zero. Only the
// first time counts. One that overtook others is told with them again.
func (r *Recorder) Note(media uint32, number uint16, at time.Duration) {
	r.media = media
	n := r.extend(number)
	if n <= r.highest-int64(len(r.ring)) {
		return // forgotten
	}
	r.reach(n)
	if n-r.highest >= int64(len(r.ring)) {
		clear(r.ring) // a leap
		r.highest = n
	}
	for ; r.highest < n; r.highest++ {
		*r.at(r.highest + 1) = 0
	}
	if place := r.at(n); *place == 0 {
		*place = max(at, 0) + 1
		r.next = min(r.next, n)
	}
}

// extend gives the number that lies nearest to the highest so far.
func (r *Recorder) extend(number uint16) int64 {
	if !r.begun {
		r.begun = true
		r.next = 1<<32 + int64(number)
		r.highest = r.next - 1
	}
	return r.highest + int64(int16(number-uint16(r.highest)))
}

// reach makes room for number n: by a larger ring as long as what isn't told yet
// needs one, then by forgetting the oldest.
func (r *Recorder) reach(n int64) {
	size := int64(len(r.ring))
	for size <= n-r.next && size < mostRing {
		size *= 2
	}
	if old := r.ring; size > int64(len(old)) {
		r.ring = make([]time.Duration, size)
		for s := r.highest - int64(len(old)) + 1; s <= r.highest; s++ {
			*r.at(s) = old[s&int64(len(old)-1)]
		}
	}
	r.next = max(r.next, n-size+1)
}

// statuses are what a report says of the packets from its first that came on.
type statuses struct {
	n      int
	status [mostStatuses]uint8
	deltas [mostStatuses]int16 // ticks, of those that came
	came   int
}

// AppendReport appends a report, an RTCP packet, of what isn't told yet; nothing where
// nothing is. What doesn't fit into it is the next one's.
func (r *Recorder) AppendReport(dst []byte) []byte {
	first := r.next
	for first <= r.highest && *r.at(first) == 0 {
		first++
	}
	if !r.begun || first > r.highest {
		return dst
	}
	base := max(r.next, first-mostRun)
	begun := (*r.at(first) - 1) / reference
	var s statuses
	r.gather(&s, first, begun*reference)

	start := len(dst)
	dst = append(dst, make([]byte, header)...)
	if lead := int(first - base); lead > 0 {
		dst = appendRun(dst, missing, lead)
	}
	dst = s.appendChunks(dst)
	dst = s.appendDeltas(dst)
	pad := -(len(dst) - start) & 3
	for i := range pad {
		dst = append(dst, byte((i+1)/pad*pad)) // the last one says how many
	}
	r.putHeader(dst[start:], uint16(base), int(first-base)+s.n, uint32(begun), pad > 0)
	r.count++
	r.next = first + int64(s.n)
	return dst
}

// gather goes through the numbers from first, which came, on. It ends behind one
// that came.
func (r *Recorder) gather(s *statuses, first int64, last time.Duration) {
	n := 0
	for number := first; number <= r.highest && n < mostStatuses; number++ {
		came := *r.at(number)
		if came == 0 {
			s.status[n] = missing
			n++
			continue
		}
		delta := round(came - 1 - last)
		if delta < math.MinInt16 || delta > math.MaxInt16 {
			return
		}
		last += delta * tick
		s.status[n] = small
		if delta < 0 || delta > math.MaxUint8 {
			s.status[n] = large
		}
		s.deltas[s.came] = int16(delta)
		s.came++
		n++
		s.n = n
	}
}

// round to ticks, the half away from zero.
func round(d time.Duration) time.Duration {
	if d < 0 {
		return (d - tick/2) / tick
	}
	return (d + tick/2) / tick
}

// appendChunks appends the statuses (section 3.1.2): runs where they are long,
// else 14 of one bit, else 7 of two.
func (s *statuses) appendChunks(dst []byte) []byte {
	for left := s.status[:s.n]; len(left) > 0; {
		run, plain := 1, left[0] != large
		for run < len(left) && left[run] == left[0] {
			run++
		}
		bits := min(14, len(left))
		for _, status := range left[:bits] {
			plain = plain && status != large
		}
		switch {
		case run >= 14 || run == len(left) || !plain && run >= 7:
			dst = appendRun(dst, left[0], run)
			left = left[run:]
		case plain:
			dst = appendVector(dst, 0x8000, 1, left[:bits])
			left = left[bits:]
		default:
			bits = min(7, len(left))
			dst = appendVector(dst, 0xC000, 2, left[:bits])
			left = left[bits:]
		}
	}
	return dst
}

func appendRun(dst []byte, status uint8, n int) []byte {
	return binary.BigEndian.AppendUint16(dst, uint16(status)<<13|uint16(n))
}

func appendVector(dst []byte, kind uint16, width int, list []uint8) []byte {
	shift := 14
	for _, status := range list {
		shift -= width
		kind |= uint16(status) << shift
	}
	return binary.BigEndian.AppendUint16(dst, kind)
}

func (s *statuses) appendDeltas(dst []byte) []byte {
	i := 0
	for _, status := range s.status[:s.n] {
		switch status {
		case small:
			dst = append(dst, byte(s.deltas[i]))
			i++
		case large:
			dst = binary.BigEndian.AppendUint16(dst, uint16(s.deltas[i]))
			i++
		}
	}
	return dst
}

// putHeader writes what stands before the chunks (RFC 4585 section 6.1, draft
// section 3.1).
func (r *Recorder) putHeader(report []byte, base uint16, statuses int, begun uint32, padded bool) {
	report[0] = 2<<6 | 15
	if padded {
		report[0] |= 1 << 5
	}
	report[1] = 205
	binary.BigEndian.PutUint16(report[2:], uint16(len(report)/4-1))
	binary.BigEndian.PutUint32(report[4:], r.sender)
	binary.BigEndian.PutUint32(report[8:], r.media)
	binary.BigEndian.PutUint16(report[12:], base)
	binary.BigEndian.PutUint16(report[14:], uint16(statuses))
	binary.BigEndian.PutUint32(report[16:], begun<<8|uint32(r.count))
}

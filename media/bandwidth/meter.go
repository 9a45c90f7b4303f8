package bandwidth

import "time"

// A meter looks back over meterSpan in slots of meterSlot.
const (
	meterSlot   = 100 * time.Millisecond
	meterSecond = int64(time.Second / meterSlot)
	meterSpan   = 5 * meterSecond
)

// Meter tells how fast packets come or go: the best whole second of the last
// five, so that a pause of the encoder doesn't count as a slow network. Pure:
// time comes as an argument. The zero value is ready.
type Meter struct {
	bytes [meterSpan]int // of each slot, by its number modulo meterSpan
	first int64          // number of the first slot
	last  int64          // number of the newest slot
}

// Add notes a packet of so many bytes.
func (m *Meter) Add(bytes int, now time.Time) {
	m.turn(now)
	m.bytes[m.last%meterSpan] += bytes
}

// best second of the last five, in bit/s.
func (m *Meter) best(now time.Time) int {
	m.turn(now)
	best := 0
	for from := m.last - meterSpan + 1; from+meterSecond <= m.last; from++ { // whole slots only
		best = max(best, m.sum(from, from+meterSecond))
	}
	return 8 * best
}

// Latest second, in bit/s.
func (m *Meter) Latest(now time.Time) int {
	m.turn(now)
	return 8 * m.sum(m.last-meterSecond, m.last)
}

// Mean of the last five seconds, or of those since the first packet, in bit/s.
func (m *Meter) Mean(now time.Time) int {
	m.turn(now)
	slots := min(max(m.last-m.first, 1), meterSpan-1) // whole ones only
	return int(8 * int64(m.sum(m.last-slots, m.last)) * meterSecond / slots)
}

// sum of the slots from..to, without to.
func (m *Meter) sum(from, to int64) int {
	total := 0
	for slot := from; slot < to; slot++ {
		total += m.bytes[slot%meterSpan]
	}
	return total
}

// turn empties the slots that have begun since the last call.
func (m *Meter) turn(now time.Time) {
	slot := now.UnixNano() / int64(meterSlot)
	if slot <= m.last { // also where the clock went back
		return
	}
	if m.last == 0 {
		m.first = slot
	}
	for next := max(m.last+1, slot-meterSpan+1); next <= slot; next++ {
		m.bytes[next%meterSpan] = 0
	}
	m.last = slot
}

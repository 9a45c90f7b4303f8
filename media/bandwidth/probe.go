package bandwidth

import (
	"math"
	"time"
)

// A probe is a short train of packets, faster than the estimate, that shows
// whether the way bears more than is sent: without it an estimate never climbs
// far above what a small picture needs.
const (
	ProbeSpan    = 60 * time.Millisecond
	ProbeLeast   = 5   // packets that must arrive
	ProbeFactor  = 2.0 // × the estimate
	probeFull    = 0.9 // of the rate sent: less arriving is the way's limit
	probeSettles = 300 * time.Millisecond
)

// probeResult gathers the arrivals of the probe under way. Pure; the zero value
// is ready.
type probeResult struct {
	number    int // of the newest probe
	packets   int // sent of it
	done      bool
	sentLast  time.Duration
	came      int
	total     int // bytes that came
	firstSize int // of the first to come; lastSize of the last
	lastSize  int
	sent      [2]time.Duration // first and last of those that came
	arrivedAt [2]time.Duration
}

// begin starts the next probe and gives its number, 16 bits of which 0 is none.
func (p *probeResult) begin() int {
	*p = probeResult{number: p.number%math.MaxUint16 + 1}
	return p.number
}

// departed notes a packet of the probe.
func (p *probeResult) departed(now time.Duration) {
	p.packets++
	p.sentLast = now
}

// end says that the probe's last packet was sent.
func (p *probeResult) end() { p.done = true }

// disturbs says that the probe's own queue may still be seen in the delays.
func (p *probeResult) disturbs(now time.Duration) bool {
	return p.packets > 0 && now-p.sentLast < probeSettles
}

func (p *probeResult) arrived(d *departure, arrival time.Duration) {
	if d.probe == 0 || int(d.probe) != p.number {
		return
	}
	if p.came == 0 {
		p.sent, p.arrivedAt, p.firstSize = [2]time.Duration{d.at, d.at}, [2]time.Duration{arrival, arrival}, int(d.size)
	}
	p.came++
	p.total += int(d.size)
	p.sent[0] = min(p.sent[0], d.at)
	p.arrivedAt[0] = min(p.arrivedAt[0], arrival)
	if d.at >= p.sent[1] {
		p.sent[1], p.lastSize = d.at, int(d.size)
	}
	p.arrivedAt[1] = max(p.arrivedAt[1], arrival)
}

// take is what the whole probe showed, in bit/s, once. idle is how much later, by
// the subscriber's clock, a packet arrives that meets no queue. A subscriber whose
// computer stands still for a moment takes what came meanwhile as if it had come
// at once; but what was sent from the first packet on can't have been on its way
// for less than the time from there to the last arrival, less idle.
func (p *probeResult) take(idle time.Duration) (bps float64, ok bool) {
	if !p.done || p.came < ProbeLeast || p.came*5 < p.packets*4 {
		return 0, false
	}
	sending, arriving := p.sent[1]-p.sent[0], p.arrivedAt[1]-p.arrivedAt[0]
	arriving = max(arriving, p.arrivedAt[1]-p.sent[0]-idle)
	p.done = false
	if sending <= 0 || arriving <= 0 {
		return 0, false
	}
	sent := 8 * float64(p.total-p.lastSize) / sending.Seconds()
	arrived := 8 * float64(p.total-p.firstSize) / arriving.Seconds()
	if arrived < probeFull*sent {
		return arrived * 0.95, true
	}
	return min(sent, arrived), true
}

// delayKept is for how long a delay counts at least, and twice that at most.
const delayKept = 5 * time.Second

// leastDelay is the least of the last seconds: that of packets that met no queue.
// The two clocks may begin anywhere. Pure; the zero value is ready.
type leastDelay struct {
	began       bool
	now, before time.Duration
	turned      time.Duration
}

func (l *leastDelay) add(delay, now time.Duration) {
	switch {
	case !l.began:
		*l = leastDelay{true, delay, delay, now}
	case now-l.turned > delayKept:
		*l = leastDelay{true, delay, l.now, now}
	default:
		l.now = min(l.now, delay)
	}
}

func (l *leastDelay) least() time.Duration { return min(l.now, l.before) }

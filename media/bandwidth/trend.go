package bandwidth

import "time"

const (
	trendWindow    = 20  // groups that the line goes through
	trendSmoothing = 0.9 // of the summed delay
	trendGain      = 4.0 // threshold's scale
	trendMostCount = 60  // groups that make a slope count fully
	// overuseTime is longer than the draft's 10 ms: a receiver that stands still
	// for a moment and then takes all at once isn't a full way.
	overuseTime = 50 * time.Millisecond

	// The threshold follows the slopes, so that a way that always jitters
	// isn't taken for a full one (section 5.4 of the draft).
	thresholdFirst             = 12.5
	thresholdLeast             = 6.0
	thresholdMost              = 600.0
	thresholdUp, thresholdDown = 0.0087, 0.039 // a millisecond
	thresholdJump              = 15.0          // above it by more, the threshold stays
)

// trend tells whether the delay of a way grows. Pure; the zero value isn't ready.
type trend struct {
	overused bool // a queue fills
	steady   bool // none fills or drains

	points    [trendWindow]trendPoint // a ring
	count     int                     // of all groups
	sum, mean float64                 // of the delay's growth, ms
	slope     float64
	threshold float64
	at        time.Duration // arrival of the last group
	over      time.Duration // for how long the slope has been above
	overCount int
}

type trendPoint struct{ at, delay float64 } // ms

func newTrend() trend { return trend{threshold: thresholdFirst, steady: true} }

// reset forgets the line, not the threshold.
func (t *trend) reset() {
	threshold := t.threshold
	*t = newTrend()
	t.threshold = threshold
}

// add takes how much later than the group before a group came, than it was sent.
func (t *trend) add(grown, at time.Duration) {
	since := at - t.at
	t.at = at
	t.sum += ms(grown)
	t.mean = trendSmoothing*t.mean + (1-trendSmoothing)*t.sum
	t.points[t.count%trendWindow] = trendPoint{ms(at), t.mean}
	t.count++
	if t.count < trendWindow {
		return
	}
	before := t.slope
	t.slope = slopeOf(&t.points)
	t.judge(t.slope*trendGain*float64(min(t.count, trendMostCount)), t.slope >= before, since)
}

// judge compares the scaled slope with the threshold.
func (t *trend) judge(scaled float64, rising bool, since time.Duration) {
	t.steady = scaled >= -t.threshold && scaled <= t.threshold
	if scaled <= t.threshold {
		t.overused, t.over, t.overCount = false, 0, 0
	} else {
		t.over += since
		t.overCount++
		t.overused = t.overused || t.over > overuseTime && t.overCount > 3 && rising
	}
	distance := max(scaled, -scaled) - t.threshold
	if distance > thresholdJump {
		return
	}
	speed := thresholdUp
	if distance < 0 {
		speed = thresholdDown
	}
	t.threshold += speed * distance * min(ms(since), 100)
	t.threshold = min(max(t.threshold, thresholdLeast), thresholdMost)
}

// slopeOf is the least squares line's.
func slopeOf(points *[trendWindow]trendPoint) float64 {
	var meanAt, meanDelay float64
	for _, p := range points {
		meanAt += p.at / trendWindow
		meanDelay += p.delay / trendWindow
	}
	var above, below float64
	for _, p := range points {
		above += (p.at - meanAt) * (p.delay - meanDelay)
		below += (p.at - meanAt) * (p.at - meanAt)
	}
	if below == 0 {
		return 0
	}
	return above / below
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// groups gathers packets that were sent within groupSpan. Pure; the zero value
// is ready.
type groups struct {
	now, before packetGroup
}

type packetGroup struct {
	first, last time.Duration // sent
	arrived     time.Duration // the last of it
	packets     int
}

// add takes a packet; ok is true when one began a new group and two whole ones
// can be compared. at is when the later of them arrived.
func (g *groups) add(sent, arrived time.Duration) (grown, at time.Duration, ok bool) {
	switch {
	case g.now.packets == 0:
		g.now = packetGroup{sent, sent, arrived, 1}
		return 0, 0, false
	case sent < g.now.first:
		return 0, 0, false // out of order
	case sent-g.now.first <= groupSpan:
		g.now.last = max(g.now.last, sent)
		g.now.arrived = max(g.now.arrived, arrived)
		g.now.packets++
		return 0, 0, false
	}
	if g.before.packets > 0 {
		grown = (g.now.arrived - g.before.arrived) - (g.now.last - g.before.last)
		at, ok = g.now.arrived, true
	}
	g.before, g.now = g.now, packetGroup{sent, sent, arrived, 1}
	return grown, at, ok
}

// ackedRate is how much arrives, over the last ackedSpan of arrivals. Pure; the
// zero value is ready.
type ackedRate struct {
	slots [ackedSlots]int // bytes, by number of slot modulo
	first int64
	last  int64
	began bool
}

const (
	ackedSlot  = 25 * time.Millisecond
	ackedSlots = int64(ackedSpan/ackedSlot) + 1 // the newest isn't whole
)

func (a *ackedRate) add(arrival time.Duration, size int) {
	slot := int64(arrival / ackedSlot)
	if !a.began {
		a.began, a.first, a.last = true, slot, slot
	}
	if slot <= a.last-ackedSlots {
		return
	}
	for next := max(a.last+1, slot-ackedSlots+1); next <= slot; next++ {
		*a.slot(next) = 0
	}
	a.last = max(a.last, slot)
	*a.slot(slot) += size
}

// slot is where a slot is counted. Arrivals are by the subscriber's clock, whose zero
// may lie after some of them.
func (a *ackedRate) slot(number int64) *int {
	return &a.slots[(number%ackedSlots+ackedSlots)%ackedSlots]
}

// most is bps with what came last: after a standstill that is nearly all.
func (a *ackedRate) most() (rate float64, ok bool) {
	rate, ok = a.bps()
	return rate + 8*float64(*a.slot(a.last))/ackedSpan.Seconds(), ok
}

// bps is the rate; ok is false in the beginning.
func (a *ackedRate) bps() (rate float64, ok bool) {
	if !a.began || a.last-a.first < ackedSlots {
		return 0, false
	}
	total := 0
	for slot := a.last - ackedSlots + 1; slot < a.last; slot++ {
		total += *a.slot(slot)
	}
	return 8 * float64(total) / ackedSpan.Seconds(), true
}

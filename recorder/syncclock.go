package recorder

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// SyncClock puts the tracks of one sender on one time line. RTCP sender reports
// (RFC 3550 section 6.4.1) say which RTP timestamp of a track is which moment of
// the sender's clock; all tracks of a connection share that clock, so through
// it picture and sound are in step whatever their RTP clocks do. The sender's
// clock itself is set against ours by the reports that travelled fastest. A
// track without reports is placed by its packets that travelled fastest.
//
// Times are durations since the recording's start. Feed everything first, then
// ask: the answers are for the whole recording at once. It has no clock and is
// not for use by several goroutines.
type SyncClock struct {
	streams []*SyncStream
	base    uint64 // NTP time of the first report; the sender's time counts from here
	settled bool
	anchor  sample  // sender's time and offset of the line below all samples
	slope   float64 // of that line: drift of the sender's clock against ours
}

// SyncStream is one RTP stream on a SyncClock.
type SyncStream struct {
	clock   *SyncClock
	rate    int64 // RTP ticks per second
	begun   bool
	last    int64 // extended timestamp of the newest frame
	frames  []syncFrame
	reports []syncReport
	odd     []syncReport // that contradict the reports before, so far without effect
	byFrame bool         // the reports are not to be believed
	shift   time.Duration
}

// sample is how far an arrival lies behind a moment of another clock.
type sample struct{ at, behind time.Duration }

type syncFrame struct {
	ticks   int64 // extended RTP timestamp
	arrival time.Duration
}

type syncReport struct {
	ticks   int64         // extended RTP timestamp
	sender  time.Duration // sender's time
	arrival time.Duration
}

// Bounds of what is believed: the sender is not under our control.
const (
	reportSlack  = 50 * time.Millisecond // between two reports, beyond 2 % of their distance
	oddReports   = 3                     // in a row and in line with each other are believed again
	maxAhead     = time.Second           // of a stream's frames before their arrival
	maxBehind    = 2 * time.Second       // of its fastest frame
	maxDrift     = 300e-6                // of the sender's clock against ours
	driftMinimum = 2 * time.Minute       // of reports, to speak of drift at all
)

// Stream adds an RTP stream whose timestamps count rate per second.
func (c *SyncClock) Stream(rate uint32) *SyncStream {
	s := &SyncStream{clock: c, rate: int64(max(rate, 1))}
	c.streams = append(c.streams, s)
	return s
}

// Frame tells of a frame and gives its extended RTP timestamp, which is what
// Time takes. Frames come in the order of sending.
func (s *SyncStream) Frame(timestamp uint32, arrival time.Duration) int64 {
	ticks := s.extend(timestamp)
	s.last = ticks
	s.frames = append(s.frames, syncFrame{ticks, arrival})
	return ticks
}

// Report tells of a sender report.
func (s *SyncStream) Report(ntp uint64, timestamp uint32, arrival time.Duration) {
	if ntp == 0 {
		return // the sender has no wall clock
	}
	if s.clock.base == 0 {
		s.clock.base = ntp
	}
	r := syncReport{s.extend(timestamp), ntpSpan(ntp - s.clock.base), arrival}
	if len(s.reports) == 0 || s.follows(s.reports[len(s.reports)-1], r) {
		s.reports, s.odd = append(s.reports, r), nil
		return
	}
	if n := len(s.odd); n > 0 && !s.follows(s.odd[n-1], r) {
		s.odd = nil
	}
	if s.odd = append(s.odd, r); len(s.odd) < oddReports {
		return
	}
	if r.sender > s.reports[len(s.reports)-1].sender && r.ticks > s.reports[len(s.reports)-1].ticks {
		s.reports = append(s.reports, s.odd...)
		slices.SortFunc(s.reports, func(a, b syncReport) int { return cmp.Compare(a.ticks, b.ticks) })
	}
	s.odd = nil
}

// follows says whether report b can come after a on a steady clock.
func (s *SyncStream) follows(a, b syncReport) bool {
	sender, rtp := b.sender-a.sender, s.nominal(b.ticks)-s.nominal(a.ticks)
	return sender > 0 && b.ticks > a.ticks && (sender-rtp).Abs() <= reportSlack+sender/50
}

// Time gives the time of a frame by its extended RTP timestamp.
func (s *SyncStream) Time(ticks int64) time.Duration {
	if !s.clock.settled {
		s.clock.settle()
	}
	if s.byFrame || len(s.reports) == 0 {
		return s.nominal(ticks) + s.shift
	}
	return s.byReports(ticks) + s.shift
}

// byReports gives the time by sender reports, between two of them along the
// straight line.
func (s *SyncStream) byReports(ticks int64) time.Duration {
	i, _ := slices.BinarySearchFunc(s.reports, ticks, func(r syncReport, t int64) int { return cmp.Compare(r.ticks, t) })
	if i == 0 || i == len(s.reports) {
		near := s.reports[max(0, i-1)]
		return s.clock.ours(near.sender + s.nominal(ticks) - s.nominal(near.ticks))
	}
	a, b := s.reports[i-1], s.reports[i]
	part := float64(ticks-a.ticks) / float64(b.ticks-a.ticks)
	return s.clock.ours(a.sender + time.Duration(part*float64(b.sender-a.sender)))
}

// ours turns the sender's time into ours.
func (c *SyncClock) ours(sender time.Duration) time.Duration {
	return sender + c.anchor.behind + time.Duration(c.slope*float64(sender-c.anchor.at))
}

// settle draws the line under all reports' delays, sorts out the streams whose
// reports can't be true, and sees to it that no frame arrives before its time.
func (c *SyncClock) settle() {
	c.settled = true
	c.drawLine()
	var early time.Duration // how far frames are placed behind their arrival
	for _, s := range c.streams {
		if len(s.reports) == 0 {
			s.byFrame = true
			continue
		}
		if fastest := s.fastest(); fastest < -maxAhead || fastest > maxBehind {
			s.byFrame = true
		} else {
			early = min(early, fastest)
		}
	}
	for _, s := range c.streams {
		s.shift = early
		if s.byFrame {
			s.shift = s.floor()
		}
	}
}

// drawLine fits the line: level through the fastest report; tilted through the
// fastest of either half if the reports reach far enough.
func (c *SyncClock) drawLine() {
	var all []sample
	for _, s := range c.streams {
		for _, r := range s.reports {
			all = append(all, sample{r.sender, r.arrival - r.sender})
		}
	}
	if len(all) == 0 {
		return
	}
	slices.SortFunc(all, func(a, b sample) int { return cmp.Compare(a.at, b.at) })
	first, last := all[0].at, all[len(all)-1].at
	if last-first >= driftMinimum {
		i, _ := slices.BinarySearchFunc(all, first+(last-first)/2, func(s sample, at time.Duration) int { return cmp.Compare(s.at, at) })
		a, b := lowest(all[:i]), lowest(all[i:])
		c.slope = min(maxDrift, max(-maxDrift, float64(b.behind-a.behind)/float64(b.at-a.at)))
	}
	c.anchor = lowest(all)
	for _, s := range all { // the whole line below every sample
		if under := s.at + s.behind - c.ours(s.at); under < 0 {
			c.anchor.behind += under
		}
	}
}

func lowest(samples []sample) sample {
	return slices.MinFunc(samples, func(a, b sample) int { return cmp.Compare(a.behind, b.behind) })
}

// fastest is the smallest delay of a frame by the reports.
func (s *SyncStream) fastest() time.Duration {
	return s.least(s.byReports)
}

// floor is the smallest distance of a frame's arrival from its RTP time.
func (s *SyncStream) floor() time.Duration {
	return s.least(s.nominal)
}

func (s *SyncStream) least(place func(ticks int64) time.Duration) time.Duration {
	if len(s.frames) == 0 {
		return 0
	}
	delay := time.Duration(math.MaxInt64)
	for _, f := range s.frames {
		delay = min(delay, f.arrival-place(f.ticks))
	}
	return delay
}

// extend gives the timestamp that lies nearest to the newest frame's.
func (s *SyncStream) extend(timestamp uint32) int64 {
	if !s.begun {
		s.begun, s.last = true, 1<<32+int64(timestamp)
	}
	return s.last + int64(int32(timestamp-uint32(s.last)))
}

// nominal is how long ticks take by the clock rate.
func (s *SyncStream) nominal(ticks int64) time.Duration {
	return time.Duration(ticks/s.rate)*time.Second + time.Duration(ticks%s.rate)*time.Second/time.Duration(s.rate)
}

// ntpSpan turns a difference of NTP times (32.32 bits of a second, perhaps
// negative) into a duration.
func ntpSpan(diff uint64) time.Duration {
	seconds, fraction := int64(diff)>>32, int64(diff&math.MaxUint32)
	return time.Duration(seconds)*time.Second + time.Duration(fraction*int64(time.Second)>>32)
}

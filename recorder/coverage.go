package recorder

// hold is how many milliseconds after a frame's end a track still counts as
// covered when nothing is known to be lost: a camera in the dark sends a frame
// a second, sound is without pause.
var hold = map[string]int64{Video: 2000, Audio: 250}

// lastHold is the same for the last frame, of either kind: nothing tells that a
// camera still ran, so what the file lacks at its end is a gap.
const lastHold = 250

// coverage derives the gaps of one track from its frames, in order. Times are
// milliseconds since the recording's start.
type coverage struct {
	kind   string
	end    int64  // of the newest frame
	open   string // cause of the gap that is open now; empty if none is
	from   int64  // where it began
	gaps   []Gap  // closed ones
	missed int64  // their sum
}

func newCoverage(kind string) coverage {
	return coverage{kind: kind, open: CauseLeadIn}
}

// interrupt opens a gap behind the newest frame, unless one is open.
func (c *coverage) interrupt(cause string) {
	if c.open == "" {
		c.open, c.from = cause, c.end
	}
}

// frame takes the next frame: it closes an open gap, in video only with a key
// frame, since what follows a loss refers to what was lost.
func (c *coverage) frame(ms, length int64, key bool) {
	switch {
	case c.open != "" && key:
		c.close(ms)
	case c.open == "" && ms-c.end > hold[c.kind]:
		c.interrupt(CauseNoPackets)
		c.close(ms)
	}
	c.end = max(c.end, ms+length)
}

func (c *coverage) close(to int64) {
	if to > c.from {
		c.gaps = append(c.gaps, Gap{Track: c.kind, FromMS: c.from, ToMS: to, Cause: c.open})
		c.missed += to - c.from
	}
	c.open = ""
}

// finish ends the track. An end by a crash is a gap of its own even where it
// is not known to have a length.
func (c *coverage) finish(ms int64, crashed bool) {
	switch {
	case crashed && c.open == "":
		c.gaps = append(c.gaps, Gap{Track: c.kind, FromMS: c.end, ToMS: max(c.end, ms), Cause: CauseCrash})
		c.missed += max(0, ms-c.end)
	case c.open == "" && ms-c.end > lastHold:
		c.interrupt(CauseNoPackets)
		c.close(ms)
	case c.open != "":
		c.close(ms)
	}
}

// share gives ‰ of the time up to ms that is covered. seen is when the newest
// packet came, frames on their way count as covered.
func (c *coverage) share(ms, seen int64) int {
	if ms <= 0 {
		return 0
	}
	missing := c.missed
	if c.open != "" {
		missing += max(0, ms-c.from)
	} else if last := max(seen, c.end); ms-last > hold[c.kind] {
		missing += ms - last
	}
	return int(max(0, 1000*(ms-missing)/ms))
}

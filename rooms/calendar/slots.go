package calendar

import (
	"sort"
	"time"
)

// How far ahead of now slots are offered.
const (
	Lead    = 2 * time.Hour
	Horizon = 14 * 24 * time.Hour
)

// Slots gives the beginnings of all calls that can still be booked at now, in
// order: from Lead to Horizon ahead, within hours, clear of breaks, days off,
// held appointments with the buffer around them, full shifts and a certification
// that has run out.
func (c *Calendar) Slots(now time.Time) []time.Time {
	return c.Between(now.Add(Lead), now.Add(Horizon))
}

// Between gives the free slots that begin from a time to another, both in.
func (c *Calendar) Between(from, to time.Time) []time.Time {
	zone, err := c.location()
	if err != nil || to.Before(from) {
		return nil
	}
	busy := c.held()
	var list []time.Time
	year, month, first := from.In(zone).Date()
	for n := 0; ; n++ {
		date := time.Date(year, month, first+n, 12, 0, 0, 0, time.UTC) // a day's name, in no zone
		if date.Add(-12*time.Hour - widest).After(to) {
			return list
		}
		name := date.Format(time.DateOnly)
		if c.off(name) || c.full(name) {
			continue
		}
		var day []Hold
		for _, span := range c.open(date.Weekday()) {
			day = append(day, runs(date, span, zone)...)
		}
		sort.Slice(day, func(i, j int) bool { return day[i].From.Before(day[j].From) })
		for _, run := range day {
			list = c.within(list, run, from, to, busy)
		}
	}
}

// within adds the free slots of one run of working time. They stand in steps of
// the length from its beginning, in real time.
func (c *Calendar) within(list []time.Time, run Hold, from, to time.Time, busy []Hold) []time.Time {
	length, buffer, begin := c.length(), c.buffer(), run.From
	if late := from.Sub(begin); late > 0 {
		begin = begin.Add((late + length - 1) / length * length)
	}
	for at := begin; !at.Add(length).After(run.To) && !at.After(to); at = at.Add(length) {
		if clear(busy, at.Add(-buffer), at.Add(length+buffer)) {
			list = append(list, at.UTC())
		}
	}
	return list
}

// Offers reports that a call can be booked at now for a time.
func (c *Calendar) Offers(at, now time.Time) bool {
	if at.Before(now.Add(Lead)) || at.After(now.Add(Horizon)) {
		return false
	}
	list := c.Between(at, at)
	return len(list) == 1 && list[0].Equal(at)
}

// Why nobody may be sent to a manager now, see Bars.
const (
	BarCertificate = "certificate" // has run out
	BarFull        = "full"        // the shift has had all its calls
	BarNext        = "next"        // an appointment begins before a call would be over
)

// Bars says why a manager who wants to can't begin a call at a time that is no
// slot, as the instant queue needs it; empty where nothing bars. What has begun
// by then doesn't: whether that call is over says its room. Nor does a day off:
// who is there on it knows.
func (c *Calendar) Bars(at time.Time) string {
	zone, err := c.location()
	if err != nil {
		zone = time.UTC
	}
	date := at.In(zone).Format(time.DateOnly)
	switch {
	case c.Certified != "" && date > c.Certified:
		return BarCertificate
	case c.full(date):
		return BarFull
	}
	for _, h := range c.Holds {
		if h.From.After(at) && h.From.Before(at.Add(c.length()+c.buffer())) {
			return BarNext
		}
	}
	return ""
}

func (c *Calendar) length() time.Duration { return time.Duration(c.Length) * time.Minute }

func (c *Calendar) buffer() time.Duration { return time.Duration(c.Buffer) * time.Minute }

func (c *Calendar) full(date string) bool { return c.MaxCalls > 0 && c.Calls[date] >= c.MaxCalls }

// Clear reports that no appointment is held while a call from a time on would last,
// with the pause that belongs to it.
func (c *Calendar) Clear(at time.Time) bool {
	return clear(c.held(), at.Add(-c.buffer()), at.Add(c.length()+c.buffer()))
}

// held gives the appointments by their beginning.
func (c *Calendar) held() []Hold {
	list := make([]Hold, 0, len(c.Holds))
	for _, h := range c.Holds {
		list = append(list, h)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].From.Before(list[j].From) })
	return list
}

// clear reports that nothing is held between two times. No appointment is longer
// than a day, so that those before it need not be looked at.
func clear(busy []Hold, from, to time.Time) bool {
	first := sort.Search(len(busy), func(i int) bool { return !busy[i].From.Before(from.Add(-24 * time.Hour)) })
	for _, h := range busy[first:] {
		if !h.From.Before(to) {
			return true
		}
		if h.To.After(from) {
			return false
		}
	}
	return true
}

// runs are the stretches of time in which a wall clock shows a date and a part of
// its minutes, in order: one, but where the zone's offset changes. A part that
// the change skips is not there, one that comes twice is there twice.
func runs(date time.Time, span Span, zone *time.Location) []Hold {
	midnight := time.Date(date.Year(), date.Month(), date.Day(), 0, 0, 0, 0, time.UTC)
	from, to := midnight.Add(time.Duration(span.From)*time.Minute), midnight.Add(time.Duration(span.To)*time.Minute)
	var list []Hold
	for at := from.Add(-widest); at.Before(to.Add(widest)); {
		begins, ends := at.In(zone).ZoneBounds()
		_, seconds := at.In(zone).Zone()
		offset := time.Duration(seconds) * time.Second
		run := Hold{latest(from.Add(-offset), begins), earliest(to.Add(-offset), ends)}
		switch n := len(list); {
		case !run.From.Before(run.To): // the change skips it
		case n > 0 && run.From.Equal(list[n-1].To):
			list[n-1].To = run.To
		default:
			list = append(list, run)
		}
		if ends.IsZero() {
			break
		}
		at = ends
	}
	return list
}

// widest is more than any zone is away from UTC.
const widest = 15 * time.Hour

// latest and earliest take a zero bound for none.
func latest(t, bound time.Time) time.Time {
	if !bound.IsZero() && bound.After(t) {
		return bound
	}
	return t
}

func earliest(t, bound time.Time) time.Time {
	if !bound.IsZero() && bound.Before(t) {
		return bound
	}
	return t
}

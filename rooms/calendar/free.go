package calendar

import (
	"sort"
	"sync/atomic"
	"time"
)

// Free is a calendar that is not changed any more, with its free slots as they were
// computed last: once a day, for all of that day's questions. Safe for concurrent
// use.
type Free struct {
	*Calendar
	days atomic.Pointer[days]
}

// days are the free slots from a time to another, both in.
type days struct {
	from, to time.Time
	list     []time.Time
}

// Slots is Calendar.Slots. The answer must not be changed.
func (f *Free) Slots(now time.Time) []time.Time {
	from, to := now.Add(Lead), now.Add(Horizon)
	d := f.days.Load()
	if d == nil || from.Before(d.from) || to.After(d.to) {
		begin := from.UTC().Truncate(24 * time.Hour)
		d = &days{from: begin, to: to.Add(24 * time.Hour)}
		d.list = f.Between(d.from, d.to)
		f.days.Store(d)
	}
	first := sort.Search(len(d.list), func(i int) bool { return !d.list[i].Before(from) })
	end := sort.Search(len(d.list), func(i int) bool { return d.list[i].After(to) })
	return d.list[first:max(first, end)]
}

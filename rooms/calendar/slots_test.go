package calendar

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"verifycall/rooms/ledger"
)

// zonesOfTest change by an hour, by half an hour, in the south, or never.
var zonesOfTest = []string{"Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe"}

// changes are around the changes of 2026 and 2027, and a quiet day.
var changes = []time.Time{
	time.Date(2026, 3, 8, 7, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC), // New York
	time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC), time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC), // Berlin
	time.Date(2026, 4, 4, 15, 0, 0, 0, time.UTC), time.Date(2026, 10, 3, 15, 30, 0, 0, time.UTC), // Lord Howe
	time.Date(2026, 6, 17, 12, 0, 0, 0, time.UTC),
}

func drawCalendar(t *rapid.T) (*Calendar, time.Time) {
	c := New(rapid.SampledFrom(zonesOfTest).Draw(t, "zone"))
	now := rapid.SampledFrom(changes).Draw(t, "change").Add(time.Duration(rapid.IntRange(-15*24*60, 24*60).Draw(t, "minutes")) * time.Minute)
	span := rapid.Custom(func(t *rapid.T) Span {
		from := rapid.IntRange(0, 1439).Draw(t, "from")
		return Span{rapid.IntRange(0, 6).Draw(t, "day"), from, rapid.IntRange(from+1, 1440).Draw(t, "to")}
	})
	c.Hours, c.Breaks = rapid.SliceOfN(span, 0, 10).Draw(t, "hours"), rapid.SliceOfN(span, 0, 3).Draw(t, "breaks")
	c.Length = rapid.SampledFrom([]int{10, 20, 30, 45, 60}).Draw(t, "length")
	c.Buffer = rapid.SampledFrom([]int{0, 5, 15}).Draw(t, "buffer")
	c.MaxCalls = rapid.IntRange(0, 3).Draw(t, "max")
	date := func(name string) string {
		return now.AddDate(0, 0, rapid.IntRange(0, 14).Draw(t, name)).Format(time.DateOnly)
	}
	c.Holidays = []string{date("holiday")}
	if rapid.Bool().Draw(t, "expires") {
		c.Certified = date("certified")
	}
	for i := range rapid.IntRange(0, 6).Draw(t, "holds") {
		at := now.Add(time.Duration(rapid.IntRange(0, 14*24*60).Draw(t, "hold")) * time.Minute)
		c.Holds[string(rune('A'+i))] = Hold{at, at.Add(c.length())}
		c.Calls[c.date(at)]++
	}
	return c, now
}

// TestSlots checks each slot by the wall clock alone, in the way that a person
// would, and the whole list against the same asked for in pieces.
func TestSlots(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, now := drawCalendar(t)
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
		list := c.Slots(now)
		if !slices.IsSortedFunc(list, time.Time.Compare) || len(slices.CompactFunc(slices.Clone(list), time.Time.Equal)) != len(list) {
			t.Fatal("slots are not in order, or come twice")
		}
		zone, err := c.location()
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range list {
			checkSlot(t, c, zone, now, at)
			if !c.Offers(at, now) {
				t.Fatalf("%s is listed and not offered", at)
			}
			if c.Offers(at.Add(time.Second), now) {
				t.Fatalf("a second after %s is offered too", at)
			}
		}
		middle := now.Add(time.Duration(rapid.IntRange(0, 14*24*60).Draw(t, "middle")) * time.Minute)
		first, second := c.Between(now.Add(Lead), later(middle, now.Add(Lead)).Add(-time.Nanosecond)), c.Between(later(middle, now.Add(Lead)), now.Add(Horizon))
		if !slices.EqualFunc(slices.Concat(first, second), list, time.Time.Equal) {
			t.Fatalf("in two pieces at %s: %v and %v, whole %v", middle, first, second, list)
		}
	})
}

// TestFreeIsWhatSlotsSays asks a calendar again and again, as the clock goes on by
// minutes and days and now and then back, for what is computed once a day.
func TestFreeIsWhatSlotsSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, now := drawCalendar(t)
		f := Free{Calendar: c}
		for range rapid.IntRange(1, 8).Draw(t, "questions") {
			if got, want := f.Slots(now), c.Slots(now); !slices.EqualFunc(got, want, time.Time.Equal) {
				t.Fatalf("at %s: %v, want %v", now, got, want)
			}
			now = now.Add(time.Duration(rapid.SampledFrom([]int{-90, 1, 17, 600, 1440, 3000}).Draw(t, "later")) * time.Minute)
		}
	})
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func checkSlot(t *rapid.T, c *Calendar, zone *time.Location, now, at time.Time) {
	if at.Before(now.Add(Lead)) || at.After(now.Add(Horizon)) {
		t.Fatalf("%s is not 2 h to 14 days after %s", at, now)
	}
	begin, end := at.In(zone), at.Add(c.length()).In(zone)
	date := begin.Format(time.DateOnly)
	if slices.Contains(c.Holidays, date) || c.Certified != "" && date > c.Certified {
		t.Fatalf("%s is on a day off", begin)
	}
	if c.MaxCalls > 0 && c.Calls[date] >= c.MaxCalls {
		t.Fatalf("%s is in a full shift", begin)
	}
	for _, h := range c.Holds {
		if at.Add(-c.buffer()).Before(h.To) && at.Add(c.length()+c.buffer()).After(h.From) {
			t.Fatalf("%s is too near to what is held at %s", begin, h.From.In(zone))
		}
	}
	// Each minute of the call is within hours and no break, by the wall clock.
	for m := begin; m.Before(end); m = m.Add(time.Minute) {
		minute := m.Hour()*60 + m.Minute()
		within := func(s Span) bool { return s.Day == int(m.Weekday()) && s.From <= minute && minute < s.To }
		if !slices.ContainsFunc(c.Hours, within) || slices.ContainsFunc(c.Breaks, within) {
			t.Fatalf("%s of a call at %s is not in working hours", m, begin)
		}
	}
}

// TestSlotsAtChanges has the days on which clocks change, minute by minute.
func TestSlotsAtChanges(t *testing.T) {
	for _, row := range []struct {
		zone, date string
		hours      [2]int // of the night
		want       []string
	}{
		{"Europe/Berlin", "2026-03-29", [2]int{60, 240}, []string{"01:00 +01", "01:30 +01", "03:00 +02", "03:30 +02"}},
		{"Europe/Berlin", "2026-03-29", [2]int{0, 120}, []string{"00:00 +01", "00:30 +01", "01:00 +01", "01:30 +01"}}, // ends where the clock jumps
		{"Europe/Berlin", "2026-03-29", [2]int{60, 150}, []string{"01:00 +01", "01:30 +01"}},
		{"America/Santiago", "2026-09-05", [2]int{1380, 1440}, []string{"23:00 -04", "23:30 -04"}},
		{"Europe/Berlin", "2026-10-25", [2]int{60, 210}, []string{"01:00 +02", "01:30 +02", "02:00 +02", "02:30 +02", "02:00 +01", "02:30 +01", "03:00 +01"}},
		{"America/New_York", "2026-03-08", [2]int{90, 210}, []string{"01:30 -05", "03:00 -04"}},
		{"America/New_York", "2026-11-01", [2]int{60, 120}, []string{"01:00 -04", "01:30 -04", "01:00 -05", "01:30 -05"}},
		{"Asia/Shanghai", "2026-10-25", [2]int{60, 180}, []string{"01:00 +08", "01:30 +08", "02:00 +08", "02:30 +08"}},
		{"Australia/Lord_Howe", "2026-04-05", [2]int{60, 150}, []string{"01:00 +11", "01:30 +11", "01:30 +10:30", "02:00 +10:30"}},
		{"Australia/Lord_Howe", "2026-10-04", [2]int{90, 210}, []string{"01:30 +10:30", "02:30 +11", "03:00 +11"}},
	} {
		c := New(row.zone)
		day, _ := time.Parse(time.DateOnly, row.date)
		c.Hours = []Span{{int(day.Weekday()), row.hours[0], row.hours[1]}}
		zone, _ := time.LoadLocation(row.zone)
		var got []string
		for _, at := range c.Between(day.Add(-24*time.Hour), day.Add(48*time.Hour)) {
			got = append(got, at.In(zone).Format("15:04 Z07"))
			if at.In(zone).Format("Z07:00")[4:] != "00" {
				got[len(got)-1] = at.In(zone).Format("15:04 Z07:00")
			}
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%s on %s: %v, want %v", row.zone, row.date, got, row.want)
		}
	}
}

// TestCalendarFolds has what the entries tell: what is held, freed, and counted
// in a shift.
func TestCalendarFolds(t *testing.T) {
	at := time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
	terms := Default("Europe/Berlin")
	terms.Hours, terms.MaxCalls, terms.Languages, terms.DaysOff = []Span{{4, 540, 1020}}, 2, []string{"de", "zh-Hans"}, []Range{{"2026-12-24", "2026-12-31"}}
	var entries []ledger.Entry
	var head ledger.Head
	add := func(typ string, body map[string]any) {
		e, err := ledger.Append(head, at.Add(-48*time.Hour), "system", typ, body)
		if err != nil {
			t.Fatal(err)
		}
		line, err := e.Line()
		if err != nil {
			t.Fatal(err)
		}
		if e, err = ledger.Parse(line); err != nil {
			t.Fatal(err)
		}
		entries, head = append(entries, e), e.Head()
	}
	add(TypeSet, terms.Body())
	add(TypeTaken, TakenBody("R-1", Hold{at, at.Add(30 * time.Minute)}))
	add(TypeTaken, TakenBody("R-2", Hold{at.Add(time.Hour), at.Add(90 * time.Minute)}))
	add(TypeFreed, FreedBody("R-2", false))
	c, err := Fold(entries)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(c.Availability, terms) || len(c.Holds) != 1 || c.Calls["2026-11-26"] != 1 {
		t.Errorf("%+v", c)
	}
	now := at.Add(-24 * time.Hour)
	if c.Offers(at, now) || !c.Offers(at.Add(time.Hour), now) {
		t.Error("what is held is offered, or what was freed isn't")
	}
	add(TypeTaken, TakenBody("R-3", Hold{at.Add(2 * time.Hour), at.Add(150 * time.Minute)}))
	if c, _ = Fold(entries); c.Offers(at.Add(time.Hour), now) {
		t.Error("the shift is full, and a slot in it is offered")
	}
	if !c.Speaks("zh-Hans-CN") || !c.Speaks("DE-at") || c.Speaks("en") {
		t.Error("languages")
	}
}

func TestAvailabilityIsChecked(t *testing.T) {
	for name, spoil := range map[string]func(*Availability){
		"zone":      func(a *Availability) { a.Zone = "Mars/Olympus" },
		"local":     func(a *Availability) { a.Zone = "Local" },
		"backwards": func(a *Availability) { a.Hours = []Span{{1, 600, 540}} },
		"day":       func(a *Availability) { a.Breaks = []Span{{7, 0, 60}} },
		"date":      func(a *Availability) { a.Holidays = []string{"26.12.2026"} },
		"range":     func(a *Availability) { a.DaysOff = []Range{{"2026-12-31", "2026-12-24"}} },
		"language":  func(a *Availability) { a.Languages = []string{"de de"} },
		"length":    func(a *Availability) { a.Length = 0 },
		"buffer":    func(a *Availability) { a.Buffer = -1 },
		"calls":     func(a *Availability) { a.MaxCalls = 1000 },
		"many":      func(a *Availability) { a.Hours = make([]Span, maxSpans+1) },
	} {
		a := Default("Europe/Berlin")
		if err := a.Check(); err != nil {
			t.Fatal(err)
		}
		if spoil(&a); a.Check() == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

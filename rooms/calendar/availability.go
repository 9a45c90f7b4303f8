// Package calendar says when an account manager can hold calls. A Calendar is a
// fold over the entries of the manager's own ledger: hours, days off, and the
// appointments that are held. Slots are computed from it by pure functions.
//
// Hours are wall times in the manager's zone; appointments are instants. What a
// change to or from summer time does to a day is therefore decided here alone.
package calendar

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"time"
	_ "time/tzdata" // the same rules on every machine
)

// Bounds of an Availability.
const (
	maxSpans     = 60 // of hours or breaks
	maxDates     = 400
	maxLanguages = 20
	dayMinutes   = 24 * 60
)

// Availability is what a manager, or the operator for the manager, has set.
type Availability struct {
	Zone      string   `json:"zone"`      // IANA
	Hours     []Span   `json:"hours"`     // every week
	Breaks    []Span   `json:"breaks"`    // cut out of Hours
	Holidays  []string `json:"holidays"`  // dates in Zone, "2026-12-25"
	DaysOff   []Range  `json:"daysOff"`   // both ends off too
	Languages []string `json:"languages"` // calls are held in, BCP 47
	MaxCalls  int      `json:"maxCalls"`  // a shift, which is a date in Zone; 0 = no limit
	Buffer    int      `json:"buffer"`    // minutes between two calls
	Length    int      `json:"length"`    // minutes that a call is planned for
	Certified string   `json:"certified"` // last date in Zone of the certification, empty = none needed
}

// Span is a part of a weekday in minutes from midnight by the wall clock: from
// 0 to 1440, To not in.
type Span struct {
	Day  int `json:"day"` // 0 = Sunday, as time.Weekday
	From int `json:"from"`
	To   int `json:"to"`
}

// Range is a run of dates, both in.
type Range struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Default gives the terms of a calendar that has none: calls of 30 minutes with
// 0 between them, and no hours.
func Default(zone string) Availability {
	return Availability{Zone: zone, Hours: []Span{}, Breaks: []Span{}, Holidays: []string{}, DaysOff: []Range{}, Languages: []string{}, Length: 30}
}

var languageForm = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$`)

// Check names the first thing that can't be used, in plain words.
func (a Availability) Check() error {
	if _, err := a.location(); err != nil {
		return err
	}
	if len(a.Hours) > maxSpans || len(a.Breaks) > maxSpans {
		return errors.New("there are too many hours or breaks")
	}
	for _, s := range slices.Concat(a.Hours, a.Breaks) {
		if s.Day < 0 || s.Day > 6 || s.From < 0 || s.To > dayMinutes || s.From >= s.To {
			return errors.New("hours must begin before they end, within one day")
		}
	}
	if len(a.Holidays) > maxDates || len(a.DaysOff) > maxDates || len(a.Languages) > maxLanguages {
		return errors.New("there are too many days off or languages")
	}
	for _, date := range a.dates() {
		if _, err := time.Parse(time.DateOnly, date); err != nil {
			return fmt.Errorf("%.20q is no date such as 2026-12-25", date)
		}
	}
	for _, r := range a.DaysOff {
		if r.From > r.To {
			return errors.New("days off must begin before they end")
		}
	}
	for _, language := range a.Languages {
		if !languageForm.MatchString(language) {
			return fmt.Errorf("%.20q is no language tag such as en", language)
		}
	}
	return a.checkNumbers()
}

func (a Availability) checkNumbers() error {
	switch {
	case a.Length < 5 || a.Length > 240:
		return errors.New("a call must be planned for 5 to 240 minutes")
	case a.Buffer < 0 || a.Buffer > 240:
		return errors.New("between calls there can be 0 to 240 minutes")
	case a.MaxCalls < 0 || a.MaxCalls > 200:
		return errors.New("a shift can have up to 200 calls")
	}
	return nil
}

func (a Availability) dates() []string {
	list := slices.Clone(a.Holidays)
	for _, r := range a.DaysOff {
		list = append(list, r.From, r.To)
	}
	if a.Certified != "" {
		list = append(list, a.Certified)
	}
	return list
}

func (a Availability) location() (*time.Location, error) {
	if a.Zone == "" || a.Zone == "Local" {
		return nil, errors.New("the time zone is missing")
	}
	if known, there := zones.Load(a.Zone); there {
		return known.(*time.Location), nil
	}
	l, err := time.LoadLocation(a.Zone)
	if err != nil {
		return nil, fmt.Errorf("%.40q is no time zone such as Europe/Berlin", a.Zone)
	}
	zones.Store(a.Zone, l)
	return l, nil
}

// zones are the time zones that were read from the database, by name.
var zones sync.Map

// Speaks reports that calls are held in a language: the same one, or one of the
// same primary language (RFC 4647 section 3.3.1: "de" serves "de-AT").
func (a Availability) Speaks(language string) bool {
	return slices.ContainsFunc(a.Languages, func(l string) bool { return primary(l) == primary(language) })
}

func primary(tag string) string {
	for i := range len(tag) {
		if tag[i] == '-' {
			return lower(tag[:i])
		}
	}
	return lower(tag)
}

func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// off reports a date on which no call begins.
func (a Availability) off(date string) bool {
	return slices.Contains(a.Holidays, date) || a.Certified != "" && date > a.Certified ||
		slices.ContainsFunc(a.DaysOff, func(r Range) bool { return r.From <= date && date <= r.To })
}

// open gives the parts of a weekday that are hours and no break, in order and
// without overlap.
func (a Availability) open(day time.Weekday) []Span {
	var list []Span
	for _, s := range a.Hours {
		if s.Day == int(day) {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(x, y Span) int { return x.From - y.From })
	merged := list[:0]
	for _, s := range list {
		if n := len(merged); n > 0 && s.From <= merged[n-1].To {
			merged[n-1].To = max(merged[n-1].To, s.To)
			continue
		}
		merged = append(merged, s)
	}
	for _, b := range a.Breaks {
		if b.Day == int(day) {
			merged = without(merged, b)
		}
	}
	return merged
}

func without(spans []Span, b Span) []Span {
	var list []Span
	for _, s := range spans {
		if b.To <= s.From || s.To <= b.From {
			list = append(list, s)
			continue
		}
		if s.From < b.From {
			list = append(list, Span{s.Day, s.From, b.From})
		}
		if b.To < s.To {
			list = append(list, Span{s.Day, b.To, s.To})
		}
	}
	return list
}

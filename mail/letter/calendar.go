package letter

import (
	"fmt"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
)

// Methods of a calendar file, RFC 5546 section 1.4.
const (
	MethodRequest = "REQUEST" // made or moved
	MethodCancel  = "CANCEL"
)

const wallTime = "20060102T150405"

// Calendar gives the appointment as a file (RFC 5545) of a method. Its id is the
// same for all files of a room, so that a calendar moves or removes what it has.
func (l Letter) Calendar(method string) ([]byte, error) {
	zone, err := time.LoadLocation(l.Zone)
	if err != nil {
		return nil, fmt.Errorf("calendar file: %w", err)
	}
	w := catalogue[LanguageOf(l.Language)]
	c := ics.NewCalendarFor("verifycall")
	c.SetProductId("-//verifycall//appointments//EN")
	c.SetCalscale("GREGORIAN")
	c.SetMethod(ics.Method(method))
	if l.Zone != "UTC" {
		c.AddVTimezone(rules(zone, l.Zone, l.At))
	}
	e := c.AddEvent(strings.ToLower(l.Room) + "@" + l.Host)
	e.SetDtStampTime(l.Stamp)
	setWall(e, ics.ComponentPropertyDtStart, l.At.In(zone), l.Zone)
	setWall(e, ics.ComponentPropertyDtEnd, l.At.Add(l.Length).In(zone), l.Zone)
	e.SetSequence(l.Sequence)
	e.SetSummary(w.Event)
	if l.From != "" {
		e.SetOrganizer("mailto:" + l.From)
	}
	if l.To != "" {
		e.AddAttendee("mailto:"+l.To, ics.ParticipationStatusAccepted, ics.WithRSVP(false))
	}
	if method == MethodCancel {
		e.SetStatus(ics.ObjectStatusCancelled)
	} else {
		e.SetStatus(ics.ObjectStatusConfirmed)
		if l.Link != "" {
			e.SetURL(l.Link)
			e.SetDescription(strings.ReplaceAll(w.Link, "{link}", l.Link))
		}
	}
	return []byte(c.Serialize(ics.WithNewLineWindows)), nil
}

// setWall writes a wall time with its zone (form 3 of RFC 5545 section 3.3.5).
func setWall(e *ics.VEvent, property ics.ComponentProperty, at time.Time, zone string) {
	if zone == "UTC" {
		e.SetProperty(property, at.UTC().Format(wallTime)+"Z")
		return
	}
	e.SetProperty(property, at.Format(wallTime), ics.WithTZID(zone))
}

// rules are the zone's offsets around a time: the one that holds and, where
// clocks change, those that begin within a year after it.
func rules(zone *time.Location, name string, at time.Time) *ics.VTimezone {
	tz := ics.NewTimezone(name)
	for next := at; next.Before(at.AddDate(1, 0, 0)); {
		begin, end := next.In(zone).ZoneBounds()
		tz.Components = append(tz.Components, observance(zone, begin, next.In(zone)))
		if end.IsZero() {
			break
		}
		next = end
	}
	return tz
}

// observance is the offset that holds at a time, since begin, which is zero for
// one that always held.
func observance(zone *time.Location, begin, at time.Time) ics.Component {
	abbreviation, offset := at.Zone()
	from, start := offset, time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	if !begin.IsZero() {
		_, from = begin.Add(-time.Second).In(zone).Zone()
		start = begin.UTC().Add(time.Duration(from) * time.Second) // by the clock before the change
	}
	set := func(c *ics.ComponentBase) {
		c.SetProperty(ics.ComponentPropertyDtStart, start.Format(wallTime))
		c.SetProperty("TZOFFSETFROM", offsetText(from))
		c.SetProperty("TZOFFSETTO", offsetText(offset))
		c.SetProperty("TZNAME", abbreviation)
	}
	if at.IsDST() {
		d := &ics.Daylight{}
		set(&d.ComponentBase)
		return d
	}
	s := ics.NewStandard()
	set(&s.ComponentBase)
	return s
}

// offsetText is an offset as RFC 5545 section 3.3.14 has it: "+1030".
func offsetText(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	return fmt.Sprintf("%c%02d%02d", sign, seconds/3600, seconds/60%60)
}

package calendar

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"verifycall/rooms/ledger"
)

// Types of entries in a calendar's ledger.
const (
	TypeSet   = "availability" // the Availability, field by field
	TypeTaken = "slot_taken"   // room, from, to
	TypeFreed = "slot_freed"   // room, done: the call took place

	TypeRestored = "restored" // cause, from_seq: entries were written again from the mirror
)

// Calendar is a manager's availability and what is held in it.
type Calendar struct {
	Availability
	Holds  map[string]Hold `json:"holds"` // by room
	Calls  map[string]int  `json:"calls"` // by date in Zone: held and done
	Record ledger.Head     `json:"record"`
}

// Hold is an appointment's time.
type Hold struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Holding is the time that a room takes in a manager's calendar, none where there is
// no manager.
type Holding struct {
	Manager string
	At      int64 // ms since 1970
}

// New gives a calendar without hours.
func New(zone string) *Calendar {
	return &Calendar{Availability: Default(zone), Holds: map[string]Hold{}, Calls: map[string]int{}}
}

// Keep is how long a calendar remembers what is over.
const Keep = 36 * time.Hour

// CallLength is how long a call is planned for.
func (c *Calendar) CallLength() time.Duration { return c.length() }

// Body is the body of an entry that changes the availability.
func (a Availability) Body() map[string]any {
	return map[string]any{"zone": a.Zone, "hours": spans(a.Hours), "breaks": spans(a.Breaks), "holidays": words(a.Holidays),
		"days_off": ranges(a.DaysOff), "languages": words(a.Languages), "max_calls": int64(a.MaxCalls), "buffer": int64(a.Buffer),
		"length": int64(a.Length), "certified": a.Certified}
}

// TakenBody is the body of an entry that holds a time for a room.
func TakenBody(room string, h Hold) map[string]any {
	return map[string]any{"room": room, "from": stamp(h.From), "to": stamp(h.To)}
}

// FreedBody is the body of an entry that gives a room's time back. A call that
// took place goes on counting in its shift.
func FreedBody(room string, done bool) map[string]any {
	return map[string]any{"room": room, "done": done}
}

// Apply takes one entry in.
func (c *Calendar) Apply(e ledger.Entry) error {
	text, err := json.Marshal(e.Body)
	if err != nil {
		return fmt.Errorf("calendar: entry %d: %w", e.Seq, err)
	}
	var b entryBody
	if err := json.Unmarshal(text, &b); err != nil {
		return fmt.Errorf("calendar: entry %d: %w", e.Seq, err)
	}
	c.Record = e.Head()
	c.forget(e.Time())
	switch e.Type {
	case TypeSet:
		c.Availability = b.availability()
	case TypeTaken:
		c.free(b.Room, false)
		c.Holds[b.Room] = Hold{b.From, b.To}
		c.Calls[c.date(b.From)]++
	case TypeFreed:
		c.free(b.Room, b.Done)
	case TypeRestored: // the entries themselves stand before it
	default:
		return fmt.Errorf("calendar: entry %d has the unknown type %q", e.Seq, e.Type)
	}
	return nil
}

// Fold gives the calendar that the entries of its ledger tell; the chain is not
// checked here.
func Fold(entries []ledger.Entry) (*Calendar, error) {
	c := New("UTC")
	var faults []error
	for _, e := range entries {
		faults = append(faults, c.Apply(e))
	}
	return c, errors.Join(faults...)
}

func (c *Calendar) free(room string, done bool) {
	h, there := c.Holds[room]
	if !there {
		return
	}
	delete(c.Holds, room)
	if date := c.date(h.From); !done && c.Calls[date] > 0 {
		c.Calls[date]--
	}
}

func (c *Calendar) date(at time.Time) string {
	zone, err := c.location()
	if err != nil {
		zone = time.UTC
	}
	return at.In(zone).Format(time.DateOnly)
}

// forget drops what is long over; the ledger has it still.
func (c *Calendar) forget(now time.Time) {
	maps.DeleteFunc(c.Holds, func(_ string, h Hold) bool { return h.To.Before(now.Add(-Keep)) })
	oldest := now.Add(-2 * Keep).UTC().Format(time.DateOnly)
	maps.DeleteFunc(c.Calls, func(date string, n int) bool { return date < oldest || n == 0 })
}

// entryBody has the fields of all types of entries.
type entryBody struct {
	Room      string `json:"room"`
	From, To  time.Time
	Done      bool        `json:"done"`
	Zone      string      `json:"zone"`
	Hours     [][3]int    `json:"hours"`
	Breaks    [][3]int    `json:"breaks"`
	Holidays  []string    `json:"holidays"`
	DaysOff   [][2]string `json:"days_off"`
	Languages []string    `json:"languages"`
	MaxCalls  int         `json:"max_calls"`
	Buffer    int         `json:"buffer"`
	Length    int         `json:"length"`
	Certified string      `json:"certified"`
}

func (b entryBody) availability() Availability {
	a := Availability{Zone: b.Zone, Hours: []Span{}, Breaks: []Span{}, Holidays: append([]string{}, b.Holidays...), DaysOff: []Range{},
		Languages: append([]string{}, b.Languages...), MaxCalls: b.MaxCalls, Buffer: b.Buffer, Length: b.Length, Certified: b.Certified}
	for _, h := range b.Hours {
		a.Hours = append(a.Hours, Span{h[0], h[1], h[2]})
	}
	for _, h := range b.Breaks {
		a.Breaks = append(a.Breaks, Span{h[0], h[1], h[2]})
	}
	for _, r := range b.DaysOff {
		a.DaysOff = append(a.DaysOff, Range{r[0], r[1]})
	}
	return a
}

func spans(list []Span) []any {
	out := make([]any, 0, len(list))
	for _, s := range list {
		out = append(out, []any{int64(s.Day), int64(s.From), int64(s.To)})
	}
	return out
}

func ranges(list []Range) []any {
	out := make([]any, 0, len(list))
	for _, r := range list {
		out = append(out, []any{r.From, r.To})
	}
	return out
}

func words(list []string) []any {
	out := make([]any, 0, len(list))
	for _, w := range list {
		out = append(out, w)
	}
	return out
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// Clone gives a copy that can be changed.
func (c *Calendar) Clone() *Calendar {
	copied := *c
	copied.Holds, copied.Calls = maps.Clone(c.Holds), maps.Clone(c.Calls)
	return &copied
}

// Without gives a calendar in which a room holds nothing: what a room may move to.
// It must not be changed: where the room holds nothing it is this very one.
func (c *Calendar) Without(room string) *Calendar {
	if _, holds := c.Holds[room]; !holds {
		return c
	}
	copied := c.Clone()
	copied.free(room, false)
	return copied
}

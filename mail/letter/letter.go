// Package letter writes what is mailed to a seller: the text in the seller's
// language, and the calendar file of the appointment. It is pure.
package letter

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"time"
)

// Letter is what a mail is made of.
type Letter struct {
	Kind     string // of rooms' mails: "booked", "reminder_1h"; a missed one is "missed_seller" or "missed_manager"
	Language string // BCP 47; one that is not in the catalogue is written to in English
	Name     string // the seller's
	Link     string // the seller's page; may be empty
	Code     string // six digits, of kind "code" alone
	Privacy  string // the page that says what is kept; may be empty
	Appointment
}

// Appointment is what a calendar file tells. It has a zero At where there is none.
type Appointment struct {
	Room     string // id
	At       time.Time
	Length   time.Duration
	Zone     string    // the seller's, IANA
	Manager  string    // name
	Away     string    // the manager's zone, IANA
	Sequence int       // counts the changes, RFC 5545 section 3.8.7.4
	Stamp    time.Time // of the last change
	Host     string    // of this deployment, for ids: "verify.example.org"
	From     string    // mail address of the organizer; may be empty
	To       string    // mail address of the seller; may be empty
}

//go:embed locales
var files embed.FS

// words of one language.
type words struct {
	Date     string               `json:"date"`
	Weekdays []string             `json:"weekdays"` // Sunday first
	Months   []string             `json:"months"`
	When     string               `json:"when"`
	There    string               `json:"there"`
	Hello    string               `json:"hello"`
	Link     string               `json:"link"`
	Bye      string               `json:"bye"`
	Privacy  string               `json:"privacy"`
	Event    string               `json:"event"`
	Kinds    map[string][2]string `json:"kinds"` // kind → subject, text
}

var catalogue = read()

// read panics on a catalogue that can't be read: it is part of the program.
func read() map[string]words {
	entries, err := files.ReadDir("locales")
	if err != nil {
		panic(err)
	}
	all := make(map[string]words, len(entries))
	for _, e := range entries {
		text, err := files.ReadFile(path.Join("locales", e.Name()))
		if err != nil {
			panic(err)
		}
		var w words
		if err := json.Unmarshal(text, &w); err != nil {
			panic(fmt.Errorf("%s: %w", e.Name(), err))
		}
		all[strings.TrimSuffix(e.Name(), ".json")] = w
	}
	return all
}

// Languages are those of the catalogue.
var Languages = []string{"en", "de", "es", "zh-Hans"}

// LanguageOf gives the language of the catalogue for a tag: its own, else one of
// the same primary language, else English.
func LanguageOf(tag string) string {
	for _, known := range Languages {
		if strings.EqualFold(known, tag) {
			return known
		}
	}
	for _, known := range Languages {
		if strings.EqualFold(primary(known), primary(tag)) {
			return known
		}
	}
	return "en"
}

func primary(tag string) string { first, _, _ := strings.Cut(tag, "-"); return first }

// Write gives subject and text, plain, in lines of the writer's length.
func (l Letter) Write() (subject, text string, err error) {
	w := catalogue[LanguageOf(l.Language)]
	kind, known := w.Kinds[l.Kind]
	if !known {
		return "", "", fmt.Errorf("letter: no words for %q", l.Kind)
	}
	when, there, err := l.times(w)
	if err != nil {
		return "", "", err
	}
	fill := strings.NewReplacer("{name}", line(l.Name), "{manager}", line(l.Manager), "{when}", when, "{link}", l.Link, "{code}", l.Code, "{privacy}", l.Privacy)
	parts := []string{fill.Replace(w.Hello), fill.Replace(kind[1])}
	if there != "" && strings.Contains(kind[1], "{when}") {
		parts = append(parts, there)
	}
	if l.Link != "" {
		parts = append(parts, fill.Replace(w.Link))
	}
	parts = append(parts, w.Bye)
	if l.Privacy != "" {
		parts = append(parts, fill.Replace(w.Privacy))
	}
	return fill.Replace(kind[0]), strings.Join(parts, "\n\n") + "\n", nil
}

// line keeps a name from being more than one.
func line(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

// times says when it is, for the seller and for the manager.
func (l Letter) times(w words) (when, there string, err error) {
	if l.At.IsZero() {
		return "", "", nil
	}
	zone, err := time.LoadLocation(l.Zone)
	if err != nil {
		return "", "", fmt.Errorf("letter: %w", err)
	}
	when = moment(w, l.At.In(zone), l.Zone)
	away, err := time.LoadLocation(l.Away)
	if err != nil || l.Away == "" || l.Away == l.Zone {
		return when, "", nil //nolint:nilerr // the manager's place is not known
	}
	there = strings.NewReplacer("{manager}", line(l.Manager), "{time}", moment(w, l.At.In(away), l.Away)).Replace(w.There)
	return when, there, nil
}

// moment is a time with its place: "Thursday 26 November 2026, 10:30 (Toronto, UTC-05:00)".
func moment(w words, at time.Time, zone string) string {
	offset := "UTC" + at.Format("-07:00")
	city := strings.ReplaceAll(path.Base(zone), "_", " ")
	date := strings.NewReplacer("{weekday}", w.Weekdays[at.Weekday()], "{day}", fmt.Sprint(at.Day()),
		"{month}", w.Months[at.Month()-1], "{year}", fmt.Sprint(at.Year())).Replace(w.Date)
	return strings.NewReplacer("{date}", date, "{time}", at.Format("15:04"), "{city}", city, "{utc}", offset).Replace(w.When)
}

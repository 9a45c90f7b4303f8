package letter

import (
	"bytes"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	ics "github.com/arran4/golang-ical"
)

// kinds are all that rooms ask for.
var kinds = []string{"invited", "booked", "moved", "cancelled", "cancelled_invited", "missed_seller", "missed_manager", "postponed", "result", "appeal_upheld", "appeal_overturned", "expired", "code",
	"reminder_24h", "reminder_1h", "reminder_10m"}

func sample() Letter {
	return Letter{Kind: "booked", Language: "en", Name: "Anna", Link: "https://verify.example.org/j/token",
		Privacy: "https://verify.example.org/privacy?lang=en", Appointment: Appointment{
			Room: "R-7K3M9QXD", At: time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC), Length: 30 * time.Minute, Zone: "Europe/Berlin",
			Manager: "Jonas Weber", Away: "Australia/Lord_Howe", Sequence: 2, Stamp: time.Date(2026, 10, 20, 12, 0, 0, 0, time.UTC),
			Host: "verify.example.org", From: "checks@example.org", To: "anna@example.org"}}
}

// TestEveryLanguageHasEveryLetter wants no placeholder left and every fact there.
func TestEveryLanguageHasEveryLetter(t *testing.T) {
	for _, language := range Languages {
		w := catalogue[language]
		if len(w.Kinds) != len(kinds) || len(w.Weekdays) != 7 || len(w.Months) != 12 || w.Event == "" {
			t.Errorf("%s has %d letters, %d days, %d months", language, len(w.Kinds), len(w.Weekdays), len(w.Months))
		}
		for _, kind := range kinds {
			l := sample()
			l.Language, l.Kind = language, kind
			if kind == "code" {
				l.Code = "042817"
			}
			subject, text, err := l.Write()
			if err != nil {
				t.Fatal(err)
			}
			if subject == "" || strings.ContainsAny(subject+text, "{}") || strings.Contains(subject, "\n") || !strings.Contains(text, l.Link) || !strings.HasSuffix(text, "\n"+l.Privacy+"\n") || !strings.Contains(text, "Anna") {
				t.Errorf("%s %s:\n%s\n%s", language, kind, subject, text)
			}
			if strings.Contains(text, "042817") != (kind == "code") || strings.Contains(subject, "042817") {
				t.Errorf("%s %s: the code is to be in the text of its own mail alone:\n%s\n%s", language, kind, subject, text)
			}
			if strings.Contains(w.Kinds[kind][1], "{when}") && (!strings.Contains(text, "02:30") || !strings.Contains(text, "UTC+02:00") || !strings.Contains(text, "11:30") || !strings.Contains(text, "Lord Howe")) {
				t.Errorf("%s %s does not tell both times:\n%s", language, kind, text)
			}
		}
	}
}

func TestLanguageOf(t *testing.T) {
	for tag, want := range map[string]string{"de-AT": "de", "zh": "zh-Hans", "ZH-hans": "zh-Hans", "zh-Hant-TW": "zh-Hans", "fr": "en", "": "en", "es-419": "es"} {
		if got := LanguageOf(tag); got != want {
			t.Errorf("%s is written to in %s", tag, got)
		}
	}
}

// TestCalendarFile reads the file back: the same instant by its own rules, in the
// hour that comes twice.
func TestCalendarFile(t *testing.T) {
	for _, zone := range []string{"Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "UTC"} {
		l := sample()
		l.Zone = zone
		text, err := l.Calendar(MethodRequest)
		if err != nil {
			t.Fatal(err)
		}
		c, err := ics.ParseCalendar(bytes.NewReader(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		e := c.Events()[0]
		at, err := e.GetStartAt()
		local, _ := time.LoadLocation(zone)
		if err != nil || at.In(local).Format(wallTime) != l.At.In(local).Format(wallTime) {
			t.Errorf("%s begins %s, %v", zone, at, err)
		}
		if e.Id() != "r-7k3m9qxd@verify.example.org" || !bytes.Contains(text, []byte("\r\nSEQUENCE:2\r\n")) || !bytes.Contains(text, []byte("\r\nMETHOD:REQUEST\r\n")) {
			t.Errorf("%s", text)
		}
		if zone != "UTC" && (!bytes.Contains(text, []byte("DTSTART;TZID="+zone+":")) || !bytes.Contains(text, []byte("BEGIN:VTIMEZONE\r\nTZID:"+zone+"\r\n"))) {
			t.Errorf("%s is not named:\n%s", zone, text)
		}
		for line := range bytes.SplitSeq(text, []byte("\r\n")) {
			if len(line) > 75 || bytes.ContainsRune(line, '\n') {
				t.Errorf("a line of %d bytes: %s", len(line), line)
			}
		}
	}
	text, err := sample().Calendar(MethodCancel)
	if err != nil || !bytes.Contains(text, []byte("METHOD:CANCEL")) || !bytes.Contains(text, []byte("STATUS:CANCELLED")) {
		t.Errorf("%v: %s", err, text)
	}
}

func TestZoneRules(t *testing.T) {
	l := sample() // 30 minutes before summer time ends in Berlin
	text, _ := l.Calendar(MethodRequest)
	for _, want := range []string{
		"BEGIN:DAYLIGHT\r\nDTSTART:20260329T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nTZNAME:CEST\r\nEND:DAYLIGHT",
		"BEGIN:STANDARD\r\nDTSTART:20261025T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nTZNAME:CET\r\nEND:STANDARD",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no\n%s\nin\n%s", want, text)
		}
	}
}

func TestNamesStayOnOneLine(t *testing.T) {
	l := sample()
	l.Manager, l.Kind = "Jonas\r\nBcc: everybody@example.org", "moved"
	subject, text, err := l.Write()
	if err != nil || strings.Contains(subject, "\n") || strings.Contains(text, "\nBcc") {
		t.Errorf("%v %q", err, text)
	}
}

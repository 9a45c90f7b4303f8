package accesslog

import (
	"strings"
	"testing"
	"time"

	"verifycall/rooms/ledger"
)

// FuzzMirror: parts that somebody has laid into the store are read or refused.
func FuzzMirror(f *testing.F) {
	e, err := ledger.Append(ledger.Head{}, time.Unix(1764000000, 0), "system", typeBegun, map[string]any{"previous": "", "seq": int64(0), "hash": ""})
	if err != nil {
		f.Fatal(err)
	}
	text, err := ledger.Lines([]ledger.Entry{e, e})
	if err != nil {
		f.Fatal(err)
	}
	name := part{1, 2, strings.Repeat("a", 32)}.name("2026-11-28")
	f.Add(name, text)
	f.Add("access/../000001-000000-x.jsonl", []byte("\n{}\n"))
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		if day, p, ok := parsePart(name); ok && (p.from < 1 || p.to < p.from || p.name(day) != name || strings.Count(day, "/") > 0) {
			t.Errorf("%q is part %+v of %q", name, p, day)
		}
		entries, err := parseLines(text)
		if err != nil {
			return
		}
		if _, err := ledger.Lines(entries); err != nil {
			t.Errorf("entries that can't be written: %v", err)
		}
		_ = follows(Day{Entries: entries}, 1, []string{"2026-11-27", "2026-11-28"}, ledger.Head{})
	})
}

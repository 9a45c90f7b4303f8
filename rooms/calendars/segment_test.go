package calendars

import (
	"path"
	"strings"
	"testing"
)

// FuzzSegment reads what somebody has laid into the mirror, or passes it over.
func FuzzSegment(f *testing.F) {
	for _, text := range []string{"", "00000001-00000002-" + strings.Repeat("0", 32) + ".jsonl", "calendars/m1/2-1-" + strings.Repeat("0", 32)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, ok := parseSegment(text)
		if !ok {
			return
		}
		if p.from < 1 || p.to < p.from {
			t.Errorf("segment %+v", p)
		}
		if again, ok := parseSegment(path.Base(p.name("m1"))); len(p.hash) == 32 && !strings.Contains(p.hash, "/") && (!ok || again != p) {
			t.Errorf("%+v is read back as %+v", p, again)
		}
	})
}

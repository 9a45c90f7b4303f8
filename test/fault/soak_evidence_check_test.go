//go:build fault

package fault

import (
	"archive/zip"
	"bufio"
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
)

// stretch is a part of a call in milliseconds after its begin.
type stretch struct{ from, to int64 }

// soakFacts are what the check reads of a bundle's room.json.
type soakFacts struct {
	Call struct {
		From, To string
	} `json:"call"`
	Recordings []struct {
		ID          string `json:"id"`
		Participant string `json:"participant"`
		Offset      int64  `json:"offset_ms"`
		Duration    int64  `json:"duration_ms"`
		Gaps        []soakGap
	} `json:"recordings"`
	Gaps []soakGap `json:"gaps"`
}

type soakGap struct {
	Participant string `json:"participant"`
	From        int64  `json:"from_ms"`
	To          int64  `json:"to_ms"`
	Cause       string `json:"cause"`
}

// slackMS is what may be between two stretches: frames come every 100 ms.
const slackMS = 1000

// checkCall looks into a bundle that has verified: what was acknowledged is there,
// every gap has a cause, and nothing lies between recordings and gaps.
func (e *evidenceSoak) checkCall(path string, c *soakedCall, sums, causes map[string]int) {
	t := e.t
	var facts soakFacts
	must(t, json.Unmarshal(soakedFile(t, path, "data/room.json"), &facts))
	private := string(soakedFile(t, path, "data/private.jsonl"))
	for _, text := range c.chats {
		if n := strings.Count(private, `"`+text+`"`); n != 1 {
			t.Errorf("%s: %q was acknowledged and is there %d times", c.room.ID, text, n)
		}
	}
	captures := 0
	for lines := bufio.NewScanner(strings.NewReader(string(soakedFile(t, path, "data/ledger.jsonl")))); lines.Scan(); {
		if strings.Contains(lines.Text(), `"type":"capture"`) {
			captures++
		}
	}
	if captures < c.captures {
		t.Errorf("%s: %d captures, %d were acknowledged", c.room.ID, captures, c.captures)
	}
	for name, n := range map[string]int{"chats": len(c.chats), "captures": c.captures, "refused": c.refused, "rejoined": c.rejoined, "recordings": len(facts.Recordings), "bundles": 1} {
		sums[name] += n
	}
	known := map[string][]stretch{}
	for _, r := range facts.Recordings {
		known[r.Participant] = append(known[r.Participant], stretch{r.Offset, r.Offset + r.Duration})
		sums["recorded_s"] += int(r.Duration / 1000)
		for _, g := range r.Gaps {
			e.gap(c, g, sums, causes)
		}
	}
	for _, g := range facts.Gaps {
		known[g.Participant] = append(known[g.Participant], stretch{g.From, g.To})
		e.gap(c, g, sums, causes)
	}
	for who, list := range known {
		slices.SortFunc(list, func(a, b stretch) int { return cmp.Compare(a.from, b.from) })
		end := int64(0)
		for _, s := range list {
			if s.from > end+slackMS {
				t.Errorf("%s: nothing is said of %s from %d to %d ms", c.room.ID, who, end, s.from)
			}
			end = max(end, s.to)
		}
	}
	if len(known) != 2 {
		t.Errorf("%s: recordings and gaps of %d people", c.room.ID, len(known))
	}
}

func (e *evidenceSoak) gap(c *soakedCall, g soakGap, sums, causes map[string]int) {
	if g.Cause == "" || g.To < g.From {
		e.t.Errorf("%s: a gap %+v", c.room.ID, g)
	}
	causes[g.Cause]++
	sums["gap_s"] += int((g.To - g.From) / 1000)
}

func soakedFile(t *testing.T, path, name string) []byte {
	t.Helper()
	z, err := zip.OpenReader(path)
	must(t, err)
	defer z.Close()
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, "/"+name) {
			r, err := f.Open()
			must(t, err)
			defer r.Close()
			content, err := io.ReadAll(r)
			must(t, err)
			return content
		}
	}
	t.Fatalf("%s has no %s", path, name)
	return nil
}

package review

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"verifycall/rooms/ledger"
)

// No word of the opinions is left, whatever type of entry it stood in.
func TestBlind(t *testing.T) {
	record := []ledger.Entry{
		{Type: "created", Body: map[string]any{"seller_name": "c1", "application": map[string]any{"surname": "c2"}}},
		{Type: "step_result", Body: map[string]any{"step": "TILT", "result": "failed"}},
		{Type: "compare", Body: map[string]any{"item": "face", "decision": "different", "typed": "c3"}},
		{Type: "chat", Body: map[string]any{"text": "c4"}},
		{Type: "staff_note", Body: map[string]any{"content": "c5"}},
		{Type: "late", Body: map[string]any{"type": "verdict", "content": map[string]any{"verdict": "fail"}, "cause": "redis_away"}},
		{Type: "verdict", Body: map[string]any{"verdict": "fail", "line": "c6"}},
	}
	values := map[ledger.Commitment]json.RawMessage{"c1": nil, "c2": nil, "c3": nil, "c4": nil, "c5": nil, "c6": nil}
	seen := Timeline(record)
	if len(seen) != 3 {
		t.Errorf("%d entries are left", len(seen))
	}
	text, err := json.Marshal(seen)
	if err != nil || strings.Contains(string(text), "fail") || strings.Contains(string(text), "different") {
		t.Errorf("left: %s, %v", text, err)
	}
	if got := Mentioned(seen, values); len(got) != 3 {
		t.Errorf("values that are left: %v", got)
	}
	if record[5].Body["content"] == nil {
		t.Error("the record itself was changed")
	}
	custody, err := json.Marshal(Custody([]ledger.Entry{{Type: "reviewed", Body: map[string]any{"who": "a1", "decision": "reject", "note": "c7"}}}))
	if err != nil || strings.Contains(string(custody), "reject") || strings.Contains(string(custody), "c7") || !strings.Contains(string(custody), "a1") {
		t.Errorf("custody %s, %v", custody, err)
	}
	facts, err := Facts(json.RawMessage(`{"room":"R-1","verdict":"fail","reasons":["M_NAME"],"repeat":[],"captures":[]}`))
	if err != nil || string(facts) != `{"captures":[],"room":"R-1"}` {
		t.Errorf("facts %s, %v", facts, err)
	}
	for name, want := range map[string]bool{"data/recording/seller-1.webm": true, "data/stills/a.webp": true, "data/private.jsonl": false,
		"data/ledger.jsonl": false, "data/room.json": false, "manifest-sha256.txt": false, "data/quality.jsonl": true} {
		if Open(name) != want {
			t.Errorf("%s is open: %v", name, !want)
		}
	}
}

func cases(verdict, outcome string, n int, blind bool) []Case {
	list := make([]Case, n)
	for i := range list {
		list[i] = Case{At: time.Date(2026, 11, 2+7*(i%3), 9, 0, 0, 0, time.UTC), Manager: "m1", Auditor: "a1", Verdict: verdict, Outcome: outcome,
			Reasons: []string{"Q_GLARE", "Q_GLARE"}, Blind: blind}
	}
	return list
}

// κ of Cohen's own kind of table: 20 + 15 agree of 50, where chance brings half of
// them (Wikipedia's worked example of his formula): 0.4.
func TestKappa(t *testing.T) {
	table := append(append(cases("pass", "pass", 20, true), cases("pass", "fail", 5, true)...), append(cases("fail", "pass", 10, true), cases("fail", "fail", 15, true)...)...)
	if k := Kappa(table); k == nil || math.Abs(*k-0.4) > 1e-9 {
		t.Errorf("κ is %v", k)
	}
	for name, list := range map[string][]Case{"too few": cases("pass", "fail", 9, true), "one answer": cases("pass", "pass", 40, true)} {
		if Kappa(list) != nil {
			t.Errorf("%s: a κ", name)
		}
	}
}

func TestAgreement(t *testing.T) {
	all := append(cases("pass", "pass", 9, true), cases("fail", "pass", 3, false)...)
	all[0].Manager = "m2"
	a := Of(all, time.UTC)
	if a.Same != 9 || a.Of != 12 || a.Blind != 9 || a.Kappa != nil || len(a.Cells) != 2 {
		t.Errorf("%+v", a)
	}
	if math.Abs(a.Low-0.4677) > 0.001 || math.Abs(a.High-0.9111) > 0.001 {
		t.Errorf("interval %.4f to %.4f", a.Low, a.High)
	}
	if len(a.Weeks) != 3 || a.Weeks[0] != (Rate{"2026-11-02", 3, 4}) || a.Weeks[2].Of != 4 {
		t.Errorf("weeks %+v", a.Weeks)
	}
	if len(a.Managers) != 2 || a.Managers[0] != (Rate{"m1", 8, 11}) || a.Reasons[0] != (Rate{"Q_GLARE", 9, 12}) {
		t.Errorf("managers %+v, reasons %+v", a.Managers, a.Reasons)
	}
	// A week begins where the auditor's Monday does.
	late := []Case{{At: time.Date(2026, 11, 1, 23, 30, 0, 0, time.UTC), Verdict: "pass", Outcome: "pass"}}
	if w := Of(late, time.FixedZone("CET", 3600)).Weeks; len(w) != 1 || w[0].Name != "2026-11-02" {
		t.Errorf("%+v", w)
	}
	if empty := Of(nil, time.UTC); empty.Of != 0 || len(empty.Weeks) != 0 || empty.High != 1 {
		t.Errorf("%+v", empty)
	}
}

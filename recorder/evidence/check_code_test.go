package evidence

import (
	"testing"

	"verifycall/rooms/plan"
)

// A pass without the code that the plan wants is found out; other verdicts, other
// plans and robots need none.
func TestVerifyKnowsTheCode(t *testing.T) {
	with := plan.Plan{Steps: []plan.Step{{Code: "FACE", Kind: plan.KindCapture}, {Code: plan.Code, Kind: plan.KindCode}, {Code: plan.Compare, Kind: plan.KindCompare}}}
	without := plan.Plan{Steps: with.Steps[:1]}
	for _, c := range []struct {
		what    string
		verdict string
		entries []string
		test    bool
		plan    plan.Plan
		whole   bool
	}{
		{"entered", "pass", []string{codeAskedType, codeFailedType, codeAskedType, codeCheckedType}, false, with, true},
		{"never asked for", "pass", nil, false, with, false},
		{"never entered", "pass", []string{codeAskedType, codeFailedType}, false, with, false},
		{"a fail", "fail", []string{codeAskedType, codeFailedType}, false, with, true},
		{"no verdict", "", nil, false, with, true},
		{"a robot", "pass", nil, true, with, true},
		{"another plan", "pass", nil, false, without, true},
	} {
		r := record{test: c.test}
		r.code.verdict.Verdict = c.verdict
		for i, typ := range c.entries {
			if err := r.code.take(typ, int64(i)); err != nil {
				t.Fatalf("%s: %v", c.what, err)
			}
		}
		if err := r.checkCode(c.plan); (err == nil) != c.whole {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	for _, typ := range []string{codeCheckedType, codeFailedType} {
		if err := (&mailedCode{}).take(typ, 5); err == nil {
			t.Errorf("%s without a code that was mailed is taken", typ)
		}
	}
}

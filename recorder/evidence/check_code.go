package evidence

import (
	"fmt"
	"slices"

	"verifycall/rooms/plan"
)

// The entries of a code that the seller entered in the call. None has the code in it.
const (
	codeAskedType   = "code_asked"
	codeCheckedType = "code_checked"
	codeFailedType  = "code_failed"
)

var codeTypes = map[string]bool{codeAskedType: true, codeCheckedType: true, codeFailedType: true}

// mailedCode is what the ledger says of the code in the call, and of the verdict
// that it may lock.
type mailedCode struct {
	asked   bool
	checked bool
	verdict struct {
		Verdict string `json:"verdict"`
	}
}

// take takes an entry of the code in: what is entered was mailed before.
func (m *mailedCode) take(typ string, seq int64) error {
	switch {
	case typ == codeAskedType:
		m.asked = true
	case !m.asked:
		return fmt.Errorf("%s at %d, no code was mailed before it", typ, seq)
	case typ == codeCheckedType:
		m.checked = true
	}
	return nil
}

// checkCode checks that nobody passed without the code that the plan has a step of.
// In a test room, whose seller is a robot, nobody has to enter it.
func (r *record) checkCode(p plan.Plan) error {
	step := plan.Step{Code: plan.Code, Kind: plan.KindCode}
	if r.code.verdict.Verdict == "pass" && !r.test && !r.code.checked && slices.Contains(p.Steps, step) {
		return isWrong(ledgerFile, "the verdict is pass, but the code that the plan wants was never entered")
	}
	return nil
}

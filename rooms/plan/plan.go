// Package plan holds what a call has to go through: profiles and document types
// as versioned data, and the plan drawn from them. It is pure: a plan is a
// function of a profile, a document type, the server's seed and the seller's
// nonce, so that anybody who has the four can draw it again.
package plan

// Kinds of steps.
const (
	KindCapture   = "capture"   // a picture into the slot that the step is named by
	KindFeature   = "feature"   // a security feature of the document, seen or not
	KindChallenge = "challenge" // something unforeseen that the seller is asked to do
	KindQuestion  = "question"  // something that only the applicant should know
	KindCode      = "code"      // a one-time code, mailed in the call and entered there
	KindCompare   = "compare"   // the items compared by eye
)

// Compare is the code of the step that compares; it is the last one.
const Compare = "COMPARE"

// Code is the code of the step in which the seller enters a one-time code; it comes
// before the comparison.
const Code = "CODE"

// Told reports that what came of a step of that kind is the account manager's to
// say; other steps tell by themselves.
func Told(kind string) bool {
	return kind == KindFeature || kind == KindChallenge || kind == KindQuestion
}

// Step is one step of a plan.
type Step struct {
	Code string `json:"code"` // "DOC_FRONT", "FEATURE_HOLOGRAM", "COMPARE"
	Kind string `json:"kind"`
}

// Plan is what a profile asks for in one call, in the order drawn.
type Plan struct {
	Profile  string `json:"profile"`  // id, "marketplace-1"
	Document string `json:"document"` // id of the document type, "id_card-1"
	Steps    []Step `json:"steps"`
}

// Has reports that the plan holds a step of that code.
func (p Plan) Has(code string) bool {
	for _, s := range p.Steps {
		if s.Code == code {
			return true
		}
	}
	return false
}

// Of lists the codes of the plan's steps of one kind, in order.
func (p Plan) Of(kind string) []string {
	var codes []string
	for _, s := range p.Steps {
		if s.Kind == kind {
			codes = append(codes, s.Code)
		}
	}
	return codes
}

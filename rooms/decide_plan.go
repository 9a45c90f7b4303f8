package rooms

import (
	"crypto/rand"
	"encoding/hex"
	"errors"

	"slices"
	"time"

	"verifycall/rooms/form"
	"verifycall/rooms/plan"
)

// Types of entries of the plan.
const (
	typePlan         = "plan"          // nonce, by, document, document_sha256, steps, compare, tries
	typeStepResult   = "step_result"   // step, result, reason
	typePlanRevealed = "plan_revealed" // seed
)

// Results of a step that is neither a capture nor the comparison.
const (
	StepDone    = "done"    // seen, done, answered
	StepFailed  = "failed"  // looked for and not as it should be
	StepSkipped = "skipped" // not tried, for a reason
	StepOpen    = "open"    // to be done again
)

// SkipReasons are why a step can be skipped.
var SkipReasons = []string{"not_on_document", "seller_cannot", "not_visible", "technical"}

// maxSkipped is how many of the plan's security features may be skipped in a
// pass: a document may lack one that its type has, it can't lack all.
const maxSkipped = 1

// ErrTries says that a slot has had as many captures as the profile allows; in a
// TransitionError.
var ErrTries = errors.New("no more captures of this slot")

// Step is one step of the plan and what came of it. Captures, comparisons and the
// code tell by themselves whether their step is done.
type Step struct {
	Code   string `json:"code"`
	Kind   string `json:"kind"` // of package plan
	Result string `json:"result,omitempty"`
	Reason string `json:"reason,omitempty"` // of a skipped one
}

// DrawPlan draws the room's plan from the seed that its first entry commits to
// and the nonce of the seller's page. The first one counts. Profile must be the
// one that the room pins.
type DrawPlan struct {
	Nonce    string // hex, plan.NonceSize bytes
	By       string // who made the nonce: Seller, or "server" where the page sent none
	Profile  *plan.Profile
	Document *plan.Document
}

// NewNonce makes a nonce for a page that sent none.
func NewNonce() string {
	var nonce [plan.NonceSize]byte
	rand.Read(nonce[:]) // never fails, crypto/rand
	return hex.EncodeToString(nonce[:])
}

func (c DrawPlan) decide(r *Room, now time.Time) ([]Draft, error) {
	err := form.First(in(c, r, StateInvited, StateBooked, StateWaiting, StateLive, StateInterrupted),
		form.Check(c, "nonce", c.Nonce, form.Nonce), form.OneOf(c, "by", c.By, Seller, "server"))
	if err != nil || len(r.Steps) > 0 {
		return nil, err
	}
	if c.Profile == nil || c.Document == nil || c.Profile.ID() != r.Profile || c.Profile.Digest() != r.ProfileSHA256 {
		return nil, refuse(c, r, "the profile isn't the one that the room was made with")
	}
	seed, err := hex.DecodeString(r.Text(r.Seed))
	if err != nil || plan.Commit(seed) != r.SeedSHA256 {
		return nil, refuse(c, r, "the seed of its plan is damaged")
	}
	nonce, err := hex.DecodeString(c.Nonce)
	if err != nil {
		return nil, err
	}
	drawn, err := plan.Draw(c.Profile, c.Document, seed, nonce)
	if err != nil {
		return nil, err
	}
	steps := make([]any, 0, len(drawn.Steps))
	for _, s := range drawn.Steps {
		steps = append(steps, map[string]any{"code": s.Code, "kind": s.Kind})
	}
	return record(typePlan, map[string]any{
		"nonce": c.Nonce, "by": c.By, "document": c.Document.ID(), "document_sha256": c.Document.Digest(),
		"steps": steps, "compare": c.Profile.Compare, "tries": c.Profile.CaptureTries,
	}), nil
}

// FinishStep says what came of a feature, a challenge or a question. StepOpen
// takes that back. A skip has one of SkipReasons.
type FinishStep struct {
	Step   string
	Result string
	Reason string
}

func (c FinishStep) decide(r *Room, now time.Time) ([]Draft, error) {
	err := form.First(in(c, r, StateLive, StateInterrupted, StateEnded), form.Check(c, "step", c.Step, form.Code),
		form.OneOf(c, "result", c.Result, StepDone, StepFailed, StepSkipped, StepOpen))
	if err != nil {
		return nil, err
	}
	if c.Result == StepSkipped {
		if err := form.OneOf(c, "reason", c.Reason, SkipReasons...); err != nil {
			return nil, err
		}
	} else if c.Reason != "" {
		return nil, &form.InputError{Command: form.NameOf(c), Field: "reason", Why: "goes with skipped only"}
	}
	at := slices.IndexFunc(r.Steps, func(s Step) bool { return s.Code == c.Step })
	if at < 0 || !plan.Told(r.Steps[at].Kind) {
		return nil, &form.InputError{Command: form.NameOf(c), Field: "step", Why: "is none of the plan's features, challenges and questions"}
	}
	result := c.Result
	if result == StepOpen {
		result = ""
	}
	if r.Steps[at].Result == result && r.Steps[at].Reason == c.Reason {
		return nil, nil
	}
	body := map[string]any{"step": c.Step, "result": c.Result}
	if c.Reason != "" {
		body["reason"] = c.Reason
	}
	return record(typeStepResult, body), nil
}

// StepFinished reports whether a step needs nothing more, whatever came of it.
func (r *Room) StepFinished(s Step) bool {
	switch s.Kind {
	case plan.KindCapture:
		return r.captured(s.Code)
	case plan.KindCode:
		return !r.Code.Checked.IsZero()
	case plan.KindCompare:
		return !slices.ContainsFunc(r.Items, func(item string) bool { return r.Compares[item].Decision == "" })
	}
	return s.Result != ""
}

// missingSteps lists what the plan still wants before a pass, in its order.
func (r *Room) missingSteps() []Missing {
	if len(r.Steps) == 0 {
		return []Missing{{"plan", ""}}
	}
	var list []Missing
	skipped := 0
	for _, s := range r.Steps {
		switch {
		case s.Kind == plan.KindCompare:
		case s.Kind == plan.KindCode:
			if r.codeMissing(s) {
				list = append(list, Missing{"code", s.Code})
			}
		case s.Kind == plan.KindCapture:
			if !r.captured(s.Code) {
				list = append(list, Missing{"capture", s.Code})
			}
		case s.Result == "":
			list = append(list, Missing{"step", s.Code})
		case s.Result == StepFailed:
			list = append(list, Missing{"failed", s.Code})
		case s.Result == StepSkipped && s.Kind == plan.KindFeature:
			if skipped++; skipped > maxSkipped {
				list = append(list, Missing{"skipped", s.Code})
			}
		}
	}
	return list
}

// revealed is the entry that opens the seed, before the record is sealed. A room
// whose seller never joined has no plan to check, its seed stays unknown.
func (r *Room) revealed() []Draft {
	if len(r.Steps) == 0 {
		return nil
	}
	return record(typePlanRevealed, map[string]any{"seed": r.Text(r.Seed)})
}

func planDrawn(r *Room, _ time.Time, b body) {
	r.Nonce, r.Document, r.Items, r.Tries = b.text("nonce"), b.text("document"), b.texts("compare"), int(b.number("tries"))
	r.Steps = []Step{}
	for _, s := range b.objects("steps") {
		r.Steps = append(r.Steps, Step{Code: s.text("code"), Kind: s.text("kind")})
	}
}

func stepFinished(r *Room, _ time.Time, b body) {
	for i := range r.Steps {
		if r.Steps[i].Code != b.text("step") {
			continue
		}
		r.Steps[i].Result, r.Steps[i].Reason = b.text("result"), b.text("reason")
		if r.Steps[i].Result == StepOpen {
			r.Steps[i].Result = ""
		}
	}
}

// seedOf commits to a plan's seed: its digest for all to see, and the seed itself
// as a personal value until it is revealed.
func seedOf(seed []byte, fields map[string]any) {
	fields["seed_sha256"], fields["seed"] = plan.Commit(seed), personal{hex.EncodeToString(seed)}
}

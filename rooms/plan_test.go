package rooms

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"verifycall/rooms/form"
	"verifycall/rooms/plan"
)

// The whole way of a seed: committed to at creation, combined with the nonce of
// the first join, revealed before the seal; who has the entries draws the same.
func TestPlanCanBeDrawnAgain(t *testing.T) {
	r := inState(t, StateDecided)
	drafts, err := decide(r, Seal{Facts: map[string]any{}}, noon)
	if err != nil || len(drafts) != 2 || drafts[0].Type != typePlanRevealed {
		t.Fatalf("%+v, %v", drafts, err)
	}
	seed, err := hex.DecodeString(drafts[0].Body["seed"].(string))
	if err != nil || plan.Commit(seed) != r.SeedSHA256 {
		t.Fatalf("seed %x isn't that of %s", seed, r.SeedSHA256)
	}
	nonce, _ := hex.DecodeString(r.Nonce)
	drawn, err := plan.Draw(marketplace(), plan.Default().Document("id_card"), seed, nonce)
	if err != nil || len(drawn.Steps) != len(r.Steps) {
		t.Fatalf("%+v, %v", drawn, err)
	}
	for i, s := range drawn.Steps {
		if s.Code != r.Steps[i].Code || s.Kind != r.Steps[i].Kind {
			t.Errorf("step %d is %+v, drawn again %+v", i, r.Steps[i], s)
		}
	}
}

func TestTheFirstNonceCounts(t *testing.T) {
	r := inState(t, StateBooked)
	again := draw
	again.Nonce = strings.Repeat("ff", plan.NonceSize)
	if drafts, err := decide(r, again, noon); err != nil || len(drafts) > 0 {
		t.Errorf("a second nonce: %+v, %v", drafts, err)
	}
}

func TestPlanOfAnotherProfileIsRefused(t *testing.T) {
	r := &Room{ID: "R-7K3M9QXD"}
	run(t, r, noon, newRoom)
	other := draw
	other.Profile, _ = plan.Default().Profile("nist_like-1")
	for name, c := range map[string]DrawPlan{
		"other profile": other,
		"no profile":    {Nonce: draw.Nonce, By: Seller, Document: draw.Document},
		"no document":   {Nonce: draw.Nonce, By: Seller, Profile: draw.Profile},
		"short nonce":   {Nonce: "00", By: Seller, Profile: draw.Profile, Document: draw.Document},
		"whose nonce":   {Nonce: draw.Nonce, By: "manager", Profile: draw.Profile, Document: draw.Document},
	} {
		if _, err := decide(r, c, noon); err == nil {
			t.Errorf("%s: drawn", name)
		}
	}
	r.Personal[r.Seed] = []byte(`"00"`)
	if _, err := decide(r, draw, noon); err == nil {
		t.Error("drawn from a damaged seed")
	}
}

func TestFinishStepRefuses(t *testing.T) {
	r := inState(t, StateLive)
	for name, c := range map[string]FinishStep{
		"a capture":             {"DOC_FRONT", StepDone, ""},
		"the comparison":        {plan.Compare, StepDone, ""},
		"a step not drawn":      {"FEATURE_NONE", StepDone, ""},
		"a skip without reason": {feature(r), StepSkipped, ""},
		"a reason without skip": {feature(r), StepDone, "technical"},
		"an unknown result":     {feature(r), "perfect", ""},
	} {
		var wrong *form.InputError
		if _, err := decide(r, c, noon); !errors.As(err, &wrong) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := decide(r, ShowStep{"FEATURE_NONE"}, noon); err == nil {
		t.Error("a step that isn't in the plan is shown")
	}
}

func TestCapturesOfASlotAreBounded(t *testing.T) {
	r := inState(t, StateLive)
	for range r.Tries {
		run(t, r, noon, TakeCapture{capture})
	}
	if _, err := decide(r, TakeCapture{capture}, noon); !errors.Is(err, ErrTries) {
		t.Errorf("one more: %v", err)
	}
}

package rooms

import (
	"errors"
	"testing"
	"time"

	"verifycall/rooms/db"
	"verifycall/rooms/form"
	"verifycall/rooms/ledger"
	"verifycall/rooms/plan"
)

// One line of a code's life: what was asked of the room, when, and what came of it.
func TestCodeStep(t *testing.T) {
	r := &Room{ID: "R-7K3M9QXD", State: StateLive, Record: ledger.Head{Seq: 1, Hash: digest}, SellerMail: "c", Steps: []Step{{Code: plan.Code, Kind: plan.KindCode}}, Compares: map[string]Compare{}}
	ask := func(at time.Time) Command { return AskCode{Until: at.Add(CodeLife)} }
	var wrong, over, right Command = TryCode{}, TryCode{Over: true}, TryCode{Right: true}
	for _, step := range []struct {
		what  string
		after time.Duration
		do    Command
		err   error // found by errors.Is; nil where it goes through
		left  int
	}{
		{"asked", 0, ask(noon), nil, 5},
		{"asked a moment later", CodePause - time.Second, ask(noon.Add(CodePause - time.Second)), ErrTooEarly, 5},
		{"a wrong one", time.Minute, wrong, nil, 4},
		{"a wrong one", time.Minute, wrong, nil, 3},
		{"asked again", time.Minute, ask(noon.Add(time.Minute)), nil, 5},
		{"no more of this one", 2 * time.Minute, over, nil, 0},
		{"asked a third time", 2 * time.Minute, ask(noon.Add(2 * time.Minute)), nil, 5},
	} {
		now := noon.Add(step.after)
		drafts, err := step.do.decide(r, now)
		if !errors.Is(err, step.err) || err != nil && len(drafts) > 0 {
			t.Fatalf("%s: %v, want %v", step.what, err, step.err)
		}
		for _, d := range drafts {
			tell(t, r, d, now)
		}
		if got := r.Code.Left(); got != step.left {
			t.Errorf("%s: %d tries left, want %d", step.what, got, step.left)
		}
	}
	until := noon.Add(2 * time.Minute).Add(CodeLife)
	if err := r.MayEnterCode(until.Add(-time.Second)); err != nil {
		t.Error(err)
	}
	if err := r.MayEnterCode(until); !errors.Is(err, ErrCodeOver) {
		t.Errorf("after ten minutes: %v", err)
	}
	if missing := r.missingSteps(); len(missing) != 1 || missing[0] != (Missing{"code", plan.Code}) || r.StepFinished(r.Steps[0]) {
		t.Errorf("missing %v", missing)
	}
	r.Test = true // a robot reads no mail
	if missing := r.missingSteps(); len(missing) != 0 {
		t.Errorf("missing of a test room %v", missing)
	}
	r.Test = false
	drafts, err := right.decide(r, until)
	if err != nil || len(drafts) != 1 {
		t.Fatal(drafts, err)
	}
	tell(t, r, drafts[0], until)
	if len(r.missingSteps()) != 0 || !r.StepFinished(r.Steps[0]) {
		t.Error("the step isn't done")
	}
	if r.MayEnterCode(until) == nil || r.MayAskCode(until.Add(time.Hour)) == nil {
		t.Error("a code that was entered can be entered or asked for again")
	}
}

func TestNoCodeStepNow(t *testing.T) {
	none := &Room{State: StateLive}
	if err := none.MayAskCode(noon); !errors.Is(err, ErrNoMail) {
		t.Errorf("without an address: %v", err)
	}
	for _, state := range []string{StateBooked, StateWaiting, StateInterrupted, StateEnded, StateDecided} {
		r := &Room{State: state, SellerMail: "c"}
		if _, err := (AskCode{Until: noon.Add(CodeLife)}).decide(r, noon); err == nil {
			t.Errorf("asked while %s", state)
		}
		if _, err := (TryCode{Right: true}).decide(r, noon); err == nil {
			t.Errorf("entered while %s, none was sent", state)
		}
	}
	long := AskCode{Until: noon.Add(CodeLife + time.Second)}
	var input *form.InputError
	if _, err := long.decide(&Room{State: StateLive, SellerMail: "c"}, noon); !errors.As(err, &input) {
		t.Errorf("for longer than a code lives: %v", err)
	}
}

func tell(t *testing.T, r *Room, d Draft, at time.Time) {
	t.Helper()
	if err := r.take(&db.Change{Chains: make([]db.Chain, 2)}, at, "system", d); err != nil {
		t.Fatal(err)
	}
}

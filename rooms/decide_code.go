package rooms

import (
	"fmt"
	"time"

	"verifycall/rooms/form"
	"verifycall/rooms/plan"
)

// Types of entries of a code in the call. None has the code or the address in it.
const (
	typeCodeAsked   = "code_asked"   // until
	typeCodeChecked = "code_checked" // the one that was mailed was entered
	typeCodeFailed  = "code_failed"  // left
)

// CodePause is how long after a code in a call another one can be sent: what was
// mailed has to have a chance to arrive.
const CodePause = 30 * time.Second

// CallCode is how it stands with the code that a seller enters in the call.
type CallCode struct {
	Asked   time.Time `json:"asked,omitzero"`   // when the last one was sent
	Until   time.Time `json:"until,omitzero"`   // it can be entered until then
	Wrong   int       `json:"wrong,omitempty"`  // tries of it that failed
	Checked time.Time `json:"checked,omitzero"` // when the right one was entered
}

// Left is how many tries there still are; 0 where none was sent.
func (c CallCode) Left() int {
	if c.Asked.IsZero() {
		return 0
	}
	return max(0, CodeTries-c.Wrong)
}

// MayAskCode says why no code can be sent to the seller in the call now, nil where
// one can. Errors: ErrNoMail and ErrTooEarly, in a TransitionError.
func (r *Room) MayAskCode(now time.Time) error {
	c := AskCode{}
	if err := in(c, r, StateLive); err != nil {
		return err
	}
	switch {
	case r.SellerMail == "":
		return &TransitionError{form.NameOf(c), r.State, "there is no mail address that a code could go to", ErrNoMail}
	case !r.Code.Checked.IsZero():
		return refuse(c, r, "the code was entered already")
	case now.Before(r.Code.Asked.Add(CodePause)):
		return &TransitionError{form.NameOf(c), r.State, "one was sent a moment ago", ErrTooEarly}
	}
	return nil
}

// MayEnterCode says why no code can be entered in the call now, nil where one can.
// Errors: ErrCodeOver, in a TransitionError.
func (r *Room) MayEnterCode(now time.Time) error {
	c := TryCode{}
	if err := in(c, r, StateLive, StateInterrupted); err != nil {
		return err
	}
	switch {
	case r.Code.Asked.IsZero():
		return refuse(c, r, "no code was sent")
	case !r.Code.Checked.IsZero():
		return refuse(c, r, "the code was entered already")
	case r.Code.Left() == 0 || !now.Before(r.Code.Until):
		return &TransitionError{form.NameOf(c), r.State, "this code can't be entered any more", ErrCodeOver}
	}
	return nil
}

// AskCode says that a code was mailed to the seller in the call.
type AskCode struct{ Until time.Time }

func (c AskCode) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := r.MayAskCode(now); err != nil {
		return nil, err
	}
	if !c.Until.After(now) || c.Until.After(now.Add(CodeLife)) {
		return nil, &form.InputError{Command: form.NameOf(c), Field: "until", Why: fmt.Sprintf("isn't within %v", CodeLife)}
	}
	return record(typeCodeAsked, map[string]any{"until": stamp(c.Until)}), nil
}

// TryCode says what came of a code that the seller entered in the call.
type TryCode struct {
	Right bool
	Over  bool // of a wrong one: this code can't be tried again
}

func (c TryCode) decide(r *Room, now time.Time) ([]Draft, error) {
	err := in(c, r, StateLive, StateInterrupted)
	switch {
	case err != nil:
		return nil, err
	case r.Code.Asked.IsZero():
		return nil, refuse(c, r, "no code was sent")
	case !r.Code.Checked.IsZero():
		return nil, nil
	case c.Right:
		return record(typeCodeChecked, nil), nil
	case r.Code.Left() == 0:
		return nil, nil
	}
	left := r.Code.Left() - 1
	if c.Over {
		left = 0
	}
	return record(typeCodeFailed, map[string]any{"left": left}), nil
}

func codeAsked(r *Room, at time.Time, b body) {
	r.Code = CallCode{Asked: at, Until: b.time("until"), Checked: r.Code.Checked}
}

func codeFailed(r *Room, _ time.Time, b body) {
	r.Code.Wrong = CodeTries - int(min(max(0, b.number("left")), CodeTries))
}

// codeMissing reports that the plan has a step of the code and none was entered.
// Robots of test rooms read no mail.
func (r *Room) codeMissing(s Step) bool {
	return s.Kind == plan.KindCode && !r.Test && r.Code.Checked.IsZero()
}

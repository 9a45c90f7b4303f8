package rooms

import (
	"regexp"
	"time"

	"verifycall/rooms/form"
)

// EndCall ends a live or interrupted call.
type EndCall struct {
	Cause string
	By    string // may be empty
}

func (c EndCall) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := form.First(in(c, r, StateLive, StateInterrupted), form.Check(c, "cause", c.Cause, form.Code)); err != nil {
		return nil, err
	}
	body := map[string]any{"cause": c.Cause}
	if c.By != "" {
		if err := form.Check(c, "by", c.By, form.Code); err != nil {
			return nil, err
		}
		body["by"] = c.By
	}
	return record(typeEnded, body), nil
}

// Abort gives a room up without a verdict.
type Abort struct{ Reason string }

func (c Abort) decide(r *Room, now time.Time) ([]Draft, error) {
	err := form.First(in(c, r, StateBooked, StateWaiting, StateLive, StateInterrupted, StateEnded),
		form.Check(c, "reason", c.Reason, reasonForm))
	if err != nil {
		return nil, err
	}
	return record(typeAborted, map[string]any{"reason": c.Reason}), nil
}

// reasonForm takes quality, document, match, conduct and process reasons, never
// a silent flag.
var reasonForm = regexp.MustCompile(`^[QDMCP]_[A-Z_]{1,40}$`)

// GiveVerdict decides a room whose call has ended. A pass is refused with a
// LockedError while anything is missing; every other verdict has a reason. Line
// is a personal line to the seller, Coverage what the recorder covered at the
// time, "seller.video" → ‰.
type GiveVerdict struct {
	Verdict  string
	Reasons  []string
	Repeat   []string // slots, of a recapture
	Line     string
	Coverage map[string]int
}

func (c GiveVerdict) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := form.First(in(c, r, StateEnded), c.check()); err != nil {
		return nil, err
	}
	if missing := r.Missing(); c.Verdict == VerdictPass && len(missing) > 0 {
		return nil, &LockedError{missing}
	}
	body := map[string]any{"verdict": c.Verdict, "reasons": c.Reasons, "repeat": c.Repeat, "coverage": c.Coverage}
	if c.Line != "" {
		body["line"] = personal{c.Line}
	}
	return record(typeVerdict, body), nil
}

func (c GiveVerdict) check() error {
	err := form.OneOf(c, "verdict", c.Verdict, VerdictPass, VerdictRecapture, VerdictRefer, VerdictFail, VerdictAbort)
	if c.Verdict != VerdictPass && len(c.Reasons) == 0 {
		err = form.First(err, &form.InputError{Command: form.NameOf(c), Field: "reasons", Why: "are missing, every verdict but pass needs one"})
	}
	for _, reason := range c.Reasons {
		err = form.First(err, form.Check(c, "reason", reason, reasonForm))
	}
	for _, slot := range c.Repeat {
		err = form.First(err, form.OneOf(c, "repeat", slot, Slots...))
	}
	if len(c.Repeat) > 0 && c.Verdict != VerdictRecapture {
		err = form.First(err, &form.InputError{Command: form.NameOf(c), Field: "repeat", Why: "goes with recapture only"})
	}
	for track := range c.Coverage {
		err = form.First(err, form.Check(c, "coverage", track, form.Code))
	}
	return err
}

// Seal is the last entry of the record: what the recordings hold. Facts holds
// ids, numbers, digests and codes only.
type Seal struct{ Facts map[string]any }

func (c Seal) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := in(c, r, StateDecided, StateAborted); err != nil {
		return nil, err
	}
	if r.Sealed {
		return nil, nil
	}
	return append(r.revealed(), record(typeSealed, map[string]any{"facts": c.Facts})...), nil
}

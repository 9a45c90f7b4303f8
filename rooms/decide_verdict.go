package rooms

import (
	"regexp"
	"time"
)

// EndCall ends a live or interrupted call.
type EndCall struct {
	Cause string
	By    string // may be empty
}

func (c EndCall) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := first(in(c, r, StateLive, StateInterrupted), check(c, "cause", c.Cause, codeForm)); err != nil {
		return nil, err
	}
	body := map[string]any{"cause": c.Cause}
	if c.By != "" {
		if err := check(c, "by", c.By, codeForm); err != nil {
			return nil, err
		}
		body["by"] = c.By
	}
	return record(typeEnded, body), nil
}

// Abort gives a room up without a verdict.
type Abort struct{ Reason string }

func (c Abort) decide(r *Room, now time.Time) ([]Draft, error) {
	err := first(in(c, r, StateBooked, StateWaiting, StateLive, StateInterrupted, StateEnded),
		check(c, "reason", c.Reason, reasonForm))
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
	if err := first(in(c, r, StateEnded), c.check()); err != nil {
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
	err := oneOf(c, "verdict", c.Verdict, VerdictPass, VerdictRecapture, VerdictRefer, VerdictFail, VerdictAbort)
	if c.Verdict != VerdictPass && len(c.Reasons) == 0 {
		err = first(err, &InputError{commandName(c), "reasons", "are missing, every verdict but pass needs one"})
	}
	for _, reason := range c.Reasons {
		err = first(err, check(c, "reason", reason, reasonForm))
	}
	for _, slot := range c.Repeat {
		err = first(err, oneOf(c, "repeat", slot, Slots...))
	}
	if len(c.Repeat) > 0 && c.Verdict != VerdictRecapture {
		err = first(err, &InputError{commandName(c), "repeat", "goes with recapture only"})
	}
	for track := range c.Coverage {
		err = first(err, check(c, "coverage", track, codeForm))
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

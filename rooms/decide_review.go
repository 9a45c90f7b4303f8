package rooms

import (
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"verifycall/rooms/form"
)

// Types of entries in the custody ledger about reviews.
const (
	typeReviewDrawn = "review_drawn" // why, blind; random: share, lot; sample: sample, seed, of, population
	typeReviewed    = "reviewed"     // who, decision, reasons, repeat, blind, agrees, checks, note
	typeClosed      = "closed"       // why
)

// DrawReview decides by rule and lot whether a sealed room is reviewed. The lot
// follows from the record's head, so anybody can draw it again.
type DrawReview struct{}

func (c DrawReview) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := in(c, r, StateDecided, StateInReview, StateClosed); err != nil {
		return nil, err
	}
	if r.Review != nil || r.State != StateDecided || r.Test {
		return nil, nil
	}
	body := map[string]any{"blind": false}
	switch {
	case r.Verdict == VerdictRefer:
		body["why"] = WhyReferred
	case r.flagged():
		body["why"] = WhyFlag
	case r.Late > 0:
		body["why"] = WhyLate
	case r.lot() < r.ReviewShare:
		body["why"], body["blind"], body["share"], body["lot"] = WhyRandom, true, r.ReviewShare, r.lot()
	default:
		return nil, nil
	}
	return custody(typeReviewDrawn, body), nil
}

// OpenReviewed opens the custody ledger and draws in one commit, so that no room is
// seen between the two.
type OpenReviewed struct{ OpenCustody }

func (c OpenReviewed) decide(r *Room, now time.Time) ([]Draft, error) {
	drafts, err := c.OpenCustody.decide(r, now)
	if err != nil || len(drafts) == 0 || r.State != StateDecided {
		return drafts, err
	}
	drawn, err := DrawReview{}.decide(r, now)
	return append(drafts, drawn...), err
}

// TakeSample puts a decided room into an auditor's sample. What it was drawn from
// stands with it, so that the draw can be made again: see DrawSample.
type TakeSample struct {
	Sample     string // id of the sample
	Seed       string // hex
	Of         int    // rooms that it was drawn from
	Population string // digest of their ids, hex
}

func (c TakeSample) decide(r *Room, now time.Time) ([]Draft, error) {
	err := form.First(in(c, r, StateDecided, StateInReview), form.Check(c, "sample", c.Sample, form.Code), form.Check(c, "seed", c.Seed, form.Hash),
		form.Check(c, "population", c.Population, form.Hash))
	if err != nil {
		return nil, err
	}
	if r.State == StateInReview { // drawn meanwhile
		return nil, nil
	}
	return custody(typeReviewDrawn, map[string]any{"why": WhySample, "blind": true, "sample": c.Sample, "seed": c.Seed, "of": c.Of,
		"population": c.Population}), nil
}

// maxReviewNote is the longest note of an auditor, in characters.
const maxReviewNote = 2000

// GiveReview is an auditor's decision. It replaces the outcome, but for an
// escalation, which leaves that to another auditor.
type GiveReview struct {
	Who      string // staff id
	Decision string
	Reasons  []string
	Repeat   []string          // slots, of a recapture
	Checks   map[string]string // by step or item: DecisionSame, DecisionDifferent
	Note     string
}

func (c GiveReview) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := form.First(in(c, r, StateDecided, StateInReview), c.check(r)); err != nil {
		return nil, err
	}
	switch {
	case r.Custody.Seq == 0:
		return nil, refuse(c, r, "its record is not sealed yet")
	case c.Who == r.Manager:
		return nil, refuse(c, r, "nobody reviews an own room")
	case r.OpinionOf(c.Who) != nil:
		return nil, refuse(c, r, "this auditor has decided already")
	}
	body := map[string]any{"who": c.Who, "decision": c.Decision, "reasons": textList(c.Reasons), "repeat": textList(c.Repeat),
		"blind": r.BlindFor(c.Who) && !slices.Contains(r.Shown, c.Who), "agrees": agrees(r.Verdict, c.Decision)}
	if len(c.Checks) > 0 {
		checks := map[string]any{}
		for item, seen := range c.Checks {
			checks[item] = seen
		}
		body["checks"] = checks
	}
	if c.Note != "" {
		body["note"] = personal{c.Note}
	}
	return custody(typeReviewed, body), nil
}

func (c GiveReview) check(r *Room) error {
	err := form.First(form.Check(c, "who", c.Who, form.Staff), form.OneOf(c, "decision", c.Decision, ReviewDecisions...))
	if c.Decision != ReviewApprove && len(c.Reasons) == 0 {
		err = form.First(err, &form.InputError{Command: form.NameOf(c), Field: "reasons", Why: "are missing, every decision but approve needs one"})
	}
	if len(c.Reasons) > 20 {
		err = form.First(err, &form.InputError{Command: form.NameOf(c), Field: "reasons", Why: "are too many"})
	}
	for _, reason := range c.Reasons {
		err = form.First(err, form.Check(c, "reason", reason, reasonForm))
	}
	for _, slot := range c.Repeat {
		err = form.First(err, form.OneOf(c, "repeat", slot, Slots...))
	}
	if len(c.Repeat) > 0 && c.Decision != ReviewRecapture {
		err = form.First(err, &form.InputError{Command: form.NameOf(c), Field: "repeat", Why: "goes with recapture only"})
	}
	if utf8.RuneCountInString(c.Note) > maxReviewNote {
		err = form.First(err, &form.InputError{Command: form.NameOf(c), Field: "note", Why: "is too long"})
	}
	for _, item := range slices.Sorted(maps.Keys(c.Checks)) {
		err = form.First(err, form.OneOf(c, "check", item, r.checkable()...), form.OneOf(c, "check", c.Checks[item], DecisionSame, DecisionDifferent))
	}
	return err
}

// checkable lists what an auditor can agree or disagree with: the plan's steps and
// the items that are compared.
func (r *Room) checkable() []string {
	list := slices.Clone(r.Items)
	for _, s := range r.Steps {
		list = append(list, s.Code)
	}
	return append(list, Slots...)
}

// CloseRoom closes a decided room that no review was drawn for.
type CloseRoom struct{}

func (c CloseRoom) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := in(c, r, StateDecided); err != nil {
		return nil, err
	}
	if due := r.reviewDue(); due.IsZero() || now.Before(due) {
		return nil, &TransitionError{form.NameOf(c), r.State, "its days are not over", ErrTooEarly}
	}
	if drawn, err := (DrawReview{}).decide(r, now); err != nil || len(drawn) > 0 { // sealed while the draw couldn't be written
		return drawn, err
	}
	return custody(typeClosed, map[string]any{"why": "unreviewed"}), nil
}

package rooms

import (
	"slices"
	"time"

	"verifycall/rooms/form"
	"verifycall/rooms/ledger"
)

// Types of entries in the custody ledger about keeping and erasing.
const (
	typeHeld       = "held"        // reason
	typeReleased   = "released"    // reason of the hold that ends
	typeHoldPlaced = "hold_placed" // on, objects: the store has been told
	typePurgeBegun = "purge_begun" // classes, policy
	typePurged     = "purged"      // classes, policy, by, record_seq, record_hash, bundle, locked
)

// PlaceHold keeps all of a room's evidence until it is released.
type PlaceHold struct{ Reason string }

func (c PlaceHold) decide(r *Room, now time.Time) ([]Draft, error) {
	if err := form.First(form.OneOf(c, "reason", c.Reason, HoldReasons...), keepable(c, r)); err != nil {
		return nil, err
	}
	switch {
	case r.Hold != nil:
		return nil, nil
	case r.State == StateEnded && r.Custody.Seq == 0: // an open custody ledger would keep the verdict out of the record
		return nil, refuse(c, r, "it isn't decided yet")
	}
	return withCustody(r, typeHeld, map[string]any{"reason": c.Reason}), nil
}

// ReleaseHold ends a hold. What is over its time by then is erased.
type ReleaseHold struct{}

func (c ReleaseHold) decide(r *Room, now time.Time) ([]Draft, error) {
	if r.Hold == nil {
		return nil, nil
	}
	return custody(typeReleased, map[string]any{"reason": r.Hold.Reason}), nil
}

// NoteHold says that the store was told of the hold, or of its end.
type NoteHold struct {
	On      bool
	Objects int // that there are
}

func (c NoteHold) decide(r *Room, now time.Time) ([]Draft, error) {
	if c.On != (r.Hold != nil) || c.On == r.Placed { // it has changed meanwhile, or another node was faster
		return nil, nil
	}
	return custody(typeHoldPlaced, map[string]any{"on": c.On, "objects": c.Objects}), nil
}

// BeginPurge decides that classes of a room's evidence are erased. From then on it
// can't be taken back; see Store.Keeping for who does it. Without Classes they are
// those whose time is over.
type BeginPurge struct {
	Classes []string
	Policy  string // PolicyRetention where empty
}

func (c BeginPurge) decide(r *Room, now time.Time) ([]Draft, error) {
	classes, policy := c.Classes, c.Policy
	if len(classes) == 0 {
		if classes, policy = r.dueClasses(now), PolicyRetention; r.Test {
			policy = PolicyTest
		}
	} else if err := form.First(form.OneOf(c, "policy", policy, PurgePolicies...)); err != nil {
		return nil, err
	}
	for _, class := range classes {
		if err := form.OneOf(c, "class", class, Classes...); err != nil {
			return nil, err
		}
	}
	switch err := keepable(c, r); {
	case err != nil:
		return nil, err
	case r.Hold != nil:
		return nil, refuse(c, r, "its evidence is held")
	case r.Purging != nil:
		return nil, refuse(c, r, "another purge is going on")
	}
	if slices.Contains(classes, ClassRecord) || r.Bundle == "" { // nothing can be read without the record
		classes = Classes
	}
	classes = slices.DeleteFunc(r.left(), func(class string) bool { return !slices.Contains(classes, class) })
	if len(classes) == 0 {
		if len(c.Classes) == 0 {
			return nil, &TransitionError{form.NameOf(c), r.State, "no class's time is over", ErrTooEarly}
		}
		return nil, nil
	}
	return withCustody(r, typePurgeBegun, map[string]any{"classes": textList(classes), "policy": policy}), nil
}

// FinishPurge writes the tombstone: the keys are destroyed and the objects deleted.
type FinishPurge struct {
	Locked int // objects that a lock still keeps in the store; of them only the key is gone
}

func (c FinishPurge) decide(r *Room, now time.Time) ([]Draft, error) {
	if r.Purging == nil { // another node was faster
		return nil, nil
	}
	body := map[string]any{"classes": textList(r.Purging.Classes), "policy": r.Purging.Policy, "by": r.Purging.By, "locked": c.Locked,
		"record_seq": r.Record.Seq, "record_hash": r.Record.Hash}
	if r.Bundle != "" {
		body["bundle"] = r.Bundle
	}
	return custody(typePurged, body), nil
}

// keepable refuses what can't be held or erased: a room that goes on, or is erased.
func keepable(c Command, r *Room) error {
	if !r.over() || len(r.left()) == 0 {
		return refuse(c, r, "it isn't over, or nothing of it is left")
	}
	return nil
}

// withCustody is custody for a room that may have had no call, so that its custody
// ledger isn't open yet. Its record ends with that.
func withCustody(r *Room, typ string, body map[string]any) []Draft {
	var drafts []Draft
	if r.Custody.Seq == 0 {
		drafts = custody(typeCustodyOpened, map[string]any{"record_seq": r.Record.Seq, "record_hash": r.Record.Hash})
	}
	return append(drafts, custody(typ, body)...)
}

func textList(texts []string) []any {
	items := make([]any, len(texts))
	for i, text := range texts {
		items[i] = text
	}
	return items
}

// keepingChanged folds an entry of the custody ledger about keeping.
func (r *Room) keepingChanged(e ledger.Entry) {
	b := body(e.Body)
	switch e.Type {
	case typeHeld:
		r.Hold = &Hold{b.text("reason"), e.Actor, e.Time()}
	case typeReleased:
		r.Hold = nil
	case typeHoldPlaced:
		r.Placed = b["on"] == true
	case typePurgeBegun:
		r.Purging = &Purge{b.texts("classes"), b.text("policy"), e.Actor, e.Time()}
		if slices.Contains(r.Purging.Classes, ClassRecord) {
			r.State, r.Since = StatePurged, e.Time() // Cause and Verdict stay
		}
	case typePurged:
		r.Purged = slices.DeleteFunc(slices.Clone(Classes), func(class string) bool {
			return !slices.Contains(r.Purged, class) && !slices.Contains(r.Purging.Classes, class)
		})
		r.Purging = nil
	}
}

// Erased says whether a class of a room's evidence is erased, or about to be.
func (r *Room) Erased(class string) bool {
	return slices.Contains(r.Purged, class) || r.Purging != nil && slices.Contains(r.Purging.Classes, class)
}

package rooms

import (
	"context"
	"fmt"
	"slices"
	"time"

	"verifycall/rooms/db"
	"verifycall/rooms/plan"
)

// The classes of a room's evidence. Each has an own key and an own end.
const (
	ClassRecording = "recording" // sound and pictures of the call
	ClassStills    = "stills"    // captures and photos
	ClassDocuments = "documents" // what the seller filed
	ClassRecord    = "record"    // the personal values of the ledger, and what the bundle says
)

// Classes lists all classes of a room.
var Classes = []string{ClassRecording, ClassStills, ClassDocuments, ClassRecord}

// TestLife is how long what is left of a test room is kept after its end.
const TestLife = 24 * time.Hour

// Keeping is how long a room's evidence is kept, and what has become of it.
type Keeping struct {
	KeepDays    map[string]int `json:"keepDays,omitempty"`    // by class, days after the call
	UnheldHours int            `json:"unheldHours,omitempty"` // hours that uploads of a call which never happened are kept

	Hold    *Hold    `json:"hold,omitempty"`    // nothing is erased while it stands
	Placed  bool     `json:"placed,omitempty"`  // the store has been told of the hold
	Purging *Purge   `json:"purging,omitempty"` // decided, and not done yet
	Purged  []string `json:"purged,omitempty"`  // classes that are erased, in the order of Classes
}

// Hold keeps a room's evidence beyond its time.
type Hold struct {
	Reason string    `json:"reason"` // one of HoldReasons
	By     string    `json:"by"`     // actor
	Since  time.Time `json:"since"`
}

// Purge is the erasing of classes.
type Purge struct {
	Classes []string  `json:"classes"` // in the order of Classes
	Policy  string    `json:"policy"`  // one of PurgePolicies
	By      string    `json:"by"`      // actor
	Since   time.Time `json:"since"`
}

// PolicyRetention and PolicyTest are the policies by which time alone erases.
const (
	PolicyRetention = "retention" // the class's time is over
	PolicyTest      = "test"      // a test room
)

// HoldReasons and PurgePolicies are what an operator gives as a reason. They
// outlive the personal values, so they are codes.
var (
	HoldReasons   = []string{"litigation", "authority", "complaint", "fraud", "other"}
	PurgePolicies = []string{PolicyRetention, PolicyTest, "request", "authority", "mistake", "other"}
)

// keepingOf are the fields of a room's first entry that pin what its profile says
// of keeping.
func keepingOf(p *plan.Profile) map[string]any {
	return map[string]any{"unheld_hours": p.Retention.Unheld, "keep_days": map[string]any{ClassRecording: p.Retention.Recording,
		ClassStills: p.Retention.Stills, ClassDocuments: p.Retention.Documents, ClassRecord: p.Retention.Record}}
}

func keeping(b body) Keeping {
	k := Keeping{UnheldHours: int(b.number("unheld_hours"))}
	for _, class := range Classes {
		if days := b.object("keep_days").number(class); days > 0 {
			if k.KeepDays == nil {
				k.KeepDays = map[string]int{}
			}
			k.KeepDays[class] = int(days)
		}
	}
	return k
}

// over says whether nothing will be added to a room's evidence any more.
func (r *Room) over() bool { return slices.Contains(endStates, r.State) && !r.unsealed() }

var endStates = []string{StateEnded, StateDecided, StateInReview, StateClosed, StateAborted, StateCancelled, StateNoShow, StateExpired}

// What counts for a room whose first entry pins nothing of keeping: one of before
// that was pinned. Nothing is kept for ever by accident.
const (
	unpinnedDays  = 5 * 365
	unpinnedHours = 24 // of uploads of a call which never happened
)

// keepDays is how many days after the call a class is kept.
func (k *Keeping) keepDays(class string) int {
	if k.KeepDays == nil {
		return unpinnedDays
	}
	return k.KeepDays[class]
}

func (k *Keeping) unheldHours() int {
	if k.KeepDays == nil && k.UnheldHours == 0 {
		return unpinnedHours
	}
	return k.UnheldHours
}

// KeptUntil gives when a class of a room's evidence is erased, zero before the
// room's end. A legal hold keeps it longer.
func (r *Room) KeptUntil(class string) time.Time {
	end := r.Ended
	if end.IsZero() {
		end = r.Since
	}
	switch {
	case !slices.Contains(endStates, r.State) || r.keepDays(class) == 0:
		return time.Time{}
	case r.Test:
		return end.Add(TestLife)
	case r.State == StateEnded: // nobody decided: there is no bundle of which a class could be erased alone
		class = ClassRecord
	case r.Decided.IsZero():
		return end.Add(time.Duration(r.unheldHours()) * time.Hour)
	}
	return end.AddDate(0, 0, r.keepDays(class))
}

// KeptLongest is how many days after the call something of a room is kept, in whole
// days. A legal hold keeps it longer.
func (r *Room) KeptLongest() (days int) {
	if r.Test {
		return int(TestLife / (24 * time.Hour))
	}
	for _, class := range Classes {
		days = max(days, r.keepDays(class))
	}
	return days
}

// dueClasses lists the classes whose time is over. With the record all go: nothing
// else can be read without it.
func (r *Room) dueClasses(now time.Time) []string {
	var list []string
	for _, class := range r.left() {
		if until := r.KeptUntil(class); !until.IsZero() && !now.Before(until) {
			list = append(list, class)
		}
	}
	if slices.Contains(list, ClassRecord) {
		return r.left()
	}
	return list
}

// left lists the classes that aren't erased.
func (r *Room) left() []string {
	return slices.DeleteFunc(slices.Clone(Classes), func(class string) bool { return slices.Contains(r.Purged, class) })
}

// purgeDue is when the next class is erased, zero where none is to be.
func (r *Room) purgeDue() (next time.Time) {
	if !r.over() || r.Hold != nil || r.Purging != nil {
		return next
	}
	for _, class := range r.left() {
		if until := r.KeptUntil(class); !until.IsZero() && (next.IsZero() || until.Before(next)) {
			next = until
		}
	}
	return next
}

// indexKeeping holds the rooms of which the store has to be told something: what to
// erase, what to hold.
const indexKeeping = "keeping"

// Indexes of what is kept: by when something is erased, since when it is held, and
// what is erased.
const (
	indexDue    = "kept:due"
	indexHeld   = "kept:held"
	indexPurged = "kept:purged"
)

// PurgeDue is when the next class is erased, zero where none is to be.
func (r *Room) PurgeDue() time.Time { return r.purgeDue() }

func (r *Room) tellsStore() bool { return r.Purging != nil || (r.Hold != nil) != r.Placed }

// Keeping gives the ids of the rooms that have to be erased, held or let go of in the store.
func (s *Store) Keeping(ctx context.Context) ([]string, error) {
	ids, err := s.db.Client.ZRange(ctx, db.Prefix+"index:"+indexKeeping, 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("rooms to be erased: %w", err)
	}
	return ids, nil
}

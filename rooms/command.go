package rooms

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"verifycall/rooms/form"
)

// The two ledgers of a room.
const (
	ledgerRecord  = "record"
	ledgerCustody = "custody"
)

// Command is something that may happen to a room. decide is pure: it gives the
// entries that follow, none where the room is already as wanted, or why not.
type Command interface {
	decide(r *Room, now time.Time) ([]Draft, error)
}

// Draft is an entry that has not been chained yet. A personal value stands in
// Body as personal{value} and is replaced by its commitment.
type Draft struct {
	Ledger string
	Type   string
	Body   map[string]any
}

type personal struct{ value any }

func record(typ string, body map[string]any) []Draft {
	return []Draft{{ledgerRecord, typ, body}}
}

func custody(typ string, body map[string]any) []Draft {
	return []Draft{{ledgerCustody, typ, body}}
}

// Errors of commands. Those of a TransitionError are found in it by errors.Is.
var (
	ErrPassLocked  = errors.New("pass is locked")                      // see LockedError
	ErrNeedsNotice = errors.New("the person has not agreed to notice") // in a TransitionError
	ErrTooEarly    = errors.New("the time has not come")               // in a TransitionError
)

// TransitionError says that a command is not possible in the room's state.
type TransitionError struct {
	Command string // "Admit"
	State   string // of the room, "" for one that does not exist
	Why     string // plain words, no full stop
	Err     error  // ErrNeedsNotice, ErrTooEarly or nil
}

// Error implements error.
func (e *TransitionError) Error() string {
	return fmt.Sprintf("%s in state %q: %s", e.Command, e.State, e.Why)
}

// Unwrap gives Err.
func (e *TransitionError) Unwrap() error { return e.Err }

// LockedError says what keeps a pass locked. It is ErrPassLocked.
type LockedError struct{ Missing []Missing }

// Error implements error.
func (e *LockedError) Error() string {
	parts := make([]string, 0, len(e.Missing))
	for _, m := range e.Missing {
		parts = append(parts, m.Code+" "+m.Item)
	}
	return "pass is locked, missing: " + strings.Join(parts, ", ")
}

// Is makes errors.Is(err, ErrPassLocked) true.
func (e *LockedError) Is(target error) bool { return target == ErrPassLocked }

// decide checks what holds for every command and asks it.
func decide(r *Room, c Command, now time.Time) ([]Draft, error) {
	drafts, err := c.decide(r, now)
	if err != nil {
		return nil, err
	}
	opened, ends := r.Custody.Seq > 0, false
	for _, d := range drafts {
		if d.Ledger == ledgerRecord && (r.Sealed || opened) { // custody names the record's last head
			return nil, refuse(c, r, "the record is sealed")
		}
		ends = ends || d.Type == typeLinksEnded
		if full := d.Ledger == ledgerRecord && r.Record.Seq >= maxEntries; full && d.growing() && !(ends && d.Type == typeLinkAdded) {
			return nil, refuse(c, r, "its record is full")
		}
		opened = opened || d.Type == typeCustodyOpened
		if d.Ledger == ledgerCustody && !opened {
			return nil, refuse(c, r, "its custody ledger is not open yet")
		}
	}
	return drafts, nil
}

// maxEntries bounds a record. A call has some hundred entries; more than this
// come of somebody who wants to fill the store.
const maxEntries = 5000

// growing reports that an entry may be refused in a full record: those that end
// something, and the withdrawal of an agreement, may not.
func (d Draft) growing() bool {
	switch d.Type {
	case typeCancelled, typeExpired, typeNoShow, typeLeftWaiting, typeQueueAway, typeQueueLeft, typeInterrupted, typePostponed, typeEnded, typeAborted,
		typeVerdict, typePlanRevealed, typeSealed, typeLinksEnded:
		return false
	case typeNotice:
		return d.Body["answer"] == NoticeAgreed
	}
	return true
}

func refuse(c Command, r *Room, why string) error {
	return &TransitionError{Command: form.NameOf(c), State: r.State, Why: why}
}

// in refuses unless the room is in one of the states.
func in(c Command, r *Room, states ...string) error {
	if slices.Contains(states, r.State) {
		return nil
	}
	if r.State == "" {
		return refuse(c, r, "the room does not exist yet")
	}
	return refuse(c, r, "the room is "+strings.ReplaceAll(r.State, "_", " "))
}

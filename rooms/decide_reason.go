package rooms

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"verifycall/rooms/form"
)

// LogReason says why Who (a staff id), who re-checks nothing here, looks into
// the record: a code. It comes before the view that it explains.
type LogReason struct{ Who, Reason string }

const typeReasoned = "reasoned" // who, reason

func (c LogReason) decide(r *Room, now time.Time) ([]Draft, error) {
	drafts, err := access(c, r, typeReasoned, c.Who, c.Reason)
	if err != nil {
		return nil, err
	}
	if err := form.Check(c, "reason", c.Reason, form.Code); err != nil {
		return nil, err
	}
	drafts[0].Body = map[string]any{"who": c.Who, "reason": c.Reason}
	return drafts, nil
}

// ErrReadsOnly says that an actor who only looks tried to change a record.
var ErrReadsOnly = errors.New("this actor may not change a record")

// readers are the kinds of actors that leave a record as it is; what they do
// stands in the custody ledger.
var readers = []string{"auditor:", "operator:", "observer:"}

// keepsRecord refuses an entry of the record that comes of a reader, whoever let
// it come so far.
func keepsRecord(actor, ledgerName string) error {
	for _, kind := range readers {
		if ledgerName == ledgerRecord && strings.HasPrefix(actor, kind) {
			return fmt.Errorf("%s: %w", kind[:len(kind)-1], ErrReadsOnly)
		}
	}
	return nil
}

package rooms

import (
	"context"
	"fmt"

	"verifycall/rooms/ledger"
	"verifycall/rooms/outbox"
)

// mailOf says which mail an entry causes, by the room as it is after it.
func mailOf(r *Room, e ledger.Entry) string {
	if r.SellerMail == "" {
		return ""
	}
	switch e.Type {
	case typeCreated:
		if r.State == StateInvited {
			return outbox.Invited
		}
		return outbox.Booked
	case typeBooked:
		switch {
		case r.Instant:
			return "" // the seller is on the page
		case r.Sequence > 0:
			return outbox.Moved
		}
		return outbox.Booked
	case typeReminded:
		if e.Body["late"] == true {
			return ""
		}
		return body(e.Body).text("kind")
	case typeCancelled:
		return outbox.Cancelled
	case typeNoShow:
		return outbox.Missed
	case typePostponed:
		return outbox.Postponed
	case typeVerdict:
		return outbox.Result
	case typeExpired:
		return outbox.Expired
	case typeAppealAnswered:
		return outbox.Appeal
	case typeReviewed:
		if v, _, _, _ := r.Outcome(); v != r.Verdict {
			return outbox.Reviewed
		}
	}
	return ""
}

// AsOf gives a room as it was after an entry of its record, with the personal
// values that are still there: what a mail says is the same at every try.
func (s *Store) AsOf(ctx context.Context, room string, seq int64) (*Room, error) {
	now, err := s.Load(ctx, room)
	if err != nil {
		return nil, err
	}
	entries, err := s.Record(ctx, room)
	if err != nil {
		return nil, err
	}
	if seq < 1 || seq > int64(len(entries)) {
		return nil, fmt.Errorf("entry %d of %s: %w", seq, room, ErrNotFound)
	}
	then, err := Fold(room, entries[:seq], []ledger.Entry{})
	if err != nil {
		return nil, err
	}
	then.Personal = now.Personal
	return then, nil
}

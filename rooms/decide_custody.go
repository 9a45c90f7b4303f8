package rooms

import (
	"time"

	"verifycall/rooms/form"
	"verifycall/rooms/ledger"
)

// OpenCustody begins the custody ledger with the bundle's digest and the
// record's head. A room that ended without a call has no bundle.
type OpenCustody struct {
	Bundle     string
	RecordHead ledger.Head
	Fence      int64 // of the owner who sealed it, which says where it lies; 0 for one alone
}

func (c OpenCustody) decide(r *Room, now time.Time) ([]Draft, error) {
	err := in(c, r, StateDecided, StateInReview, StateClosed, StateAborted, StateCancelled, StateNoShow, StateExpired)
	if err != nil {
		return nil, err
	}
	if c.RecordHead != r.Record {
		return nil, refuse(c, r, "its record has another head")
	}
	if r.Custody.Seq > 0 {
		if c.Bundle == r.Bundle && max(c.Fence, 1) == max(r.BundleFence, 1) {
			return nil, nil
		}
		return nil, refuse(c, r, "its custody ledger is open already, with another bundle")
	}
	if r.State == StateDecided && !r.Sealed {
		return nil, refuse(c, r, "its record is not sealed yet")
	}
	body := map[string]any{"record_seq": c.RecordHead.Seq, "record_hash": c.RecordHead.Hash}
	if c.Bundle != "" {
		if err := form.Check(c, "bundle", c.Bundle, form.Hash); err != nil {
			return nil, err
		}
		body["bundle"] = c.Bundle
		if c.Fence > 1 { // the room was taken over
			body["fence"] = c.Fence
		}
	}
	return custody(typeCustodyOpened, body), nil
}

// LogView says that Who (a staff id) looked at What, a part of the evidence.
type LogView struct{ Who, What string }

func (c LogView) decide(r *Room, now time.Time) ([]Draft, error) {
	return access(c, r, typeViewed, c.Who, c.What)
}

// LogPlay says that Who played the recording What.
type LogPlay struct{ Who, What string }

func (c LogPlay) decide(r *Room, now time.Time) ([]Draft, error) {
	return access(c, r, typePlayed, c.Who, c.What)
}

// LogDownload says that Who took What away.
type LogDownload struct{ Who, What string }

func (c LogDownload) decide(r *Room, now time.Time) ([]Draft, error) {
	return access(c, r, typeDownloaded, c.Who, c.What)
}

func access(c Command, r *Room, typ, who, what string) ([]Draft, error) {
	err := form.First(in(c, r, StateDecided, StateInReview, StateClosed, StateAborted, StateCancelled, StateNoShow, StateExpired),
		form.Check(c, "who", who, form.Code), form.Check(c, "what", what, form.ASCII))
	if err != nil {
		return nil, err
	}
	return custody(typ, map[string]any{"who": who, "what": what}), nil
}

package signaling

import (
	"time"

	"verifycall/calls/protocol"
	"verifycall/calls/views"
	"verifycall/rooms"
)

// RoomRow is a room in a list for staff.
type RoomRow struct {
	ID         string    `json:"id"`
	State      string    `json:"state"`
	Cause      string    `json:"cause"`
	At         time.Time `json:"at"`   // UTC; while invited when the room was made
	Zone       string    `json:"zone"` // the seller's
	Language   string    `json:"language"`
	SellerName string    `json:"sellerName"`
	Test       bool      `json:"test"`
	Verdict    string    `json:"verdict"`
	Reasons    []string  `json:"reasons"`
	Manager    string    `json:"manager"` // staff account's id
}

// RoomDetail is a room opened by staff.
type RoomDetail struct {
	RoomRow
	SellerMail  string                 `json:"sellerMail"`
	Application map[string]string      `json:"application"`
	Documents   []protocol.Document    `json:"documents"`
	Captures    []protocol.CaptureView `json:"captures"` // oldest first
	Sealed      bool                   `json:"sealed"`
	Bundle      string                 `json:"bundle"` // digest, hex; empty until sealed
}

// RoomBrief is a room opened by its account manager, with what is known before
// the call.
type RoomBrief struct {
	RoomDetail
	Hints   []string  `json:"hints"`   // codes of the screening, staff only
	Helper  string    `json:"helper"`  // code of who helps the seller; empty for nobody
	Earlier []Attempt `json:"earlier"` // the latest first, at most maxEarlier
}

// Attempt is an earlier room that this one goes on from.
type Attempt struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"` // UTC, of the decision
	Verdict string    `json:"verdict"`
	Reasons []string  `json:"reasons"`
}

const maxEarlier = 5

func rowOf(r *rooms.Room) RoomRow {
	if r.Damaged {
		return RoomRow{ID: r.ID, State: stateDamaged, At: r.At.UTC(), Zone: "UTC", Language: "und", Reasons: []string{}}
	}
	at := r.At
	if at.IsZero() {
		at = r.Created
	}
	return RoomRow{ID: r.ID, State: r.State, Cause: r.Cause, At: at.UTC(), Zone: r.Zone, Language: r.Language,
		SellerName: r.Text(r.SellerName), Test: r.Test, Verdict: r.Verdict, Reasons: orEmpty(r.Reasons), Manager: r.Manager}
}

// stateDamaged stands on a list for a room whose record can't be used.
const stateDamaged = "damaged"

func detailOf(r *rooms.Room) RoomDetail {
	return RoomDetail{RoomRow: rowOf(r), SellerMail: r.Text(r.SellerMail), Application: views.Application(r),
		Documents: views.Documents(r), Captures: views.Captures(r), Sealed: r.Sealed, Bundle: r.Bundle}
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

package signaling

import (
	"time"

	"verifycall/calls/protocol"
	"verifycall/rooms"
)

// RoomRow is a room in a list for staff.
type RoomRow struct {
	ID         string    `json:"id"`
	State      string    `json:"state"`
	Cause      string    `json:"cause"`
	At         time.Time `json:"at"`   // UTC
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

func rowOf(r *rooms.Room) RoomRow {
	return RoomRow{ID: r.ID, State: r.State, Cause: r.Cause, At: r.At.UTC(), Zone: r.Zone, Language: r.Language,
		SellerName: r.Text(r.SellerName), Test: r.Test, Verdict: r.Verdict, Reasons: orEmpty(r.Reasons), Manager: r.Manager}
}

func detailOf(r *rooms.Room) RoomDetail {
	d := RoomDetail{RoomRow: rowOf(r), SellerMail: r.Text(r.SellerMail), Application: make(map[string]string, len(r.Application)),
		Documents: []protocol.Document{}, Captures: []protocol.CaptureView{}, Sealed: r.Sealed, Bundle: r.Bundle}
	for field, c := range r.Application {
		d.Application[field] = r.Text(c)
	}
	for _, f := range r.Documents {
		d.Documents = append(d.Documents, protocol.Document{Kind: f.Kind, SHA256: f.SHA256, Mime: f.Mime, Width: f.Width, Height: f.Height})
	}
	for _, c := range r.Captures {
		d.Captures = append(d.Captures, protocol.CaptureView{Slot: c.Slot, SHA256: c.SHA256, Width: c.Width, Height: c.Height,
			At: c.At.UTC(), Recording: c.Recording, Frame: c.Frame})
	}
	return d
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

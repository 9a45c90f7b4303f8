package facts

import (
	"time"

	"verifycall/rooms"
)

// ClipFacts are a clip in room.json.
type ClipFacts struct {
	Slot      string    `json:"slot"`
	At        time.Time `json:"at"`
	MS        int64     `json:"ms"`
	Recording string    `json:"recording"`
	Frame     int64     `json:"frame"` // first
	Last      int64     `json:"last"`
}

func clipFacts(r *rooms.Room) []ClipFacts {
	list := []ClipFacts{}
	for _, c := range r.Clips {
		list = append(list, ClipFacts{c.Slot, c.At.UTC(), c.Until.Sub(c.At).Milliseconds(), c.Recording, c.From, c.To})
	}
	return list
}

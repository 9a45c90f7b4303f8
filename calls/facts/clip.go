package facts

import (
	"time"

	"verifycall/rooms"
)

// Clip is a clip in room.json.
type Clip struct {
	Slot      string    `json:"slot"`
	At        time.Time `json:"at"`
	MS        int64     `json:"ms"`
	Recording string    `json:"recording"`
	Frame     int64     `json:"frame"` // first
	Last      int64     `json:"last"`
}

func clipFacts(r *rooms.Room) []Clip {
	list := []Clip{}
	for _, c := range r.Clips {
		list = append(list, Clip{c.Slot, c.At.UTC(), c.Until.Sub(c.At).Milliseconds(), c.Recording, c.From, c.To})
	}
	return list
}

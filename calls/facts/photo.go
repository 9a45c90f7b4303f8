package facts

import (
	"time"

	"verifycall/rooms"
)

// Photo is a sensor photo in room.json. It isn't from the stream.
type Photo struct {
	Slot      string    `json:"slot"`
	SHA256    string    `json:"sha256"`
	Mime      string    `json:"mime"`
	Width     int       `json:"width"`
	Height    int       `json:"height"`
	Announced time.Time `json:"announced"`
	Nonce     string    `json:"nonce"`
	Frame     Capture   `json:"frame"` // the stream's at the shutter
}

func photoFacts(r *rooms.Room) []Photo {
	list := []Photo{}
	for _, p := range r.Photos {
		b := p.Beside
		list = append(list, Photo{p.Slot, p.SHA256, p.Mime, p.Width, p.Height, p.At.UTC(), p.Nonce,
			Capture{b.Slot, "frame", b.SHA256, b.FrameSHA256, b.Width, b.Height, b.At.UTC(), b.Recording, b.Frame}})
	}
	return list
}

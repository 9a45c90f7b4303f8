package facts

import (
	"time"

	"verifycall/rooms"
)

// PhotoFacts are a sensor photo in room.json. It isn't from the stream.
type PhotoFacts struct {
	Slot      string       `json:"slot"`
	SHA256    string       `json:"sha256"`
	Mime      string       `json:"mime"`
	Width     int          `json:"width"`
	Height    int          `json:"height"`
	Announced time.Time    `json:"announced"`
	Nonce     string       `json:"nonce"`
	Frame     CaptureFacts `json:"frame"` // the stream's at the shutter
}

func photoFacts(r *rooms.Room) []PhotoFacts {
	list := []PhotoFacts{}
	for _, p := range r.Photos {
		b := p.Beside
		list = append(list, PhotoFacts{p.Slot, p.SHA256, p.Mime, p.Width, p.Height, p.At.UTC(), p.Nonce,
			CaptureFacts{b.Slot, "frame", b.SHA256, b.FrameSHA256, b.Width, b.Height, b.At.UTC(), b.Recording, b.Frame}})
	}
	return list
}

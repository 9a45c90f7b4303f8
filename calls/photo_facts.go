package calls

import (
	"bytes"
	"image"
	_ "image/jpeg" // photos are of these two kinds
	_ "image/png"
	"time"

	"verifycall/calls/protocol"
	"verifycall/rooms"
)

// maxPhotoPixels bounds what is decoded of a photo: 64 megapixels.
const maxPhotoPixels = 64 << 20

// checkPhoto reads what a photo's head says. It isn't decoded: phones make 50
// megapixels, and whoever looks at it sees whether it is whole.
func checkPhoto(data []byte) (mime string, width, height int, err error) {
	config, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || config.Width < 1 || config.Height < 1 || config.Width > maxPhotoPixels/config.Height {
		return "", 0, 0, &protocol.Fault{Code: protocol.CodeNotPicture, Message: "The photo is no picture that can be read.", Err: err}
	}
	return "image/" + format, config.Width, config.Height, nil
}

// Photos gives the sensor photos of a room, oldest first, for staff.
func Photos(r *rooms.Room) []protocol.PhotoView {
	list := make([]protocol.PhotoView, 0, len(r.Photos))
	for _, p := range r.Photos {
		b := p.Beside
		list = append(list, protocol.PhotoView{Slot: p.Slot, SHA256: p.SHA256, Mime: p.Mime, Width: p.Width, Height: p.Height, At: p.At.UTC(),
			Frame: protocol.CaptureView{Slot: b.Slot, SHA256: b.SHA256, Width: b.Width, Height: b.Height, At: b.At.UTC(),
				Recording: b.Recording, Frame: b.Frame}})
	}
	return list
}

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

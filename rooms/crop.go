package rooms

import (
	"slices"
	"time"

	"verifycall/rooms/form"
)

// typeCrop is a region of a still: slot, still, x, y, width, height. It is a type of
// its own, not a kind of capture: nothing was captured.
const typeCrop = "crop"

// Bounds of a room's regions.
const (
	maxCrops = 40
	minCrop  = 16 // pixels of each edge
)

// Crop is a region of a still that somebody should look at. It has no file: it is
// the rectangle and the still's digest.
type Crop struct {
	Slot   string    `json:"slot"`  // of the still
	Still  string    `json:"still"` // SHA-256 of its file
	X      int       `json:"x"`     // pixels of the still, from its left edge
	Y      int       `json:"y"`     // from its upper edge
	Width  int       `json:"width"`
	Height int       `json:"height"`
	At     time.Time `json:"at"` // when it was marked
}

// MarkCrop marks a region of a still of the room.
type MarkCrop struct {
	Still               string
	X, Y, Width, Height int
}

func (c MarkCrop) decide(r *Room, _ time.Time) ([]Draft, error) {
	if err := form.First(in(c, r, StateLive, StateInterrupted, StateEnded), form.Check(c, "still", c.Still, form.Hash)); err != nil {
		return nil, err
	}
	at := slices.IndexFunc(r.Captures, func(each Capture) bool { return each.SHA256 == c.Still })
	if at < 0 {
		return nil, &form.InputError{Command: form.NameOf(c), Field: "still", Why: "is none of the room's"}
	}
	still := r.Captures[at]
	if c.X < 0 || c.Y < 0 || c.Width < minCrop || c.Height < minCrop || c.Width > still.Width-c.X || c.Height > still.Height-c.Y {
		return nil, &form.InputError{Command: form.NameOf(c), Field: "region", Why: "isn't within the still, or too small"}
	}
	same := Crop{Slot: still.Slot, Still: c.Still, X: c.X, Y: c.Y, Width: c.Width, Height: c.Height}
	if slices.ContainsFunc(r.Crops, func(each Crop) bool { each.At = time.Time{}; return each == same }) {
		return nil, nil
	}
	if len(r.Crops) >= maxCrops {
		return nil, refuse(c, r, "there are too many regions already")
	}
	return record(typeCrop, map[string]any{"slot": still.Slot, "still": c.Still, "x": c.X, "y": c.Y, "width": c.Width, "height": c.Height}), nil
}

func cropMarked(r *Room, at time.Time, b body) {
	r.Crops = append(r.Crops, Crop{b.text("slot"), b.text("still"), int(b.number("x")), int(b.number("y")), int(b.number("width")), int(b.number("height")), at})
}

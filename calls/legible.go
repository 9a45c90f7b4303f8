package calls

import (
	"verifycall/calls/legibility"
	"verifycall/rooms"
)

// sides are the slots that show a document's side, and what is printed there.
var sides = map[string]legibility.Side{"DOC_FRONT": legibility.Zone, "DOC_BACK": legibility.Plain}

// qualityOf measures whether a captured document can be read. A capture is kept
// whatever comes out; the console shows it. Nil for other slots, and for frames
// that can't be decoded, which verify and the page find in their own way.
func qualityOf(slot string, frame []byte) *rooms.Quality {
	side, document := sides[slot]
	if !document {
		return nil
	}
	plane, err := legibility.OfKeyFrame(frame)
	if err != nil {
		return nil
	}
	m := legibility.Measure(plane, side)
	return &rooms.Quality{Hint: string(m.Cause), Bright: m.Bright, Burnt: m.Burnt, Pitch: m.Pitch, Edge: m.Edge}
}

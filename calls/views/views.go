// Package views makes what is shown of a room out of its state. Pure.
package views

import (
	"time"

	"verifycall/calls/protocol"
	"verifycall/rooms"
)

// chatShown are the newest lines of the chat in a state.
const chatShown = 200

// Chat gives the newest lines of the chat.
func Chat(r *rooms.Room) []protocol.ChatLine {
	refs := r.Chat[max(0, len(r.Chat)-chatShown):]
	lines := make([]protocol.ChatLine, 0, len(refs))
	for _, ref := range refs {
		lines = append(lines, protocol.ChatLine{At: ref.At, From: protocol.Role(ref.From), Text: r.Text(ref.Text)})
	}
	return lines
}

// Since is when the seller was admitted, nil before.
func Since(r *rooms.Room) *time.Time {
	if r.Admitted.IsZero() {
		return nil
	}
	at := r.Admitted.UTC()
	return &at
}

// Outcome is the verdict as both sides see it, nil before there is one.
func Outcome(r *rooms.Room) *protocol.Outcome {
	if r.Verdict == "" {
		return nil
	}
	verdict, reasons, repeat, line := r.Outcome()
	return &protocol.Outcome{Verdict: verdict, Reasons: orEmpty(reasons), Repeat: orEmpty(repeat), Line: r.Text(line), Digest: r.Bundle}
}

// Application gives the opened fields of a room, for staff.
func Application(r *rooms.Room) map[string]string {
	fields := make(map[string]string, len(r.Application))
	for field, commitment := range r.Application {
		fields[field] = r.Text(commitment)
	}
	return fields
}

// Documents gives the filed pictures of a room, for staff.
func Documents(r *rooms.Room) []protocol.Document {
	list := make([]protocol.Document, 0, len(r.Documents))
	for _, d := range r.Documents {
		list = append(list, protocol.Document{Kind: d.Kind, SHA256: d.SHA256, Mime: d.Mime, Width: d.Width, Height: d.Height})
	}
	return list
}

// Captures gives the stills of a room, oldest first, for staff.
func Captures(r *rooms.Room) []protocol.CaptureView {
	list := make([]protocol.CaptureView, 0, len(r.Captures))
	for _, c := range r.Captures {
		list = append(list, protocol.CaptureView{Slot: c.Slot, SHA256: c.SHA256, Width: c.Width, Height: c.Height,
			At: c.At.UTC(), Recording: c.Recording, Frame: c.Frame, Hint: Hint(c.Quality), Legible: legibleOf(c.Quality)})
	}
	return list
}

func legibleOf(q *rooms.Quality) *protocol.Legible {
	if q == nil {
		return nil
	}
	return &protocol.Legible{Bright: q.Bright, Burnt: q.Burnt, Edge: q.Edge}
}

// Hint is what hinders reading a captured document, empty where nothing does or it wasn't measured.
func Hint(q *rooms.Quality) string {
	if q == nil {
		return ""
	}
	return q.Hint
}

// Clips gives the clips of a room, oldest first, for staff.
func Clips(r *rooms.Room) []protocol.ClipView {
	list := make([]protocol.ClipView, 0, len(r.Clips))
	for _, c := range r.Clips {
		list = append(list, protocol.ClipView{Slot: c.Slot, At: c.At.UTC(), MS: c.Until.Sub(c.At).Milliseconds(),
			Recording: c.Recording, From: c.From, To: c.To})
	}
	return list
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

// Crops gives the marked regions of a room's stills, oldest first, for staff; they
// are in room.json too.
func Crops(r *rooms.Room) []protocol.CropView {
	list := make([]protocol.CropView, 0, len(r.Crops))
	for _, c := range r.Crops {
		list = append(list, protocol.CropView{Slot: c.Slot, Still: c.Still, X: c.X, Y: c.Y, Width: c.Width, Height: c.Height, At: c.At.UTC()})
	}
	return list
}

// Strip takes out of a seller's view what the link alone doesn't open after the
// call: names, words, steps, the type of the document. The outcome stays.
func Strip(v *protocol.State) {
	v.Room.Document, v.Room.Format = "", ""
	v.You.Name, v.Chat, v.Steps, v.Step = "", []protocol.ChatLine{}, []protocol.StepView{}, ""
	if v.Peer != nil {
		v.Peer.Name = ""
	}
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

package rooms

import (
	"time"

	"verifycall/rooms/form"
)

// Kinds of captures, as the ledger names them.
const (
	captureFrame = "frame" // byte for byte a key frame of the recording
	captureClip  = "clip"  // a stretch of the recording
	capturePhoto = "photo" // of the sensor, not from the stream
)

// Clip is a stretch of a recording, from a key frame to a key frame, both in it:
// so it can be cut out, and both of its ends can be proven.
type Clip struct {
	Slot       string    `json:"slot"`
	Recording  string    `json:"recording"` // id
	From       int64     `json:"from"`      // number of the first frame in the recording's frame index
	To         int64     `json:"to"`        // of the last
	FromSHA256 string    `json:"fromSHA256"`
	ToSHA256   string    `json:"toSHA256"`
	FromRTP    uint32    `json:"fromRTP"`
	ToRTP      uint32    `json:"toRTP"`
	At         time.Time `json:"at"`    // arrival of the first
	Until      time.Time `json:"until"` // arrival of the last
}

// Announcement is what a seller's page said of a photo before it sent it.
type Announcement struct {
	Slot   string    `json:"slot"`
	Nonce  string    `json:"nonce"`  // the server's, 128 bits, hex
	SHA256 string    `json:"sha256"` // of the bytes to come
	Size   int64     `json:"size"`
	At     time.Time `json:"at"`
}

// Photo is a photo of the sensor that was announced on the live connection. It
// shows when and where it was announced, not that a camera took it. Beside is
// the stream's frame at the shutter.
type Photo struct {
	Announcement
	Mime   string  `json:"mime"`
	Width  int     `json:"width"`
	Height int     `json:"height"`
	Beside Capture `json:"beside"`
}

// TakeClip puts a stretch of the recording into a slot.
type TakeClip struct{ Clip }

func (c TakeClip) decide(r *Room, now time.Time) ([]Draft, error) {
	err := form.First(in(c, r, StateLive, StateInterrupted), form.OneOf(c, "slot", c.Slot, Slots...), agreed(c, r, Seller),
		form.Check(c, "digest", c.FromSHA256, form.Hash), form.Check(c, "digest", c.ToSHA256, form.Hash),
		form.Check(c, "recording", c.Recording, form.Code))
	if err != nil {
		return nil, err
	}
	if c.From < 1 || c.To <= c.From {
		return nil, &form.InputError{Command: form.NameOf(c), Field: "frames", Why: "don't go forward"}
	}
	return record(typeCapture, map[string]any{
		"kind": captureClip, "slot": c.Slot, "recording": c.Recording, "frame": c.From, "last": c.To,
		"frame_sha256": c.FromSHA256, "last_sha256": c.ToSHA256, "rtp": c.FromRTP, "last_rtp": c.ToRTP,
		"taken": stamp(c.Clip.At), "until": stamp(c.Until),
	}), nil
}

// AnnouncePhoto writes down what a photo's digest will be, before it comes.
// Another one that was announced and has not come is given up by it.
type AnnouncePhoto struct{ Announcement }

func (c AnnouncePhoto) decide(r *Room, now time.Time) ([]Draft, error) {
	err := form.First(in(c, r, StateLive), form.OneOf(c, "slot", c.Slot, Slots...), agreed(c, r, Seller),
		form.Check(c, "nonce", c.Nonce, form.Nonce), form.Check(c, "digest", c.SHA256, form.Hash))
	if err != nil {
		return nil, err
	}
	if c.Size < 1 {
		return nil, &form.InputError{Command: form.NameOf(c), Field: "size", Why: "is none"}
	}
	return record(typeAnnounced, map[string]any{"nonce": c.Nonce, "slot": c.Slot, "sha256": c.SHA256, "size": c.Size}), nil
}

// TakePhoto puts the announced photo into its slot; another is refused.
type TakePhoto struct{ Photo }

func (c TakePhoto) decide(r *Room, now time.Time) ([]Draft, error) {
	b := c.Beside
	err := form.First(in(c, r, StateLive, StateInterrupted), agreed(c, r, Seller), form.OneOf(c, "type", c.Mime, "image/jpeg", "image/png"),
		form.Check(c, "digest", b.SHA256, form.Hash), form.Check(c, "frame digest", b.FrameSHA256, form.Hash), form.Check(c, "recording", b.Recording, form.Code))
	if err != nil {
		return nil, err
	}
	a := r.Awaited
	if a == nil || a.Nonce != c.Nonce || a.SHA256 != c.SHA256 || a.Size != c.Size || a.Slot != c.Slot {
		return nil, refuse(c, r, "this photo was not announced")
	}
	return record(typeCapture, map[string]any{
		"kind": capturePhoto, "slot": a.Slot, "nonce": a.Nonce, "sha256": a.SHA256, "size": a.Size, "announced": stamp(a.At),
		"mime": c.Mime, "width": c.Width, "height": c.Height,
		"still": b.SHA256, "frame_sha256": b.FrameSHA256, "frame_width": b.Width, "frame_height": b.Height, "rtp": b.RTP,
		"taken": stamp(b.At), "recording": b.Recording, "frame": b.Frame,
	}), nil
}

// captureKindTaken folds an entry of a capture by its kind.
func captureKindTaken(r *Room, at time.Time, b body) {
	switch b.text("kind") {
	case captureClip:
		r.Clips = append(r.Clips, Clip{Slot: b.text("slot"), Recording: b.text("recording"), From: b.number("frame"), To: b.number("last"),
			FromSHA256: b.text("frame_sha256"), ToSHA256: b.text("last_sha256"), FromRTP: uint32(b.number("rtp")), ToRTP: uint32(b.number("last_rtp")),
			At: b.time("taken"), Until: b.time("until")})
	case capturePhoto:
		r.Awaited = nil
		r.Photos = append(r.Photos, Photo{
			Announcement: Announcement{Slot: b.text("slot"), Nonce: b.text("nonce"), SHA256: b.text("sha256"), Size: b.number("size"), At: b.time("announced")},
			Mime:         b.text("mime"), Width: int(b.number("width")), Height: int(b.number("height")),
			Beside: Capture{Slot: b.text("slot"), SHA256: b.text("still"), FrameSHA256: b.text("frame_sha256"),
				Width: int(b.number("frame_width")), Height: int(b.number("frame_height")), RTP: uint32(b.number("rtp")),
				At: b.time("taken"), Recording: b.text("recording"), Frame: b.number("frame")},
		})
	default:
		captureTaken(r, at, b)
	}
}

func photoAnnounced(r *Room, at time.Time, b body) {
	r.Awaited = &Announcement{b.text("slot"), b.text("nonce"), b.text("sha256"), b.number("size"), at}
}

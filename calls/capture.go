package calls

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"verifycall/calls/depot"
	"verifycall/calls/protocol"
	"verifycall/calls/views"
	"verifycall/media"
	"verifycall/recorder"
	"verifycall/recorder/webp"
	"verifycall/rooms"
)

// onCapture asks the seller's browser for a key frame and takes the first
// complete one that began after now: the very bytes the browser sent.
func (c *Call) onCapture(seat *Seat, id, slot string) error {
	rec, source, err := c.sellerPicture()
	if err != nil {
		return err
	}
	ctx, after, parts := c.house.ctx, time.Now(), c.parts
	deadline := c.captureDeadline()
	c.job(func() event {
		still, err := c.house.take(ctx, c.id, rec, source, after, deadline)
		if err == nil {
			still.quality = qualityOf(slot, still.frame.Data)
			parts.Follow(ctx)
		}
		return captured{seat, id, slot, rec.ID(), still, after, err}
	})
	return nil
}

func notStored(err error) error {
	if err == nil {
		return nil
	}
	return &protocol.Fault{Code: protocol.CodeNotStored, Message: "The picture could not be stored. Try again.", Err: err}
}

// A key frame of 1280×720 has 80 kB at most; a poor uplink takes four times the
// time of its bytes: for what else is sent, what is lost, and the key frame that
// is under way already.
const (
	keyFrameBits   = 8 * 80_000
	captureLongest = 15 * time.Second
)

// captureDeadline of a picture from the seller, who has a transport.
func (c *Call) captureDeadline() time.Duration {
	return captureDeadline(c.house.cfg.Deadline, c.seller.transport.Uplink())
}

// captureDeadline is how long a capture may take on an uplink of so many kbit/s.
func captureDeadline(least time.Duration, uplink int) time.Duration {
	if uplink <= 0 {
		return max(least, captureLongest)
	}
	return max(least, min(4*keyFrameBits*time.Second/time.Duration(1000*uplink), captureLongest))
}

type still struct {
	frame  recorder.Frame
	digest string // of the picture file
	width  int
	height int

	quality *rooms.Quality // of a document's side
}

// take waits for the key frame and stores it as a picture.
func (h *House) take(ctx context.Context, room string, rec *recorder.Recording, source *media.Receiver, after time.Time, deadline time.Duration) (still, error) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	frame, err := nextKeyFrame(ctx, rec, source, after)
	if err != nil {
		return still{}, err
	}
	picture, w, ht, err := webp.Wrap(frame.Data)
	if err != nil {
		return still{}, fmt.Errorf("wrap frame %d: %w", frame.N, err)
	}
	digest := digestOf(picture)
	if err := h.depot.Keep(context.WithoutCancel(ctx), room, depot.StillName(room, digest), picture); err != nil {
		return still{}, notStored(err)
	}
	return still{frame: frame, digest: digest, width: w, height: ht}, nil
}

// nextKeyFrame asks again every second, since a request can be lost.
func nextKeyFrame(ctx context.Context, rec *recorder.Recording, source *media.Receiver, after time.Time) (recorder.Frame, error) {
	for {
		source.RequestKeyFrame()
		second, cancel := context.WithTimeout(ctx, time.Second)
		frame, err := rec.KeyFrame(second, after)
		cancel()
		switch {
		case err == nil || !errors.Is(err, context.DeadlineExceeded):
			return frame, err
		case ctx.Err() != nil:
			return frame, &protocol.Fault{Code: protocol.CodeNoKeyFrame, Message: "No complete picture arrived in time. Try again.", Err: err}
		}
	}
}

// captured brings the still of a capture, or why there is none.
type captured struct {
	seat      *Seat
	id, slot  string
	recording string
	still     still
	asked     time.Time
	err       error
}

func (e captured) apply(ctx context.Context, c *Call) {
	if e.err != nil {
		c.house.cfg.Metrics.captured(e.asked, e.err)
		c.log.Warn("no capture", "slot", e.slot, "err", e.err)
		e.seat.refuse(e.id, e.err)
		return
	}
	f := e.still.frame
	err := c.command(ctx, e.seat.actor(), rooms.TakeCapture{Capture: rooms.Capture{
		Slot: e.slot, SHA256: e.still.digest, FrameSHA256: f.SHA256,
		Width: e.still.width, Height: e.still.height, RTP: f.RTP, At: f.At.UTC(),
		Recording: e.recording, Frame: f.N, Quality: e.still.quality,
	}})
	c.house.cfg.Metrics.captured(e.asked, err)
	if err != nil {
		e.seat.refuse(e.id, err)
		return
	}
	c.log.Info("captured", "slot", e.slot, "width", e.still.width, "height", e.still.height, "hint", views.Hint(e.still.quality))
	e.seat.send(e.id, &protocol.OK{})
}

func digestOf(picture []byte) string {
	sum := sha256.Sum256(picture)
	return hex.EncodeToString(sum[:])
}

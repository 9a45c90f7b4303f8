package calls

import (
	"context"
	"errors"
	"time"

	"golang.org/x/time/rate"

	"verifycall/calls/protocol"
	"verifycall/media"
	"verifycall/recorder"
	"verifycall/rooms"
)

// clipSpan is how long a clip is at least; it ends with the key frame after.
const clipSpan = 5 * time.Second

// Captures that a call takes: each waits for a key frame that the seller's uplink
// has to bear.
const (
	captureRate  = rate.Limit(1) // a second
	captureBurst = 30
)

// onCaptureKind begins a capture by its kind; the answer is nil when it follows.
func (c *Call) onCaptureKind(seat *Seat, id string, msg *protocol.Capture) (protocol.ServerMessage, error) {
	if !c.captures.Allow() {
		return nil, protocol.Faultf(protocol.CodeTooMany, "That were too many pictures in a short time. Wait a moment.")
	}
	switch msg.Kind {
	case "clip":
		return nil, c.onClip(seat, id, msg.Slot)
	case "photo":
		return &protocol.OK{}, c.onPhoto(msg.Slot)
	}
	return nil, c.onCapture(seat, id, msg.Slot)
}

// onClip marks a stretch of the seller's recording, from a key frame to a key
// frame. Nothing is copied: a clip is a reference.
func (c *Call) onClip(seat *Seat, id, slot string) error {
	rec, source, err := c.sellerPicture()
	if err != nil {
		return err
	}
	if c.clipping {
		return protocol.Faultf(protocol.CodeConflict, "A clip is being taken already.")
	}
	c.clipping = true
	ctx, deadline, after, parts := c.house.ctx, c.house.cfg.Deadline, time.Now(), c.parts
	c.job(func() event {
		first, last, err := takeClip(ctx, rec, source, after, deadline)
		if err == nil {
			parts.Follow(ctx)
		}
		return clipped{seat, id, slot, rec.ID(), first, last, err}
	})
	return nil
}

// sellerPicture gives the recording of the seller's picture and its source, if
// the call is live and it arrives.
func (c *Call) sellerPicture() (*recorder.Recording, *media.Receiver, error) {
	if c.room.State != rooms.StateLive {
		return nil, nil, protocol.Faultf(protocol.CodeWrongState, "Pictures can be taken while the call is live.")
	}
	s := &c.seller
	if s.recording == nil || s.tapped[media.Video] == nil {
		return nil, nil, protocol.Faultf(protocol.CodeNoVideo, "No picture arrives from the seller's camera at the moment.")
	}
	return s.recording, s.tapped[media.Video], nil
}

// takeClip waits for the key frame at each end.
func takeClip(ctx context.Context, rec *recorder.Recording, source *media.Receiver, after time.Time, deadline time.Duration) (first, last recorder.Frame, err error) {
	first, err = keyFrameWithin(ctx, rec, source, after, deadline)
	if err != nil {
		return first, last, err
	}
	end := first.At.Add(clipSpan)
	select {
	case <-time.After(time.Until(end)):
	case <-ctx.Done():
		return first, last, context.Cause(ctx)
	}
	last, err = keyFrameWithin(ctx, rec, source, end, deadline)
	return first, last, err
}

func keyFrameWithin(ctx context.Context, rec *recorder.Recording, source *media.Receiver, after time.Time, deadline time.Duration) (recorder.Frame, error) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	frame, err := nextKeyFrame(ctx, rec, source, after)
	if errors.Is(err, recorder.ErrStopped) {
		err = &protocol.Fault{Code: protocol.CodeNoVideo, Message: "The seller's connection was lost meanwhile. Try again.", Err: err}
	}
	return frame, err
}

// clipped brings the ends of a clip, or why there is none.
type clipped struct {
	seat        *Seat
	id, slot    string
	recording   string
	first, last recorder.Frame
	err         error
}

func (e clipped) apply(ctx context.Context, c *Call) {
	c.clipping = false
	err := e.err
	if err == nil {
		err = c.command(ctx, e.seat.actor(), rooms.TakeClip{Clip: rooms.Clip{
			Slot: e.slot, Recording: e.recording, From: e.first.N, To: e.last.N, FromSHA256: e.first.SHA256, ToSHA256: e.last.SHA256,
			FromRTP: e.first.RTP, ToRTP: e.last.RTP, At: e.first.At.UTC(), Until: e.last.At.UTC(),
		}})
	}
	if err != nil {
		c.log.Warn("no clip", "slot", e.slot, "err", err)
		e.seat.refuse(e.id, err)
		return
	}
	c.log.Info("clip taken", "slot", e.slot, "frames", e.last.N-e.first.N+1)
	e.seat.send(e.id, &protocol.OK{})
}

package recorder

import (
	"context"
	"time"

	"github.com/pion/rtp"
)

// Recording keeps what one participant sends on one connection.
type Recording struct{ birth birth }

func newRecording(cfg Config, b birth, dir string) *Recording { return &Recording{b} }

// ID is the recording's name within the room.
func (rec *Recording) ID() string { return rec.birth.ID }

// Tap gives the way in for the packets of a track.
func (rec *Recording) Tap(kind string, clockRate uint32) *Tap { return &Tap{} }

// KeyFrame waits for the first key frame after a time.
func (rec *Recording) KeyFrame(ctx context.Context, after time.Time) (Frame, error) {
	<-ctx.Done()
	return Frame{}, ctx.Err()
}

// Status says how the recording goes.
func (rec *Recording) Status() Status { return Status{} }

// Stop ends the recording.
func (rec *Recording) Stop(cause string) error { return nil }

// Tap takes the packets of one published track.
type Tap struct{}

// WriteRTP copies a packet into the queue.
func (t *Tap) WriteRTP(pkt *rtp.Packet, arrival time.Time) {}

// WriteSenderReport notes an RTCP sender report.
func (t *Tap) WriteSenderReport(ntp uint64, rtpTime uint32, arrival time.Time) {}

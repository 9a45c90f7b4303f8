package recorder

import (
	"errors"
	"fmt"
	"time"

	"github.com/pion/rtp/codecs"

	"verifycall/recorder/webp"
)

// Packet is one RTP packet on its way to becoming part of a frame.
type Packet struct {
	Seq       uint16
	Timestamp uint32
	Marker    bool
	Payload   []byte
	Arrival   time.Time
	Dropped   bool // packets that arrived just before this one were thrown away for want of room

	body  []byte // of the frame
	start bool   // of a frame
	home  *chunk // that Payload lies in; nil for one of its own
}

// errPayload is what depacketize returns for a payload that is none.
var errPayload = errors.New("malformed RTP payload")

// depacketize fills body and start. A packet that only pads has no body.
func (p *Packet) depacketize(kind string) error {
	if len(p.Payload) == 0 {
		return nil
	}
	if kind == Audio {
		p.body, p.start = p.Payload, true
		return nil
	}
	var vp8 codecs.VP8Packet // RFC 7741 section 4.2
	body, err := vp8.Unmarshal(p.Payload)
	if err != nil {
		return fmt.Errorf("%w: %w", errPayload, err)
	}
	p.body, p.start = body, vp8.S == 1 && vp8.PID == 0 && len(body) > 0
	return nil
}

// vp8Header says whether a complete VP8 frame is a key frame, and its size in
// pixels if so. Frames that no decoder would take are errors.
func vp8Header(frame []byte) (key webp.KeyFrame, isKey bool, err error) {
	if len(frame) < 3 {
		return key, false, fmt.Errorf("VP8 frame of %d bytes", len(frame))
	}
	if frame[0]&1 == 1 { // RFC 6386 section 9.1
		return key, false, nil
	}
	key, err = webp.ParseKeyFrame(frame)
	return key, err == nil, err
}

// opusDuration is the length of an Opus packet in milliseconds, rounded up
// (RFC 6716 section 3.1); 0 for a packet that doesn't say.
func opusDuration(packet []byte) int64 {
	if len(packet) == 0 {
		return 0
	}
	toc := packet[0]
	var tenths int64 // of a millisecond, per Opus frame
	switch config := toc >> 3; {
	case config < 12: // SILK
		tenths = [...]int64{100, 200, 400, 600}[config&3]
	case config < 16: // hybrid
		tenths = [...]int64{100, 200}[config&1]
	default: // CELT
		tenths = [...]int64{25, 50, 100, 200}[config&3]
	}
	frames := int64(1)
	switch toc & 3 {
	case 1, 2:
		frames = 2
	case 3:
		if len(packet) < 2 {
			return 0
		}
		frames = int64(packet[1] & 0x3F)
	}
	return min((tenths*frames+9)/10, 120)
}

package media

import (
	"time"

	"github.com/pion/rtp"

	"verifycall/media/lean"
	"verifycall/media/vp8"
)

// maxPacket is the largest RTP packet that is read, in bytes: an Ethernet
// frame's worth. Browsers send at most 1200.
const maxPacket = 1500

// maxDatagram is the largest packet that the socket takes, in bytes: ICE and
// DTLS may use more than RTP does.
const maxDatagram = 8192

// outgoing is the room for one forwarded packet; each Receiver has one, so that
// forwarding allocates nothing.
type outgoing struct {
	header  rtp.Header
	payload []byte // the source's own, or a part of scratch where it was changed
	scratch [maxPacket]byte
	batch   *lean.Batch // to send it with, nil on pion's path and where it goes alone

	number     [2]byte // the transport-wide one, in extensions
	extensions [1]rtp.Extension
}

// forwarder rewrites the packets of changing sources into one stream that
// looks to its receiver as if it came from one encoder: sequence numbers,
// timestamps and VP8 picture ids go on where the source before left off, and
// video starts at a key frame. What a source loses stays a gap, so that the
// receiver's NACK can ask for it. Pure; owned by one downTrack.
type forwarder struct {
	kind      Kind
	clockRate uint32

	began   bool // something has been forwarded, by any source
	waiting bool // for the current source's first packet or key frame
	aligned bool // tsOffset is right for the current source already

	lowest, highest int64  // sequence numbers of the source, unwrapped; below lowest is dropped
	seqOffset       uint16 // added to the source's
	tsOffset        uint32
	vp8Offset       vp8.Numbers

	nextSeq uint16      // to send first, while !began
	lastTS  uint32      // sent with the packet of the highest number
	lastAt  time.Time   // when that one came
	lastVP8 vp8.Numbers // sent with that one
}

// newForwarder makes one whose first packet gets the sequence number seq. It
// waits for its first source.
func newForwarder(kind Kind, clockRate uint32, seq uint16) forwarder {
	return forwarder{kind: kind, clockRate: clockRate, nextSeq: seq, waiting: true}
}

// switchSource says that the next packets come from another source.
func (f *forwarder) switchSource() { f.waiting, f.aligned = true, false }

// switchLayer is switchSource to another layer of the same picture, whose RTP
// time is ahead of the current one's by so much.
func (f *forwarder) switchLayer(ahead uint32) {
	f.waiting, f.aligned = true, true
	f.tsOffset -= ahead
}

// forward writes into out what pkt becomes; false means that it isn't to be
// sent. pkt stays as it is. out.header gets neither SSRC nor payload type.
func (f *forwarder) forward(pkt *rtp.Packet, now time.Time, out *outgoing) bool {
	var d vp8.Descriptor
	if f.kind == Video && len(pkt.Payload) > 0 { // an empty one is padding, forwarded to keep the numbers whole
		var err error
		if d, err = vp8.Parse(pkt.Payload); err != nil {
			return false
		}
	}
	if f.waiting {
		if f.kind == Video && !d.KeyFrame {
			return false
		}
		f.begin(pkt, &d, now)
	}
	ext := f.highest + int64(int16(pkt.SequenceNumber-uint16(f.highest)))
	if ext < f.lowest { // from before the switch
		return false
	}
	out.header = rtp.Header{
		Version:        2,
		Marker:         pkt.Marker,
		SequenceNumber: pkt.SequenceNumber + f.seqOffset,
		Timestamp:      pkt.Timestamp + f.tsOffset,
	}
	out.payload = f.rewrite(pkt.Payload, &d, out)
	if ext >= f.highest {
		f.highest = ext
		f.lastTS, f.lastAt = out.header.Timestamp, now
		if d.Size > 0 {
			f.lastVP8 = d.Numbers(out.payload)
		}
	}
	return true
}

// begin joins a new source, whose first packet is pkt, to what was sent before.
func (f *forwarder) begin(pkt *rtp.Packet, d *vp8.Descriptor, now time.Time) {
	f.waiting = false
	if f.began {
		f.nextSeq = uint16(f.highest) + f.seqOffset + 1
		if step := int32(pkt.Timestamp + f.tsOffset - f.lastTS); !f.aligned || step <= 0 || step > int32(f.clockRate) {
			f.tsOffset = f.lastTS + f.gap(now) - pkt.Timestamp
		}
		source := d.Numbers(pkt.Payload)
		f.vp8Offset = vp8.Numbers{
			Picture:  f.lastVP8.Picture + 1 - source.Picture,
			TL0:      f.lastVP8.TL0 + 1 - source.TL0,
			KeyIndex: f.lastVP8.KeyIndex + 1 - source.KeyIndex,
		}
	}
	f.began = true
	f.seqOffset = f.nextSeq - pkt.SequenceNumber
	f.lowest, f.highest = int64(pkt.SequenceNumber), int64(pkt.SequenceNumber)
}

// gap is the RTP time since the last packet sent, at least one frame.
func (f *forwarder) gap(now time.Time) uint32 {
	ticks := int64(now.Sub(f.lastAt).Seconds() * float64(f.clockRate))
	frame := int64(f.clockRate) / 50 // 20 ms of Opus
	if f.kind == Video {
		frame = int64(f.clockRate) / 30
	}
	return uint32(max(ticks, frame))
}

// rewrite gives the payload with its running numbers moved. Nothing is copied
// as long as the first source lasts.
func (f *forwarder) rewrite(payload []byte, d *vp8.Descriptor, out *outgoing) []byte {
	if f.vp8Offset == (vp8.Numbers{}) || d.Size == 0 || len(payload) > len(out.scratch) {
		return payload
	}
	copied := out.scratch[:copy(out.scratch[:], payload)]
	d.Add(copied, f.vp8Offset)
	return copied
}

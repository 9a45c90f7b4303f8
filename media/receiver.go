package media

import (
	"time"

	"github.com/pion/rtp"
)

// Tap sees every packet of a Receiver, repaired ones included, in the order of
// arrival. Its methods are called from the Receiver's goroutine and must not
// block.
type Tap interface {
	// WriteRTP gets a packet; it and its payload are valid during the call only
	// and must not be changed.
	WriteRTP(pkt *rtp.Packet, arrival time.Time)
	// WriteSenderReport gets the publisher's clock mapping (RFC 3550 section
	// 6.4.1): an NTP time in 32.32 fixed point and the RTP time of that moment.
	WriteSenderReport(ntp uint64, rtpTime uint32, arrival time.Time)
}

// Stats of a Receiver since its start.
type Stats struct {
	Packets, Bytes uint64
	// Lost counts sequence numbers that came neither first hand nor by repair.
	Lost uint64
	// RTT is the round trip to the publisher, 0 while unknown.
	RTT time.Duration
}

// Receiver reads one published track.
type Receiver struct{}

// Kind of the track.
func (r *Receiver) Kind() Kind { return "" }

// SSRC of the track as published.
func (r *Receiver) SSRC() uint32 { return 0 }

// ClockRate of the track's RTP time, in Hz.
func (r *Receiver) ClockRate() uint32 { return 0 }

// RequestKeyFrame asks the publisher for a key frame. Requests are merged and
// spaced; nothing happens on audio.
func (r *Receiver) RequestKeyFrame() {}

// SetTap replaces the tap; nil removes it. When it returns, the last call into
// the old tap has returned. Not to be called from within a tap.
func (r *Receiver) SetTap(tap Tap) {}

// Stats since the track's start.
func (r *Receiver) Stats() Stats { return Stats{} }

package vp8

import (
	"encoding/binary"
	"time"
)

// Pictures follow the frames of one video track as they begin to arrive: how many,
// how large, and how long the picture stood still. Pure; owned by one Receiver.
// The zero value is ready.
type Pictures struct {
	Frames        uint64
	Width, Height int // of the last key frame
	newest        uint32
	at            time.Time     // when the newest frame began
	interval      time.Duration // mean between frames, over some 30 of them
	Frozen        time.Duration // sum of the stillstands

	keyTime            uint32 // RTP time of the last key frame
	keyBegan, keyEnded time.Time
}

// A stillstand is an interval over three times the mean, and 150 ms over it, as
// freezeCount of W3C's webrtc-stats has it.
const (
	frozenTimes = 3
	frozenOver  = 150 * time.Millisecond
	meanOf      = 30
)

// Packet takes each packet once, in the order of arrival.
func (f *Pictures) Packet(timestamp uint32, payload []byte, key bool, now time.Time) {
	if key {
		if w, h, ok := keyFrameSize(payload); ok {
			f.Width, f.Height = w, h
		}
		f.keyTime, f.keyBegan = timestamp, now
	}
	if timestamp == f.keyTime {
		f.keyEnded = now
	}
	if f.Frames > 0 && int32(timestamp-f.newest) <= 0 {
		return // another packet of a frame that is known
	}
	if f.Frames > 0 {
		since := now.Sub(f.at)
		if f.Frames > 1 && since > max(frozenTimes*f.interval, f.interval+frozenOver) {
			f.Frozen += since
		}
		if f.Frames == 1 {
			f.interval = since
		}
		f.interval += (since - f.interval) / time.Duration(min(f.Frames, meanOf))
	}
	f.Frames++
	f.newest, f.at = timestamp, now
}

// KeyTook is how long the last key frame took to arrive so far, repairs included.
func (f *Pictures) KeyTook() time.Duration {
	if f.keyBegan.IsZero() {
		return 0
	}
	return f.keyEnded.Sub(f.keyBegan)
}

// keyFrameSize reads a key frame's size out of its first packet's payload
// (RFC 6386 section 9.1).
func keyFrameSize(payload []byte) (width, height int, ok bool) {
	d, err := Parse(payload)
	if err != nil || !d.KeyFrame || len(payload) < d.Size+10 {
		return 0, 0, false
	}
	head := payload[d.Size:]
	if head[3] != 0x9d || head[4] != 0x01 || head[5] != 0x2a {
		return 0, 0, false
	}
	return int(binary.LittleEndian.Uint16(head[6:]) & 0x3fff), int(binary.LittleEndian.Uint16(head[8:]) & 0x3fff), true
}

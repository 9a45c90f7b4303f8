// Package vp8 reads and rewrites what forwarding needs of VP8 in RTP (RFC 7741): the
// payload descriptor's numbers, where key frames begin, and the frames' pace. Pure;
// no picture is decoded.
package vp8

import (
	"encoding/binary"
	"errors"
)

// errTruncated says that a payload doesn't start with a whole VP8 payload descriptor.
var errTruncated = errors.New("vp8: truncated payload descriptor")

// Descriptor is the VP8 payload descriptor of one packet (RFC 7741 section
// 4.2), with the places of the fields that forwarding rewrites. A place of 0
// means that the field is absent: byte 0 is never one of them.
type Descriptor struct {
	Size int // bytes before the VP8 payload itself

	pictureAt   int  // place of PictureID
	pictureLong bool // 15 bits in two bytes rather than 7 in one

	tl0At int // place of TL0PICIDX, 8 bits

	keyIndexAt int // place of the byte with KEYIDX in its low 5 bits

	// KeyFrame: this packet holds the start of a key frame.
	KeyFrame bool
}

// Parse reads the descriptor of a payload. Error: errTruncated.
func Parse(payload []byte) (Descriptor, error) {
	var d Descriptor
	if len(payload) < 1 {
		return d, errTruncated
	}
	first := payload[0]
	d.Size = 1
	if first&0x80 != 0 { // X
		if err := d.parseExtension(payload); err != nil {
			return d, err
		}
	}
	// S set and PID 0: the first bytes of the frame, whose inverse key frame
	// flag P is the lowest bit (RFC 7741 section 4.3).
	if first&0x17 == 0x10 && len(payload) > d.Size {
		d.KeyFrame = payload[d.Size]&0x01 == 0
	}
	return d, nil
}

// parseExtension reads the fields that the X bit announces.
func (d *Descriptor) parseExtension(payload []byte) error {
	if len(payload) < 2 {
		return errTruncated
	}
	flags := payload[1]
	d.Size = 2
	if flags&0x80 != 0 { // I
		if len(payload) <= d.Size {
			return errTruncated
		}
		d.pictureAt = d.Size
		d.pictureLong = payload[d.Size]&0x80 != 0
		d.Size++
		if d.pictureLong {
			d.Size++
		}
	}
	if flags&0x40 != 0 { // L
		d.tl0At = d.Size
		d.Size++
	}
	if flags&0x30 != 0 { // T or K
		if flags&0x10 != 0 {
			d.keyIndexAt = d.Size
		}
		d.Size++
	}
	if len(payload) < d.Size {
		return errTruncated
	}
	return nil
}

// Numbers are the running numbers of a VP8 stream: as offsets what to add
// to a source's, as a state the last ones sent.
type Numbers struct {
	Picture  uint16 // modulo 2^15, or 2^7 where the source sends 7 bits
	TL0      uint8
	KeyIndex uint8 // modulo 2^5
}

// Numbers that payload carries where d says; absent fields are 0.
func (d *Descriptor) Numbers(payload []byte) Numbers {
	var n Numbers
	switch {
	case d.pictureAt == 0:
	case d.pictureLong:
		n.Picture = binary.BigEndian.Uint16(payload[d.pictureAt:]) & 0x7fff
	default:
		n.Picture = uint16(payload[d.pictureAt])
	}
	if d.tl0At != 0 {
		n.TL0 = payload[d.tl0At]
	}
	if d.keyIndexAt != 0 {
		n.KeyIndex = payload[d.keyIndexAt] & 0x1f
	}
	return n
}

// Add moves the numbers in payload by offset. payload must be the one that was
// parsed or a copy of it.
func (d *Descriptor) Add(payload []byte, offset Numbers) {
	picture := d.Numbers(payload).Picture + offset.Picture
	switch {
	case d.pictureAt == 0:
	case d.pictureLong:
		binary.BigEndian.PutUint16(payload[d.pictureAt:], 0x8000|picture)
	default:
		payload[d.pictureAt] = byte(picture) & 0x7f
	}
	if d.tl0At != 0 {
		payload[d.tl0At] += offset.TL0
	}
	if d.keyIndexAt != 0 {
		b := payload[d.keyIndexAt]
		payload[d.keyIndexAt] = b&^0x1f | (b+offset.KeyIndex)&0x1f
	}
}

package media

import (
	"encoding/binary"
	"errors"
)

// errVP8 says that a payload doesn't start with a whole VP8 payload descriptor.
var errVP8 = errors.New("media: truncated VP8 payload descriptor")

// vp8Descriptor is the VP8 payload descriptor of one packet (RFC 7741 section
// 4.2), with the places of the fields that forwarding rewrites. A place of 0
// means that the field is absent: byte 0 is never one of them.
type vp8Descriptor struct {
	size int // bytes before the VP8 payload itself

	pictureAt   int  // place of PictureID
	pictureLong bool // 15 bits in two bytes rather than 7 in one

	tl0At int // place of TL0PICIDX, 8 bits

	keyIndexAt int // place of the byte with KEYIDX in its low 5 bits

	// keyFrame: this packet holds the start of a key frame.
	keyFrame bool
}

// parseVP8 reads the descriptor of a payload. Error: errVP8.
func parseVP8(payload []byte) (vp8Descriptor, error) {
	var d vp8Descriptor
	if len(payload) < 1 {
		return d, errVP8
	}
	first := payload[0]
	d.size = 1
	if first&0x80 != 0 { // X
		if err := d.parseExtension(payload); err != nil {
			return d, err
		}
	}
	// S set and PID 0: the first bytes of the frame, whose inverse key frame
	// flag P is the lowest bit (RFC 7741 section 4.3).
	if first&0x17 == 0x10 && len(payload) > d.size {
		d.keyFrame = payload[d.size]&0x01 == 0
	}
	return d, nil
}

// parseExtension reads the fields that the X bit announces.
func (d *vp8Descriptor) parseExtension(payload []byte) error {
	if len(payload) < 2 {
		return errVP8
	}
	flags := payload[1]
	d.size = 2
	if flags&0x80 != 0 { // I
		if len(payload) <= d.size {
			return errVP8
		}
		d.pictureAt = d.size
		d.pictureLong = payload[d.size]&0x80 != 0
		d.size++
		if d.pictureLong {
			d.size++
		}
	}
	if flags&0x40 != 0 { // L
		d.tl0At = d.size
		d.size++
	}
	if flags&0x30 != 0 { // T or K
		if flags&0x10 != 0 {
			d.keyIndexAt = d.size
		}
		d.size++
	}
	if len(payload) < d.size {
		return errVP8
	}
	return nil
}

// vp8Numbers are the running numbers of a VP8 stream: as offsets what to add
// to a source's, as a state the last ones sent.
type vp8Numbers struct {
	picture  uint16 // modulo 2^15, or 2^7 where the source sends 7 bits
	tl0      uint8
	keyIndex uint8 // modulo 2^5
}

// numbers that payload carries where d says; absent fields are 0.
func (d *vp8Descriptor) numbers(payload []byte) vp8Numbers {
	var n vp8Numbers
	switch {
	case d.pictureAt == 0:
	case d.pictureLong:
		n.picture = binary.BigEndian.Uint16(payload[d.pictureAt:]) & 0x7fff
	default:
		n.picture = uint16(payload[d.pictureAt])
	}
	if d.tl0At != 0 {
		n.tl0 = payload[d.tl0At]
	}
	if d.keyIndexAt != 0 {
		n.keyIndex = payload[d.keyIndexAt] & 0x1f
	}
	return n
}

// add moves the numbers in payload by offset. payload must be the one that was
// parsed or a copy of it.
func (d *vp8Descriptor) add(payload []byte, offset vp8Numbers) {
	picture := d.numbers(payload).picture + offset.picture
	switch {
	case d.pictureAt == 0:
	case d.pictureLong:
		binary.BigEndian.PutUint16(payload[d.pictureAt:], 0x8000|picture)
	default:
		payload[d.pictureAt] = byte(picture) & 0x7f
	}
	if d.tl0At != 0 {
		payload[d.tl0At] += offset.tl0
	}
	if d.keyIndexAt != 0 {
		b := payload[d.keyIndexAt]
		payload[d.keyIndexAt] = b&^0x1f | (b+offset.keyIndex)&0x1f
	}
}

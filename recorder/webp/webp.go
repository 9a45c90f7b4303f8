// Package webp puts a VP8 key frame into a WebP file and takes it out again,
// byte for byte. A lossy WebP is a VP8 key frame behind a RIFF header (RFC 9649
// section 2.5), so nothing is decoded and nothing is encoded: the picture is
// what the sender's encoder made.
package webp

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// MaxFrame bounds a key frame in bytes; the first partition's length, which a
// key frame of the size of a screen comes nowhere near, has 19 bits.
const MaxFrame = 16 << 20

// ErrNotKeyFrame is wrapped by each error of ParseKeyFrame and Wrap.
var ErrNotKeyFrame = errors.New("no VP8 key frame")

// ErrNotWebP is wrapped by each error of Unwrap that concerns the container.
var ErrNotWebP = errors.New("no WebP file around one VP8 key frame")

const (
	frameHeader = 10         // bytes before the first partition of a key frame
	riffHeader  = 8          // "RIFF", size
	fileHeader  = 12 + 8     // RIFF header, "WEBP", "VP8 ", size
	startCode   = 0x9d012a   // RFC 6386 section 9.1
	sizeMask    = 1<<14 - 1  // width and height have 14 bits
	oddPadding  = byte(0x00) // RFC 9649 section 2.3: a chunk of odd size is padded
)

// KeyFrame is what the uncompressed header of a VP8 key frame says (RFC 6386
// section 9.1).
type KeyFrame struct {
	Width, Height           int // in pixels, 1 to 16383
	ScaleAcross, ScaleAlong int // upscaling hints, 0 to 3; decoders ignore them
	Version                 int // bitstream profile, 0 to 3
	FirstPartition          int // bytes of the first partition
}

// ParseKeyFrame reads the header of a complete VP8 key frame. It refuses
// interframes, frames that are not to be shown, and those cut short within
// their first partition; it doesn't decode.
func ParseKeyFrame(vp8 []byte) (KeyFrame, error) {
	if len(vp8) < frameHeader || len(vp8) > MaxFrame {
		return KeyFrame{}, fmt.Errorf("%w: %d bytes", ErrNotKeyFrame, len(vp8))
	}
	tag := int(vp8[0]) | int(vp8[1])<<8 | int(vp8[2])<<16
	across, along := binary.LittleEndian.Uint16(vp8[6:]), binary.LittleEndian.Uint16(vp8[8:])
	k := KeyFrame{
		Width: int(across & sizeMask), ScaleAcross: int(across >> 14),
		Height: int(along & sizeMask), ScaleAlong: int(along >> 14),
		Version: tag >> 1 & 7, FirstPartition: tag >> 5,
	}
	switch {
	case tag&1 != 0:
		return KeyFrame{}, fmt.Errorf("%w: an interframe", ErrNotKeyFrame)
	case int(vp8[3])<<16|int(vp8[4])<<8|int(vp8[5]) != startCode:
		return KeyFrame{}, fmt.Errorf("%w: start code %x", ErrNotKeyFrame, vp8[3:6])
	case k.Version > 3:
		return KeyFrame{}, fmt.Errorf("%w: version %d", ErrNotKeyFrame, k.Version)
	case tag>>4&1 == 0:
		return KeyFrame{}, fmt.Errorf("%w: not to be shown", ErrNotKeyFrame)
	case k.Width == 0 || k.Height == 0:
		return KeyFrame{}, fmt.Errorf("%w: %d×%d pixels", ErrNotKeyFrame, k.Width, k.Height)
	case k.FirstPartition == 0 || k.FirstPartition > len(vp8)-frameHeader:
		return KeyFrame{}, fmt.Errorf("%w: first partition of %d bytes in a frame of %d", ErrNotKeyFrame, k.FirstPartition, len(vp8))
	}
	return k, nil
}

// Wrap gives the WebP file of a VP8 key frame and its size in pixels. The
// file holds the frame's bytes unchanged, from byte 20 on.
func Wrap(vp8KeyFrame []byte) (file []byte, width, height int, err error) {
	k, err := ParseKeyFrame(vp8KeyFrame)
	if err != nil {
		return nil, 0, 0, err
	}
	n := len(vp8KeyFrame)
	file = make([]byte, 0, fileHeader+n+n&1)
	file = append(file, "RIFF"...)
	file = binary.LittleEndian.AppendUint32(file, uint32(fileHeader-riffHeader+n+n&1))
	file = append(file, "WEBPVP8 "...)
	file = binary.LittleEndian.AppendUint32(file, uint32(n))
	file = append(file, vp8KeyFrame...)
	if n&1 == 1 {
		file = append(file, oddPadding)
	}
	return file, k.Width, k.Height, nil
}

// Unwrap gives the VP8 key frame of a file that Wrap made; it shares the
// file's memory. Any other file is refused, also a WebP of another kind, with
// more chunks or with bytes behind its end: for each frame there is one file,
// so that a digest of either speaks for both.
func Unwrap(file []byte) (vp8KeyFrame []byte, err error) {
	if len(file) < fileHeader {
		return nil, fmt.Errorf("%w: %d bytes", ErrNotWebP, len(file))
	}
	if string(file[:4]) != "RIFF" || string(file[8:16]) != "WEBPVP8 " {
		return nil, fmt.Errorf("%w: another header", ErrNotWebP)
	}
	n := uint64(binary.LittleEndian.Uint32(file[16:]))
	whole := fileHeader + n + n&1
	if uint64(len(file)) != whole || uint64(binary.LittleEndian.Uint32(file[4:])) != whole-riffHeader {
		return nil, fmt.Errorf("%w: sizes disagree", ErrNotWebP)
	}
	if n&1 == 1 && file[len(file)-1] != oddPadding {
		return nil, fmt.Errorf("%w: padding is not zero", ErrNotWebP)
	}
	vp8KeyFrame = file[fileHeader : fileHeader+n : fileHeader+n]
	if _, err := ParseKeyFrame(vp8KeyFrame); err != nil {
		return nil, err
	}
	return vp8KeyFrame, nil
}

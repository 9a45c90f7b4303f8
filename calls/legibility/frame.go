package legibility

import (
	"bytes"
	"fmt"

	"golang.org/x/image/vp8"
)

// OfKeyFrame gives the luma of a VP8 key frame (RFC 6386). VP8's luma has a
// limited range, 16 to 235 (BT.601); a Plane's is full.
func OfKeyFrame(frame []byte) (Plane, error) {
	d := vp8.NewDecoder()
	d.Init(bytes.NewReader(frame), len(frame))
	if _, err := d.DecodeFrameHeader(); err != nil {
		return Plane{}, fmt.Errorf("decode key frame: %w", err)
	}
	picture, err := d.DecodeFrame()
	if err != nil {
		return Plane{}, fmt.Errorf("decode key frame: %w", err)
	}
	p := Plane{Width: picture.Rect.Dx(), Height: picture.Rect.Dy()}
	p.Pix = make([]uint8, 0, p.Width*p.Height)
	for y := range p.Height {
		row := picture.Y[y*picture.YStride:]
		for _, v := range row[:p.Width] {
			p.Pix = append(p.Pix, fullRange[v])
		}
	}
	return p, nil
}

var fullRange = func() (table [256]uint8) {
	for v := range table {
		table[v] = uint8(max(0, min(255, (v-16)*255/219)))
	}
	return table
}()

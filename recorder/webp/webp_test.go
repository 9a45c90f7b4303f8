package webp

import (
	"bytes"
	"encoding/base64"
	"errors"
	"image"
	"testing"

	xwebp "golang.org/x/image/webp"
)

const specimenText = "8AIAnQEqEAAQAABHCIWFiJmEiAICAnWqA/gD+AINTe4A/vrEP/9zgFSGz/HX/9uzTGP39yYA"

// specimen is a VP8 key frame of 16×16 pixels, one colour, made by libvpx.
var specimen = func() []byte {
	b, err := base64.StdEncoding.DecodeString(specimenText)
	if err != nil {
		panic(err)
	}
	return b
}()

func TestWrapKeepsTheBytes(t *testing.T) {
	for _, frame := range [][]byte{specimen, append(bytes.Clone(specimen), 0)} { // even and odd length
		file, w, h, err := Wrap(frame)
		if err != nil {
			t.Fatal(err)
		}
		if w != 16 || h != 16 {
			t.Errorf("size %d×%d, want 16×16", w, h)
		}
		if len(file)%2 != 0 {
			t.Errorf("file of %d bytes is not padded", len(file))
		}
		got, err := Unwrap(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, frame) {
			t.Error("the frame came back changed")
		}
	}
}

func TestWrapIsAPicture(t *testing.T) {
	file, _, _, err := Wrap(specimen)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := xwebp.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if picture.Bounds() != image.Rect(0, 0, 16, 16) {
		t.Errorf("decoded to %v", picture.Bounds())
	}
}

func TestParseKeyFrame(t *testing.T) {
	change := func(at int, to byte) []byte {
		b := bytes.Clone(specimen)
		b[at] = to
		return b
	}
	k, err := ParseKeyFrame(change(7, 0x80)) // width 16 with scale 2
	if err != nil || k.Width != 16 || k.ScaleAcross != 2 || k.Height != 16 || k.ScaleAlong != 0 {
		t.Errorf("scaled: %+v, %v", k, err)
	}
	for name, frame := range map[string][]byte{
		"empty":                nil,
		"header only":          specimen[:frameHeader],
		"interframe":           change(0, specimen[0]|1),
		"not shown":            change(0, specimen[0]&^0x10),
		"version 4":            change(0, specimen[0]|8),
		"start code":           change(3, 0x9c),
		"no width":             change(6, 0),
		"no height":            change(8, 0),
		"cut in its partition": specimen[:len(specimen)/2],
		"no first partition":   append([]byte{specimen[0] & 0x1F, 0, 0}, specimen[3:]...),
	} {
		if _, err := ParseKeyFrame(frame); !errors.Is(err, ErrNotKeyFrame) {
			t.Errorf("%s: %v", name, err)
		}
		if _, _, _, err := Wrap(frame); !errors.Is(err, ErrNotKeyFrame) {
			t.Errorf("wrap %s: %v", name, err)
		}
	}
}

// TestUnwrapRefusesChanges flips each bit of the container: no changed file may
// pass for the same frame.
func TestUnwrapRefusesChanges(t *testing.T) {
	file, _, _, err := Wrap(append(bytes.Clone(specimen), 0))
	if err != nil {
		t.Fatal(err)
	}
	for at := range file {
		if at >= fileHeader && at < len(file)-1 {
			continue // the frame itself
		}
		for bit := range 8 {
			changed := bytes.Clone(file)
			changed[at] ^= 1 << bit
			if _, err := Unwrap(changed); err == nil {
				t.Errorf("byte %d bit %d changed: accepted", at, bit)
			}
		}
	}
	for n := range file {
		if _, err := Unwrap(file[:n]); err == nil {
			t.Errorf("cut to %d bytes: accepted", n)
		}
	}
	if _, err := Unwrap(append(bytes.Clone(file), 0)); err == nil {
		t.Error("a byte behind the end: accepted")
	}
}

func FuzzUnwrap(f *testing.F) {
	file, _, _, err := Wrap(specimen)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Fuzz(func(t *testing.T, file []byte) {
		frame, err := Unwrap(file)
		if err != nil {
			return
		}
		again, w, h, err := Wrap(frame)
		if err != nil || !bytes.Equal(again, file) || w < 1 || h < 1 {
			t.Fatalf("%d×%d, %v: not the only file of its frame", w, h, err)
		}
	})
}

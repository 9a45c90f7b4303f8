package vp8

import (
	"bytes"
	"testing"
)

func TestParseVP8(t *testing.T) {
	tests := []struct {
		name    string
		payload []byte
		want    Descriptor
		fails   bool
	}{
		{name: "empty", payload: nil, fails: true},
		{name: "no extension, key frame", payload: []byte{0x10, 0x50}, want: Descriptor{Size: 1, KeyFrame: true}},
		{name: "no extension, delta frame", payload: []byte{0x10, 0x51}, want: Descriptor{Size: 1}},
		{name: "later packet of a key frame", payload: []byte{0x00, 0x50}, want: Descriptor{Size: 1}},
		{name: "later partition", payload: []byte{0x11, 0x50}, want: Descriptor{Size: 1}},
		{name: "7-bit picture id", payload: []byte{0x90, 0x80, 0x11, 0x00},
			want: Descriptor{Size: 3, pictureAt: 2, KeyFrame: true}},
		{name: "15-bit picture id", payload: []byte{0x90, 0x80, 0x91, 0x02, 0x00},
			want: Descriptor{Size: 4, pictureAt: 2, pictureLong: true, KeyFrame: true}},
		{name: "everything", payload: []byte{0x90, 0xf0, 0xff, 0xfe, 0x07, 0x23, 0x01},
			want: Descriptor{Size: 6, pictureAt: 2, pictureLong: true, tl0At: 4, keyIndexAt: 5}},
		{name: "TID without KEYIDX", payload: []byte{0x80, 0x20, 0x40, 0x01}, want: Descriptor{Size: 3}},
		{name: "descriptor only", payload: []byte{0x10}, want: Descriptor{Size: 1}},
		{name: "cut in extension", payload: []byte{0x80}, fails: true},
		{name: "cut in picture id", payload: []byte{0x80, 0x80, 0x80}, fails: true},
		{name: "cut before TL0PICIDX", payload: []byte{0x80, 0x40}, fails: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Parse(test.payload)
			if (err != nil) != test.fails {
				t.Fatalf("error %v, want one: %v", err, test.fails)
			}
			if err == nil && got != test.want {
				t.Errorf("got %+v\nwant %+v", got, test.want)
			}
		})
	}
}

// Rewriting changes the numbers by the offset, modulo their width, and nothing else.
func FuzzVP8(f *testing.F) {
	f.Add([]byte{0x90, 0xf0, 0xff, 0xfe, 0x07, 0x23, 0x01}, uint16(3), uint8(250), uint8(31))
	f.Add([]byte{0x90, 0x80, 0x11, 0x00}, uint16(1), uint8(0), uint8(0))
	f.Add([]byte{0x10, 0x50}, uint16(9), uint8(9), uint8(9))
	f.Fuzz(func(t *testing.T, payload []byte, picture uint16, tl0, keyIndex uint8) {
		before, err := Parse(payload)
		if err != nil {
			return
		}
		if before.Size > len(payload) {
			t.Fatalf("descriptor of %d bytes in a payload of %d", before.Size, len(payload))
		}
		offset := Numbers{Picture: picture, TL0: tl0, KeyIndex: keyIndex}
		was := before.Numbers(payload)
		moved := bytes.Clone(payload)
		before.Add(moved, offset)
		after, err := Parse(moved)
		if err != nil {
			t.Fatalf("after rewriting: %v", err)
		}
		is := after.Numbers(moved)
		mask := uint16(0x7f)
		if before.pictureLong {
			mask = 0x7fff
		}
		if before.pictureAt != 0 && is.Picture != (was.Picture+picture)&mask {
			t.Errorf("picture id %d + %d = %d", was.Picture, picture, is.Picture)
		}
		if before.tl0At != 0 && is.TL0 != was.TL0+tl0 {
			t.Errorf("TL0PICIDX %d + %d = %d", was.TL0, tl0, is.TL0)
		}
		if before.keyIndexAt != 0 && is.KeyIndex != (was.KeyIndex+keyIndex)&0x1f {
			t.Errorf("KEYIDX %d + %d = %d", was.KeyIndex, keyIndex, is.KeyIndex)
		}
		if after != before {
			t.Errorf("shape changed: %+v, was %+v", after, before)
		}
		if !bytes.Equal(moved[before.Size:], payload[before.Size:]) {
			t.Error("the picture itself was changed")
		}
	})
}

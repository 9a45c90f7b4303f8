package intake

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"
)

// tinted is a small picture with edges and colours.
func tinted() image.Image {
	m := image.NewRGBA(image.Rect(0, 0, 40, 24))
	for i := range 40 * 24 {
		m.Set(i%40, i/40, color.RGBA{uint8(i * 7), uint8(i * 3), uint8(i), 255})
	}
	return m
}

// place is an Exif with an orientation of 6 and a GPS directory, big-endian.
const place = "Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08" +
	"\x00\x02\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00" + "\x88\x25\x00\x04\x00\x00\x00\x01\x00\x00\x00\x26" + "\x00\x00\x00\x00" +
	"SECRET-PLACE-52.5163N-13.3777E"

func segment(marker byte, content string) []byte {
	b := binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(content)+2))
	return append(b, content...)
}

// tagged is a JPEG with everything that a phone writes beside the pixels.
func tagged(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, tinted(), nil); err != nil {
		t.Fatal(err)
	}
	plain := b.Bytes()
	out := bytes.Clone(plain[:2])
	out = append(out, segment(0xe1, place)...)
	out = append(out, segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00SECRET-PLACE")...)
	out = append(out, segment(0xed, "Photoshop 3.0\x00SECRET-PLACE")...)
	out = append(out, segment(0xe2, "MPF\x00SECRET-PLACE")...)
	out = append(out, segment(0xe2, "ICC_PROFILE\x00kept")...)
	out = append(out, segment(0xfe, "SECRET-PLACE")...)
	out = append(out, plain[2:]...)
	return append(out, "SECRET-PLACE behind the end"...)
}

func TestMetadataGoesPixelsStay(t *testing.T) {
	whole := tagged(t)
	clean, err := WithoutMetadata(whole)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(clean, []byte("SECRET")) || !bytes.Contains(clean, []byte("ICC_PROFILE\x00kept")) {
		t.Errorf("%d bytes of %d", len(clean), len(whole))
	}
	if got := orientation(clean[6:]); got != 6 {
		t.Errorf("orientation %d", got)
	}
	before, err := jpeg.Decode(bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	after, err := jpeg.Decode(bytes.NewReader(clean))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before.(*image.YCbCr).Y, after.(*image.YCbCr).Y) {
		t.Error("other pixels")
	}
	again, err := WithoutMetadata(clean)
	if err != nil || !bytes.Equal(again, clean) {
		t.Errorf("a clean one changes: %v", err)
	}
}

func TestMetadataOfPNG(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, tinted()); err != nil {
		t.Fatal(err)
	}
	plain := b.Bytes()
	chunk := func(name, content string) []byte {
		c := binary.BigEndian.AppendUint32(nil, uint32(len(content)))
		c = append(c, name+content...)
		return binary.BigEndian.AppendUint32(c, crc32.ChecksumIEEE(c[4:]))
	}
	head := len(pngHead) + 25
	whole := append(bytes.Clone(plain[:head]), chunk("eXIf", place[6:])...)
	whole = append(whole, chunk("tEXt", "Comment\x00SECRET")...)
	whole = append(append(whole, plain[head:]...), "SECRET"...)
	clean, err := WithoutMetadata(whole)
	if err != nil || !bytes.Equal(clean, plain) {
		t.Errorf("%d bytes, %d without: %v", len(clean), len(plain), err)
	}
}

func FuzzWithoutMetadata(f *testing.F) {
	f.Add(tagged(f))
	f.Add([]byte(pngHead))
	f.Fuzz(func(t *testing.T, data []byte) {
		clean, err := WithoutMetadata(data)
		if err != nil {
			return
		}
		if again, err := WithoutMetadata(clean); err != nil || !bytes.Equal(again, clean) {
			t.Fatalf("a clean one changes: %v", err)
		}
	})
}

package intake

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"verifycall/calls/protocol"
)

func TestCheckPicture(t *testing.T) {
	photo, drawn := jpegOf(t, 64, 48), pngOf(t, 20, 30)
	if p, err := CheckPicture(photo); err != nil || p != (Picture{"image/jpeg", 64, 48}) {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err := CheckPicture(drawn); err != nil || p != (Picture{"image/png", 20, 30}) {
		t.Errorf("%+v, %v", p, err)
	}
	for name, test := range map[string]struct {
		data []byte
		code protocol.Code
	}{
		"empty":          {nil, protocol.CodeNotPicture},
		"text":           {[]byte("hello"), protocol.CodeNotPicture},
		"html":           {[]byte("<!doctype html><img>"), protocol.CodeNotPicture},
		"svg":            {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), protocol.CodeNotPicture},
		"gif":            {[]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), protocol.CodeNotPicture},
		"beginning only": {photo[:20], protocol.CodeNotPicture},
		"cut jpeg":       {photo[:len(photo)-200], protocol.CodeNotPicture},
		"cut png":        {drawn[:len(drawn)-20], protocol.CodeNotPicture},
		"bomb":           {pngHeader(60000, 60000), protocol.CodeNotPicture},
		"no width":       {pngHeader(0, 10), protocol.CodeNotPicture},
		"overflow":       {pngHeader(1<<31-1, 1<<31-1), protocol.CodeNotPicture},
		"too long":       {append(photo[:len(photo):len(photo)], make([]byte, MaxPictureBytes)...), protocol.CodeTooLarge},
	} {
		var f *protocol.Fault
		if _, err := CheckPicture(test.data); !errors.As(err, &f) || f.Code != test.code {
			t.Errorf("%s: %v, want %s", name, err, test.code)
		}
	}
}

// pngHeader is the beginning of a PNG that says it is that large.
func pngHeader(width, height uint32) []byte {
	chunk := append([]byte("IHDR"), binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)...)
	chunk = append(chunk, 8, 2, 0, 0, 0)
	head := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), chunk...)
	return binary.BigEndian.AppendUint32(head, crc32.ChecksumIEEE(chunk))
}

func FuzzCheckPicture(f *testing.F) {
	f.Add([]byte("\xff\xd8\xff\xe0"))
	f.Add(pngHeader(3, 3))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := CheckPicture(data)
		var fault *protocol.Fault
		if err != nil && !errors.As(err, &fault) {
			t.Fatalf("not a fault: %v", err)
		}
		if err == nil && (p.Width <= 0 || p.Height <= 0 || p.Width*p.Height > MaxPicturePixels || p.Mime == "") {
			t.Fatalf("accepted %+v", p)
		}
	})
}

func picture(width, height int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for x := range width {
		for y := range height {
			img.Set(x, y, color.RGBA{uint8(x), uint8(y), uint8(x * y), 255})
		}
	}
	return img
}

func jpegOf(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture(width, height), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, picture(width, height)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

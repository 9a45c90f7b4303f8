package intake

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// ErrMetadata says that a picture can't be told apart from its metadata.
var ErrMetadata = errors.New("the picture's parts can't be read")

// WithoutMetadata gives a JPEG or PNG with the same pixels and without what a
// camera wrote beside them: place, time, device, comments, previews, and whatever
// lies behind the picture's end. Of Exif the orientation alone stays, or the
// picture would be shown lying; colour profiles stay. The error is ErrMetadata.
func WithoutMetadata(data []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return cleanJPEG(data)
	case bytes.HasPrefix(data, []byte(pngHead)):
		return cleanPNG(data)
	}
	return nil, ErrMetadata
}

const pngHead = "\x89PNG\r\n\x1a\n"

// Markers of JPEG, ITU-T T.81 table B.1.
const (
	markerSOI  = 0xd8
	markerEOI  = 0xd9
	markerSOS  = 0xda
	markerAPP0 = 0xe0 // JFIF
	markerAPP1 = 0xe1 // Exif, XMP
	markerAPP2 = 0xe2 // colour profile, but also previews
	appAdobe   = 0xee // how colours are coded
	markerAPPF = 0xef
	markerCOM  = 0xfe
)

func cleanJPEG(data []byte) ([]byte, error) {
	out, turned := []byte{0xff, markerSOI}, byte(0)
	for at := 2; ; {
		if at+2 > len(data) || data[at] != 0xff {
			return nil, ErrMetadata
		}
		marker := data[at+1]
		switch {
		case marker == 0xff: // padding
			at++
			continue
		case marker == markerEOI:
			return withOrientation(append(out, 0xff, markerEOI), turned), nil
		case at+4 > len(data):
			return nil, ErrMetadata
		}
		end := at + 2 + int(binary.BigEndian.Uint16(data[at+2:]))
		if end < at+4 || end > len(data) {
			return nil, ErrMetadata
		}
		content := data[at+4 : end]
		if marker == markerAPP1 && turned == 0 {
			turned = orientation(content)
		}
		if marker == markerSOS {
			end += scanLength(data[end:])
		}
		if keeps(marker, content) {
			out = append(out, data[at:end]...)
		}
		at = end
	}
}

// keeps says which segments are needed to show the picture.
func keeps(marker byte, content []byte) bool {
	switch {
	case marker == markerAPP2:
		return bytes.HasPrefix(content, []byte("ICC_PROFILE\x00"))
	case marker == markerAPP0:
		return bytes.HasPrefix(content, []byte("JFIF\x00")) && len(content) == 14 // no thumbnail
	case marker == appAdobe:
		return bytes.HasPrefix(content, []byte("Adobe")) && len(content) <= 12
	}
	return marker < markerAPP0 || marker > markerAPPF && marker != markerCOM
}

// scanLength is how many bytes of a scan's coded data come before the next marker.
func scanLength(data []byte) int {
	for i := 0; i+1 < len(data); i++ {
		if data[i] == 0xff && data[i+1] != 0 && (data[i+1] < 0xd0 || data[i+1] > 0xd7) {
			return i
		}
	}
	return len(data)
}

// orientation reads tag 0x0112 of the first directory of Exif's TIFF, 1 to 8;
// 0 where it has none.
func orientation(app1 []byte) byte {
	tiff, found := bytes.CutPrefix(app1, []byte("Exif\x00\x00"))
	if !found || len(tiff) < 8 {
		return 0
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 0
	}
	count := uint64(order.Uint16(tiff[at:]))
	for entry := at + 2; count > 0 && entry+12 <= uint64(len(tiff)); entry, count = entry+12, count-1 {
		if value := order.Uint16(tiff[entry+8:]); order.Uint16(tiff[entry:]) == 0x0112 && value >= 1 && value <= 8 {
			return byte(value)
		}
	}
	return 0
}

// withOrientation puts an Exif of the orientation alone behind the beginning.
func withOrientation(jpeg []byte, turned byte) []byte {
	if turned <= 1 {
		return jpeg
	}
	exif := append([]byte("\xff\xe1\x00\x22Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"),
		turned, 0, 0, 0, 0, 0, 0)
	return append(append(bytes.Clone(jpeg[:2]), exif...), jpeg[2:]...)
}

// cleanPNG keeps the chunks that pixels and colours are made of.
func cleanPNG(data []byte) ([]byte, error) {
	keep := []string{"IHDR", "PLTE", "tRNS", "IDAT", "IEND", "gAMA", "cHRM", "sRGB", "iCCP", "sBIT"}
	out := []byte(pngHead)
	for at := len(pngHead); ; {
		if at+12 > len(data) {
			return nil, ErrMetadata
		}
		length := int64(binary.BigEndian.Uint32(data[at:]))
		if length > int64(len(data)-at-12) {
			return nil, ErrMetadata
		}
		end, name := at+12+int(length), string(data[at+4:at+8])
		for _, kept := range keep {
			if name == kept {
				out = append(out, data[at:end]...)
			}
		}
		if at = end; name == "IEND" {
			return out, nil
		}
	}
}

package intake

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"

	"verifycall/calls/protocol"
)

// Bounds of a filed picture.
const (
	MaxPictureBytes  = 5 << 20
	MaxPicturePixels = 25 << 20 // a 24 megapixel photo; decoding takes up to 12 bytes a pixel
)

// Picture is what was found out of a filed picture.
type Picture struct {
	Mime          string // "image/jpeg" or "image/png"
	Width, Height int    // pixels
}

// CheckPicture decodes a JPEG or PNG wholly, so that what is kept as evidence
// can be looked at. Errors are faults with not_a_picture or too_large.
func CheckPicture(data []byte) (Picture, error) {
	if len(data) > MaxPictureBytes {
		return Picture{}, protocol.Faultf(protocol.CodeTooLarge,
			fmt.Sprintf("The picture has more than %d MiB.", MaxPictureBytes>>20))
	}
	var p Picture
	var header func() (image.Config, error)
	var decode func() (image.Image, error)
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		p.Mime = "image/jpeg"
		header = func() (image.Config, error) { return jpeg.DecodeConfig(bytes.NewReader(data)) }
		decode = func() (image.Image, error) { return jpeg.Decode(bytes.NewReader(data)) }
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		p.Mime = "image/png"
		header = func() (image.Config, error) { return png.DecodeConfig(bytes.NewReader(data)) }
		decode = func() (image.Image, error) { return png.Decode(bytes.NewReader(data)) }
	default:
		return Picture{}, notPicture("It is neither a JPEG nor a PNG.", nil)
	}
	cfg, err := header()
	if err != nil {
		return Picture{}, notPicture("Its beginning can't be read.", err)
	}
	if cfg.Width <= 0 || cfg.Height <= 0 || cfg.Width > MaxPicturePixels/cfg.Height {
		return Picture{}, notPicture("It has no or too many pixels.", nil)
	}
	if _, err := decode(); err != nil {
		return Picture{}, notPicture("It is damaged or cut off.", err)
	}
	p.Width, p.Height = cfg.Width, cfg.Height
	return p, nil
}

func notPicture(why string, err error) *protocol.Fault {
	return &protocol.Fault{Code: protocol.CodeNotPicture, Message: "This file is no picture that we can read. " + why, Err: err}
}

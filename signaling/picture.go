package signaling

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"net/http"

	"verifycall/calls/protocol"
)

// Bounds of a filed picture.
const (
	maxPictureBytes  = 5 << 20
	maxPicturePixels = 25 << 20 // a 24 megapixel photo; decoding takes up to 12 bytes a pixel
)

// Picture is what was found out of a filed picture.
type Picture struct {
	Mime          string // "image/jpeg" or "image/png"
	Width, Height int    // pixels
}

// CheckPicture decodes a JPEG or PNG wholly, so that what is kept as evidence
// can be looked at. Errors are faults with not_a_picture or too_large.
func CheckPicture(data []byte) (Picture, error) {
	if len(data) > maxPictureBytes {
		return Picture{}, protocol.Faultf(protocol.CodeTooLarge,
			fmt.Sprintf("The picture has more than %d MiB.", maxPictureBytes>>20))
	}
	p := Picture{Mime: http.DetectContentType(data)}
	var header func() (image.Config, error)
	var decode func() (image.Image, error)
	switch p.Mime {
	case "image/jpeg":
		header = func() (image.Config, error) { return jpeg.DecodeConfig(bytes.NewReader(data)) }
		decode = func() (image.Image, error) { return jpeg.Decode(bytes.NewReader(data)) }
	case "image/png":
		header = func() (image.Config, error) { return png.DecodeConfig(bytes.NewReader(data)) }
		decode = func() (image.Image, error) { return png.Decode(bytes.NewReader(data)) }
	default:
		return Picture{}, notPicture("It is neither a JPEG nor a PNG.", nil)
	}
	cfg, err := header()
	if err != nil {
		return Picture{}, notPicture("Its beginning can't be read.", err)
	}
	if cfg.Width <= 0 || cfg.Height <= 0 || cfg.Width > maxPicturePixels/cfg.Height {
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

// checkPictures is CheckPicture, one at a time in the whole server: decoding
// takes memory many times the file's size.
func (s *Server) checkPicture(ctx context.Context, data []byte) (Picture, error) {
	select {
	case s.decoding <- struct{}{}:
		defer func() { <-s.decoding }()
		return CheckPicture(data)
	case <-ctx.Done():
		return Picture{}, ctx.Err()
	}
}

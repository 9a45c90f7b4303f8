package robot

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/pion/webrtc/v4/pkg/media/ivfreader"
)

// Film is a VP8 film that was encoded before, read whole and never changed.
type Film struct {
	Interval time.Duration // between two frames
	frames   [][]byte
	keys     []int // indexes of the key frames, ascending; the first is 0
}

// OpenFilm reads an IVF file.
func OpenFilm(path string) (*Film, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return ReadFilm(file, path)
}

// ReadFilm reads an IVF file; path names it in errors.
func ReadFilm(file io.Reader, path string) (*Film, error) {
	reader, header, err := ivfreader.NewWith(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if header.FourCC != "VP80" || header.TimebaseDenominator == 0 {
		return nil, fmt.Errorf("%s: no VP8 film", path)
	}
	f := &Film{Interval: time.Second * time.Duration(header.TimebaseNumerator) / time.Duration(header.TimebaseDenominator)}
	for {
		frame, _, err := reader.ParseNextFrame()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if len(frame) > 0 && frame[0]&1 == 0 { // RFC 6386 section 9.1: 0 means key frame
			f.keys = append(f.keys, len(f.frames))
		}
		f.frames = append(f.frames, frame)
	}
	if len(f.keys) == 0 || f.keys[0] != 0 {
		return nil, fmt.Errorf("%s: does not begin with a key frame", path)
	}
	return f, nil
}

// next gives the index after i; with key it is that of the next key frame, as
// an encoder would answer a request for one.
func (f *Film) next(i int, key bool) int {
	if !key {
		return (i + 1) % len(f.frames)
	}
	for _, k := range f.keys {
		if k > i {
			return k
		}
	}
	return f.keys[0]
}

package webm

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// MaxCut bounds the payload of what Cut gives in bytes, which it holds in memory.
const MaxCut = 64 << 20

// ErrCut is wrapped by Cut's errors about the frames asked for.
var ErrCut = errors.New("no such stretch")

// Cut writes the stretch of a file between two video frames, both in it, with
// the sound of that time, as a file of its own that begins at zero. Frames are
// counted from 1; the first has to be a key frame, or nothing could be decoded.
// Payloads are copied byte for byte. Errors wrap ErrCut, ErrFormat, or are those
// of r and w.
func Cut(w io.Writer, r io.Reader, first, last int64) error {
	rd, err := NewReader(r)
	if err != nil {
		return err
	}
	blocks, err := rd.stretch(first, last)
	if err != nil {
		return err
	}
	from, heard := blocks[0].MS, false
	placed := make([]Placed, len(blocks))
	for i, b := range blocks {
		placed[i] = Placed{Track: b.Track, MS: b.MS - from, Key: b.Key, Size: len(b.Data)}
		heard = heard || b.Track == AudioTrack
	}
	header := Header{Start: rd.header.Start.Add(time.Duration(from) * time.Millisecond),
		Duration: time.Duration(placed[len(placed)-1].MS+1) * time.Millisecond}
	for _, t := range rd.header.Tracks {
		if t.Number == VideoTrack || heard {
			header.Tracks = append(header.Tracks, t)
		}
	}
	layout, err := NewLayout(header, placed)
	if err != nil {
		return err
	}
	return layout.Write(w, func(i int) ([]byte, error) { return blocks[i].Data, nil })
}

// stretch reads the blocks from one video frame to another.
func (rd *Reader) stretch(first, last int64) ([]Block, error) {
	var blocks []Block
	size := 0
	for n := int64(0); n < last; {
		b, err := rd.Next()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%w: the file has %d video frames, not %d", ErrCut, n, last)
		}
		if err != nil {
			return nil, err
		}
		if b.Track == VideoTrack {
			n++
		}
		if n < first || b.Track == AudioTrack && len(blocks) == 0 {
			continue
		}
		if len(blocks) == 0 && !b.Key {
			return nil, fmt.Errorf("%w: video frame %d is no key frame", ErrCut, first)
		}
		if size += len(b.Data); size > MaxCut {
			return nil, fmt.Errorf("%w: more than %d bytes", ErrCut, MaxCut)
		}
		b.Data = append([]byte(nil), b.Data...) // the Reader's until its next call
		blocks = append(blocks, b)
	}
	if len(blocks) == 0 {
		return nil, fmt.Errorf("%w: frames %d to %d", ErrCut, first, last)
	}
	return blocks, nil
}

package webm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

func (h *Header) parseInfo(info element) error {
	duration, err := info.find(idDuration)
	if err != nil {
		return err
	}
	date, err := info.find(idDateUTC)
	if err != nil {
		return err
	}
	if len(duration.content) != 8 || len(date.content) != 8 {
		return fmt.Errorf("%w: duration or date", ErrFormat)
	}
	ms := math.Float64frombits(binary.BigEndian.Uint64(duration.content))
	if !(ms >= 0 && ms < 1e12) {
		return fmt.Errorf("%w: duration of %v ms", ErrFormat, ms)
	}
	h.Duration = time.Duration(ms) * time.Millisecond
	h.Start = epoch.Add(time.Duration(binary.BigEndian.Uint64(date.content)))
	return nil
}

func (h *Header) parseTracks(tracks element) error {
	for rest := tracks.content; len(rest) > 0; {
		entry, after, err := cut(rest)
		if err != nil {
			return err
		}
		t, err := parseTrack(entry)
		if err != nil {
			return err
		}
		if h.Tracks = append(h.Tracks, t); len(h.Tracks) > AudioTrack {
			return fmt.Errorf("%w: more than two tracks", ErrFormat)
		}
		rest = after
	}
	return nil
}

func parseTrack(entry element) (Track, error) {
	number, err := entry.number(idTrackNumber)
	if err != nil {
		return Track{}, err
	}
	codec, err := entry.find(idCodecID)
	if err != nil {
		return Track{}, err
	}
	t := Track{Number: int(number), Codec: string(codec.content)}
	if number != VideoTrack {
		return t, nil
	}
	video, err := entry.find(idVideo)
	if err != nil {
		return Track{}, err
	}
	width, errWidth := video.number(idPixelWidth)
	height, errHeight := video.number(idPixelHeight)
	if width > math.MaxUint16 || height > math.MaxUint16 {
		return Track{}, fmt.Errorf("%w: %d×%d pixels", ErrFormat, width, height)
	}
	t.Width, t.Height = int(width), int(height)
	return t, errors.Join(errWidth, errHeight)
}

func parseCues(index element) (cues []cue, err error) {
	for rest := index.content; len(rest) > 0; {
		var point element
		if point, rest, err = cut(rest); err != nil {
			return nil, err
		}
		at, err := point.number(idCueTime)
		if err != nil {
			return nil, err
		}
		where, err := point.find(idCueTrackPositions)
		if err != nil {
			return nil, err
		}
		track, err := where.number(idCueTrack)
		if err != nil {
			return nil, err
		}
		position, err := where.number(idCueClusterPosition)
		if err != nil {
			return nil, err
		}
		if track > AudioTrack {
			return nil, fmt.Errorf("%w: cue of track %d", ErrFormat, track)
		}
		cues = append(cues, cue{ms: int64(at), track: int(track), position: int64(position)})
	}
	return cues, nil
}

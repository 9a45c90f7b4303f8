package webm

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"
)

// filmFile is a file of 40 video frames, 100 ms apart, each tenth a key frame,
// with two audio packets to each.
func filmFile(t testing.TB) []byte {
	t.Helper()
	var blocks []Placed
	var payloads [][]byte
	add := func(track int, ms int64, key bool, text string) {
		blocks = append(blocks, Placed{Track: track, MS: ms, Key: key, Size: len(text)})
		payloads = append(payloads, []byte(text))
	}
	for i := range int64(40) {
		add(VideoTrack, i*100, i%10 == 0, fmt.Sprintf("video %d", i+1))
		add(AudioTrack, i*100+10, true, fmt.Sprintf("audio %d", 2*i+1))
		add(AudioTrack, i*100+60, true, fmt.Sprintf("audio %d", 2*i+2))
	}
	l, err := NewLayout(Header{Tracks: []Track{{Number: VideoTrack, Codec: "V_VP8", Width: 64, Height: 48}, {Number: AudioTrack, Codec: "A_OPUS"}},
		Start: epoch.Add(time.Hour), Duration: 4 * time.Second}, blocks)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := l.Write(&file, func(i int) ([]byte, error) { return payloads[i], nil }); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// TestCutIsTheStretch: what is cut out reads as a file of the same payloads, from
// zero, with the wall time that they had.
func TestCutIsTheStretch(t *testing.T) {
	var out bytes.Buffer
	if err := Cut(&out, bytes.NewReader(filmFile(t)), 11, 31); err != nil {
		t.Fatal(err)
	}
	rd, err := NewReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	if want := epoch.Add(time.Hour + time.Second); !rd.Header().Start.Equal(want) || len(rd.Tracks()) != 2 {
		t.Errorf("header %+v", rd.Header())
	}
	video, audio := 0, 0
	for {
		b, err := rd.Next()
		if err != nil {
			break
		}
		want := fmt.Sprintf("video %d", 11+video)
		at := int64(video) * 100
		if b.Track == AudioTrack {
			want, at = fmt.Sprintf("audio %d", 21+audio), int64(audio/2)*100+10+int64(audio%2)*50
			audio++
		} else {
			video++
		}
		if string(b.Data) != want || b.MS != at {
			t.Fatalf("%q at %d ms, wanted %q at %d", b.Data, b.MS, want, at)
		}
	}
	if video != 21 || audio != 40 {
		t.Errorf("%d video frames and %d audio packets", video, audio)
	}
}

func TestCutRefuses(t *testing.T) {
	file := filmFile(t)
	for name, c := range map[string]struct{ first, last int64 }{
		"no key frame": {12, 20}, "beyond the end": {31, 41}, "backwards": {21, 11}, "nothing": {0, 0},
	} {
		if err := Cut(&bytes.Buffer{}, bytes.NewReader(file), c.first, c.last); !errors.Is(err, ErrCut) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Cut(&bytes.Buffer{}, bytes.NewReader(file[:len(file)-100]), 11, 31); err != nil {
		t.Errorf("a torn end behind the stretch: %v", err)
	}
	if err := Cut(&bytes.Buffer{}, bytes.NewReader(file[:1200]), 11, 31); !errors.Is(err, ErrFormat) {
		t.Errorf("torn within: %v", err)
	}
}

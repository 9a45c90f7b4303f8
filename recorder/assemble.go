package recorder

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"verifycall/recorder/webm"
)

// maxLag bounds how far before its arrival a frame is placed, whatever the
// sender's clocks say.
const maxLag = 10 * time.Second

// placed is a frame with its final time.
type placed struct {
	storedFrame
	ms int64
	n  int64
}

// Assemble makes one seekable WebM file of the parts in a recording's folder,
// and the frame index, one IndexLine of JSON for each block. It works from the
// parts alone: the same parts give the same bytes, a torn end is left out (and
// is a gap), and it may be called while none is being written. A recording
// without any frame has no file: Frames of all its tracks are zero and nothing
// is written to video or index.
func Assemble(folder string, video, index io.Writer) (Summary, error) {
	st, err := readStored(folder)
	if err != nil {
		return Summary{}, fmt.Errorf("assemble: %w", err)
	}
	frames := st.place()
	summary := st.summarize(frames)
	if len(frames) == 0 {
		return summary, nil
	}
	layout, err := st.layout(frames)
	if err != nil {
		return Summary{}, fmt.Errorf("assemble: %w", err)
	}
	source := partSource{paths: st.paths}
	err = layout.Write(video, func(i int) ([]byte, error) { return source.read(frames[i].storedFrame) })
	source.close()
	if err != nil {
		return Summary{}, fmt.Errorf("assemble: %w", err)
	}
	if err := st.writeIndex(index, frames); err != nil {
		return Summary{}, fmt.Errorf("assemble: frame index: %w", err)
	}
	return summary, nil
}

// place decides the final times: by the sender reports, not before the start
// and not after the arrival, growing within a track. Frames come back in the
// order of time.
func (st *stored) place() []placed {
	var clock SyncClock
	streams := make([]*SyncStream, len(st.streams))
	for i, s := range st.streams {
		streams[i] = clock.Stream(s.Rate)
	}
	ticks := make([]int64, len(st.frames))
	for i, f := range st.frames {
		ticks[i] = streams[f.Stream-1].Frame(f.RTP, time.Duration(f.US)*time.Microsecond)
	}
	for _, r := range st.reports {
		streams[r.Stream-1].Report(r.NTP, r.RTP, time.Duration(r.US)*time.Microsecond)
	}
	frames := make([]placed, len(st.frames))
	next, count := map[int]int64{}, map[int]int64{}
	for i, f := range st.frames {
		arrival := time.Duration(f.US) * time.Microsecond
		t := max(0, arrival-maxLag, min(arrival, streams[f.Stream-1].Time(ticks[i])))
		ms := max(t.Milliseconds(), next[f.track])
		next[f.track] = ms + 1
		count[f.track]++
		frames[i] = placed{f, ms, count[f.track]}
	}
	slices.SortStableFunc(frames, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.ms, b.ms), cmp.Compare(a.track, b.track))
	})
	return frames
}

// layout plans the file. Its Duration reaches to the end of the last frame.
func (st *stored) layout(frames []placed) (*webm.Layout, error) {
	blocks, end := make([]webm.Placed, len(frames)), int64(0)
	for i, f := range frames {
		blocks[i] = webm.Placed{Track: f.track, MS: f.ms, Key: f.Key, Size: f.size}
		end = max(end, f.ms+max(1, f.length))
	}
	return webm.NewLayout(webm.Header{Tracks: st.header(), Start: st.birth.Start, Duration: time.Duration(end) * time.Millisecond}, blocks)
}

func (st *stored) writeIndex(w io.Writer, frames []placed) error {
	buffered := bufio.NewWriter(w)
	lines := json.NewEncoder(buffered)
	for _, f := range frames {
		err := lines.Encode(IndexLine{N: f.n, Track: trackKind(f.track), RTP: f.RTP, MS: f.ms, At: st.birth.at(f.US),
			Size: f.size, Key: f.Key, SHA256: f.SHA256})
		if err != nil {
			return err
		}
	}
	return buffered.Flush()
}

func trackKind(number int) string {
	if number == webm.VideoTrack {
		return Video
	}
	return Audio
}

// partSource reads frames out of the parts.
type partSource struct {
	paths []string
	open  []openPart // at most openParts: frames lie almost in order
	buf   []byte
}

type openPart struct {
	number int
	file   *os.File
}

const openParts = 4

// read gives a frame's bytes, valid until the next call.
func (s *partSource) read(f storedFrame) ([]byte, error) {
	i := slices.IndexFunc(s.open, func(p openPart) bool { return p.number == f.part })
	if i < 0 {
		file, err := os.Open(s.paths[f.part])
		if err != nil {
			return nil, err
		}
		if len(s.open) == openParts {
			s.open[0].file.Close() // only read
			s.open = s.open[1:]
		}
		s.open = append(s.open, openPart{f.part, file})
		i = len(s.open) - 1
	}
	s.buf = slices.Grow(s.buf[:0], f.size)[:f.size]
	if _, err := s.open[i].file.ReadAt(s.buf, f.offset); err != nil {
		return nil, fmt.Errorf("part %d: %w", f.part+1, err)
	}
	return s.buf, nil
}

func (s *partSource) close() {
	for _, p := range s.open {
		p.file.Close() // only read
	}
}

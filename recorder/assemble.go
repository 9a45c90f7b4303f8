package recorder

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"filippo.io/age"

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

// Tape is a recording read from its parts, its frames at their final times. It
// holds no media: that is decrypted, record by record, while a file is written.
type Tape struct {
	Summary Summary // Frames of all tracks are zero where there is no file
	stored  *stored
	frames  []placed
}

// Read reads the parts in a recording's folder with the key that their records
// are encrypted to. It works from the parts alone: the same parts give the same
// files, a torn end is left out (and is a gap), and it may be called while none
// is being written.
func Read(folder string, key age.Identity) (*Tape, error) {
	st, err := readStored(folder, key)
	if err != nil {
		return nil, fmt.Errorf("read recording: %w", err)
	}
	frames := st.place()
	return &Tape{Summary: st.summarize(frames), stored: st, frames: frames}, nil
}

// maxReads is how many recordings are read at the same time; each may hold a
// part of 10 s in memory.
const maxReads = 4

// ReadAll is Read for the recordings of a room, in the order of ids, beside one
// another.
func ReadAll(dir string, ids []string, key age.Identity) ([]*Tape, error) {
	tapes, faults := make([]*Tape, len(ids)), make([]error, len(ids))
	var readers sync.WaitGroup
	slots := make(chan struct{}, maxReads) // room maxReads, never closed
	for i, id := range ids {
		readers.Go(func() {
			slots <- struct{}{}
			if tapes[i], faults[i] = Read(filepath.Join(dir, id), key); faults[i] != nil {
				faults[i] = fmt.Errorf("recording %s: %w", id, faults[i])
			}
			<-slots
		})
	}
	readers.Wait()
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return tapes, nil
}

// WriteVideo writes the recording as one seekable WebM file; nothing where it
// has no frame.
func (t *Tape) WriteVideo(w io.Writer) error {
	if len(t.frames) == 0 {
		return nil
	}
	layout, err := t.stored.layout(t.frames)
	if err != nil {
		return fmt.Errorf("assemble: %w", err)
	}
	source := partSource{paths: t.stored.paths, key: t.stored.key}
	if err := layout.Write(w, func(i int) ([]byte, error) { return source.read(t.frames[i].storedFrame) }); err != nil {
		return fmt.Errorf("assemble: %w", err)
	}
	return nil
}

// WriteIndex writes the frame index: one IndexLine of JSON for each block of the
// video file.
func (t *Tape) WriteIndex(w io.Writer) error {
	if err := t.stored.writeIndex(w, t.frames); err != nil {
		return fmt.Errorf("frame index: %w", err)
	}
	return nil
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
			Size: f.size, Key: f.Key, SHA256: f.SHA256.String()})
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
	key   age.Identity
	open  []openRecordBytes // at most openRecords: frames lie almost in order
}

type openRecordBytes struct {
	place
	plain []byte
}

const openRecords = 4

// read gives a frame's bytes, which are not to be changed.
func (s *partSource) read(f storedFrame) ([]byte, error) {
	i := slices.IndexFunc(s.open, func(r openRecordBytes) bool { return r.place == f.record })
	if i < 0 {
		plain, err := s.decrypt(f.record)
		if err != nil {
			return nil, fmt.Errorf("part %d: %w", f.record.part+1, err)
		}
		if len(s.open) == openRecords {
			s.open = s.open[1:]
		}
		s.open = append(s.open, openRecordBytes{f.record, plain})
		i = len(s.open) - 1
	}
	plain := s.open[i].plain
	if f.offset+f.size > len(plain) {
		return nil, fmt.Errorf("part %d has changed", f.record.part+1)
	}
	return plain[f.offset : f.offset+f.size], nil
}

func (s *partSource) decrypt(at place) ([]byte, error) {
	file, err := os.Open(s.paths[at.part])
	if err != nil {
		return nil, err
	}
	defer file.Close() // only read
	sealed := make([]byte, at.size)
	if _, err := file.ReadAt(sealed, at.at); err != nil {
		return nil, err
	}
	return decrypt(sealed, s.key)
}

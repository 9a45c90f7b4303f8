package recorder

import (
	"fmt"
	"os"

	"filippo.io/age"

	"verifycall/recorder/webm"
)

// stored is what the parts of a recording hold, without the frames' bytes.
type stored struct {
	birth   birth
	key     age.Identity
	paths   []string // of the parts
	good    []int64  // lengths of the parts up to their last whole record
	torn    []bool   // whether there is more behind it
	streams []streamNote
	frames  []storedFrame
	reports []reportNote
	end     *endNote // nil after a crash
	serial  int64    // of the last record
}

// storedFrame is a frame and where its bytes lie.
type storedFrame struct {
	frameNote
	track  int // webm.VideoTrack or webm.AudioTrack
	length int64
	size   int
	record place // that holds it
	offset int   // in the record's decrypted bytes
}

// place is where a record's encrypted bytes lie.
type place struct {
	part int // index of paths
	at   int64
	size int
}

// readStored reads a recording's folder with the key of its room's recordings.
func readStored(folder string, key age.Identity) (*stored, error) {
	b, err := readBirth(folder)
	if err != nil {
		return nil, err
	}
	st := &stored{birth: b, key: key}
	if st.paths, err = partPaths(folder); err != nil {
		return nil, err
	}
	var marks []mark
	for i, path := range st.paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		records, good, err := parsePart(content, key)
		if err != nil {
			return nil, fmt.Errorf("part %d: %w", i+1, err)
		}
		st.good, st.torn = append(st.good, good), append(st.torn, good < int64(len(content)))
		for _, r := range records {
			for n := len(marks); n > 0 && marks[n-1].serial >= r.Serial; n-- {
				marks[n-1].undo(st) // reported as failed, then written again
				marks = marks[:n-1]
			}
			marks = append(marks, st.mark(r.Serial))
			if err := st.add(r, i); err != nil {
				return nil, fmt.Errorf("part %d: %w", i+1, err)
			}
		}
	}
	return st, nil
}

// mark is how much was read before a record.
type mark struct {
	serial                   int64
	streams, frames, reports int
}

func (st *stored) mark(serial int64) mark {
	return mark{serial, len(st.streams), len(st.frames), len(st.reports)}
}

func (m mark) undo(st *stored) {
	st.streams, st.frames, st.reports, st.end = st.streams[:m.streams], st.frames[:m.frames], st.reports[:m.reports], nil
}

func (st *stored) add(r record, part int) error {
	st.serial, st.end = r.Serial, r.End
	for _, s := range r.Streams {
		if s.Stream != len(st.streams)+1 || trackNumber[s.Kind] == 0 {
			return fmt.Errorf("stream %d of kind %.10q", s.Stream, s.Kind)
		}
		st.streams = append(st.streams, s)
	}
	for i, f := range r.Frames {
		if f.Stream < 1 || f.Stream > len(st.streams) {
			return fmt.Errorf("frame of stream %d", f.Stream)
		}
		kind, block := st.streams[f.Stream-1].Kind, r.blocks[i]
		st.frames = append(st.frames, storedFrame{
			frameNote: f, track: trackNumber[kind], length: frameLength(kind, block.Data), size: len(block.Data),
			record: place{part, r.at, r.size}, offset: r.cluster + block.Offset,
		})
	}
	for _, n := range r.Reports {
		if n.Stream < 1 || n.Stream > len(st.streams) {
			return fmt.Errorf("report of stream %d", n.Stream)
		}
	}
	st.reports = append(st.reports, r.Reports...)
	return nil
}

// header gives the WebM header's tracks: those that have frames.
func (st *stored) header() (tracks []webm.Track) {
	var video, audio webm.Track
	for _, f := range st.frames {
		switch {
		case f.track == webm.AudioTrack:
			audio = webm.Track{Number: webm.AudioTrack, Codec: "A_OPUS"}
		case f.Width*f.Height > video.Width*video.Height:
			video = webm.Track{Number: webm.VideoTrack, Codec: "V_VP8", Width: f.Width, Height: f.Height}
		}
	}
	for _, t := range []webm.Track{video, audio} {
		if t.Number > 0 {
			tracks = append(tracks, t)
		}
	}
	return tracks
}

package recorder

import (
	"bytes"
	"fmt"
	"time"

	"verifycall/recorder/webm"
)

// flush makes the batch durable as one record. If the disk refuses, the frames
// are a gap; what else was learnt is kept for the next record.
func (rec *Recording) flush() {
	b := &rec.batch
	if len(b.frames) == 0 && b.end == nil {
		return
	}
	err := rec.write()
	rec.err = err
	if err != nil {
		rec.refused(err)
		return
	}
	rec.serial++
	if len(b.frames) > 0 {
		rec.durable(time.Since(oldest(b.frames)))
	}
	rec.commit(b.frames)
	clear(b.frames)
	*b = batch{frames: b.frames[:0]}
	rec.arena.free()
	rec.mu.Lock()
	wasFaulty := rec.faulty != ""
	rec.faulty = ""
	rec.mu.Unlock()
	if wasFaulty {
		rec.log.Info("recording goes on")
		rec.post(Working{rec})
	}
	rec.serveWaits()
}

// oldest is when the first of some frames arrived.
func oldest(frames []batchFrame) time.Time {
	first := frames[0].arrival
	for _, f := range frames[1:] {
		if f.arrival.Before(first) {
			first = f.arrival
		}
	}
	return first
}

func (rec *Recording) write() error {
	b := &rec.batch
	if len(b.frames) > 0 { // the end alone is small
		if err := rec.roomy(); err != nil {
			return err
		}
	}
	n := notes{Serial: rec.serial, Streams: b.streams, Reports: b.reports, End: b.end}
	blocks := make([]webm.Block, len(b.frames))
	last := int64(0)
	for i, f := range b.frames {
		n.Frames = append(n.Frames, f.note)
		last = max(last, f.note.US/1000) // frames of two tracks, out of order by patience
		blocks[i] = webm.Block{Track: trackNumber[f.kind], MS: last, Key: f.note.Key, Data: f.data}
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	record, err := encodeRecord((*buffer)[:0], n, blocks, rec.key)
	*buffer = record
	if err != nil {
		return fmt.Errorf("encode record: %w", err)
	}
	rec.writing.Store(time.Now().UnixNano())
	defer rec.writing.Store(0)
	return rec.parts.append(record, time.Duration(last)*time.Millisecond)
}

var trackNumber = map[string]int{Video: webm.VideoTrack, Audio: webm.AudioTrack}

// commit counts frames that have become durable and keeps the key frames for
// the calls that wait.
func (rec *Recording) commit(frames []batchFrame) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	for _, f := range frames {
		t, l := rec.tracks[f.kind], rec.light[f.kind]
		t.count++
		l.bytes += int64(len(f.data))
		if f.note.Break != "" {
			l.cover.interrupt(f.note.Break)
		}
		l.cover.frame(l.pace.when(f.note, f.rate)/1000, frameLength(f.kind, f.data), f.note.Key)
		if f.note.Width == 0 {
			continue
		}
		rec.keys = append(rec.keys, keptFrame{f.arrival, Frame{
			Data: bytes.Clone(f.data), Width: f.note.Width, Height: f.note.Height, RTP: f.note.RTP,
			At: rec.birth.at(f.note.US), N: t.count, SHA256: f.note.SHA256,
		}})
		rec.keys = rec.keys[max(0, len(rec.keys)-keptKeys):]
	}
}

// refused turns the batch's frames into a gap.
func (rec *Recording) refused(err error) {
	b, cause := &rec.batch, plainCause(err)
	rec.mu.Lock()
	first := rec.faulty == ""
	rec.faulty = cause
	for _, f := range b.frames {
		rec.light[f.kind].cover.interrupt(CauseDisk)
	}
	rec.mu.Unlock()
	for _, f := range b.frames {
		t := rec.tracks[f.kind]
		t.lost, t.waitKey = CauseDisk, f.kind == Video
	}
	b.frames, b.bytes = nil, 0
	rec.arena.free()
	if first {
		rec.log.Error("recording fails", "cause", cause, "err", err)
		rec.post(Failing{rec, cause})
	}
}

// frameLength is how many milliseconds a frame lasts by itself.
func frameLength(kind string, data []byte) int64 {
	if kind == Audio {
		return opusDuration(data)
	}
	return 0
}

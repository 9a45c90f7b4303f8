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
	rec.commit(b)
	b.empty()
	b.streams, b.reports, b.end = nil, b.reports[:0], nil
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
	n := notes{Serial: rec.serial, Streams: b.streams, Frames: rec.notes, Reports: b.reports, End: b.end}
	n.Frames, rec.blocks = n.Frames[:0], rec.blocks[:0]
	ms := int64(0)
	for i := range b.frames {
		f := &b.frames[i]
		rec.digest(f)
		n.Frames = append(n.Frames, f.note)
		ms = max(ms, f.note.US/1000) // frames of two tracks, out of order by patience
		bodies := b.of(f)
		rec.blocks = append(rec.blocks, webm.Block{Track: trackNumber[f.track.kind], MS: ms, Key: f.note.Key, Data: bodies[0], Rest: bodies[1:]})
	}
	rec.notes = n.Frames
	now := time.Duration(ms) * time.Millisecond
	if err := rec.renewSealer(now); err != nil {
		return err
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	record, err := encodeRecord((*buffer)[:0], n, rec.blocks, rec.sealer)
	clear(rec.blocks) // of chunks that others fill again
	if err != nil {
		return fmt.Errorf("encode record: %w", err)
	}
	*buffer = record
	rec.writing.Store(time.Now().UnixNano())
	defer rec.writing.Store(0)
	return rec.parts.append(record, now)
}

// renewSealer makes a new one where there is none or it has been used for long.
func (rec *Recording) renewSealer(now time.Duration) error {
	if rec.sealer != nil && now-rec.sealer.since < sealSpan {
		return nil
	}
	next, err := newSealer(rec.key, now)
	if err != nil {
		return err
	}
	rec.sealer.forget()
	rec.sealer = next
	return nil
}

// digest notes a frame's.
func (rec *Recording) digest(f *batchFrame) {
	rec.hash.Reset()
	for _, body := range rec.batch.of(f) {
		rec.hash.Write(body)
	}
	rec.hash.Sum(f.note.SHA256[:0])
}

var trackNumber = map[string]int{Video: webm.VideoTrack, Audio: webm.AudioTrack}

// commit counts frames that have become durable and keeps the key frames for
// the calls that wait.
func (rec *Recording) commit(b *batch) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	for i := range b.frames {
		f := &b.frames[i]
		t, l := f.track, f.track.light
		t.count++
		l.bytes += int64(f.size)
		if f.note.Break != "" {
			l.cover.interrupt(f.note.Break)
		}
		l.cover.frame(l.pace.when(f.note, f.rate)/1000, frameLength(t.kind, b.of(f)[0]), f.note.Key)
		if f.note.Width == 0 {
			continue
		}
		rec.keys = append(rec.keys, keptFrame{f.arrival, Frame{
			Data: bytes.Join(b.of(f), nil), Width: f.note.Width, Height: f.note.Height, RTP: f.note.RTP,
			At: rec.birth.at(f.note.US), N: t.count, SHA256: f.note.SHA256.String(),
		}})
		rec.keys = rec.keys[max(0, len(rec.keys)-keptKeys):]
	}
}

// refused turns the batch's frames into a gap.
func (rec *Recording) refused(err error) {
	b, cause := &rec.batch, FailingOf(err)
	rec.mu.Lock()
	first := rec.faulty == ""
	rec.faulty = cause
	for _, f := range b.frames {
		f.track.light.cover.interrupt(CauseDisk)
	}
	rec.mu.Unlock()
	for _, f := range b.frames {
		f.track.lost, f.track.waitKey = CauseDisk, f.track.kind == Video
	}
	b.empty()
	if first {
		rec.log.Error("recording fails", "cause", cause, "err", err)
		rec.post(Failing{rec, cause})
	}
}

// frameLength is how many milliseconds a frame lasts by itself. data may be the
// beginning of a picture; sound is never in pieces.
func frameLength(kind string, data []byte) int64 {
	if kind == Audio {
		return opusDuration(data)
	}
	return 0
}

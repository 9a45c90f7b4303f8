package recorder

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"verifycall/recorder/webm"
)

// track is one kind of a recording's media; owned by Recording.run.
type track struct {
	kind    string
	stream  *stream   // the newest; earlier ones are drained
	count   int64     // durable frames
	waitKey bool      // video: nothing can be shown before the next key frame
	damaged bool      // video: frames were lost since the last key frame
	lost    string    // cause of what is missing before the next frame; empty if nothing
	key     time.Time // arrival of the newest key frame
	asked   time.Time // when a key frame was last asked for
}

// stream is the packets of one Tap; owned by Recording.run.
type stream struct {
	number    int
	rate      uint32 // RTP ticks per second
	assembler *Assembler
}

// batch is what the next record will hold; owned by Recording.run.
type batch struct {
	streams []streamNote
	reports []reportNote
	end     *endNote
	frames  []batchFrame // their data are the arena's
	bytes   int
}

type batchFrame struct {
	note    frameNote
	kind    string
	rate    uint32 // RTP ticks per second
	arrival time.Time
	data    []byte
}

// due says whether the frames have waited long enough.
func (b *batch) due(now time.Duration) bool {
	return len(b.frames) > 0 && (now.Microseconds()-b.frames[0].note.US >= clusterSpan.Microseconds() || b.bytes >= clusterSize)
}

// keyAfter says whether there is a key frame that one of the calls waits for.
func (b *batch) keyAfter(waits []*want) bool {
	for _, f := range b.frames {
		for _, w := range waits {
			if f.note.Width > 0 && f.arrival.After(w.after) {
				return true
			}
		}
	}
	return false
}

func (rec *Recording) takePacket(q queuedPacket) {
	s := rec.stream(q.tap, q.packet.Arrival)
	t := rec.tracks[q.tap.kind]
	if s == nil || t.stream != s {
		freePacket(q.packet) // of a publisher that has begun anew
		return
	}
	arrival := q.packet.Arrival
	s.assembler.Push(q.packet)
	rec.popAll(t, arrival)
}

// stream gives the stream of a tap, beginning it with the tap's first packet.
func (rec *Recording) stream(tap *Tap, now time.Time) *stream {
	if s := rec.taps[tap]; s != nil || window[tap.kind] == 0 {
		return s
	}
	t := rec.tracks[tap.kind]
	if t == nil {
		t = &track{kind: tap.kind, waitKey: tap.kind == Video}
		rec.tracks[tap.kind] = t
	} else {
		rec.drain(t, now)
		t.lost, t.waitKey = CauseRestart, t.kind == Video
	}
	rec.count++
	t.stream = &stream{number: rec.count, rate: tap.rate, assembler: NewAssembler(tap.kind)}
	t.stream.assembler.Free, t.stream.assembler.Scratch = freePacket, &rec.scratch
	rec.taps[tap] = t.stream
	rec.batch.streams = append(rec.batch.streams, streamNote{rec.count, tap.kind, tap.rate})
	return t.stream
}

// keptReports bounds the reports kept in memory while the disk refuses.
const keptReports = 4096

func (rec *Recording) takeReport(q queuedReport) {
	s := rec.stream(q.tap, q.arrival)
	if s == nil || rec.tracks[q.tap.kind].stream != s || len(rec.batch.reports) >= keptReports {
		return
	}
	rec.batch.reports = append(rec.batch.reports, reportNote{s.number, q.ntp, q.rtp, rec.since(q.arrival).Microseconds()})
}

func (rec *Recording) popAll(t *track, now time.Time) {
	for {
		u, ok := t.stream.assembler.Pop(now)
		if !ok {
			return
		}
		rec.takeUnit(t, u)
	}
}

func (rec *Recording) drain(t *track, now time.Time) {
	for {
		u, ok := t.stream.assembler.Drain(now)
		if !ok {
			return
		}
		rec.takeUnit(t, u)
	}
}

// takeUnit puts a frame into the batch, or notes a loss.
func (rec *Recording) takeUnit(t *track, u Unit) {
	if u.Lost != "" {
		t.lose(u.Lost)
		return
	}
	if rec.batch.due(rec.since(u.Arrival)) {
		rec.flush() // first, since a refusal changes what is missing before this frame
	}
	f := batchFrame{kind: t.kind, rate: t.stream.rate, arrival: u.Arrival}
	f.note = frameNote{Stream: t.stream.number, RTP: u.Timestamp, US: rec.since(u.Arrival).Microseconds(), Key: true}
	if t.kind == Video {
		header, key, err := vp8Header(u.Data)
		if err != nil || len(u.Data) > webm.MaxBlock {
			t.lose(CauseMalformed)
			return
		}
		f.note.Key, f.note.Width, f.note.Height = key, header.Width, header.Height
		if t.waitKey && !key {
			return
		}
		if key {
			t.waitKey, t.damaged, t.key = false, false, u.Arrival
		}
	}
	f.note.Break, t.lost = t.lost, ""
	digest := sha256.Sum256(u.Data)
	f.note.SHA256 = hex.EncodeToString(digest[:])
	f.data = append(rec.arena.alloc(len(u.Data)), u.Data...)
	rec.batch.frames = append(rec.batch.frames, f)
	rec.batch.bytes += len(u.Data)
	if rec.batch.keyAfter(rec.waits) {
		rec.flush()
	}
}

func (t *track) lose(cause string) {
	if t.lost == "" {
		t.lost = cause
	}
	t.damaged = t.kind == Video
}

// Spacing of requests for a key frame.
const (
	askSpan  = time.Second
	seekSpan = 20 * time.Second
)

// askKeyFrame posts NeedKeyFrame when it is due.
func (rec *Recording) askKeyFrame(now time.Time) {
	t := rec.tracks[Video]
	if t == nil {
		return
	}
	why := ""
	switch waited := now.Sub(t.asked); {
	case t.waitKey && waited >= askSpan:
		why = WhyLeadIn
	case t.damaged && waited >= askSpan:
		why = WhyGap
	case now.Sub(t.key) >= seekSpan && waited >= seekSpan:
		why = WhySeek
	}
	if why != "" {
		t.asked = now
		rec.post(NeedKeyFrame{rec, why})
	}
}

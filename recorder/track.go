package recorder

import (
	"time"

	"verifycall/recorder/webm"
	"verifycall/recorder/webp"
)

// track is one kind of a recording's media; owned by Recording.run.
type track struct {
	kind    string
	light   *light    // of the kind, guarded by Recording.mu
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
	track     *track
	number    int
	rate      uint32 // RTP ticks per second
	assembler *Assembler
}

// batch is what the next record will hold; owned by Recording.run.
type batch struct {
	streams []streamNote
	reports []reportNote
	end     *endNote
	frames  []batchFrame
	bytes   int
	bodies  [][]byte // of the frames' packets
	homes   []*chunk // that bodies lie in
}

// batchFrame is a frame; it lies in the batch's bodies from one up to another.
type batchFrame struct {
	note     frameNote // its SHA256 only when it is written
	track    *track
	rate     uint32 // RTP ticks per second
	arrival  time.Time
	from, to int
	size     int // bytes
}

// of gives the pieces of a frame, at least one.
func (b *batch) of(f *batchFrame) [][]byte { return b.bodies[f.from:f.to] }

// empty lets the frames go.
func (b *batch) empty() {
	for _, c := range b.homes {
		c.release()
	}
	clear(b.frames)
	clear(b.bodies)
	clear(b.homes)
	b.frames, b.bodies, b.homes, b.bytes = b.frames[:0], b.bodies[:0], b.homes[:0], 0
}

// due says whether the frames have waited long enough.
func (b *batch) due(now time.Duration) bool {
	return len(b.frames) > 0 && (now.Microseconds()-b.frames[0].note.US >= clusterSpan.Microseconds() || b.bytes >= clusterSize)
}

// keyAfter says whether there is a key frame that one of the calls waits for.
func (b *batch) keyAfter(waits []*want) bool {
	for _, w := range waits {
		for _, f := range b.frames {
			if f.note.Width > 0 && f.arrival.After(w.after) {
				return true
			}
		}
	}
	return false
}

func (rec *Recording) takePacket(q *queuedPacket) {
	s := rec.stream(q.tap, q.Arrival)
	if s == nil || s.track.stream != s {
		q.home.release() // of a publisher that has begun anew
		return
	}
	p := rec.newPacket()
	*p = q.Packet
	s.assembler.Push(p)
	rec.popAll(s.track, q.Arrival)
}

// idlePackets is how many are kept for what comes next.
const idlePackets = 64

func (rec *Recording) newPacket() *Packet {
	n := len(rec.idle)
	if n == 0 {
		return new(Packet)
	}
	p := rec.idle[n-1]
	rec.idle = rec.idle[:n-1]
	return p
}

// freePacket gives a packet back, and its payload's place unless that was taken.
func (rec *Recording) freePacket(p *Packet) {
	p.home.release()
	*p = Packet{}
	if len(rec.idle) < idlePackets {
		rec.idle = append(rec.idle, p)
	}
}

// stream gives the stream of a tap, beginning it with the tap's first packet.
func (rec *Recording) stream(tap *Tap, now time.Time) *stream {
	if tap.stream != nil || window[tap.kind] == 0 {
		return tap.stream
	}
	t := rec.tracks[tap.kind]
	if t == nil {
		t = &track{kind: tap.kind, light: tap.light, waitKey: tap.kind == Video}
		rec.tracks[tap.kind] = t
	} else {
		rec.drain(t, now)
		t.lost, t.waitKey = CauseRestart, t.kind == Video
	}
	rec.count++
	t.stream = &stream{track: t, number: rec.count, rate: tap.rate, assembler: NewAssembler(tap.kind)}
	t.stream.assembler.Free = rec.freePacket
	tap.stream = t.stream
	rec.taps = append(rec.taps, tap)
	rec.batch.streams = append(rec.batch.streams, streamNote{rec.count, tap.kind, tap.rate})
	return t.stream
}

// keptReports bounds the reports kept in memory while the disk refuses.
const keptReports = 4096

func (rec *Recording) takeReport(q queuedReport) {
	s := rec.stream(q.tap, q.arrival)
	if s == nil || s.track.stream != s || len(rec.batch.reports) >= keptReports {
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
	defer func() {
		for _, p := range u.Packets {
			rec.freePacket(p)
		}
	}()
	f := batchFrame{track: t, rate: t.stream.rate, arrival: u.Arrival, size: u.size()}
	f.note = frameNote{Stream: t.stream.number, RTP: u.Timestamp, US: rec.since(u.Arrival).Microseconds(), Key: true}
	if t.kind == Video {
		header, key, err := rec.vp8Header(u)
		if err != nil || f.size > webm.MaxBlock {
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
	rec.batch.add(f, u.Packets)
	if rec.batch.keyAfter(rec.waits) {
		rec.flush()
	}
}

// add takes a frame in with the payloads of its packets.
func (b *batch) add(f batchFrame, packets []*Packet) {
	f.from = len(b.bodies)
	for _, p := range packets {
		if len(p.body) > 0 {
			b.bodies, b.homes = append(b.bodies, p.body), append(b.homes, p.home)
			p.home = nil
		}
	}
	f.to = len(b.bodies)
	b.frames = append(b.frames, f)
	b.bytes += f.size
}

// vp8Header reads that of a frame. A key frame's, of which there are few, is read
// from a copy in one piece.
func (rec *Recording) vp8Header(u Unit) (webp.KeyFrame, bool, error) {
	if first := u.Packets[0].body; first[0]&1 == 1 && u.size() >= 3 {
		return webp.KeyFrame{}, false, nil
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	frame := u.AppendTo((*buffer)[:0])
	*buffer = frame
	defer clear(frame)
	return vp8Header(frame)
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

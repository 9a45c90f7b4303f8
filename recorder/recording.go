package recorder

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"filippo.io/age"

	"verifycall/recorder/webm"
)

// Recording keeps what one participant sends on one connection, from Begin to
// Stop. Its methods may be called from any goroutine. One goroutine, run, owns
// everything that isn't said to be shared, and alone touches the files.
type Recording struct {
	birth   birth // Start with the monotonic clock
	log     *slog.Logger
	post    func(Event)
	roomy   func() error        // of Config
	durable func(time.Duration) // of Config

	queue    queue         // of what the taps bring; full: the Tap drops
	wants    chan *want    // no room, never closed; the sender waits at its context
	stopping chan ending   // room 1, one send by the first Stop
	done     chan struct{} // closed by run at its end

	stopped  atomic.Bool // by Stop
	stopOnce sync.Once
	err      error        // of the last record; valid after done
	writing  atomic.Int64 // when the write under way began, Unix ns; 0 if none

	mu     sync.Mutex // guards light, held for copies only
	light  map[string]*light
	ended  time.Duration // length, once it has ended
	faulty string        // why the disk refuses

	tracks map[string]*track
	taps   []*Tap // that a packet came through
	count  int    // streams
	serial int64  // of the next record
	batch  batch
	parts  partWriter
	key    age.Recipient // of the records
	sealer *sealer       // to key; nil before the first record
	hash   hash.Hash     // SHA-256, of a frame
	waits  []*want

	idle         []*Packet   // that hold nothing
	notes        []frameNote // emptied, for the next record, with blocks
	blocks       []webm.Block
	spare        []queuedPacket // emptied, for the queue's next
	spareReports []queuedReport
	keys         []keptFrame // newest durable key frames
}

// light is what Status shows of a track; shared, guarded by Recording.mu but for seen.
type light struct {
	bytes int64        // of durable frames
	seen  atomic.Int64 // ms; arrival of the newest packet
	cover coverage
	pace  pace
}

const (
	clusterSpan = 2*time.Second - tickSpan // with a tick at most 2 s between durable and not yet durable
	clusterSize = 4 << 20                  // bytes after which a cluster isn't waited with
	tickSpan    = 200 * time.Millisecond   // between looks at patience and clusters
	slowDisk    = 3 * time.Second          // a write this long counts as failing
)

func newRecording(cfg Config, b birth, folder string) *Recording {
	rec := &Recording{
		birth: b, log: cfg.Log.With("recording", b.ID), post: cfg.Post, roomy: cfg.Spare, durable: cfg.Durable,
		queue: newQueue(),
		wants: make(chan *want), stopping: make(chan ending, 1), done: make(chan struct{}),
		light: map[string]*light{}, tracks: map[string]*track{}, serial: 1, key: cfg.Key, hash: sha256.New(),
		parts: partWriter{folder: folder, create: createPart},
	}
	return rec
}

// ID is the recording's name within the room, "<participant>-<n>".
func (rec *Recording) ID() string { return rec.birth.ID }

// Tap gives the way in for the packets of a track of kind Video or Audio, whose
// RTP clock counts clockRate per second. When packets come through another Tap
// of the same kind, the publisher has begun anew: the earlier one's are ignored
// from then on. Packets of another kind are ignored.
func (rec *Recording) Tap(kind string, clockRate uint32) *Tap {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if rec.light[kind] == nil && window[kind] > 0 {
		rec.light[kind] = &light{cover: newCoverage(kind)}
	}
	return &Tap{rec: rec, kind: kind, rate: clockRate, light: rec.light[kind]}
}

// ending is why and when a recording ends.
type ending struct {
	cause string
	at    time.Time
}

// Stop ends the recording now: what has arrived is written, and it returns when the
// files are closed, which can take as long as the disk does. cause goes into
// the Summary. The error says that the end, at least, could not be written;
// later calls return the same.
func (rec *Recording) Stop(cause string) error {
	rec.stopOnce.Do(func() {
		rec.stopped.Store(true)
		rec.stopping <- ending{cause, time.Now()}
	})
	<-rec.done
	return rec.err
}

// Status says how the recording goes; after Stop, how it went. It doesn't wait
// for the disk.
func (rec *Recording) Status() Status {
	writing := rec.writing.Load()
	rec.mu.Lock()
	defer rec.mu.Unlock()
	length, failing := time.Since(rec.birth.Start), rec.faulty
	if rec.ended > 0 {
		length = rec.ended
	} else if failing == "" && writing > 0 && time.Since(time.Unix(0, writing)) > slowDisk {
		failing = FailingSilent
	}
	var s Status
	for _, kind := range []string{Video, Audio} {
		l := rec.light[kind]
		if l == nil {
			continue
		}
		t := TrackStatus{Kind: kind, Bytes: l.bytes, Gaps: len(l.cover.gaps), Failing: failing,
			Coverage: l.cover.share(length.Milliseconds(), l.seen.Load())}
		if n := len(l.cover.gaps); n > 0 {
			t.Cause = l.cover.gaps[n-1].Cause
		}
		if l.cover.open != "" {
			t.Gaps, t.Cause = t.Gaps+1, l.cover.open
		}
		s.Tracks = append(s.Tracks, t)
	}
	return s
}

// since is a moment's distance from the start.
func (rec *Recording) since(t time.Time) time.Duration { return max(0, t.Sub(rec.birth.Start)) }

func (rec *Recording) run() {
	defer close(rec.done)
	group := begun.Add(1)
	tick := time.NewTimer(untilTick(time.Now(), group))
	defer tick.Stop()
	for {
		select {
		case <-rec.queue.wake:
			rec.takeQueued()
		case w := <-rec.wants:
			rec.takeWant(w)
		case now := <-tick.C:
			rec.tick(now)
			tick.Reset(untilTick(now, group))
		case end := <-rec.stopping:
			rec.finish(end.cause, end.at)
			return
		}
	}
}

// tickGroups of recordings look at the clock together: an idle process is woken
// once for a group and not for each, and one look doesn't hold up packets for long.
const tickGroups = 8

var begun atomic.Uint32 // recordings since the process began, for their groups

// untilTick is the time to the group's next look.
func untilTick(now time.Time, group uint32) time.Duration {
	phase := tickSpan / tickGroups * time.Duration(group%tickGroups)
	return now.Add(-phase).Truncate(tickSpan).Add(tickSpan + phase).Sub(now)
}

// takeQueued takes in what the taps have brought.
func (rec *Recording) takeQueued() {
	q := &rec.queue
	got, reports := q.take(rec.spare, rec.spareReports)
	for i := range got {
		rec.takePacket(&got[i])
		got[i] = queuedPacket{}
	}
	q.done(len(got))
	for i, each := range reports {
		rec.takeReport(each)
		reports[i] = queuedReport{}
	}
	rec.spare, rec.spareReports = got, reports
	if cap(rec.spare) > 2*wakeRoom {
		rec.spare = nil // the disk stood still
	}
}

// tick does what is due by time, after what has come before it.
func (rec *Recording) tick(now time.Time) {
	rec.takeQueued()
	for _, t := range rec.tracks {
		rec.popAll(t, now)
	}
	if rec.batch.due(rec.since(now)) {
		rec.flush()
	}
	rec.waits = slices.DeleteFunc(rec.waits, func(w *want) bool { return w.ctx.Err() != nil })
	rec.queue.hurry.Store(len(rec.waits) > 0)
	rec.askKeyFrame(now)
}

// finish takes in what is queued, writes the last record and closes the part.
// The recording ended at now, however long this takes.
func (rec *Recording) finish(cause string, now time.Time) {
	rec.takeQueued()
	for _, t := range rec.tracks {
		rec.drain(t, now)
	}
	end := &endNote{US: rec.since(now).Microseconds(), Cause: cause, Breaks: map[string]string{}}
	for _, tap := range rec.taps {
		if t := tap.stream.track; tap.dropped.Load() > 0 && t.stream == tap.stream && t.lost == "" {
			t.lost = CauseOverflow
		}
	}
	rec.flush() // apart from the end, which may find room where the frames don't
	for kind, t := range rec.tracks {
		if t.lost != "" {
			end.Breaks[kind] = t.lost
		}
	}
	rec.mu.Lock()
	for kind, l := range rec.light {
		end.Tapped = append(end.Tapped, kind)
		if cause := end.Breaks[kind]; cause != "" {
			l.cover.interrupt(cause)
		}
		l.cover.finish(end.US/1000, false)
	}
	rec.ended = rec.since(now)
	rec.mu.Unlock()
	slices.Sort(end.Tapped)
	rec.batch.end = end
	rec.flush()
	rec.err = errors.Join(rec.err, rec.parts.close())
	for _, w := range rec.waits {
		w.reply <- reply{err: ErrStopped}
	}
	rec.letGo()
}

// letGo drops what may be large, and the key.
func (rec *Recording) letGo() {
	for _, tap := range rec.taps {
		tap.stream = nil
	}
	rec.queue.end()
	rec.sealer.forget()
	rec.batch.empty()
	rec.tracks, rec.taps, rec.keys, rec.waits, rec.sealer = nil, nil, nil, nil, nil
	rec.batch, rec.idle, rec.notes, rec.blocks, rec.spare = batch{}, nil, nil, nil, nil
}

// want is a KeyFrame call.
type want struct {
	ctx   context.Context
	after time.Time
	reply chan reply // room 1
}

type reply struct {
	frame Frame
	err   error
}

type keptFrame struct {
	arrival time.Time
	frame   Frame
}

// keptKeys is how many key frames stay in memory for KeyFrame calls that come
// just after them.
const keptKeys = 2

// KeyFrame waits for the first complete VP8 key frame of which the first packet
// arrived after a moment, and gives it when it is durable together with its
// index entry. The error wraps ctx's, or is ErrStopped.
func (rec *Recording) KeyFrame(ctx context.Context, after time.Time) (Frame, error) {
	w := &want{ctx, after, make(chan reply, 1)}
	select {
	case rec.wants <- w:
	case <-rec.done:
		return Frame{}, ErrStopped
	case <-ctx.Done():
		return Frame{}, fmt.Errorf("key frame: %w", ctx.Err())
	}
	select {
	case r := <-w.reply:
		return r.frame, r.err
	case <-ctx.Done():
		return Frame{}, fmt.Errorf("key frame: %w", ctx.Err())
	}
}

func (rec *Recording) takeWant(w *want) {
	rec.waits = append(rec.waits, w)
	rec.queue.hurry.Store(true) // before looking at what is there already
	rec.takeQueued()
	if rec.batch.keyAfter(rec.waits) {
		rec.flush()
	}
	rec.serveWaits()
}

// serveWaits answers the calls whose key frame is durable.
func (rec *Recording) serveWaits() {
	rec.waits = slices.DeleteFunc(rec.waits, func(w *want) bool {
		for _, k := range rec.keys {
			if k.arrival.After(w.after) {
				w.reply <- reply{frame: k.frame}
				return true
			}
		}
		return false
	})
}

// FailingOf says why the disk refuses.
func FailingOf(err error) string {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return FailingFull
	}
	return FailingBroken
}

// Package accesslog keeps the ledger of who came in, who was refused, what was
// looked at, played and taken away, and who was given or lost a role. It is a
// hash chain for each day, each begun with the head of the day before; each batch
// of entries ends with a signed checkpoint, and all of it is mirrored to the
// evidence store. Nobody who comes in waits for that store: one goroutine writes to
// Redis, another one copies to the store what the first says has changed.
//
// Who closes whom: Close writes what waits, mirrors it, and returns when both
// goroutines of the Log have ended, after closeTime at the latest; the DB is closed
// after.
package accesslog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"verifycall/rooms/db"
	"verifycall/rooms/ledger"
	"verifycall/rooms/proof"
)

// Names in Redis.
const (
	chainName = "log"
	current   = "access:current" // plain key: the segment that is written
	kept      = "access:kept"    // plain key: segments in Redis, oldest first, by spaces
)

// Bounds.
const (
	keptSegments = 35 // in Redis; older ones are in the mirror alone, once they are whole there
	// Refusals and what else comes often are counted over a window, and few kinds
	// of it stand in one; the longer one is for days on which much was tried.
	shortWindow = 10 * time.Second
	longWindow  = 10 * time.Minute
	busySeq     = 20_000
	maxKinds    = 64
	maxWaiting  = 4096 // events that wait for Redis
	maxBatch    = 500  // entries of one commit
	attempts    = 12
	copyTime    = 20 * time.Second // of one round of copies
	maxPart     = 4096             // entries of a part in the mirror
	closeTime   = 10 * time.Second
)

// Config says what a Log works with; the first three are needed.
type Config struct {
	DB     *db.DB
	Signer proof.Signer
	Mirror proof.Mirror
	Log    *slog.Logger
	Now    func() time.Time
	Every  time.Duration // between copies to the mirror; 0 = a minute
}

// Log writes the ledger. A nil *Log takes everything and keeps nothing.
type Log struct {
	cfg  Config
	wake chan struct{} // capacity 1
	stop chan struct{} // closed by Close
	done chan struct{} // closed when run has ended

	mu      sync.Mutex // guards what follows
	waiting []waiting
	counted map[Event]int64 // of the window
	more    int64           // events beyond maxKinds or maxWaiting
	closed  bool
	owed    []string // segments of which the mirror may lack something
	whole   []string // segments that the next day pushes out, whole in the mirror

	// Owned by run.
	segment string
	head    ledger.Head
}

// waiting is an event for which somebody waits, or nobody (nil).
type waiting struct {
	at   time.Time
	e    Event
	done chan error // capacity 1
}

// Open begins to write.
func Open(cfg Config) *Log {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Every == 0 {
		cfg.Every = time.Minute
	}
	l := &Log{cfg: cfg, wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}), counted: map[Event]int64{}}
	go l.run()
	return l
}

// ErrClosed says that the Log was closed before.
var ErrClosed = errors.New("the access ledger is closed")

// Note has an event in the ledger when it returns.
func (l *Log) Note(ctx context.Context, e Event) error {
	if l == nil {
		return nil
	}
	done := make(chan error, 1)
	if err := l.enter(waiting{l.cfg.Now(), e, done}); err != nil {
		return err
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Tell lets an event be written soon. It never blocks.
func (l *Log) Tell(e Event) {
	if l != nil {
		_ = l.enter(waiting{l.cfg.Now(), e, nil}) // nobody waits for it
	}
}

func (l *Log) enter(w waiting) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	if len(l.waiting) >= maxWaiting {
		l.more++
		return errors.New("too many events wait for the access ledger")
	}
	l.waiting = append(l.waiting, w)
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return nil
}

// Count lets an event that may come often be counted: one entry says how often it
// came in a window.
func (l *Log) Count(e Event) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.counted[e]; !known && len(l.counted) >= maxKinds {
		l.more++
		return
	}
	l.counted[e]++
}

// Close writes what waits and returns.
func (l *Log) Close() {
	if l == nil {
		return
	}
	l.mu.Lock()
	was := l.closed
	l.closed = true
	l.mu.Unlock()
	if !was {
		close(l.stop)
	}
	<-l.done
}

func (l *Log) run() {
	defer close(l.done)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	written := make(chan struct{})
	var copying sync.WaitGroup
	copying.Go(func() { l.copyAll(ctx, written) })
	counting := time.NewTimer(shortWindow)
	defer counting.Stop()
	for {
		select {
		case <-l.wake:
			l.write(ctx, false)
		case <-counting.C:
			l.write(ctx, true)
			window := shortWindow
			if l.head.Seq > busySeq {
				window = longWindow
			}
			counting.Reset(window)
		case <-l.stop:
			end := time.AfterFunc(closeTime, cancel)
			defer end.Stop()
			l.write(ctx, true)
			close(written)
			copying.Wait()
			return
		}
	}
}

// draft is an entry to be.
type draft struct {
	at    time.Time
	actor string
	typ   string
	body  map[string]any
}

// take gives what is to be written, and who waits for it.
func (l *Log) take(counts bool) (drafts []draft, who []waiting) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(len(l.waiting), maxBatch)
	who = l.waiting[:n:n]
	l.waiting = slices.Clone(l.waiting[n:])
	for _, w := range who {
		drafts = append(drafts, draft{w.at, clean(w.e.Actor), w.e.Type, w.e.Body.fields()})
	}
	if !counts {
		return drafts, who
	}
	now := l.cfg.Now()
	for e, n := range l.counted {
		body := e.Body.fields()
		body["n"] = n
		drafts = append(drafts, draft{now, clean(e.Actor), e.Type, body})
	}
	if l.more > 0 {
		drafts = append(drafts, draft{now, "system", "more", map[string]any{"n": l.more}})
	}
	clear(l.counted)
	l.more = 0
	return drafts, who
}

// write writes all that waits, batch by batch. What can't be written is counted as
// more, which the next entry that can be tells.
func (l *Log) write(ctx context.Context, counts bool) {
	for {
		drafts, who := l.take(counts)
		if len(drafts) == 0 {
			return
		}
		counts = false
		err := l.append(ctx, drafts)
		if err != nil {
			l.cfg.Log.Error("the access ledger was not written", "entries", len(drafts), "err", err)
			l.mu.Lock()
			l.more += int64(len(drafts))
			l.mu.Unlock()
		}
		for _, w := range who {
			if w.done != nil {
				w.done <- err
			}
		}
		if err != nil {
			return
		}
	}
}

// append commits entries to the segment of today, which it begins if need be.
func (l *Log) append(ctx context.Context, drafts []draft) (err error) {
	for attempt := range attempts {
		if err = l.tryAppend(ctx, drafts); !errors.Is(err, db.ErrConflict) && !errors.Is(err, db.ErrFenced) {
			return err
		}
		l.segment = "" // somebody else has written: look again
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Duration(attempt) * 5 * time.Millisecond):
		}
	}
	return err
}

func (l *Log) tryAppend(ctx context.Context, drafts []draft) error {
	today := l.cfg.Now().UTC().Format(time.DateOnly)
	if l.segment == "" {
		if err := l.look(ctx); err != nil {
			return err
		}
	}
	if l.segment < today { // never back, whatever a clock says
		if err := l.begin(ctx, today); err != nil {
			return err
		}
	}
	entries, err := l.chain(l.head, drafts)
	if err != nil {
		return err
	}
	change := db.Change{Aggregate: aggregate(l.segment), Chains: []db.Chain{{Ledger: chainName, Expect: l.head, Entries: entries}},
		Guards: []db.Guard{{Key: current, Want: l.segment}}}
	err = l.cfg.DB.Commit(ctx, change)
	l.owe(l.segment) // also where the answer was lost
	if err != nil {
		return err
	}
	l.head = entries[len(entries)-1].Head()
	return nil
}

func aggregate(segment string) string { return "access:" + segment }

// look finds where the ledger ends.
func (l *Log) look(ctx context.Context) (err error) {
	if l.segment, err = l.cfg.DB.Plain(ctx, current); err != nil || l.segment == "" {
		l.head = ledger.Head{}
		return err
	}
	l.head, err = l.cfg.DB.Head(ctx, aggregate(l.segment), chainName)
	return err
}

// chain makes entries that follow head, the last a checkpoint.
func (l *Log) chain(head ledger.Head, drafts []draft) ([]ledger.Entry, error) {
	entries := make([]ledger.Entry, 0, len(drafts)+1)
	for _, d := range drafts {
		e, err := ledger.Append(head, d.at, d.actor, d.typ, d.body)
		if err != nil {
			return nil, err
		}
		entries, head = append(entries, e), e.Head()
	}
	e, err := ledger.Append(head, l.cfg.Now(), "system", ledger.TypeCheckpoint, map[string]any{"seq": head.Seq, "hash": head.Hash,
		"signature": l.cfg.Signer.SignHead(headText(l.segment, head))})
	return append(entries, e), err
}

// headText is what a checkpoint's signature is over.
func headText(segment string, h ledger.Head) []byte { return h.Text(aggregate(segment), chainName) }

// begin closes a segment and begins another in one commit; nobody can write to the
// old one after. The days that are too many in Redis go only where the mirror has
// all of them.
func (l *Log) begin(ctx context.Context, today string) error {
	before, end := l.segment, l.head
	list, err := l.cfg.DB.Plain(ctx, kept)
	if err != nil {
		return err
	}
	l.segment = today
	entries, err := l.chain(ledger.Head{}, []draft{{l.cfg.Now(), "system", typeBegun, map[string]any{"previous": before, "seq": end.Seq, "hash": end.Hash}}})
	if err != nil {
		return err
	}
	segments := append(strings.Fields(list), today)
	change := db.Change{Aggregate: aggregate(today), Chains: []db.Chain{{Ledger: chainName, Entries: entries}},
		Guards: []db.Guard{{Key: current, Want: before}, {Key: aggregate(before), Field: chainName, Want: fieldOf(before, end)}}}
	for _, old := range tooMany(segments) {
		if !l.isWhole(old) {
			continue
		}
		for _, key := range []string{aggregate(old), aggregate(old) + ":" + chainName} {
			change.Ops = append(change.Ops, db.Op{Name: "DEL", Key: key})
		}
		segments = slices.DeleteFunc(segments, func(s string) bool { return s == old })
	}
	change.Sets = map[string][]byte{current: []byte(today), kept: []byte(strings.Join(segments, " "))}
	if err := l.cfg.DB.Commit(ctx, change); err != nil {
		l.segment = ""
		return err
	}
	l.head = entries[len(entries)-1].Head()
	l.owe(before) // another node may have written its last
	l.owe(today)
	return nil
}

const typeBegun = "begun" // the first entry of a segment: the segment before, and its head

// fieldOf is how the head of a segment stands in Redis.
func fieldOf(segment string, h ledger.Head) string {
	if segment == "" || h.Seq == 0 {
		return ""
	}
	return fmt.Sprintf("%d-%s", h.Seq, h.Hash)
}

// Package waiting keeps, on the disk of a node, what live calls have committed while
// Redis was away.
package waiting

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"verifycall/rooms/db"
)

// Bounds of what is kept here for one room while Redis is away. A call makes some
// hundred changes; what goes beyond is refused, never dropped.
const (
	Max     = 2000
	maxSize = 64 << 20 // bytes
)

// Folder keeps, in a file a room, the commits of live calls that Redis could not
// take: each is synced before it counts, and sent in order when Redis is back.
type Folder[T any] struct {
	dir  string
	work chan struct{} // tells that there is something; capacity 1

	mu    sync.Mutex // guards rooms; held over the write of a file, not over Redis
	rooms map[string]*queue[T]
}

// queue is what waits of one room.
type queue[T any] struct {
	last    T    // after all that waits
	hasLast bool // false for one of an earlier run
	file    *os.File
	size    int64
	commits []db.Ready
}

// Open reads what an earlier run has left. A torn last line was never
// acknowledged.
func Open[T any](dir string) (*Folder[T], error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	p := &Folder[T]{dir: dir, work: make(chan struct{}, 1), rooms: map[string]*queue[T]{}}
	names, err := filepath.Glob(filepath.Join(dir, "R-*.jsonl"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		q := &queue[T]{}
		for line := range bytes.Lines(text) {
			var w db.Ready
			if !bytes.HasSuffix(line, []byte("\n")) || json.Unmarshal(line, &w) != nil {
				break
			}
			q.commits = append(q.commits, w)
			q.size += int64(len(line))
		}
		if q.file, err = os.OpenFile(name, os.O_WRONLY, 0); err != nil {
			return nil, err
		}
		if err := errors.Join(q.file.Truncate(q.size), seekEnd(q.file)); err != nil {
			return nil, err
		}
		p.rooms[strings.TrimSuffix(filepath.Base(name), ".jsonl")] = q
	}
	return p, nil
}

func seekEnd(f *os.File) error { _, err := f.Seek(0, 2); return err }

// Close lets go of the files; they are read again at the next start.
func (p *Folder[T]) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var faults []error
	for _, q := range p.rooms {
		faults = append(faults, q.file.Close())
	}
	return errors.Join(faults...)
}

// Count says how much waits of a room.
func (p *Folder[T]) Count(room string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if q := p.rooms[room]; q != nil {
		return len(q.commits)
	}
	return 0
}

// All says how much waits of all rooms.
func (p *Folder[T]) All() (count int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, q := range p.rooms {
		count += len(q.commits)
	}
	return count
}

// Last gives a room as it is after all that waits of it; false where nothing waits,
// or what an earlier run has left.
func (p *Folder[T]) Last(room string) (last T, waits bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if q := p.rooms[room]; q != nil && q.hasLast {
		return q.last, true
	}
	return last, false
}

// Work tells that there may be something to send.
func (p *Folder[T]) Work() <-chan struct{} { return p.work }

// Keep has a commit on disk; last is the room after it. Only who holds the room calls
// it for that room. Errors: db.ErrAway, where it can't be kept.
func (p *Folder[T]) Keep(room string, last T, w db.Ready) error {
	line, err := json.Marshal(w)
	if err != nil {
		return fmt.Errorf("keep %s: %w", room, err)
	}
	line = append(line, '\n')
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.rooms[room]
	if q == nil {
		file, err := os.OpenFile(p.path(room), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return fmt.Errorf("%w: keep %s: %w", db.ErrAway, room, err)
		}
		q = &queue[T]{file: file}
	}
	if len(q.commits) >= Max || q.size+int64(len(line)) > maxSize {
		return fmt.Errorf("%w: no more can be kept of room %s", db.ErrAway, room)
	}
	if err := q.append(p.dir, line); err != nil {
		return fmt.Errorf("%w: keep %s: %w", db.ErrAway, room, err)
	}
	q.last, q.hasLast, q.commits = last, true, append(q.commits, w)
	p.rooms[room] = q
	select {
	case p.work <- struct{}{}:
	default:
	}
	return nil
}

func (p *Folder[T]) path(room string) string { return filepath.Join(p.dir, room+".jsonl") }

// append has a line on disk, or takes back what was written of it.
func (q *queue[T]) append(dir string, line []byte) error {
	_, err := q.file.Write(line)
	if err = errors.Join(err, q.file.Sync()); err == nil && q.size == 0 {
		err = syncFolder(dir)
	}
	if err != nil {
		return errors.Join(err, q.file.Truncate(q.size), seekEnd(q.file))
	}
	q.size += int64(len(line))
	return nil
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Rooms lists those of which something waits.
func (p *Folder[T]) Rooms() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var ids []string
	for id := range p.rooms {
		ids = append(ids, id)
	}
	return ids
}

// First gives the commit of a room that is to be sent first.
func (p *Folder[T]) First(room string) (db.Ready, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.rooms[room]
	if q == nil {
		return db.Ready{}, false
	}
	if len(q.commits) == 0 {
		p.remove(room, q)
		return db.Ready{}, false
	}
	return q.commits[0], true
}

// Done takes the first commit of a room off, and says whether it was the last.
// The file goes when all are stored: sent again they change nothing.
func (p *Folder[T]) Done(room string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.rooms[room]
	if q.commits = q.commits[1:]; len(q.commits) > 0 {
		return false
	}
	p.remove(room, q)
	return true
}

// remove forgets a room's queue; a file that stays is sent again at the next
// start, to no effect.
func (p *Folder[T]) remove(room string, q *queue[T]) {
	delete(p.rooms, room)
	_ = q.file.Close() // it is removed
	if err := os.Remove(p.path(room)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return
	}
}

// SetAside keeps a room's file under another name for an operator.
func (p *Folder[T]) SetAside(room string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.rooms[room].file.Close() // each line was synced
	delete(p.rooms, room)
	_ = os.Rename(p.path(room), p.path(room)+".refused") // it is logged already
}

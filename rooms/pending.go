package rooms

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"verifycall/rooms/ledger"
)

// Bounds of what is kept here for one room while Redis is away. A call makes some
// hundred changes; what goes beyond is refused, never dropped.
const (
	maxPending     = 2000
	maxPendingSize = 64 << 20 // bytes
)

// pending keeps, in a file a room, the commits of live calls that Redis could not
// take: each is synced before it counts, and sent in order when Redis is back.
type pending struct {
	dir  string
	work chan struct{} // tells Store.deliver that there is something; capacity 1

	mu    sync.Mutex // guards rooms; held over the write of a file, not over Redis
	rooms map[string]*queue
}

// queue is what waits of one room.
type queue struct {
	last    *Room // after all that waits; nil for one of an earlier run
	file    *os.File
	size    int64
	commits []waiting
}

// waiting is one commit as it is sent, and what is made of it when the room went
// on without it.
type waiting struct {
	Keys   []string   `json:"keys"`
	Args   []string   `json:"args"`
	Chains []Chain    `json:"chains"`
	Stored [][]string `json:"stored"` // private values: commitment, as it lies in Redis
}

// openPending reads what an earlier run has left. A torn last line was never
// acknowledged.
func openPending(dir string) (*pending, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	p := &pending{dir: dir, work: make(chan struct{}, 1), rooms: map[string]*queue{}}
	names, err := filepath.Glob(filepath.Join(dir, "R-*.jsonl"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		q := &queue{}
		for line := range bytes.Lines(text) {
			var w waiting
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

// close lets go of the files; they are read again at the next start.
func (p *pending) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var faults []error
	for _, q := range p.rooms {
		faults = append(faults, q.file.Close())
	}
	return errors.Join(faults...)
}

// Pending says how many changes of a room are kept here and not yet stored.
func (s *Store) Pending(room string) int {
	if s.pending == nil {
		return 0
	}
	s.pending.mu.Lock()
	defer s.pending.mu.Unlock()
	if q := s.pending.rooms[room]; q != nil {
		return len(q.commits)
	}
	return 0
}

// Kept says how many changes of all rooms are kept here and not yet stored.
func (s *Store) Kept() (count int) {
	if s.pending == nil {
		return 0
	}
	s.pending.mu.Lock()
	defer s.pending.mu.Unlock()
	for _, q := range s.pending.rooms {
		count += len(q.commits)
	}
	return count
}

// DoLive is Do for the node that holds the room's Lease and has the room as it
// was last: while Redis is away the change is kept in this node's folder, synced,
// and counts. It is committed in order when Redis is back; where another node has
// taken the room meanwhile it becomes a late entry.
func (s *Store) DoLive(ctx context.Context, last *Room, actor string, c Command, guards ...Guard) (*Room, error) {
	if s.pending == nil {
		return s.Do(ctx, last.ID, actor, c, guards...)
	}
	if r, waits, err := s.pending.after(ctx, s, last.ID, actor, c, guards); waits {
		return r, err
	}
	r, err := last.clone()
	if err != nil {
		return nil, err
	}
	change, err := s.decided(r, actor, c)
	if err != nil { // Redis may know better
		if s.pulse.away.Load() {
			return nil, fmt.Errorf("room %s: %w", r.ID, err)
		}
		return s.Do(ctx, last.ID, actor, c, guards...)
	}
	if !change.writes() {
		return r, nil
	}
	if r.holds() != last.holds() && !s.pulse.away.Load() { // the calendar goes with it
		return s.Do(ctx, last.ID, actor, c, guards...)
	}
	change.Guards = guards
	switch err := s.Commit(ctx, change); {
	case err == nil:
		if s.witness != nil {
			s.witness.wrote(r, change)
		}
		return r, nil
	case errors.Is(err, ErrConflict):
		return s.Do(ctx, last.ID, actor, c, guards...)
	case errors.Is(err, ErrAway), errors.Is(err, ErrUnknown): // the same commit may be sent again
		return r, s.keep(ctx, r, change)
	default:
		return nil, fmt.Errorf("room %s: %w", r.ID, err)
	}
}

// clone copies a room, its opened values too.
func (r *Room) clone() (*Room, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("room %s: %w", r.ID, err)
	}
	c := &Room{Personal: make(map[ledger.Commitment]json.RawMessage, len(r.Personal))}
	if err := json.Unmarshal(text, c); err != nil {
		return nil, fmt.Errorf("room %s: %w", r.ID, err)
	}
	for commitment, value := range r.Personal {
		c.Personal[commitment] = value
	}
	return c, nil
}

// after decides a command on top of what waits for the room; waits is false where
// nothing does.
func (p *pending) after(ctx context.Context, s *Store, room, actor string, c Command, guards []Guard) (r *Room, waits bool, err error) {
	p.mu.Lock()
	q := p.rooms[room]
	if q == nil || q.last == nil {
		p.mu.Unlock()
		return nil, false, nil
	}
	last := q.last
	p.mu.Unlock()
	if r, err = last.clone(); err != nil {
		return nil, true, err
	}
	change, err := s.decided(r, actor, c)
	if err != nil || !change.writes() {
		return r, true, err
	}
	change.Guards = guards
	return r, true, s.keep(ctx, r, change)
}

// keep encrypts what is personal of a change and has it on disk.
func (s *Store) keep(ctx context.Context, r *Room, change Change) error {
	encrypted := []Change{change}
	if err := s.lock(ctx, encrypted); err != nil {
		return fmt.Errorf("keep %s: %w", r.ID, err)
	}
	return s.pending.keep(r, encrypted[0])
}

// keep has a change on disk, its personal values encrypted. Only the call that holds the room calls it for that
// room.
func (p *pending) keep(r *Room, change Change) error {
	w, err := waitingOf(change)
	if err != nil {
		return err
	}
	line, err := json.Marshal(w)
	if err != nil {
		return fmt.Errorf("keep %s: %w", r.ID, err)
	}
	line = append(line, '\n')
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.rooms[r.ID]
	if q == nil {
		file, err := os.OpenFile(p.path(r.ID), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return fmt.Errorf("%w: keep %s: %w", ErrAway, r.ID, err)
		}
		q = &queue{file: file}
	}
	if len(q.commits) >= maxPending || q.size+int64(len(line)) > maxPendingSize {
		return fmt.Errorf("%w: no more can be kept of room %s", ErrAway, r.ID)
	}
	if err := q.append(p.dir, line); err != nil {
		return fmt.Errorf("%w: keep %s: %w", ErrAway, r.ID, err)
	}
	q.last, q.commits = r, append(q.commits, w)
	p.rooms[r.ID] = q
	select {
	case p.work <- struct{}{}:
	default:
	}
	return nil
}

func (p *pending) path(room string) string { return filepath.Join(p.dir, room+".jsonl") }

// append has a line on disk, or takes back what was written of it.
func (q *queue) append(dir string, line []byte) error {
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

func waitingOf(change Change) (w waiting, err error) {
	if w.Keys, w.Args, err = encode([]Change{change}); err != nil {
		return w, err
	}
	w.Chains = change.Chains
	for i, private := range change.Privates {
		w.Stored = append(w.Stored, []string{string(private.Commitment), change.locked[i]})
	}
	return w, nil
}

// deliver sends what waits, each room's in order, whenever there is something and
// Redis answers. It is Store's goroutine and ends with ctx.
func (s *Store) deliver(ctx context.Context) {
	for {
		for _, room := range s.pending.waitingRooms() {
			s.deliverRoom(ctx, room)
		}
		if len(s.pending.waitingRooms()) == 0 {
			select {
			case <-ctx.Done():
				return
			case <-s.pending.work:
			}
			continue
		}
		if !pauseFor(ctx, knock) {
			return
		}
	}
}

func (p *pending) waitingRooms() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var ids []string
	for id := range p.rooms {
		ids = append(ids, id)
	}
	return ids
}

// deliverRoom sends a room's commits until none waits or Redis is away again.
func (s *Store) deliverRoom(ctx context.Context, room string) {
	for {
		w, ok := s.pending.first(room)
		if !ok {
			return
		}
		reply, err := s.script(ctx, commitScript, commitSource, w.Keys, w.Args)
		if err == nil && reply != "DONE" && reply != "AGAIN" {
			if err = s.late(ctx, room, w); err == nil {
				s.log.Warn("the room went on elsewhere, a change kept here became a late entry", "room", room, "reply", reply)
			}
		}
		var refused *TransitionError
		switch {
		case errors.As(err, &refused):
			s.log.Error("a change kept here can't be taken in, its file stays", "room", room, "err", err)
			s.pending.setAside(room)
			return
		case err != nil:
			return // again at the next knock
		}
		if s.pending.done(room) && s.witness != nil {
			select {
			case s.witness.jobs <- room:
			default:
			}
		}
	}
}

func (p *pending) first(room string) (waiting, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.rooms[room]
	if q == nil {
		return waiting{}, false
	}
	if len(q.commits) == 0 {
		p.remove(room, q)
		return waiting{}, false
	}
	return q.commits[0], true
}

// done takes the first commit of a room off, and says whether it was the last.
// The file goes when all are stored: sent again they change nothing.
func (p *pending) done(room string) bool {
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
func (p *pending) remove(room string, q *queue) {
	delete(p.rooms, room)
	_ = q.file.Close() // it is removed
	if err := os.Remove(p.path(room)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return
	}
}

// setAside keeps a room's file under another name for an operator.
func (p *pending) setAside(room string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.rooms[room].file.Close() // each line was synced
	delete(p.rooms, room)
	_ = os.Rename(p.path(room), p.path(room)+".refused") // it is logged already
}

package objects

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"path"
	"time"
)

// lockDir holds the locks of a folder's objects, a file for each of the same name.
// Whoever may write in the folder can take one away: it guards against the
// deployment's own mistakes, not against the owner of the disk.
const lockDir = ".locks"

// keptBy is what keeps an object from being deleted.
type keptBy struct {
	Until time.Time `json:"until,omitzero"`
	Held  bool      `json:"held,omitempty"`
}

func (l keptBy) holds(now time.Time) bool { return l.Held || l.Until.After(now) }

// Locks implements Locker.
func (s *FS) Locks() bool { return true }

// Lock implements Locker.
func (s *FS) Lock(ctx context.Context, name string, until time.Time) error {
	return s.changeLock(ctx, name, func(l *keptBy) { l.Until = laterOf(l.Until, until.UTC()) })
}

// Hold implements Locker.
func (s *FS) Hold(ctx context.Context, name string, on bool) error {
	return s.changeLock(ctx, name, func(l *keptBy) { l.Held = on })
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (s *FS) changeLock(ctx context.Context, name string, change func(*keptBy)) error {
	if _, err := s.Stat(ctx, name); err != nil {
		return err
	}
	defer s.lockName(name)()
	lock, err := s.lockOf(name)
	if err != nil {
		return fmt.Errorf("lock %s: %w", name, err)
	}
	was := lock
	change(&lock)
	if lock == was {
		return nil
	}
	text, err := json.Marshal(lock)
	if err != nil {
		return fmt.Errorf("lock %s: %w", name, err)
	}
	if err := s.writeLock(ctx, name, text); err != nil {
		return fmt.Errorf("lock %s: %w", name, err)
	}
	return nil
}

func (s *FS) writeLock(ctx context.Context, name string, text []byte) error {
	where := path.Join(lockDir, name)
	if err := s.root.MkdirAll(path.Dir(where), 0o700); err != nil {
		return err
	}
	temp := s.newTemp()
	_, err := s.writeTemp(ctx, temp, bytes.NewReader(text))
	if err == nil {
		err = s.root.Rename(temp, where)
	}
	if err != nil {
		if e := s.root.Remove(temp); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
		return err
	}
	return s.syncUp(path.Dir(where))
}

var spread = maphash.MakeSeed()

// lockName lets one at a time at a name's lock, and gives what ends that.
func (s *FS) lockName(name string) (done func()) {
	m := &s.locking[maphash.String(spread, name)%uint64(len(s.locking))]
	m.Lock()
	return m.Unlock
}

// lockOf reads the lock of an object; one that has none has an empty one.
func (s *FS) lockOf(name string) (lock keptBy, err error) {
	text, err := s.root.ReadFile(path.Join(lockDir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return lock, nil
	}
	if err != nil {
		return lock, err
	}
	return lock, json.Unmarshal(text, &lock)
}

// unlock takes the file of a lock that holds nothing any more away.
func (s *FS) unlock(name string) error {
	err := s.root.Remove(path.Join(lockDir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

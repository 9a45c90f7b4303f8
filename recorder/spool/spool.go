// Package spool watches the folder in which recordings wait until their record is
// sealed: how much waits, how much may, and for how long the evidence store has
// taken nothing of it. It bounds the folder by what its disk has, less a reserve
// that stays for the journal of a call's changes.
package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"
)

// The reserve is a twentieth of the disk, at most maxReserve bytes.
const (
	reserveShare = 20
	maxReserve   = 1 << 30
)

// lookEvery bounds how often the folder is gone through.
const lookEvery = time.Second

// ErrFull says that what is left of the disk is its reserve. It is a full disk to
// those who ask with errors.Is for syscall.ENOSPC.
var ErrFull = fmt.Errorf("spool: the disk has only its reserve left: %w", syscall.ENOSPC)

// Spool watches one folder. Its methods may be called from many goroutines; nil is
// a spool without bounds.
type Spool struct {
	dir string
	now func() time.Time

	keeping sync.Mutex // the right to change the files of kept objects; taken before mu

	mu     sync.Mutex           // guards what follows; never held while calling out
	behind map[string]time.Time // by room: since when the store has not taken what waits
	kept   map[string]int       // by room: objects that wait, as found last
	bytes  int64
	looked time.Time
}

// New watches a folder, which need not be there yet; the one above it does.
func New(dir string) *Spool {
	return &Spool{dir: dir, now: time.Now, behind: map[string]time.Time{}, kept: map[string]int{}}
}

// Check is ErrFull when nothing more may be recorded. Where the system doesn't tell
// the room, there is some.
func (s *Spool) Check() error {
	if s == nil {
		return nil
	}
	free, size, err := s.disk()
	if err == nil && free <= reserve(size) {
		return ErrFull
	}
	return nil
}

// disk asks for the folder's disk, or while it isn't there the one of the folder
// above.
func (s *Spool) disk() (free, size int64, err error) {
	free, size, err = diskOf(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return diskOf(filepath.Dir(s.dir))
	}
	return free, size, err
}

func reserve(size int64) int64 { return min(size/reserveShare, maxReserve) }

// Behind notes that the store didn't take what a room has recorded, with nil that
// it has all of it. It tells whether that is news, and since when it was behind.
func (s *Spool) Behind(room string, err error) (news bool, since time.Duration) {
	if s == nil {
		return false, 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	began, was := s.behind[room]
	switch {
	case err == nil && was:
		delete(s.behind, room)
		return true, s.now().Sub(began)
	case err != nil && !was:
		s.behind[room] = s.now()
		return true, 0
	case was:
		return false, s.now().Sub(began)
	}
	return false, 0
}

// Forget ends what is known of a room: its record is sealed, or another node's.
func (s *Spool) Forget(room string) {
	s.Behind(room, nil)
	s.setKept(room, 0)
}

// Rooms lists those that the store is behind of.
func (s *Spool) Rooms() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	rooms := maps.Clone(s.behind)
	for room := range s.kept {
		rooms[room] = time.Time{}
	}
	return slices.Sorted(maps.Keys(rooms))
}

// Use is how the spool stands.
type Use struct {
	Bytes  int64         // that wait to be sealed
	Limit  int64         // that may wait; 0 where the system doesn't tell
	Full   bool          // nothing more may be recorded
	Behind time.Duration // since the store has not taken what waits; 0: it has all
}

// Alarms say what an operator has to look at.
const (
	AlarmFull    = "full"    // nothing more is recorded
	AlarmFilling = "filling" // over half of what may wait does
	AlarmBehind  = "behind"  // the store has taken nothing for alarmAfter
)

const alarmAfter = time.Minute

// Alarm names the worst that is wrong, "" where nothing is.
func (u Use) Alarm() string {
	switch {
	case u.Full:
		return AlarmFull
	case u.Limit > 0 && u.Bytes > u.Limit/2:
		return AlarmFilling
	case u.Behind > alarmAfter:
		return AlarmBehind
	}
	return ""
}

// Use looks how the spool stands. What waits is counted at most once in lookEvery.
func (s *Spool) Use() (u Use) {
	if s == nil {
		return u
	}
	u.Bytes = s.count()
	if free, size, err := s.disk(); err == nil {
		left := free - reserve(size)
		u.Limit, u.Full = u.Bytes+max(0, left), left <= 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, since := range s.behind {
		u.Behind = max(u.Behind, s.now().Sub(since))
	}
	return u
}

func (s *Spool) count() int64 {
	s.mu.Lock()
	bytes, fresh := s.bytes, s.now().Sub(s.looked) < lookEvery
	s.mu.Unlock()
	if fresh {
		return bytes
	}
	bytes = 0
	_ = filepath.WalkDir(s.dir, func(_ string, e fs.DirEntry, err error) error { // what goes away meanwhile counts no more
		if err != nil || !e.Type().IsRegular() {
			return nil
		}
		if info, err := e.Info(); err == nil {
			bytes += info.Size()
		}
		return nil
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes, s.looked = bytes, s.now()
	return bytes
}

package recorder

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"filippo.io/age"
)

// ErrStopped is returned by what needs a Recording that has been stopped, or a
// Recorder that has been closed.
var ErrStopped = errors.New("recording stopped")

// Config of a Recorder.
type Config struct {
	Dir  string        // the room's folder for recordings; made by the first Begin, not before
	Room string        // the room's id
	Key  age.Recipient // that every record is encrypted to; who records can't read it back
	Log  *slog.Logger
	// Fence of the room's lease: part of the recordings' ids, so that no two nodes
	// use the same one. 0: there is one node only.
	Fence int64
	Post  func(Event) // told what the call should know; must not block; may be nil
	// Spare is asked before frames are written: its error refuses them, as a full disk
	// does. May be nil.
	Spare func() error
	// Durable is told after each write how old its oldest frame was when it was on the
	// disk; must not block. May be nil.
	Durable func(lag time.Duration)
}

// Recorder makes the recordings of one room. Its methods may be called from any
// goroutine.
type Recorder struct {
	cfg Config
	now func() time.Time // time.Now; tests set it ahead, so that only arrivals count

	mu     sync.Mutex // guards what follows
	live   []*Recording
	closed bool
}

// New gives the Recorder of a room. It touches no file.
func New(cfg Config) (*Recorder, error) {
	if cfg.Dir == "" || cfg.Key == nil || cfg.Log == nil {
		return nil, errors.New("recorder: Dir, Key and Log are needed")
	}
	if cfg.Post == nil {
		cfg.Post = func(Event) {}
	}
	if cfg.Spare == nil {
		cfg.Spare = func() error { return nil }
	}
	if cfg.Durable == nil {
		cfg.Durable = func(time.Duration) {}
	}
	return &Recorder{cfg: cfg, now: time.Now}, nil
}

var participantName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)

// Begin starts a recording of what participant sends on the connection conn.
// Its id, "<participant>-<n>" or "<participant>-f<fence>-<n>", is unique in Dir
// also across restarts.
func (r *Recorder) Begin(participant, conn string) (*Recording, error) {
	if !participantName.MatchString(participant) {
		return nil, fmt.Errorf("recorder: participant %.40q", participant)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, ErrStopped
	}
	birth := birth{Participant: participant, Conn: conn, Room: r.cfg.Room, Start: r.now()}
	dir, err := birth.claim(r.cfg.Dir, r.cfg.Fence)
	if err != nil {
		return nil, fmt.Errorf("begin recording: %w", err)
	}
	rec := newRecording(r.cfg, birth, dir)
	go rec.run() // ends with Stop, which waits for it
	r.live = append(slices.DeleteFunc(r.live, func(rec *Recording) bool { return rec.stopped.Load() }), rec)
	return rec, nil
}

// Close stops every recording that still runs and returns when all have ended.
// It may be called again.
func (r *Recorder) Close() error {
	r.mu.Lock()
	live := r.live
	r.live, r.closed = nil, true
	r.mu.Unlock()
	var faults []error
	for _, rec := range live {
		faults = append(faults, rec.Stop("closed"))
	}
	return errors.Join(faults...)
}

// Recordings lists the ids of the recordings in a room's folder, in the order
// of their names. A folder that doesn't exist has none.
func Recordings(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("recordings: %w", err)
	}
	var ids []string
	for _, e := range entries {
		if _, err := os.Stat(filepath.Join(dir, e.Name(), birthFile)); e.IsDir() && err == nil {
			ids = append(ids, e.Name())
		}
	}
	return ids, nil
}

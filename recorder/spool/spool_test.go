package spool

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestBehind: a room is behind from the first refusal until the store has all.
func TestBehind(t *testing.T) {
	s, now := New(filepath.Join(t.TempDir(), "scratch")), time.Unix(1000, 0)
	s.now = func() time.Time { return now }
	away := errors.New("away")
	for _, step := range []struct {
		after time.Duration
		room  string
		err   error
		news  bool
		since time.Duration
		use   time.Duration
	}{
		{0, "a", nil, false, 0, 0},
		{0, "a", away, true, 0, 0},
		{5 * time.Second, "a", away, false, 5 * time.Second, 5 * time.Second},
		{60 * time.Second, "b", away, true, 0, 65 * time.Second},
		{5 * time.Second, "a", nil, true, 70 * time.Second, 5 * time.Second},
		{5 * time.Second, "b", nil, true, 10 * time.Second, 0},
	} {
		now = now.Add(step.after)
		news, since := s.Behind(step.room, step.err)
		if use := s.Use(); news != step.news || since != step.since || use.Behind != step.use {
			t.Errorf("%s, %v: news %v since %v, behind %v: want %+v", step.room, step.err, news, since, use.Behind, step)
		}
	}
}

// TestUse: what waits is counted, a minute after the store has gone it is an alarm.
func TestUse(t *testing.T) {
	s, now := New(t.TempDir()), time.Unix(1000, 0)
	s.now = func() time.Time { return now }
	part := filepath.Join(s.dir, "R-1", "seller-1", "000001.part")
	if err := os.MkdirAll(filepath.Dir(part), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(part, make([]byte, 4711), 0o600); err != nil {
		t.Fatal(err)
	}
	if use := s.Use(); use.Bytes != 4711 || use.Limit <= use.Bytes || use.Alarm() != "" {
		t.Errorf("%+v", use)
	}
	s.Behind("R-1", errors.New("away"))
	now = now.Add(61 * time.Second)
	if use := s.Use(); use.Alarm() != AlarmBehind {
		t.Errorf("%+v", use)
	}
	for _, c := range []struct {
		use   Use
		alarm string
	}{{Use{Bytes: 51, Limit: 100}, AlarmFilling}, {Use{Limit: 100, Full: true, Behind: time.Hour}, AlarmFull}, {Use{Bytes: 1 << 40}, ""}} {
		if got := c.use.Alarm(); got != c.alarm {
			t.Errorf("%+v: %q", c.use, got)
		}
	}
}

// TestReserve: a disk is full before it is, and has room again when some is freed.
func TestReserve(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=20m"); err != nil {
		t.Skipf("NOT CHECKED: mount: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	s := New(filepath.Join(dir, "scratch")) // not there yet
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 19<<20+500<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(); !errors.Is(err, ErrFull) || !errors.Is(err, syscall.ENOSPC) || s.Use().Alarm() != AlarmFull {
		t.Errorf("nearly full: %v, %+v", err, s.Use())
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if err := (*Spool)(nil).Check(); err != nil {
		t.Error(err)
	}
}

package spool

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestKept: what waits is listed in the order in which it came, also by the next run,
// counts to what waits, and is gone when it was dropped.
func TestKept(t *testing.T) {
	dir, now := t.TempDir(), time.Unix(1000, 0)
	s := New(dir)
	s.now = func() time.Time { now = now.Add(time.Second); return now }
	names := []string{"rooms/R-1/stills/ff.webp", "rooms/R-1/photos/00.jpg", "rooms/R-1/stills/11.webp"}
	for _, name := range append(names, names[0]) { // the same again is a success
		if err := s.Keep("R-1", name, []byte(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "R-1", keptFolder, ".new-1"), []byte("cut"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := s.Waiting("R-1"); n != len(names) {
		t.Errorf("%d wait", n)
	}
	s = New(dir)
	if n := s.Waiting("R-1"); n != 0 {
		t.Errorf("%d wait before anybody looked", n)
	}
	if got, err := s.Kept("R-1"); err != nil || !slices.Equal(got, names) {
		t.Errorf("%v, %v", got, err)
	}
	if rooms := s.Rooms(); !slices.Equal(rooms, []string{"R-1"}) || s.Use().Bytes == 0 {
		t.Errorf("rooms %v, %+v", rooms, s.Use())
	}
	for _, name := range names {
		f, size, err := s.OpenKept("R-1", name)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(f); err != nil || string(got) != name || size != int64(len(name)) {
			t.Errorf("%s reads as %q of %d, %v", name, got, size, err)
		}
		if err := errors.Join(f.Close(), s.DropKept("R-1", name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := s.OpenKept("R-1", names[0]); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was dropped: %v", err)
	}
	if len(s.Rooms()) > 0 || s.Waiting("R-1") != 0 {
		t.Errorf("rooms %v, %d wait", s.Rooms(), s.Waiting("R-1"))
	}
}

// TestKeptBounds: a name that is none is refused, and more than any call makes.
func TestKeptBounds(t *testing.T) {
	s := New(t.TempDir())
	if err := s.Keep("R-1", "../elsewhere", nil); err == nil {
		t.Error("a name that leads elsewhere was taken")
	}
	folder := filepath.Join(s.dir, "R-1", keptFolder)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range keptMost {
		if err := os.WriteFile(filepath.Join(folder, "0~"+string(rune('a'+i%26))+string(rune('a'+i/26))), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Keep("R-1", "rooms/R-1/stills/aa.webp", nil); !errors.Is(err, ErrMany) {
		t.Errorf("one too many: %v", err)
	}
}

package embedded

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestNothingIsAnsweredBeforeItIsSynced holds the sync of each write: meanwhile
// the line is in the file, and the write neither answered nor to be read.
func TestNothingIsAnsweredBeforeItIsSynced(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, t.Output())
	do(t, s, "SET", "a", "0") // run waits for a request now
	begun, goOn := make(chan int64), make(chan error)
	s.journal.sync = func(f *os.File) error {
		stat, err := f.Stat()
		if err != nil {
			return err
		}
		begun <- stat.Size()
		return <-goOn
	}
	size := s.journal.size
	for _, value := range []string{"1", "2", "3"} {
		before := read(t, s, "GET", "a")
		answered := make(chan error, 1)
		go func() {
			_, _, err := s.Do(t.Context(), "SET", "a", value)
			answered <- err
		}()
		grown := <-begun // a sync for each
		if grown <= size {
			t.Errorf("synced %d bytes after %d: the write is not in the file", grown, size)
		}
		size = grown
		select {
		case err := <-answered:
			t.Fatalf("answered before it was synced: %v", err)
		default:
		}
		if got := read(t, s, "GET", "a"); got != before {
			t.Fatalf("%q is read before it was synced", got)
		}
		goOn <- nil
		if err := <-answered; err != nil {
			t.Fatal(err)
		}
		if got := read(t, s, "GET", "a"); !strings.Contains(got, value) {
			t.Fatalf("%q is read after %s", got, value)
		}
	}
	refused := make(chan error, 1)
	go func() {
		_, _, err := s.Do(t.Context(), "SET", "a", "4")
		refused <- err
	}()
	<-begun
	goOn <- syscall.EIO
	if err := <-refused; !errors.Is(err, syscall.EIO) {
		t.Errorf("a failed sync gives %v", err)
	}
	if got := read(t, s, "GET", "a"); !strings.Contains(got, "3") {
		t.Errorf("%q is read after a failed sync", got)
	}
	if _, _, err := s.Do(t.Context(), "SET", "a", "5"); !errors.Is(err, syscall.EIO) { // nobody knows what the disk holds
		t.Errorf("written on after a failed sync: %v", err)
	}
}

// TestEachStartTakesASnapshot leaves one snapshot and an empty journal at a start.
func TestEachStartTakesASnapshot(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, t.Output())
	fill(t, s, 1)
	want, first := contents(t, s), s.journal.generation
	s.Close()
	s = open(t, dir, t.Output())
	if s.journal.generation != first+1 || s.journal.size != 0 {
		t.Errorf("generation %d after %d, journal of %d bytes", s.journal.generation, first, s.journal.size)
	}
	s.Close()
	text, err := os.ReadFile(only(t, dir, "snapshot-*"))
	if err != nil || bytes.Count(text, []byte("\n")) < 2 {
		t.Errorf("%v: snapshot of %d bytes", err, len(text))
	}
	if s = open(t, dir, t.Output()); contents(t, s) != want {
		t.Error("another content")
	}
}

// TestJournalPast64MiBBecomesASnapshot writes as much as a year of a small house.
func TestJournalPast64MiBBecomesASnapshot(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, t.Output())
	value := strings.Repeat("x", 1<<20)
	for range snapshotAt>>20 + 1 {
		do(t, s, "SET", "big", value)
	}
	do(t, s, "SET", "before", "1") // run has looked at the size before it takes this
	if got := read(t, s, "GET", "before"); got != "$1\r\n1\r\n" || s.journal.generation != 1 {
		t.Fatalf("%q, generation %d after 65 MiB", got, s.journal.generation)
	}
	if stat, err := os.Stat(only(t, dir, "snapshot-*")); err != nil || stat.Size() > 2<<20 {
		t.Errorf("%v: %v", err, stat)
	}
	do(t, s, "SET", "after", "1")
	s.Close()
	s, err := Open(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if read(t, s, "GET", "after") != "$1\r\n1\r\n" || !strings.Contains(read(t, s, "GET", "big"), value) {
		t.Error("lost with the old generation")
	}
}

package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"verifycall/recorder/evidence/objects"
)

// An object that the store didn't take lies in its room's folder as
// kept/<nanoseconds since 1970, 20 digits>~<name with ~ for />. What lies there is
// encrypted already; it counts to what waits, and goes with the room's folder.
const (
	keptFolder = "kept"
	keptMost   = 1024 // objects of a room; a checklist and its retakes need some dozens
)

// ErrMany says that more objects of a room wait than any call makes.
var ErrMany = errors.New("spool: too many objects of the room wait")

// Keep writes an object of a room durably, which then is the last that waits. One of
// that name that waits already is a success. Errors: ErrFull, ErrMany, those of the disk.
func (s *Spool) Keep(room, name string, sealed []byte) error {
	if err := objects.CheckName(name); err != nil {
		return err
	}
	if err := s.Check(); err != nil {
		return err
	}
	s.keeping.Lock()
	defer s.keeping.Unlock()
	files, err := s.keptFiles(room)
	if err != nil {
		return err
	}
	for _, file := range files {
		if keptName(file) == name {
			return nil
		}
	}
	if len(files) >= keptMost {
		return ErrMany
	}
	dir := filepath.Join(s.dir, room, keptFolder)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	file := fmt.Sprintf("%020d~%s", s.now().UnixNano(), strings.ReplaceAll(name, "/", "~"))
	if err := objects.WriteNew(filepath.Join(dir, file), sealed, 0o600); err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	s.setKept(room, len(files)+1)
	return nil
}

// Kept lists the names of a room's objects that wait, in the order in which they came.
func (s *Spool) Kept(room string) ([]string, error) {
	s.keeping.Lock()
	defer s.keeping.Unlock()
	names, err := s.keptFiles(room)
	for i, file := range names {
		names[i] = keptName(file)
	}
	s.setKept(room, len(names))
	return names, err
}

// Waiting is how many objects of a room were found to wait.
func (s *Spool) Waiting(room string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept[room]
}

// OpenKept opens an object that waits; fs.ErrNotExist if there is none.
func (s *Spool) OpenKept(room, name string) (*os.File, int64, error) {
	path, err := s.keptPath(room, name)
	if err != nil {
		return nil, 0, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

// DropKept removes an object that the store has now.
func (s *Spool) DropKept(room, name string) error {
	path, err := s.keptPath(room, name)
	if err != nil {
		return err
	}
	s.keeping.Lock()
	defer s.keeping.Unlock()
	if err := os.Remove(path); err != nil {
		return err
	}
	files, err := s.keptFiles(room)
	s.setKept(room, len(files))
	return err
}

func (s *Spool) keptPath(room, name string) (string, error) {
	files, err := s.keptFiles(room)
	if err != nil {
		return "", err
	}
	for _, file := range files {
		if keptName(file) == name {
			return filepath.Join(s.dir, room, keptFolder, file), nil
		}
	}
	return "", fmt.Errorf("%s: %w", name, fs.ErrNotExist)
}

// keptFiles are the files of a room's objects that wait, the oldest first. One that a
// crash has cut is none.
func (s *Spool) keptFiles(room string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, room, keptFolder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("what waits of %s: %w", room, err)
	}
	var files []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			files = append(files, e.Name())
		}
	}
	return files, nil
}

func keptName(file string) string {
	_, name, _ := strings.Cut(file, "~")
	return strings.ReplaceAll(name, "~", "/")
}

func (s *Spool) setKept(room string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n == 0 {
		delete(s.kept, room)
	} else {
		s.kept[room] = n
	}
}

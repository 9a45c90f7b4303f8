package objects

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// tempDir holds objects while they are written. Its leading dot keeps it out
// of the name space (CheckName).
const tempDir = ".tmp"

// tempLife is how long an unfinished object of a dead process is left alone;
// another node may be writing into the same folder.
const tempLife = 24 * time.Hour

// FS is a Store in a folder. An object is written to a temporary file, synced,
// made read-only and then linked to its name, which fails if the name is taken;
// so an object is whole or absent, also after a power cut.
type FS struct {
	root    *os.Root
	locking [64]sync.Mutex // a name's lock is read and written by one at a time; others wait for no sync of it
}

// OpenFS opens the folder dir as a store and makes it if it is missing.
func OpenFS(dir string) (*FS, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	s := &FS{root: root}
	if err := root.Mkdir(tempDir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, errors.Join(fmt.Errorf("store: %w", err), root.Close())
	}
	if err := s.sweep(time.Now().Add(-tempLife)); err != nil {
		return nil, errors.Join(fmt.Errorf("store: %w", err), root.Close())
	}
	return s, nil
}

// ReadFS gives a folder that is open already as a store, to be read only: nothing
// is made in it.
func ReadFS(root *os.Root) *FS { return &FS{root: root} }

// Close lets go of the folder. Objects that are open stay readable.
func (s *FS) Close() error { return s.root.Close() }

// sweep removes unfinished objects last written before the given time.
func (s *FS) sweep(before time.Time) error {
	entries, err := fs.ReadDir(s.root.FS(), tempDir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.ModTime().Before(before) {
			continue
		}
		if err := s.root.Remove(path.Join(tempDir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Put implements Store.
func (s *FS) Put(ctx context.Context, name string, r io.Reader) (Object, error) {
	if err := CheckName(name); err != nil {
		return Object{}, err
	}
	temp := s.newTemp()
	object, err := s.writeTemp(ctx, temp, r)
	object.Name = name
	if err == nil {
		err = s.publish(ctx, temp, object)
	}
	if e := s.root.Remove(temp); e != nil && !errors.Is(e, fs.ErrNotExist) && err == nil {
		err = e
	}
	if err != nil {
		return Object{}, fmt.Errorf("put %s: %w", name, err)
	}
	return object, nil
}

func (s *FS) newTemp() string { return path.Join(tempDir, rand.Text()) }

// writeTemp writes r to the new file temp and syncs it.
func (s *FS) writeTemp(ctx context.Context, temp string, r io.Reader) (Object, error) {
	f, err := s.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return Object{}, err
	}
	digest := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, digest), Until(ctx, r))
	if err == nil {
		err = f.Chmod(0o444)
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return Object{SHA256: hex.EncodeToString(digest.Sum(nil)), Size: n}, err
}

// publish links temp to the object's name. A name that is taken by the same
// bytes is synced again, since the process that linked it may have died before
// it could.
func (s *FS) publish(ctx context.Context, temp string, object Object) error {
	if dir := path.Dir(object.Name); dir != "." {
		if err := s.root.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	err := s.root.Link(temp, object.Name)
	if errors.Is(err, fs.ErrExist) {
		err = same(ctx, s, object)
	}
	if err != nil {
		return err
	}
	return s.syncUp(path.Dir(object.Name))
}

// syncUp syncs a folder and those above it.
func (s *FS) syncUp(dir string) error {
	for ; ; dir = path.Dir(dir) {
		if err := s.syncDir(dir); err != nil {
			return err
		}
		if dir == "." {
			return nil
		}
	}
}

func (s *FS) syncDir(name string) error {
	d, err := s.root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Open implements Store.
func (s *FS) Open(ctx context.Context, name string) (File, Object, error) {
	object, err := s.Stat(ctx, name)
	if err != nil {
		return nil, Object{}, err
	}
	f, err := s.root.Open(name)
	if err != nil {
		return nil, Object{}, storeError("open", name, err)
	}
	return f, object, nil
}

// Stat implements Store. Only regular files are objects; a link isn't followed.
func (s *FS) Stat(_ context.Context, name string) (Object, error) {
	info, err := s.stat(name)
	if err != nil {
		return Object{}, err
	}
	return Object{Name: name, Size: info.Size()}, nil
}

// Written implements Dated: on a network's disk it is the server's clock.
func (s *FS) Written(_ context.Context, name string) (time.Time, error) {
	info, err := s.stat(name)
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime(), nil
}

func (s *FS) stat(name string) (fs.FileInfo, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	info, err := s.root.Lstat(name)
	if err != nil {
		return nil, storeError("stat", name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("stat %s: %w", name, ErrNotFound)
	}
	return info, nil
}

// List implements Store.
func (s *FS) List(ctx context.Context, prefix string) ([]string, error) {
	if err := checkPrefix(prefix); err != nil {
		return nil, err
	}
	start := path.Dir(prefix + "x") // the folder that all matches are in
	names := []string{}
	err := fs.WalkDir(s.root.FS(), start, func(name string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // never made, or removed meanwhile
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case d.IsDir() && name != "." && d.Name()[0] == '.':
			return fs.SkipDir
		case d.Type().IsRegular() && strings.HasPrefix(name, prefix) && CheckName(name) == nil:
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", prefix, err)
	}
	slices.Sort(names)
	return names, nil
}

// Delete implements Store.
func (s *FS) Delete(ctx context.Context, name string) error {
	if _, err := s.Stat(ctx, name); err != nil {
		return err
	}
	defer s.lockName(name)()
	lock, err := s.lockOf(name)
	if err == nil && lock.holds(time.Now()) {
		err = ErrLocked
	}
	if err == nil {
		err = s.root.Remove(name)
	}
	if err == nil {
		err = s.unlock(name)
	}
	if err != nil {
		return storeError("delete", name, err)
	}
	return s.syncDir(path.Dir(name))
}

// storeError turns the file system's "not there" into ErrNotFound.
func storeError(what, name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return fmt.Errorf("%s %s: %w", what, name, ErrNotFound)
	}
	return fmt.Errorf("%s %s: %w", what, name, err)
}

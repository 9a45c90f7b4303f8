package objects_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"verifycall/recorder/evidence/objects"
)

func openFS(t *testing.T, dir string) *objects.FS {
	t.Helper()
	s, err := objects.OpenFS(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestFSConforms(t *testing.T) {
	testStore(t, func(t *testing.T) objects.Store { return openFS(t, t.TempDir()) })
}

func TestFSObjectsAreReadOnly(t *testing.T) {
	dir := t.TempDir()
	s := openFS(t, dir)
	if _, err := s.Put(t.Context(), "a/b", strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "a/b"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o444 {
		t.Errorf("mode %v, want 0444", info.Mode())
	}
	if left, err := os.ReadDir(filepath.Join(dir, ".tmp")); err != nil || len(left) > 0 {
		t.Errorf("temporary files left: %v, %v", left, err)
	}
}

// A link in the folder must not lead a reader or writer out of it, nor be
// taken for an object.
func TestFSRefusesLinks(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	s := openFS(t, dir)
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"file": filepath.Join(outside, "secret"), "folder": outside} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"file", "folder/secret"} {
		if f, _, err := s.Open(t.Context(), name); err == nil {
			f.Close()
			t.Errorf("Open %s followed a link out of the store", name)
		}
	}
	for _, name := range []string{"file", "folder/new"} {
		if _, err := s.Put(t.Context(), name, strings.NewReader("x")); err == nil {
			t.Errorf("Put %s followed a link out of the store", name)
		}
	}
	if names, err := s.List(t.Context(), ""); err != nil || len(names) > 0 {
		t.Errorf("List gave %v, %v; want no links", names, err)
	}
	if entries, err := os.ReadDir(outside); err != nil || len(entries) != 1 {
		t.Errorf("folder outside has %v, %v", entries, err)
	}
}

func TestFSSweepsOldTemporaryFiles(t *testing.T) {
	dir := t.TempDir()
	openFS(t, dir)
	old, fresh := filepath.Join(dir, ".tmp/old"), filepath.Join(dir, ".tmp/fresh")
	for _, name := range []string{old, fresh} {
		if err := os.WriteFile(name, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-25 * time.Hour)
	if err := os.Chtimes(old, long, long); err != nil {
		t.Fatal(err)
	}
	openFS(t, dir)
	if _, err := os.Stat(old); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("old file: %v, want it gone", err)
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Errorf("fresh file of another process: %v", err)
	}
}

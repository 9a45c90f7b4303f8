//go:build unix

package main

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestRootLeavesOthersFolders: what root made in the service's folders the service
// couldn't read; so nothing is made there.
func TestRootLeavesOthersFolders(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	const service = 65534
	data := filepath.Join(t.TempDir(), "data")
	invited(t, data, "manager", "m17", "Maria König", "Europe/Berlin")
	each := func(do func(path string) error) {
		t.Helper()
		if err := filepath.WalkDir(data, func(path string, _ fs.DirEntry, err error) error {
			if err == nil {
				err = do(path)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	each(func(path string) error { return os.Chown(path, service, service) })
	for _, command := range [][]string{{"invite", "auditor", "a3", "Ada Stone", "UTC"}, {"keys", "rotate"}, {"keys", "rewrap"}, {"stamp", "--authority", "https://tsa.example", "--key", "none"},
		{"access", "verify"}, {"reindex"}, {"check"}, {"serve", "--listen", "127.0.0.1:0", "--media-listen", "127.0.0.1:0", "--ops-listen", ""}} {
		var said bytes.Buffer
		if code := run(append(command, "--data", data), &said, &said); code != 1 || !strings.Contains(said.String(), "sudo -u") {
			t.Errorf("%v ends with %d: %s", command, code, &said)
		}
	}
	each(func(path string) error {
		info, err := os.Lstat(path)
		if err == nil && info.Sys().(*syscall.Stat_t).Uid != service {
			t.Errorf("%s is root's", path)
		}
		return err
	})
	each(func(path string) error { return os.Chown(path, 0, 0) })
	if code := run([]string{"keys", "list", "--data", data}, io.Discard, io.Discard); code != 0 {
		t.Errorf("root in folders of root: code %d", code)
	}
}

package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"verifycall/cmd/verifycall/places"
	"verifycall/cmd/verifycall/settings"
	"verifycall/recorder/evidence"
)

// unpacked gives the data that an earlier release has written.
func unpacked(t *testing.T, archive string) string {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zip, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for in := tar.NewReader(zip); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Clean(h.Name)
		if h.Typeflag == tar.TypeDir {
			err = root.MkdirAll(name, 0o700)
		} else {
			var into *os.File
			if into, err = root.OpenFile(name, os.O_CREATE|os.O_WRONLY, os.FileMode(h.Mode)&0o777); err == nil {
				_, err = io.Copy(into, in)
				err = errors.Join(err, into.Close())
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestEarlierReleaseOpens opens what each earlier release has written: journal, every
// room and its bundle, the backups; and a server goes on with it.
func TestEarlierReleaseOpens(t *testing.T) {
	archives, err := filepath.Glob("../../testdata/releases/*.tar.gz")
	if err != nil || len(archives) == 0 {
		t.Fatalf("%q, %v", archives, err)
	}
	for _, archive := range archives {
		t.Run(filepath.Base(archive), func(t *testing.T) {
			dir := unpacked(t, archive)
			c := settings.Settings{Data: filepath.Join(dir, "data"), Keys: filepath.Join(dir, "keys")}
			c.Complete()
			states := opened(t, c)
			if states["decided"] != 1 || states["live"] != 1 || states["booked"] != 2 {
				t.Errorf("rooms by state: %v", states)
			}
			restored := filepath.Join(dir, "restored")
			out := runFor(t, 0, "restore", only(t, filepath.Join(dir, "kept"), "*-rooms.backup"), "--key-table", only(t, filepath.Join(dir, "kept"), "*-keys-*.backup"),
				"--data", restored, "--store", c.Store, "--keys", c.Keys, "--bundles")
			if !strings.Contains(out, "rooms 4,") || !strings.Contains(out, "bundles verified 1\n") {
				t.Errorf("restore says %s", out)
			}
			d := startDemo(t, dir, "--demo", "--listen", "127.0.0.1:0", "--keys", c.Keys)
			if list := roomsOf(t, d); !strings.Contains(list, "R-") { // the demo's, or another where its time is over
				t.Errorf("the manager's rooms: %s", list)
			}
			if err := d.stop(); err != nil {
				t.Error(err)
			}
			if states := opened(t, c); states["live"] != 0 { // taken up, or over since
				t.Errorf("rooms by state after a server: %v", states)
			}
		})
	}
}

// opened reads every room, its ledgers and its bundle.
func opened(t *testing.T, c settings.Settings) map[string]int {
	t.Helper()
	var p places.Places
	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	ctx := context.WithoutCancel(t.Context())
	if err := p.Open(ctx, c, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	ids, err := p.Rooms.EveryRoom(ctx)
	if err != nil {
		t.Fatal(err)
	}
	states := map[string]int{}
	for _, id := range ids {
		r, err := p.Rooms.Load(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		states[r.State]++
		if _, err := p.Rooms.Record(ctx, id); err != nil {
			t.Error(err)
		}
		if r.Bundle == "" || len(r.Purged) > 0 || r.Purging != nil {
			continue
		}
		report, err := evidence.VerifyStore(ctx, p.Vault, evidence.Prefix(id), []string{string(p.Keys.WellKnown())})
		if err != nil || !report.Whole || !report.SignerKnown {
			t.Errorf("bundle of %s: %+v, %v", id, report.Wrong, err)
		}
	}
	return states
}

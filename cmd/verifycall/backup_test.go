package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"verifycall/bench/robot"
	"verifycall/cmd/verifycall/console"
	"verifycall/cmd/verifycall/keeping"
)

// TestBackupAndRestore holds a call to its sealed record, backs up while a second one
// is live, by the server that has the embedded Redis, deletes everything but the key
// folder, and has it back: bundle, rooms, links, keys.
func TestBackupAndRestore(t *testing.T) {
	dir := t.TempDir()
	data, keys, kept := filepath.Join(dir, "data"), filepath.Join(dir, "keys"), filepath.Join(dir, "kept")
	ops := freeAddress(t)
	serve := []string{"--demo", "--listen", freeAddress(t), "--ops-listen", ops, "--keys", keys}
	d := startDemo(t, dir, serve...)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	film, err := robot.OpenFilm("../../bench/testdata/card.ivf")
	if err != nil {
		t.Fatal(err)
	}
	server := &robot.Server{URL: d.base, Key: d.lines["apikey"]}
	call, err := server.Wait(ctx, film)
	if err != nil {
		t.Fatal(err)
	}
	if err := call.Admit(ctx); err != nil {
		t.Fatal(err)
	}
	if err := call.Finish(ctx); err != nil {
		t.Fatal(err)
	}
	bundle := "/api/v1/rooms/" + call.Room.ID + "/bundle.zip"
	for !answers(t, ctx, server, bundle) {
		time.Sleep(50 * time.Millisecond)
	}
	live, err := server.Wait(ctx, film)
	if err != nil {
		t.Fatal(err)
	}
	if err := live.Admit(ctx); err != nil {
		t.Fatal(err)
	}
	places := []string{"--data", data, "--keys", keys}
	out := runFor(t, 0, append([]string{"backup", "--to", kept, "--evidence", "--ops", "http://" + ops}, places...)...)
	if strings.Count(out, "\n") != 3 {
		t.Errorf("backup says %q", out)
	}
	before := roomsOf(t, d)
	if err := live.Close(); err != nil {
		t.Error(err)
	}
	if err := d.stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(data); err != nil {
		t.Fatal(err)
	}
	archive, table := only(t, kept, "*-rooms.backup"), only(t, kept, "*-keys-*.backup")
	for _, file := range []string{archive, table} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info.Mode(), err)
		}
	}
	restore := append([]string{"restore", archive, "--key-table", table, "--evidence", filepath.Join(kept, keeping.EvidenceFolder), "--bundles"}, places...)
	out = runFor(t, 0, restore...)
	if !strings.Contains(out, "bundles verified 1\n") || !strings.Contains(out, "rooms 3,") || !strings.HasSuffix(out, "refused 0\n") {
		t.Errorf("restore says %s", out)
	}
	runFor(t, 1, restore...) // it isn't empty any more
	runFor(t, console.ExitUsage, append([]string{"restore"}, places...)...)
	runFor(t, console.ExitUsage, append([]string{"backup"}, places...)...)
	runFor(t, 1, append([]string{"restore", archive, "--keys", t.TempDir()}, places[:2]...)...)

	d = startDemo(t, dir, serve...)
	server.URL = d.base
	if !answers(t, ctx, server, bundle) {
		t.Error("the bundle is gone")
	}
	if after := roomsOf(t, d); after != before {
		t.Errorf("the manager's rooms were %s, are %s", before, after)
	}
	if status := d.post("/api/link", live.Room.SellerLink); status != http.StatusOK {
		t.Errorf("the link of the call that was live: status %d", status)
	}
	if err := d.stop(); err != nil {
		t.Fatal(err)
	}
}

func answers(t *testing.T, ctx context.Context, s *robot.Server, path string) bool {
	t.Helper()
	body, err := s.Get(ctx, path)
	if err != nil {
		if ctx.Err() != nil {
			t.Fatal(err)
		}
		return false
	}
	defer body.Close()
	n, err := io.Copy(io.Discard, body)
	return err == nil && n > 0
}

func only(t *testing.T, dir, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(files) != 1 {
		t.Fatalf("%s: %q, %v", pattern, files, err)
	}
	return files[0]
}

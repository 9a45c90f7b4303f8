package main

import (
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"verifycall/cmd/verifycall/console"
	"verifycall/cmd/verifycall/places"
	"verifycall/cmd/verifycall/settings"
	"verifycall/rooms/redistest"
)

// TestReindex loses the embedded Redis of a house with one room, and has it back.
func TestReindex(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	invited(t, data, "manager", "m17", "Maria König", "Europe/Berlin")
	_, key := invited(t, data, "apikey", "shop", "rooms")
	d := startServer(t, dir)
	status := d.make(key, `{"seller":{"name":"Anna"},"language":"en","zone":"UTC","application":{}}`)
	if err := d.stop(); err != nil || status != http.StatusCreated {
		t.Fatal(status, err)
	}
	if err := os.RemoveAll(places.RoomsFolder(data)); err != nil {
		t.Fatal(err)
	}
	if out := runFor(t, 0, "reindex", "--data", data); !strings.HasPrefix(out, "restored R-") || !strings.HasSuffix(out, "rooms 1, restored 1, refused 0\n") {
		t.Errorf("says %q", out)
	}
	if out := runFor(t, 0, "reindex", "--data", data); out != "rooms 1, restored 0, refused 0\n" {
		t.Errorf("again: %q", out)
	}
	runFor(t, console.ExitUsage, "reindex", "R-00000000", "--data", data)
}

// TestReindexNeedsNodesStopped: what it makes anew a node may change meanwhile.
func TestReindexNeedsNodesStopped(t *testing.T) {
	ctx, data := t.Context(), t.TempDir()
	server, err := redistest.Start(ctx, t.TempDir())
	if errors.Is(err, redistest.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer server.Kill()
	c := settings.Settings{Data: data, Redis: server.URL()}
	c.Complete()
	var p places.Places
	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := p.Open(ctx, c, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	if err := p.Rooms.Announce(ctx, "node", "here", time.Hour); err != nil {
		t.Fatal(err)
	}
	runFor(t, 1, "reindex", "--data", data, "--redis", c.Redis)
	if err := p.Rooms.Unannounce(ctx, "node"); err != nil {
		t.Fatal(err)
	}
	runFor(t, 0, "reindex", "--data", data, "--redis", c.Redis)
}

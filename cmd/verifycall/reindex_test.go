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
	"verifycall/rooms"
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
	announce := func(change func(*rooms.Store) error) {
		t.Helper()
		var p places.Places
		c := settings.Settings{Data: data}
		c.Complete()
		err := p.Open(t.Context(), c, slog.New(slog.DiscardHandler))
		if err == nil {
			err = change(p.Rooms)
		}
		if err := errors.Join(err, p.Close()); err != nil {
			t.Fatal(err)
		}
	}
	announce(func(s *rooms.Store) error { return s.Announce(t.Context(), "node", "here", time.Hour) })
	if out := runFor(t, 1, "reindex", "--data", data); strings.Contains(out, "restored") {
		t.Errorf("beside a node: %q", out)
	}
	announce(func(s *rooms.Store) error { return s.Unannounce(t.Context(), "node") })
	if out := runFor(t, 0, "reindex", "--data", data); !strings.HasPrefix(out, "restored R-") || !strings.HasSuffix(out, "rooms 1, restored 1, refused 0\n") {
		t.Errorf("says %q", out)
	}
	if out := runFor(t, 0, "reindex", "--data", data); out != "rooms 1, restored 0, refused 0\n" {
		t.Errorf("again: %q", out)
	}
	runFor(t, console.ExitUsage, "reindex", "R-00000000", "--data", data)
}

package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"verifycall/recorder/evidence"
)

// TestLostSigningKey plays what docs/operations.md says of it: the rest of the key
// folder stays, the key list says until when the lost key signed, and a new one is made.
func TestLostSigningKey(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	keys := filepath.Join(data, "keys")
	invited(t, data, "manager", "m17", "Maria König", "Europe/Berlin")
	_, key := invited(t, data, "apikey", "shop", "rooms")
	d := startServer(t, dir)
	status := d.make(key, `{"seller":{"name":"Anna","mail":"anna@example.org"},"language":"en","zone":"UTC","application":{}}`)
	if err := d.stop(); err != nil || status != http.StatusCreated {
		t.Fatal(status, err)
	}
	before, err := evidence.LoadOrCreateKeys(keys)
	if err != nil {
		t.Fatal(err)
	}

	other := t.TempDir() // keys made in an empty folder open nothing
	runFor(t, 1, "keys", "rotate", "--data", data, "--keys", other)
	runFor(t, 1, "reindex", "--data", data, "--keys", other)

	if err := os.Remove(filepath.Join(keys, "verifycall.key")); err != nil {
		t.Fatal(err)
	}
	runFor(t, 1, "reindex", "--data", data) // the public half is another's
	for _, name := range []string{"verifycall.key", "verifycall.pub"} {
		if err := os.Remove(filepath.Join(keys, name)); err != nil {
			t.Fatal(err)
		}
	}
	list := filepath.Join(keys, "verifycall-keys.json")
	text, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	var all evidence.KeyList
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Truncate(time.Second)
	all.Keys[0].Until, all.Keys = &now, all.Keys[:1]
	if text, err = json.Marshal(all); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(list, text, 0o644); err != nil {
		t.Fatal(err)
	}
	if out := runFor(t, 0, "reindex", "--data", data); out != "rooms 1, restored 0, refused 0\n" {
		t.Errorf("says %q", out)
	}
	if out := runFor(t, 0, "keys", "list", "--data", data); !strings.Contains(out, "earlier signing "+before.ID()) {
		t.Errorf("keys: %s", out)
	}
	d = startServer(t, dir)
	status = d.make(key, `{"seller":{"name":"Bea"},"language":"en","zone":"UTC","application":{}}`)
	if err := d.stop(); err != nil || status != http.StatusCreated {
		t.Error(status, err)
	}
}

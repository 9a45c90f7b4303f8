package main

import (
	"bytes"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"verifycall/cmd/verifycall/console"
)

// What lets people and programs in is listed, and ends when it is revoked.
func TestGrants(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	_, link := invited(t, data, "operator", "o1", "Olga Brandt", "UTC")
	_, key := invited(t, data, "apikey", "shop", "rooms", "evidence")
	_, kept := invited(t, data, "apikey", "till", "rooms")
	invited(t, data, "manager", "m17", "Maria König", "Europe/Berlin")
	list := func(command string) []string {
		t.Helper()
		var out, errOut bytes.Buffer
		if code := run([]string{command, "list", "--data", data}, &out, &errOut); code != 0 {
			t.Fatalf("%s list ends with %d: %s", command, code, &errOut)
		}
		for _, secret := range []string{key, kept, link[strings.LastIndex(link, "/")+1:], "Olga"} {
			if strings.Contains(out.String(), secret) {
				t.Errorf("the list shows %s", secret)
			}
		}
		return strings.Split(strings.TrimSpace(out.String()), "\n")
	}
	if lines := list("admin"); len(lines) != 2 || !strings.Contains(strings.Join(lines, "\n"), "operator o1") {
		t.Errorf("admin list: %q", lines)
	}
	revoke := func(args ...string) int { return run(append(args, "--data", data), io.Discard, io.Discard) }
	for _, line := range list("apikey") {
		if f := strings.Fields(line); f[2] == "shop" && revoke("apikey", "revoke", f[1]) != 0 {
			t.Error("a key can't be revoked")
		}
	}
	for _, line := range list("admin") {
		if f := strings.Fields(line); f[2] == "operator" && revoke("admin", "revoke", f[0], f[1]) != 0 {
			t.Error("a link can't be revoked")
		}
	}
	if revoke("apikey", "revoke", "0123456789abcdef") != 1 || revoke("apikey", "revoke") != console.ExitUsage || revoke("admin", "revoke", "apikey", "x") != 1 {
		t.Error("what isn't there was revoked")
	}
	d := startServer(t, dir)
	defer func() {
		if err := d.stop(); err != nil {
			t.Error(err)
		}
	}()
	const wish = `{"seller":{"name":"Anna"},"language":"en","zone":"UTC","application":{}}`
	if status := d.make(key, wish); status != http.StatusUnauthorized {
		t.Errorf("a revoked key: status %d", status)
	}
	if status := d.make(kept, wish); status != http.StatusCreated {
		t.Errorf("another key: status %d", status)
	}
	if status := d.post("/api/signin", link); status != http.StatusNotFound {
		t.Errorf("a revoked link: status %d", status)
	}
}

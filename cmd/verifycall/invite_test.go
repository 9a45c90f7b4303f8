package main

import (
	"bytes"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"verifycall/cmd/verifycall/console"
)

// invited runs invite and gives the value of the one line that it prints.
func invited(t *testing.T, data string, args ...string) (name, value string) {
	t.Helper()
	var out, errOut bytes.Buffer
	words := map[string][]string{"apikey": {"apikey", "create"}, "operator": {"admin", "invite"}}[args[0]]
	if words == nil {
		words = []string{"invite", args[0]}
	}
	if args[0] != "apikey" {
		args = append(slices.Clone(args), "--direct")
	}
	if code := run(slices.Concat(words, args[1:], []string{"--data", data}), &out, &errOut); code != 0 {
		t.Fatalf("%v ends with %d: %s", args, code, &errOut)
	}
	name, value, _ = strings.Cut(strings.TrimSuffix(out.String(), "\n"), " ")
	return name, value
}

// TestInvite makes a house without a demo: accounts and a key before the first
// start, and what they open.
func TestInvite(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	lines := map[string]string{}
	for _, args := range [][]string{{"manager", "m17", "Maria König", "Europe/Berlin"},
		{"auditor", "a3", "Ada Stone", "UTC", "--public-url", "https://calls.example"}, {"apikey", "shop", "rooms", "--days", "7"}} {
		name, value := invited(t, data, args...)
		if name != args[0] {
			t.Errorf("%v prints %s", args, name)
		}
		lines[name] = value
	}
	if !strings.HasPrefix(lines["manager"], "http://127.0.0.1:8080/in/") || !strings.HasPrefix(lines["auditor"], "https://calls.example/in/") {
		t.Errorf("links %v", lines)
	}
	var errOut bytes.Buffer
	if code := run([]string{"invite", "auditor", "m17", "Maria König", "UTC", "--data", data}, io.Discard, &errOut); code != 1 {
		t.Errorf("a manager became an auditor: %d %s", code, &errOut)
	}

	d := startServer(t, dir)
	defer func() {
		if err := d.stop(); err != nil {
			t.Error(err)
		}
	}()
	for _, name := range []string{"manager", "auditor", "manager"} {
		if status := d.post("/api/signin", lines[name]); status != http.StatusOK {
			t.Errorf("%s link: status %d", name, status)
		}
	}
	if status := d.make(lines["apikey"], `{"seller":{"name":"Anna"},"language":"en","zone":"UTC","application":{}}`); status != http.StatusCreated {
		t.Errorf("room by the key: status %d", status)
	}
	if status := d.make(lines["apikey"], `{"seller":{"name":"Anna"},"language":"en","zone":"UTC","application":{},"test":true}`); status != http.StatusForbidden {
		t.Errorf("a test room without the scope: status %d", status)
	}
	errOut.Reset()
	if code := run([]string{"invite", "manager", "m18", "M", "UTC", "--data", data}, io.Discard, &errOut); code != 1 || !strings.Contains(errOut.String(), "another process") {
		t.Errorf("beside a running server: %d %s", code, &errOut)
	}
}

// Without --direct the link makes a passkey, and signs nobody in by itself.
func TestInvitationToAPasskey(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	var out, errOut bytes.Buffer
	who := []string{"invite", "manager", "m17", "Maria König", "Europe/Berlin", "--data", data}
	if code := run(who, &out, &errOut); code != 1 || !strings.Contains(errOut.String(), "localhost") || out.Len() > 0 {
		t.Errorf("to an address without passkeys: %d %s%s", code, &out, &errOut)
	}
	if code := run(append(who, "--public-url", "https://calls.example"), &out, &errOut); code != 0 {
		t.Fatalf("invite ends with %d: %s", code, &errOut)
	}
	_, link, _ := strings.Cut(strings.TrimSpace(out.String()), " ")
	direct, straight := invited(t, data, "auditor", "a3", "Ada Stone", "UTC")
	d := startServer(t, dir)
	if status := d.post("/api/signin", link); status != http.StatusOK {
		t.Errorf("the invitation: status %d", status)
	}
	res, err := d.client.Get(d.base + "/api/manager/me")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusUnauthorized {
		t.Errorf("an invitation signed somebody in: %d", res.StatusCode)
	}
	if err := d.stop(); err != nil {
		t.Fatal(err)
	}
	for _, account := range []string{"m17", "a3"} {
		if code := run([]string{"admin", "close", account, "--data", data}, io.Discard, &errOut); code != 0 {
			t.Fatalf("close ends with %d: %s", code, &errOut)
		}
	}
	if code := run([]string{"admin", "close", "m99", "--data", data}, io.Discard, io.Discard); code != 1 {
		t.Errorf("an account that isn't there was closed: %d", code)
	}
	d = startServer(t, dir)
	defer func() {
		if err := d.stop(); err != nil {
			t.Error(err)
		}
	}()
	for name, link := range map[string]string{"manager": link, direct: straight} {
		if status := d.post("/api/signin", link); status != http.StatusNotFound {
			t.Errorf("the %s's link after the close: status %d", name, status)
		}
	}
}

func TestInviteRefuses(t *testing.T) {
	for says, args := range map[string][]string{
		"whom":                {},
		"only manager":        {"apikey", "shop", "rooms"},
		"can't be invited":    {"owner", "o1", "Olga", "UTC"},
		"needs ID":            {"manager", "m17", "Maria", "König", "UTC"},
		"no id":               {"manager", "Maria König", "Maria", "UTC"},
		"is no id":            {"manager", "m17:private", "Maria", "UTC"},
		"OpenID Connect":      {"manager", "oidc-0123456789abcdef0123", "Maria", "UTC"},
		"one line":            {"manager", "m17", "Maria\nKönig", "UTC"},
		"to 120":              {"manager", "m17", strings.Repeat("é", 121), "UTC"},
		"no time zone":        {"auditor", "a3", "Ada", "Europe/Atlantis"},
		"not a number from 1": {"manager", "m17", "Maria", "UTC", "--days", "4000"},
		"--public-url":        {"manager", "m17", "Maria", "UTC", "--public-url", "calls.example"},
		"--redis":             {"manager", "m17", "Maria", "UTC", "--redis", "here"},
	} {
		var errOut bytes.Buffer
		data := filepath.Join(t.TempDir(), "data")
		code := run(append(append([]string{"invite"}, args...), "--data", data), io.Discard, &errOut)
		first, _, _ := strings.Cut(errOut.String(), "usage:")
		if code != console.ExitUsage || !strings.Contains(first, says) {
			t.Errorf("%v ends with %d, says %q, want %q", args, code, first, says)
		}
	}
}

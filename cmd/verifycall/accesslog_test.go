package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"verifycall/cmd/verifycall/console"
)

// The command line's own doings are in the ledger that it checks.
func TestAccessVerify(t *testing.T) {
	dir := t.TempDir()
	cmd := func(want int, args ...string) string {
		t.Helper()
		var out, errOut bytes.Buffer
		if code := run(append(args, "--data", dir), &out, &errOut); code != want {
			t.Fatalf("%v: code %d, want %d\n%s%s", args, code, want, &out, &errOut)
		}
		return out.String() + errOut.String()
	}
	key := cmd(0, "apikey", "create", "shop", "rooms")
	cmd(0, "invite", "auditor", "ruth", "Ruth Adler", "Europe/Berlin", "--direct", "--public-url", "https://calls.example")
	id := strings.Fields(cmd(0, "apikey", "list"))[1]
	cmd(0, "apikey", "revoke", id)
	list := cmd(0, "access", "list")
	for _, want := range []string{`"type":"granted"`, `"account":"shop"`, `"role":"auditor"`, `"type":"role_set"`, `"grant":"` + id + `"`, `"type":"revoked"`} {
		if !strings.Contains(list, want) {
			t.Errorf("no %s in\n%s", want, list)
		}
	}
	if strings.Contains(list, "Adler") || strings.Contains(list, strings.Fields(key)[1]) {
		t.Errorf("a name or a key stands in\n%s", list)
	}
	if text := cmd(0, "access", "verify"); !strings.Contains(text, "holds") {
		t.Error(text)
	}
	parts, err := filepath.Glob(filepath.Join(dir, "store", "access", "*", "*.jsonl"))
	if err != nil || len(parts) == 0 {
		t.Fatal(parts, err)
	}
	text, err := os.ReadFile(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(parts[0]); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(parts[0], bytes.Replace(text, []byte("shop"), []byte("shoq"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if text := cmd(1, "access", "verify"); !strings.Contains(text, "DOESN'T HOLD") {
		t.Error(text)
	}
	cmd(console.ExitUsage, "access")
	cmd(console.ExitUsage, "access", "list", "yesterday")
}

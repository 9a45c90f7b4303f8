package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"verifycall/cmd/verifycall/bundles"
	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/stamp/stamptest"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms/ledger"
)

// sealedRoom writes the bundle of a room without a call and gives its folder as
// it is unpacked, its ZIP, the folder of the keys, and the store.
func sealedRoom(t *testing.T) (dir, packed, keyDir, base string) {
	t.Helper()
	const room = "R-00000000"
	base = t.TempDir()
	files, err := objects.OpenFS(base)
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	keyDir = t.TempDir()
	store, err := vault.Open(files, keyDir)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := evidence.LoadOrCreateKeys(keyDir)
	if err != nil {
		t.Fatal(err)
	}
	first, err := ledger.Append(ledger.Head{}, time.Unix(1e9, 0), "system", "created", map[string]any{"room": room})
	if err != nil {
		t.Fatal(err)
	}
	second, err := ledger.Append(first.Head(), time.Unix(1e9, 0), "system", "sealed", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = evidence.WriteBundle(t.Context(), store, evidence.Prefix(room), keys, evidence.Source{
		Room: map[string]any{"room": room}, Entries: []ledger.Entry{first, second}, Statement: evidence.BuildStatement()})
	if err != nil {
		t.Fatal(err)
	}
	packed = filepath.Join(t.TempDir(), room+".zip")
	file, err := os.Create(packed)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := evidence.ZipBundle(t.Context(), store, evidence.Prefix(room), file); err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(t.TempDir(), room)
	bundle, err := evidence.OpenBundle(t.Context(), store, evidence.Prefix(room))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range bundle.Names() {
		f, _, err := bundle.Open(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(f)
		path := filepath.Join(dir, name)
		if err := errors.Join(err, f.Close(), os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, content, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir, packed, keyDir, base
}

func TestVerifyExitCodes(t *testing.T) {
	dir, packed, keyDir, store := sealedRoom(t)
	_, _, foreign, _ := sealedRoom(t)
	pub := filepath.Join(keyDir, "verifycall.pub")
	text, err := os.ReadFile(pub)
	if err != nil {
		t.Fatal(err)
	}
	line := strings.Split(string(text), "\n")[1]
	broken := t.TempDir()
	if err := os.CopyFS(broken, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(broken, "data/room.json"), []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sealed := filepath.Join(store, "rooms/R-00000000/bundle")
	damaged := t.TempDir()
	if err := os.CopyFS(damaged, os.DirFS(sealed)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(filepath.Join(damaged, "data/plan.json.age")), os.WriteFile(filepath.Join(damaged, "data/plan.json.age"), []byte("x"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for what, test := range map[string]struct {
		args []string
		code int
		says string // on standard output, or on the error output for code 2
	}{
		"folder":             {[]string{dir, "--key", line}, 0, "whole and signed"},
		"zip, key file":      {[]string{"--key", pub, packed}, 0, "whole and signed"},
		"key list":           {[]string{packed, "--key=" + filepath.Join(keyDir, "verifycall-keys.json")}, 0, "whole and signed"},
		"several keys":       {[]string{dir, "--key", filepath.Join(foreign, "verifycall.pub"), "--key", line}, 0, "whole and signed"},
		"no key":             {[]string{dir}, 3, "consistent, signer unknown"},
		"foreign key":        {[]string{packed, "--key", filepath.Join(foreign, "verifycall.pub")}, 3, "signer unknown"},
		"changed":            {[]string{broken, "--key", line}, 1, "first wrong item: data/room.json"},
		"changed, no key":    {[]string{broken}, 1, "first wrong item: data/room.json"},
		"nothing there":      {[]string{filepath.Join(dir, "nothing")}, 2, "can't read"},
		"bad key":            {[]string{dir, "--key", "RW"}, 2, "can't read"},
		"no path":            {nil, 2, "usage"},
		"two paths":          {[]string{dir, packed}, 2, "usage"},
		"unknown flag":       {[]string{dir, "--kays", line}, 2, "usage"},
		"stored, a copy":     {[]string{sealed, "--key", line}, 0, "as it lies in the store, encrypted"},
		"stored, no key":     {[]string{sealed}, 3, "signer unknown"},
		"stored, changed":    {[]string{damaged, "--key", line}, 1, "first wrong item: data/plan.json.age"},
		"in the store":       {[]string{"R-00000000", "--store", store, "--key", line}, 0, "as it lies in the store"},
		"decrypted":          {[]string{"R-00000000", "--store", store, "--keys", keyDir, "--key", line}, 0, "whole and signed"},
		"by an identity":     {[]string{"R-00000000", "--store", store, "--identity", filepath.Join(keyDir, "verifycall.agekey"), "--key", line}, 0, "whole and signed"},
		"others' keys":       {[]string{"R-00000000", "--store", store, "--keys", foreign, "--key", line}, 2, "can't read"},
		"no such room":       {[]string{"R-00000001", "--store", store}, 1, "store.json: is missing"},
		"keys but no store":  {[]string{dir, "--keys", keyDir}, 2, "go with --store"},
		"help":               {[]string{"--help"}, 0, ""},
		"flag without value": {[]string{dir, "--key"}, 2, "usage"},
	} {
		var out, errOut bytes.Buffer
		if code := bundles.Verify(test.args, &out, &errOut); code != test.code {
			t.Errorf("%s: exit code %d, want %d\n%s%s", what, code, test.code, &out, &errOut)
		}
		said := out.String()
		if test.code == 2 {
			said = errOut.String()
		}
		if !strings.Contains(said, test.says) {
			t.Errorf("%s: says %q, want %q in it", what, said, test.says)
		}
	}
}

// TestVerifyExample: of the worked example verify says what the page says.
func TestVerifyExample(t *testing.T) {
	page, err := os.ReadFile("../../docs/evidence-format.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(page), "```text\n$ verifycall ")
	command, rest, _ := strings.Cut(block, "\n")
	want, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("the page has no example")
	}
	t.Chdir("../..")
	if said := runFor(t, 0, strings.Fields(command)...); said != want {
		t.Errorf("the page says\n%s\nverify says\n%s", want, said)
	}
}

// TestStamp: stamp asks the authority over HTTP, keeps what it answers, and takes
// no other answer.
func TestStamp(t *testing.T) {
	_, _, keyDir, store := sealedRoom(t)
	authority := stamptest.New(t)
	status, kind := http.StatusOK, "application/timestamp-reply"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/timestamp-query" {
			t.Errorf("asked by %s with %q, %v", r.Method, r.Header.Get("Content-Type"), err)
		}
		answer, err := authority.Answer(r.Context(), request)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		if _, err := w.Write(answer); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	stampNow := []string{"stamp", "--keys", keyDir, "--store", store, "--authority", server.URL, "--key", authority.Root}
	status = http.StatusTeapot
	runFor(t, 1, stampNow...)
	status, kind = http.StatusOK, "text/html"
	runFor(t, 1, stampNow...)
	kind = "application/timestamp-reply"
	if said := runFor(t, 0, stampNow...); said != "R-00000000 stamped\n" {
		t.Errorf("says %q", said)
	}
	if said := runFor(t, 0, stampNow...); said != "" {
		t.Errorf("a second time it says %q", said)
	}
	if said := runFor(t, 0, append(stampNow, "R-00000000")...); said != "R-00000000 was stamped before\n" {
		t.Errorf("of that room it says %q", said)
	}
	verify := []string{"verify", "R-00000000", "--store", store, "--keys", keyDir, "--key", filepath.Join(keyDir, "verifycall.pub"), "--key", authority.Root}
	if said := runFor(t, 0, verify...); !strings.Contains(said, "the signature existed at") || strings.Contains(said, "isn't among") {
		t.Errorf("verify says %s", said)
	}
	runFor(t, 2, "stamp", "--authority", "ftp://example")
	runFor(t, 1, append(stampNow, "R-00000001")...)
}

func TestVerifyJSON(t *testing.T) {
	dir, _, _, _ := sealedRoom(t)
	var out, errOut bytes.Buffer
	if code := bundles.Verify([]string{dir, "--json"}, &out, &errOut); code != 3 {
		t.Fatalf("exit code %d: %s", code, &errOut)
	}
	var report evidence.Report
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatalf("%v in %s", err, &out)
	}
	if !report.Whole || report.SignerKnown || len(report.Checks) == 0 || report.Digest == "" {
		t.Errorf("report %+v", report)
	}
}

// TestKeysRotate: after a rotation what was sealed before opens and verifies, and
// the next start signs with the new key.
func TestKeysRotate(t *testing.T) {
	_, _, keyDir, store := sealedRoom(t)
	before := runFor(t, 0, "keys", "list", "--keys", keyDir, "--store", store)
	if lines := strings.Count(before, "\n"); lines != 2 || strings.Contains(before, "SECRET") {
		t.Fatalf("list says %q", before)
	}
	after := runFor(t, 0, "keys", "rotate", "--keys", keyDir, "--store", store)
	if !strings.Contains(after, "next: verifycall reindex") {
		t.Errorf("says not what comes next: %s", after)
	}
	if !strings.HasPrefix(after, "wrapped 1\n") || strings.Count(after, "present") != 2 || strings.Count(after, "earlier") != 2 {
		t.Errorf("rotate says %q", after)
	}
	for _, line := range strings.Split(strings.TrimSpace(before), "\n") {
		if !strings.Contains(after, strings.Replace(line, "present", "earlier", 1)) {
			t.Errorf("%q is not among the earlier keys: %q", line, after)
		}
	}
	list := filepath.Join(keyDir, "verifycall-keys.json")
	runFor(t, 0, "verify", "R-00000000", "--store", store, "--keys", keyDir, "--key", list)
	if again := runFor(t, 0, "keys", "rewrap", "--keys", keyDir, "--store", store); !strings.HasPrefix(again, "wrapped 0\n") {
		t.Errorf("rewrap says %q", again)
	}
	runFor(t, 2, "keys")
	runFor(t, 2, "keys", "burn", "--keys", keyDir, "--store", store)
}

// runFor runs the program, wants an exit code and gives what it printed.
func runFor(t *testing.T, code int, args ...string) string {
	t.Helper()
	var out, errOut bytes.Buffer
	if got := run(args, &out, &errOut); got != code {
		t.Fatalf("%q: exit code %d, want %d: %s%s", args, got, code, &out, &errOut)
	}
	return out.String()
}

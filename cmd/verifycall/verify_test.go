package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"verifycall/recorder/evidence"
	"verifycall/rooms/ledger"
)

// sealedRoom writes the bundle of a room without a call and gives its folder,
// its ZIP and the folder of the keys.
func sealedRoom(t *testing.T) (dir, packed, keyDir string) {
	t.Helper()
	const room = "R-00000000"
	base := t.TempDir()
	store, err := evidence.OpenFS(base)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	keyDir = t.TempDir()
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
	return filepath.Join(base, "rooms", room, "bundle"), packed, keyDir
}

func TestVerifyExitCodes(t *testing.T) {
	dir, packed, keyDir := sealedRoom(t)
	_, _, foreign := sealedRoom(t)
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
	if err := os.Chmod(filepath.Join(broken, "data/room.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(broken, "data/room.json"), []byte("{}\n"), 0o600); err != nil {
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
		"unknown flag":       {[]string{dir, "--keys", line}, 2, "usage"},
		"help":               {[]string{"--help"}, 0, ""},
		"flag without value": {[]string{dir, "--key"}, 2, "usage"},
	} {
		var out, errOut bytes.Buffer
		if code := runVerify(test.args, &out, &errOut); code != test.code {
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

func TestVerifyJSON(t *testing.T) {
	dir, _, _ := sealedRoom(t)
	var out, errOut bytes.Buffer
	if code := runVerify([]string{dir, "--json"}, &out, &errOut); code != 3 {
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

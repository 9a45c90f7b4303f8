package evidence

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// signedAt is when test signatures say they were made.
var signedAt = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func testKeys(t testing.TB) *Keys {
	t.Helper()
	k, err := LoadOrCreateKeys(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeysAreMadeOnceAndReadAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	first, err := LoadOrCreateKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadOrCreateKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	if first.Public() != again.Public() || string(first.WellKnown()) != string(again.WellKnown()) {
		t.Error("a second start has other keys")
	}
	if !strings.HasPrefix(first.Public(), "RW") || len(first.ID()) != 16 {
		t.Errorf("public %q, id %q", first.Public(), first.ID())
	}
	info, err := os.Stat(filepath.Join(dir, SecretFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("secret key has mode %v, %v; want 0600", info.Mode(), err)
	}
	var list KeyList
	if err := json.Unmarshal(first.WellKnown(), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Keys) != 1 || list.Keys[0].ID != first.ID() || list.Keys[0].From == nil || list.Keys[0].Revoked != nil {
		t.Errorf("key list %+v", list)
	}
}

func TestKeysConcurrentFirstStart(t *testing.T) {
	dir := t.TempDir()
	var group sync.WaitGroup
	public := make([]string, 6)
	for i := range public {
		group.Go(func() {
			if k, err := LoadOrCreateKeys(dir); err != nil {
				t.Error(err)
			} else {
				public[i] = k.Public()
			}
		})
	}
	group.Wait()
	for _, p := range public {
		if p != public[0] {
			t.Fatalf("processes use different keys: %v", public)
		}
	}
}

func TestKeysRefuseReadableOrForeignFiles(t *testing.T) {
	dir := t.TempDir()
	if _, err := LoadOrCreateKeys(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, SecretFile), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreateKeys(dir); err == nil || !strings.Contains(err.Error(), "read by others") {
		t.Errorf("secret key of mode 0644: %v", err)
	}
	if err := os.Chmod(filepath.Join(dir, SecretFile), 0o600); err != nil {
		t.Fatal(err)
	}
	other := "untrusted comment: other\n" + testKeys(t).Public() + "\n"
	if err := os.WriteFile(filepath.Join(dir, publicFile), []byte(other), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreateKeys(dir); err == nil || !strings.Contains(err.Error(), "public half") {
		t.Errorf("foreign public key: %v", err)
	}
}

// Rotation: the new key joins the old one in the list.
func TestKeysRotate(t *testing.T) {
	dir := t.TempDir()
	old, err := LoadOrCreateKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{SecretFile, publicFile} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	rotated, err := LoadOrCreateKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	list, err := ParseKeyList(rotated.WellKnown())
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Keys) != 2 || list.Keys[0].ID != old.ID() || list.Keys[1].ID != rotated.ID() {
		t.Errorf("key list %+v, want the old key and the new one", list)
	}
}

// Stock minisign reads the key files: it signs with the secret one (no
// password) and verifies with the public one.
func TestKeysWorkWithMinisign(t *testing.T) {
	minisign := tool(t, "minisign")
	dir := t.TempDir()
	k, err := LoadOrCreateKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	message := filepath.Join(dir, tagManifestFile)
	text := []byte("digest  name\n")
	signature, err := k.sign(text, bundleForm, "R-00000000", signedAt)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(message, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, signatureFile), signature, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, key := range [][]string{{"-P", k.Public()}, {"-p", filepath.Join(dir, publicFile)}} {
		if out, err := exec.Command(minisign, append([]string{"-V", "-m", message}, key...)...).CombinedOutput(); err != nil {
			t.Errorf("minisign -V %s: %v\n%s", key[0], err, out)
		} else if !strings.Contains(string(out), "room:R-00000000") {
			t.Errorf("minisign doesn't show the trusted comment:\n%s", out)
		}
	}
	if out, err := exec.Command(minisign, "-V", "-m", message, "-P", testKeys(t).Public()).CombinedOutput(); err == nil {
		t.Errorf("minisign accepts a foreign key:\n%s", out)
	}
}

// tool gives the path of a stock program and skips the test without it.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s isn't installed: this check by a stock tool isn't made", name)
	}
	return path
}

func TestKeyringReadsEveryForm(t *testing.T) {
	dir := t.TempDir()
	k, err := LoadOrCreateKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{k.Public(), filepath.Join(dir, publicFile), filepath.Join(dir, keyListFile), string(k.WellKnown())} {
		ring, err := readKeyring([]string{key})
		if err != nil {
			t.Errorf("%s: %v", key, err)
			continue
		}
		if found, ok := ring.find(k.ID()); !ok || found.Key != k.Public() {
			t.Errorf("%s: key not found in %+v", key, ring)
		}
	}
	for name, text := range map[string]string{
		"empty": "", "html": "<html>", "null": "{}x", "unknown member": `{"keys":[],"more":1}`,
		"wrong id": `{"keys":[{"id":"0000000000000000","key":"` + k.Public() + `"}]}`,
		"secret":   "untrusted comment: minisign encrypted secret key\nRWQAAEIyAAAA\n",
	} {
		file := filepath.Join(dir, "bad")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if ring, err := readKeyring([]string{file}); err == nil {
			t.Errorf("%s: read as %+v", name, ring)
		}
	}
	if _, err := readKeyring([]string{k.Public()[:50]}); err == nil {
		t.Error("a cut key is taken")
	}
}

func TestListedKeyCountsInItsTime(t *testing.T) {
	day := func(d int) *time.Time {
		at := signedAt.AddDate(0, 0, d)
		return &at
	}
	for name, test := range map[string]struct {
		key ListedKey
		ok  bool
	}{
		"alone":        {ListedKey{}, true},
		"within":       {ListedKey{From: day(-1), Until: day(1)}, true},
		"before":       {ListedKey{From: day(1)}, false},
		"after":        {ListedKey{Until: day(-1)}, false},
		"revoked":      {ListedKey{Revoked: day(-1)}, false},
		"revoked late": {ListedKey{Revoked: day(1)}, false}, // who holds the key can write any time into a signature
	} {
		if err := test.key.signedAt(signedAt); (err == nil) != test.ok {
			t.Errorf("%s: %v, want ok %t", name, err, test.ok)
		}
	}
}

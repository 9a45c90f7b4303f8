package evidence

import (
	"bytes"
	"strings"
	"testing"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
)

// storedBundle writes a bundle and gives the objects as they lie in the store.
func storedBundle(t *testing.T) (map[string][]byte, *Keys) {
	t.Helper()
	files, keys := testStore(t), testKeys(t)
	v := vaultOver(t, files, t.TempDir())
	if _, err := WriteBundle(t.Context(), v, Prefix(testRoom), keys, newMaterial(t).src); err != nil {
		t.Fatal(err)
	}
	names, err := files.List(t.Context(), Prefix(testRoom))
	if err != nil {
		t.Fatal(err)
	}
	stored := map[string][]byte{}
	for _, name := range names {
		if stored[strings.TrimPrefix(name, Prefix(testRoom))], err = readObject(t.Context(), files, name, 1<<20); err != nil {
			t.Fatal(err)
		}
	}
	return stored, keys
}

// verifyStored checks objects in a folder of their own, without any key.
func verifyStored(t *testing.T, stored map[string][]byte, keys ...string) Report {
	t.Helper()
	report, err := Verify(memBag(stored).inDir(t), keys)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestStoredFormIsCheckedWithoutKeys(t *testing.T) {
	stored, keys := storedBundle(t)
	if r := verifyStored(t, stored, keys.Public()); r.ExitCode() != 0 || !r.Sealed || r.Room != testRoom || r.Digest != sumOf(stored[tagManifestFile]) {
		t.Errorf("report %+v", r)
	}
	if r := verifyStored(t, stored); r.ExitCode() != 3 {
		t.Errorf("without the signer's key: %+v", r)
	}
	for name, content := range stored {
		for i := 0; i < len(content); i += 1 + len(content)/7 {
			changed := bytes.Clone(content)
			changed[i] ^= 1
			if r := verifyStored(t, memBag(stored).with(name, changed), keys.Public()); r.ExitCode() != 1 || r.Wrong == "" {
				t.Errorf("%s: byte %d of %d changed: %+v", name, i, len(content), r)
			}
		}
		// Without its store.json it is no stored bundle, and none that was unpacked.
		if r := verifyStored(t, memBag(stored).with(name, nil), keys.Public()); r.ExitCode() != 1 {
			t.Errorf("%s removed: %+v", name, r)
		}
	}
	if r := verifyStored(t, memBag(stored).with("data/stills/more.webp.age", []byte("x")), keys.Public()); r.Wrong != "data/stills/more.webp.age" {
		t.Errorf("one more: %+v", r)
	}
}

// TestStoredFormHoldsNoPlaintext: what is in data/ is encrypted, and only that.
func TestStoredFormHoldsNoPlaintext(t *testing.T) {
	stored, _ := storedBundle(t)
	for name, content := range stored {
		encrypted := bytes.HasPrefix(content, []byte("age-encryption.org/v1\n"))
		if encrypted != strings.HasPrefix(name, "data/") || encrypted != strings.HasSuffix(name, vault.Suffix) {
			t.Errorf("%s is encrypted: %t", name, encrypted)
		}
		for _, plain := range []string{"Jane", "X123", "welcome", "WEBP", "\x1a\x45\xdf\xa3"} {
			if bytes.Contains(content, []byte(plain)) {
				t.Errorf("%s holds %q", name, plain)
			}
		}
	}
}

// TestDestroyedClassIsErased: the other classes go on opening.
func TestDestroyedClassIsErased(t *testing.T) {
	v, keys, m := testVault(t), testKeys(t), newMaterial(t)
	if _, err := WriteBundle(t.Context(), v, Prefix(testRoom), keys, m.src); err != nil {
		t.Fatal(err)
	}
	if err := v.Destroy(t.Context(), vault.Room(testRoom), vault.Stills); err != nil {
		t.Fatal(err)
	}
	bundle, err := OpenBundle(t.Context(), v, Prefix(testRoom))
	if err != nil {
		t.Fatal(err)
	}
	if f, _, err := bundle.Open(t.Context(), m.still); err == nil {
		f.Close()
		t.Error("a still opens after its key was destroyed")
	}
	f, _, err := bundle.Open(t.Context(), roomFile)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if r, err := VerifySealed(t.Context(), v.Store(), Prefix(testRoom), []string{keys.Public()}); err != nil || r.ExitCode() != 0 {
		t.Errorf("as it lies there: %+v, %v", r, err)
	}
}

func FuzzParseStoreList(f *testing.F) {
	l := storeList{Version: 1, Room: testRoom}
	l.add(roomFile, vault.Sealed{Stored: objects.Object{Size: 7, SHA256: strings.Repeat("0a", 32)}})
	f.Add(l.bytes())
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if l, err := parseStoreList(text); err == nil && !bytes.Equal(l.bytes(), text) {
			t.Errorf("%q is parsed and written as %q", text, l.bytes())
		}
	})
}

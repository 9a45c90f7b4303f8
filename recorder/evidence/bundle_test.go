package evidence

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
)

func TestBundleHasTheLayout(t *testing.T) {
	store, keys, m := testVault(t), testKeys(t), newMaterial(t)
	digest, err := WriteBundle(t.Context(), store, Prefix(testRoom), keys, m.src)
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := OpenBundle(t.Context(), store, Prefix(testRoom))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{bagFile, documentsDir + m.src.Documents[0].Name, "data/frames/seller-1.jsonl", ledgerFile, planFile, privateFile,
		profileFile, "data/recording/seller-1.webm", roomFile, statementFile, m.still, manifestFile, tagManifestFile, signatureFile}
	if !slices.Equal(bundle.Names(), want) {
		t.Errorf("files\n%q, want\n%q", bundle.Names(), want)
	}
	for _, name := range bundle.Names() {
		f, object, err := bundle.Open(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		sum, size, err := objects.Digest(f)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		if size != object.Size || name != signatureFile && sum != object.SHA256 {
			t.Errorf("%s has %d bytes of digest %s, Open says %+v", name, size, sum, object)
		}
		if name == tagManifestFile && (sum != digest || bundle.Digest() != digest) {
			t.Errorf("digest %s, the tagmanifest's is %s", digest, sum)
		}
	}
	for _, name := range []string{"", "data", "data/", "../bundle/bagit.txt", "data/other", "/bagit.txt", "bagit.txt/"} {
		if _, _, err := bundle.Open(t.Context(), name); !errors.Is(err, objects.ErrNotFound) {
			t.Errorf("Open %q: %v, want objects.ErrNotFound", name, err)
		}
	}
}

// Stock tools accept a bundle that was unpacked from its ZIP by a stock tool.
func TestBundlePassesStockTools(t *testing.T) {
	sha256sum, minisign, unzip := tool(t, "sha256sum"), tool(t, "minisign"), tool(t, "unzip")
	store, keys := testVault(t), testKeys(t)
	if _, err := WriteBundle(t.Context(), store, Prefix(testRoom), keys, newMaterial(t).src); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	packed := filepath.Join(dir, testRoom+".zip")
	if err := os.WriteFile(packed, zipped(t, store), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(dir string, args ...string) {
		t.Helper()
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	run(dir, unzip, "-q", "-t", packed)
	run(dir, unzip, "-q", packed)
	bag := filepath.Join(dir, testRoom)
	run(bag, sha256sum, "--strict", "-c", manifestFile)
	run(bag, sha256sum, "--strict", "-c", tagManifestFile)
	run(bag, minisign, "-V", "-P", keys.Public(), "-m", tagManifestFile)
	for _, path := range []string{bag, packed} {
		if r, err := Verify(path, []string{keys.Public()}); err != nil || r.ExitCode() != 0 {
			t.Errorf("Verify %s: %+v, %v", path, r, err)
		}
	}
}

func zipped(t testing.TB, store *vault.Vault) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := ZipBundle(t.Context(), store, Prefix(testRoom), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestZipIsDeterministic(t *testing.T) {
	store, keys := testVault(t), testKeys(t)
	if _, err := WriteBundle(t.Context(), store, Prefix(testRoom), keys, newMaterial(t).src); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(zipped(t, store), zipped(t, store)) {
		t.Error("two ZIPs of one bundle differ")
	}
}

func TestBundleSealedOnce(t *testing.T) {
	store, keys, m := testVault(t), testKeys(t), newMaterial(t)
	first, err := WriteBundle(t.Context(), store, Prefix(testRoom), keys, m.src)
	if err != nil {
		t.Fatal(err)
	}
	again := m.src
	again.Recordings = []File{{Name: "seller-1.webm", Open: func(context.Context) (io.ReadCloser, error) {
		return nil, errors.New("deleted after the seal")
	}}}
	if digest, err := WriteBundle(t.Context(), store, Prefix(testRoom), keys, again); err != nil || digest != first {
		t.Errorf("second call gave %q, %v; want %q", digest, err, first)
	}
	var other material
	m.src.Entries = chain(t, &other, draft{createdType, map[string]any{"room": testRoom}}, draft{sealedType, nil})
	if _, err := WriteBundle(t.Context(), store, Prefix(testRoom), keys, m.src); !errors.Is(err, ErrSealed) {
		t.Errorf("another record: %v, want ErrSealed", err)
	}
}

func TestBundleRefusesWhatNoVerifierTakes(t *testing.T) {
	for name, change := range map[string]func(m *material){
		"no entries":     func(m *material) { m.src.Entries = nil },
		"open record":    func(m *material) { m.src.Entries = m.src.Entries[:3] },
		"broken chain":   func(m *material) { m.src.Entries[1].Actor = "staff:m2" },
		"hole":           func(m *material) { m.src.Entries = slices.Delete(m.src.Entries, 1, 2) },
		"false opening":  func(m *material) { m.src.Privates[0].Value = []byte(`"Joe"`) },
		"other room":     func(m *material) { m.src.Room = map[string]any{"room": "R-00000000"} },
		"unlisted":       func(m *material) { m.src.Room = map[string]any{"room": testRoom} },
		"hostile name":   func(m *material) { m.src.Documents[0].Name = "../x" },
		"name with path": func(m *material) { m.src.Documents[0].Name = "a/b" },
	} {
		t.Run(name, func(t *testing.T) {
			store, m := testVault(t), newMaterial(t)
			change(&m)
			if _, err := WriteBundle(t.Context(), store, Prefix(testRoom), testKeys(t), m.src); err == nil {
				t.Error("it was signed")
			}
			if _, err := OpenBundle(t.Context(), store, Prefix(testRoom)); !errors.Is(err, objects.ErrNotFound) {
				t.Errorf("OpenBundle: %v, want objects.ErrNotFound", err)
			}
		})
	}
	if _, err := WriteBundle(t.Context(), testVault(t), "rooms/../bundle/", testKeys(t), newMaterial(t).src); !errors.Is(err, objects.ErrName) {
		t.Errorf("hostile prefix: %v", err)
	}
}

// crashStore stops working for good at the write numbered left.
type crashStore struct {
	objects.Store
	left  int
	after bool // that write takes effect, but its answer is lost
}

var errCrash = errors.New("crash")

func (c *crashStore) Put(ctx context.Context, name string, r io.Reader) (objects.Object, error) {
	if c.left--; c.left < 0 || c.left == 0 && !c.after {
		return objects.Object{}, errCrash
	}
	object, err := c.Store.Put(ctx, name, r)
	if c.left == 0 {
		return objects.Object{}, errCrash
	}
	return object, err
}

func (c *crashStore) Delete(ctx context.Context, name string) error {
	if c.left--; c.left < 0 || c.left == 0 && !c.after {
		return errCrash
	}
	err := c.Store.Delete(ctx, name)
	if c.left == 0 {
		return errCrash
	}
	return err
}

// A crash at any write, the signature's too, leaves something that the next
// call makes whole, even when the program was exchanged in between and makes
// another statement and another assembly of the recording.
func TestBundleAfterCrashAtAnyPoint(t *testing.T) {
	keys := testKeys(t)
	writes := 1 + len(sealedNames(t, keys)) + 2 + 4 // the removal of what lay there, store.json and its signature, four keys
	for point := 1; point <= writes; point++ {
		for _, after := range []bool{false, true} {
			files, dir, m := testStore(t), t.TempDir(), newMaterial(t)
			store := vaultOver(t, files, dir)
			if _, err := files.Put(t.Context(), Prefix(testRoom)+"data/stills/left-over.webp.age", strings.NewReader("x")); err != nil {
				t.Fatal(err)
			}
			old := m.src
			old.Statement.Go = "an older toolchain"
			if _, err := WriteBundle(t.Context(), vaultOver(t, &crashStore{files, point, after}, dir), Prefix(testRoom), keys, old); !errors.Is(err, errCrash) {
				t.Fatalf("write %d: %v, want a crash", point, err)
			}
			digest, err := WriteBundle(t.Context(), store, Prefix(testRoom), keys, m.src)
			if err != nil {
				t.Fatalf("after a crash at write %d (effective: %t): %v", point, after, err)
			}
			r, err := VerifyStore(t.Context(), store, Prefix(testRoom), []string{keys.Public()})
			if err != nil || r.ExitCode() != 0 || r.Digest != digest {
				t.Fatalf("after a crash at write %d (effective: %t): %+v, %v", point, after, r, err)
			}
		}
	}
}

// sealedNames gives the files of an undisturbed bundle.
func sealedNames(t *testing.T, keys *Keys) []string {
	t.Helper()
	store := testVault(t)
	if _, err := WriteBundle(t.Context(), store, Prefix(testRoom), keys, newMaterial(t).src); err != nil {
		t.Fatal(err)
	}
	bundle, err := OpenBundle(t.Context(), store, Prefix(testRoom))
	if err != nil {
		t.Fatal(err)
	}
	return bundle.Names()
}

package vault_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
)

const room = "room:R-7Q2M4T1A"

// deployment is a store and the keys of who works on it.
type deployment struct {
	t          *testing.T
	dir        string // of the store
	keys       string
	store      *objects.FS
	recoverers []string
}

func newDeployment(t *testing.T, recovery ...string) *deployment {
	t.Helper()
	d := &deployment{t: t, dir: t.TempDir(), keys: t.TempDir(), recoverers: recovery}
	store, err := objects.OpenFS(d.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	d.store = store
	return d
}

// open gives a vault as a node has one: nothing in its memory yet.
func (d *deployment) open() *vault.Vault {
	d.t.Helper()
	v, err := vault.Open(d.store, d.keys, d.recoverers...)
	if err != nil {
		d.t.Fatal(err)
	}
	return v
}

func seal(t *testing.T, v *vault.Vault, class vault.Class, name, content string) vault.Sealed {
	t.Helper()
	sealed, err := v.Put(t.Context(), room, class, name, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func read(t *testing.T, v *vault.Vault, class vault.Class, name string) (string, error) {
	t.Helper()
	f, _, err := v.Open(t.Context(), room, class, name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	return string(b), err
}

// TestSealedObjects: what is put comes back, in whole and in ranges, from another
// node too; in the store it is an age file that stock age could open, without a
// word of it in plain.
func TestSealedObjects(t *testing.T) {
	d := newDeployment(t)
	v := d.open()
	content := strings.Repeat("Anna Maria Eriksson ", 20_000) // several of age's chunks
	sealed := seal(t, v, vault.Stills, "rooms/a", content)
	if again := seal(t, v, vault.Stills, "rooms/a", content); again != sealed {
		t.Errorf("the same again is %+v, was %+v", again, sealed)
	}
	if _, err := v.Put(t.Context(), room, vault.Stills, "rooms/a", strings.NewReader("other")); !errors.Is(err, objects.ErrExists) {
		t.Errorf("other bytes: %v", err)
	}
	other := d.open()
	if got, err := read(t, other, vault.Stills, "rooms/a"); got != content || err != nil {
		t.Fatalf("read %d bytes, %v", len(got), err)
	}
	f, object, err := other.Open(t.Context(), room, vault.Stills, "rooms/a")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	part := make([]byte, 100)
	if _, err := f.ReadAt(part, 131_060); err != nil || string(part) != content[131_060:131_160] || object.Size != int64(len(content)) {
		t.Errorf("range is %q, %v, size %d", part, err, object.Size)
	}
	raw, err := os.ReadFile(filepath.Join(d.dir, "rooms/a.age"))
	if err != nil || bytes.Contains(raw, []byte("Eriksson")) || !bytes.HasPrefix(raw, []byte("age-encryption.org/v1\n")) {
		t.Errorf("in the store: %.40q, %v", raw, err)
	}
	if int64(len(raw)) != sealed.Stored.Size {
		t.Errorf("%d bytes stored, said %d", len(raw), sealed.Stored.Size)
	}
}

// TestChangedObjectsDontOpen: no changed byte is ever handed out.
func TestChangedObjectsDontOpen(t *testing.T) {
	d := newDeployment(t)
	v := d.open()
	seal(t, v, vault.Stills, "whole", "some evidence")
	raw, err := os.ReadFile(filepath.Join(d.dir, "whole.age"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		changed := bytes.Clone(raw)
		changed[i] ^= 1
		name := filepath.Join(d.dir, "changed.age")
		if err := os.WriteFile(name, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := read(t, v, vault.Stills, "changed"); err == nil {
			t.Fatalf("byte %d changed: read %q", i, got)
		}
	}
}

// TestClassesAreApart: another class's key doesn't open it, and destroying one
// leaves the others.
func TestClassesAreApart(t *testing.T) {
	d := newDeployment(t)
	v, other := d.open(), d.open()
	for _, class := range vault.Classes {
		seal(t, v, class, string(class), "in "+string(class))
		if _, err := read(t, other, class, string(class)); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := read(t, v, vault.Record, "stills"); err == nil {
		t.Errorf("the record's key opens %q", got)
	}
	if err := v.Destroy(t.Context(), room, vault.Stills); err != nil {
		t.Fatal(err)
	}
	if err := v.Destroy(t.Context(), room, vault.Stills); err != nil {
		t.Errorf("again: %v", err)
	}
	for _, class := range vault.Classes {
		got, err := read(t, d.open(), class, string(class))
		if class == vault.Stills && !errors.Is(err, vault.ErrDestroyed) || class != vault.Stills && (err != nil || got != "in "+string(class)) {
			t.Errorf("%s: %q, %v", class, got, err)
		}
	}
	if _, err := v.Make(t.Context(), room, vault.Stills); !errors.Is(err, vault.ErrDestroyed) {
		t.Errorf("a destroyed key is made again: %v", err)
	}
	if key, err := v.ValueKey(t.Context(), "staff:m17", false); !errors.Is(err, vault.ErrNoKey) {
		t.Errorf("key that was never made: %v, %v", key, err)
	}
}

// TestRotation: what was wrapped to the old key is wrapped to the new one, a node
// that knows only the old one finds the new in the key folder, and no object but
// keys changes.
func TestRotation(t *testing.T) {
	d := newDeployment(t)
	v, running := d.open(), d.open()
	sealed := seal(t, v, vault.Recording, "film", "moving pictures")
	seal(t, v, vault.Record, "ledger", "entries")
	before, err := os.ReadFile(filepath.Join(d.dir, "film.age"))
	if err != nil {
		t.Fatal(err)
	}
	operator := d.open()
	if err := operator.Ring().Rotate(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{2, 0} {
		if n, err := operator.Rewrap(t.Context()); n != want || err != nil {
			t.Fatalf("%d keys wrapped anew, %v, want %d", n, err, want)
		}
	}
	if got, err := read(t, running, vault.Recording, "film"); got != "moving pictures" || err != nil {
		t.Errorf("a running node reads %q, %v", got, err)
	}
	after, err := os.ReadFile(filepath.Join(d.dir, "film.age"))
	if err != nil || !bytes.Equal(before, after) || int64(len(after)) != sealed.Stored.Size {
		t.Errorf("the recording itself was touched: %v", err)
	}
	names, err := d.store.List(t.Context(), "keys/")
	if err != nil || len(names) != 2 {
		t.Errorf("keys %q, %v", names, err)
	}
	stranger, err := vault.Open(d.store, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := read(t, stranger, vault.Recording, "film"); !errors.Is(err, vault.ErrForeign) {
		t.Errorf("another key folder: %v", err)
	}
}

// TestRecovery: who has the recovery's identity and a copy of the store opens
// everything, without the deployment's keys.
func TestRecovery(t *testing.T) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	d := newDeployment(t, identity.Recipient().String())
	seal(t, d.open(), vault.Record, "ledger", "entries")
	file := filepath.Join(t.TempDir(), "recovery.txt")
	if err := os.WriteFile(file, []byte("# offline\n"+identity.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ring, err := vault.ReadRing(file)
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.New(d.store, ring)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := read(t, v, vault.Record, "ledger"); got != "entries" || err != nil {
		t.Errorf("recovered %q, %v", got, err)
	}
	if _, err := vault.Open(d.store, d.keys, "age1nonsense"); err == nil {
		t.Error("a recipient that is none was taken")
	}
}

// TestOneKeyOfMany: of many that make a key at once all get the same.
func TestOneKeyOfMany(t *testing.T) {
	d := newDeployment(t)
	var group sync.WaitGroup
	made := make([]string, 8)
	for i := range made {
		v := d.open()
		group.Go(func() {
			key, err := v.Make(t.Context(), room, vault.Record)
			if err != nil {
				t.Error(err)
				return
			}
			made[i] = key.String()
		})
	}
	group.Wait()
	for _, key := range made {
		if key != made[0] {
			t.Fatal("two keys were made")
		}
	}
}

func TestKeyFileMustBePrivate(t *testing.T) {
	d := newDeployment(t)
	d.open()
	if err := os.Chmod(filepath.Join(d.keys, "verifycall.agekey"), 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Open(d.store, d.keys); err == nil {
		t.Error("a key that others can read was taken")
	}
}

func TestHostileOwners(t *testing.T) {
	v := newDeployment(t).open()
	for _, owner := range []string{"", "room:", "room:../x", "room:a/b", "other:R-1", "R-1", "room:R-1\n"} {
		if _, err := v.Make(t.Context(), owner, vault.Record); !errors.Is(err, objects.ErrName) {
			t.Errorf("owner %q: %v", owner, err)
		}
	}
	if _, err := v.Make(t.Context(), room, "other"); !errors.Is(err, objects.ErrName) {
		t.Errorf("other class: %v", err)
	}
}

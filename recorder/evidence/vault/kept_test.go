package vault_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
)

// TestEncryptedBeforehand: what waited outside of the store reads there and is then
// stored as it is; stored twice, or beside the same plaintext, it is a success; beside
// another it is refused; once its key is destroyed it is stored nowhere.
func TestEncryptedBeforehand(t *testing.T) {
	d := newDeployment(t)
	v := d.open()
	if _, err := v.Encrypt(t.Context(), room, vault.Stills, bytes.NewReader(nil)); !errors.Is(err, vault.ErrNoKey) {
		t.Errorf("without a key: %v", err)
	}
	seal(t, v, vault.Stills, "stills/there", "a still")
	seal(t, v, vault.Stills, "stills/other", "another still")
	sealed, err := v.Encrypt(t.Context(), room, vault.Stills, bytes.NewReader([]byte("a still")))
	if err != nil {
		t.Fatal(err)
	}
	ciphertext, err := io.ReadAll(sealed)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(ciphertext, []byte("a still")) {
		t.Error("it lies there in plain")
	}

	path := filepath.Join(t.TempDir(), "kept")
	if err := os.WriteFile(path, ciphertext, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := v.Decrypt(t.Context(), room, vault.Stills, file, int64(len(ciphertext)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(plain)
	if err := errors.Join(err, plain.Close()); err != nil || string(got) != "a still" {
		t.Errorf("%q, %v", got, err)
	}

	put := func(name string) error {
		return d.open().PutEncrypted(t.Context(), room, vault.Stills, name, bytes.NewReader(ciphertext), int64(len(ciphertext)))
	}
	for _, name := range []string{"stills/new", "stills/new", "stills/there"} {
		if err := put(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got, err := read(t, v, vault.Stills, name); err != nil || got != "a still" {
			t.Errorf("%s reads as %q, %v", name, got, err)
		}
	}
	if err := put("stills/other"); !errors.Is(err, objects.ErrExists) {
		t.Errorf("over another: %v", err)
	}
	if err := v.Destroy(t.Context(), room, vault.Stills); err != nil {
		t.Fatal(err)
	}
	if err := put("stills/late"); !errors.Is(err, vault.ErrDestroyed) {
		t.Errorf("with a destroyed key: %v", err)
	}
}

package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"filippo.io/age"

	"verifycall/recorder/evidence/objects"
)

// WrapFile is the file of a key folder that holds the deployment's wrapping keys: an age identity file, the
// present one first, those before it behind. Mode 0600.
const WrapFile = "verifycall.agekey"

// maxKeyFile bounds a file of identities, in bytes.
const maxKeyFile = 1 << 20

// Ring is the wrapping keys of a key folder. The same folder is on every node.
type Ring struct {
	path string

	mu   sync.Mutex // guards keys
	keys []*age.X25519Identity
}

// OpenRing reads the wrapping keys in dir and makes one if there is none. Of two
// processes that make one at once, both use the one that stays.
func OpenRing(dir string) (*Ring, error) {
	r := &Ring{path: filepath.Join(dir, WrapFile)}
	err := r.reload()
	if errors.Is(err, fs.ErrNotExist) {
		err = r.create(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("wrapping keys: %w", err)
	}
	return r, nil
}

// ReadRing reads a file of age identities, as that of an offline recovery.
func ReadRing(path string) (*Ring, error) {
	r := &Ring{path: path}
	if err := r.reload(); err != nil {
		return nil, fmt.Errorf("identities: %w", err)
	}
	return r, nil
}

func (r *Ring) create(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	if err := objects.WriteNew(r.path, ringText(key), 0o600); err != nil {
		return err
	}
	return r.reload()
}

// Rotate makes a new key the present one. Those before it still open what is
// wrapped to them; Vault.Rewrap frees everything from them.
func (r *Ring) Rotate() error {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return fmt.Errorf("wrapping keys: %w", err)
	}
	r.mu.Lock()
	text := ringText(append([]*age.X25519Identity{key}, r.keys...)...)
	r.mu.Unlock()
	if err := objects.ReplaceFile(r.path, text, 0o600); err != nil {
		return fmt.Errorf("wrapping keys: %w", err)
	}
	return r.reload()
}

func ringText(keys ...*age.X25519Identity) []byte {
	var b bytes.Buffer
	b.WriteString("# Keep this file secret and a copy of it offline: it opens every room's keys.\n")
	for _, key := range keys {
		fmt.Fprintf(&b, "# public key: %s\n%s\n", key.Recipient(), key)
	}
	return b.Bytes()
}

// reload reads the file anew and refuses one that others can read.
func (r *Ring) reload() error {
	info, err := os.Stat(r.path)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s can be read by others (mode %04o): chmod 600 it", r.path, info.Mode().Perm())
	}
	if info.Size() > maxKeyFile {
		return fmt.Errorf("%s is longer than %d bytes", r.path, maxKeyFile)
	}
	text, err := os.ReadFile(r.path)
	if err != nil {
		return err
	}
	identities, err := age.ParseIdentities(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("%s: %w", r.path, err)
	}
	var keys []*age.X25519Identity
	for _, identity := range identities {
		key, ok := identity.(*age.X25519Identity)
		if !ok {
			return fmt.Errorf("%s: only keys AGE-SECRET-KEY-1… are taken", r.path)
		}
		keys = append(keys, key)
	}
	r.mu.Lock()
	r.keys = keys
	r.mu.Unlock()
	return nil
}

// IDs gives the public halves ("age1…"), the present one first.
func (r *Ring) IDs() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	ids := make([]string, len(r.keys))
	for i, key := range r.keys {
		ids[i] = key.Recipient().String()
	}
	return ids
}

// present is the key that is wrapped to from now on.
func (r *Ring) present() *age.X25519Recipient {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keys[0].Recipient()
}

func (r *Ring) identities() []age.Identity {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]age.Identity, len(r.keys))
	for i, key := range r.keys {
		list[i] = key
	}
	return list
}

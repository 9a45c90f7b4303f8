package evidence

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"aead.dev/minisign"

	"verifycall/recorder/evidence/objects"
)

// SecretFile is the file of a key folder with the signing key: a minisign secret
// key without a password, 0600.
const SecretFile = "verifycall.key"

// The other files of a key folder.
const (
	publicFile  = "verifycall.pub"       // minisign public key, for `minisign -V -p`
	keyListFile = "verifycall-keys.json" // the key list that is published, see KeyList
)

// Keys is the deployment's signing key: Ed25519 in minisign's form. Its methods
// may be called from many goroutines.
type Keys struct {
	secret minisign.PrivateKey
	public minisign.PublicKey
	list   KeyList
}

// LoadOrCreateKeys reads the signing key in dir and makes one if there is none.
// Of two processes that create at once, one wins and both use its key. The key
// list beside it keeps retired keys: an operator replaces verifycall.key,
// removes verifycall.pub, sets the old key's "until" and starts again.
func LoadOrCreateKeys(dir string) (*Keys, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("signing keys: %w", err)
	}
	secret, err := loadSecret(filepath.Join(dir, SecretFile))
	if errors.Is(err, fs.ErrNotExist) {
		secret, err = createSecret(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("signing keys: %w", err)
	}
	k := &Keys{secret: secret, public: secret.Public().(minisign.PublicKey)}
	if err := k.writePublic(dir); err != nil {
		return nil, fmt.Errorf("signing keys: %w", err)
	}
	if err := k.loadList(dir, time.Now()); err != nil {
		return nil, fmt.Errorf("signing keys: %w", err)
	}
	return k, nil
}

// RotateKeys retires the signing key in dir and makes a new one: the key list says
// until when the old one signed, and what it signed goes on verifying. After a
// crash in the middle it may be called again.
func RotateKeys(dir string) error {
	k, err := LoadOrCreateKeys(dir)
	if err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(time.Second)
	for i := range k.list.Keys {
		if k.list.Keys[i].ID == k.ID() {
			k.list.Keys[i].Until = &now
		}
	}
	if err := objects.ReplaceFile(filepath.Join(dir, keyListFile), k.WellKnown(), 0o644); err != nil {
		return fmt.Errorf("signing keys: %w", err)
	}
	for _, name := range []string{publicFile, SecretFile} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("signing keys: %w", err)
		}
	}
	_, err = LoadOrCreateKeys(dir)
	return err
}

// loadSecret reads a minisign secret key and refuses one that others can read.
func loadSecret(name string) (minisign.PrivateKey, error) {
	var key minisign.PrivateKey
	info, err := os.Stat(name)
	if err != nil {
		return key, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return key, fmt.Errorf("%s can be read by others (mode %04o): chmod 600 it", name, info.Mode().Perm())
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return key, err
	}
	if err := key.UnmarshalText(text); err != nil {
		return key, fmt.Errorf("%s: %w", name, err)
	}
	// The file holds seed and public half; halves that don't belong together
	// would make signatures that give the seed away.
	message := []byte("probe")
	if !minisign.Verify(key.Public().(minisign.PublicKey), message, minisign.Sign(key, message)) {
		return key, fmt.Errorf("%s: the two halves of the key don't belong together", name)
	}
	return key, nil
}

func createSecret(dir string) (minisign.PrivateKey, error) {
	_, key, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		return key, err
	}
	text, err := key.MarshalText()
	if err != nil {
		return key, err
	}
	name := filepath.Join(dir, SecretFile)
	if err := objects.WriteNew(name, append(text, '\n'), 0o600); err != nil {
		return key, err
	}
	return loadSecret(name) // of two that create at once, one file stays
}

func (k *Keys) writePublic(dir string) error {
	text := "untrusted comment: minisign public key " + k.ID() + "\n" + k.Public() + "\n"
	name := filepath.Join(dir, publicFile)
	if err := objects.WriteNew(name, []byte(text), 0o644); err != nil {
		return err
	}
	public, err := minisign.PublicKeyFromFile(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if !public.Equal(k.public) {
		return fmt.Errorf("%s isn't the public half of %s", name, SecretFile)
	}
	return nil
}

// loadList reads the key list and adds the present key, from now on, if it is
// new in it.
func (k *Keys) loadList(dir string, now time.Time) error {
	name := filepath.Join(dir, keyListFile)
	text, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil {
		if k.list, err = ParseKeyList(text); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, key := range k.list.Keys {
		if key.ID == k.ID() {
			return nil
		}
	}
	from := now.UTC().Truncate(time.Second)
	k.list.Keys = append(k.list.Keys, ListedKey{ID: k.ID(), Key: k.Public(), From: &from})
	return objects.ReplaceFile(name, k.WellKnown(), 0o644)
}

// Public gives the public key as minisign's one line, "RW…".
func (k *Keys) Public() string { return k.public.String() }

// ID gives the key id, 16 upper-case hex digits as minisign prints it.
func (k *Keys) ID() string { return keyID(k.public.ID()) }

// IDs gives the ids of this key and of those that were used before it.
func (k *Keys) IDs() []string {
	ids := []string{k.ID()}
	for _, key := range k.list.Keys {
		if key.ID != ids[0] {
			ids = append(ids, key.ID)
		}
	}
	return ids
}

// WellKnown gives the JSON served at /.well-known/verifycall-keys.json: every
// key this deployment has signed with, see KeyList.
func (k *Keys) WellKnown() []byte {
	text, err := json.MarshalIndent(k.list, "", "  ")
	if err != nil {
		panic(err) // strings and times only
	}
	return append(text, '\n')
}

func keyID(id uint64) string { return fmt.Sprintf("%016X", id) }

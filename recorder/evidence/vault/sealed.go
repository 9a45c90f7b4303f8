package vault

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"

	"verifycall/recorder/evidence/objects"
)

// Suffix ends the name of every encrypted object in the store.
const Suffix = ".age"

// Sealed is an object that was encrypted: what it is, and how it lies there.
type Sealed struct {
	SHA256 string         // hex, of the plaintext
	Size   int64          // of the plaintext
	Stored objects.Object // the ciphertext, under its own name
}

// Put encrypts what r yields and stores it under name and Suffix. It streams:
// the plaintext touches no disk. It never overwrites: an object that holds the
// same plaintext already is a success and nothing is sent again, another is
// objects.ErrExists.
func (v *Vault) Put(ctx context.Context, owner string, class Class, name string, r io.Reader) (Sealed, error) {
	key, err := v.Make(ctx, owner, class)
	if err != nil {
		return Sealed{}, fmt.Errorf("put %s: %w", name, err)
	}
	h := sha256.New()
	read := &counted{r: io.TeeReader(r, h)}
	_, err = v.store.Stat(ctx, name+Suffix)
	var stored objects.Object
	if errors.Is(err, objects.ErrNotFound) {
		stored, err = v.encrypt(ctx, key, name, read)
	} else if err == nil {
		err = objects.ErrExists
	}
	if errors.Is(err, objects.ErrExists) {
		stored, err = v.compare(ctx, key, name, read, func() string { return hex.EncodeToString(h.Sum(nil)) })
	}
	if err != nil {
		return Sealed{}, fmt.Errorf("put %s: %w", name, err)
	}
	return Sealed{hex.EncodeToString(h.Sum(nil)), read.n, stored}, nil
}

func (v *Vault) encrypt(ctx context.Context, key *age.X25519Identity, name string, r io.Reader) (objects.Object, error) {
	sealed, err := age.EncryptReader(r, key.Recipient())
	if err != nil {
		return objects.Object{}, err
	}
	return v.store.Put(ctx, name+Suffix, sealed)
}

// compare reads the rest of what was to be put, and what lies there; the same
// plaintext is what was wanted.
func (v *Vault) compare(ctx context.Context, key *age.X25519Identity, name string, rest io.Reader, digest func() string) (objects.Object, error) {
	if _, err := io.Copy(io.Discard, objects.Until(ctx, rest)); err != nil {
		return objects.Object{}, err
	}
	f, stored, err := v.store.Open(ctx, name+Suffix)
	if err != nil {
		return objects.Object{}, err
	}
	defer f.Close()
	if stored.SHA256, _, err = objects.Digest(objects.Until(ctx, f)); err != nil {
		return objects.Object{}, err
	}
	plain, size, err := age.DecryptReaderAt(f, stored.Size, key)
	if err != nil {
		return objects.Object{}, fmt.Errorf("%w: %w", objects.ErrExists, err)
	}
	there, _, err := objects.Digest(objects.Until(ctx, io.NewSectionReader(plain, 0, size)))
	if err != nil {
		return objects.Object{}, err
	}
	if there != digest() {
		return objects.Object{}, objects.ErrExists
	}
	return stored, nil
}

// Open reads an object's plaintext, any range of it: what is read is decrypted
// and authenticated as it is asked for. The Object is of the plaintext, under
// name. Errors: objects.ErrNotFound, ErrDestroyed, ErrNoKey.
func (v *Vault) Open(ctx context.Context, owner string, class Class, name string) (objects.File, objects.Object, error) {
	f, stored, err := v.store.Open(ctx, name+Suffix)
	if err != nil {
		return nil, objects.Object{}, fmt.Errorf("open %s: %w", name, err)
	}
	key, err := v.Key(ctx, owner, class)
	if err != nil {
		return nil, objects.Object{}, errors.Join(fmt.Errorf("open %s: %w", name, err), f.Close())
	}
	plain, size, err := age.DecryptReaderAt(f, stored.Size, key)
	if err != nil {
		return nil, objects.Object{}, errors.Join(fmt.Errorf("open %s: %w", name, err), f.Close())
	}
	return opened{io.NewSectionReader(plain, 0, size), f}, objects.Object{Name: name, Size: size}, nil
}

// opened is a plaintext over its open ciphertext.
type opened struct {
	*io.SectionReader
	io.Closer
}

// counted counts what is read.
type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

package vault

import (
	"context"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"

	"verifycall/recorder/evidence/objects"
)

// Encrypt gives what lies in the store of a plaintext, for one that has to wait for
// the store. It makes no key: the one of owner and class has to be there, in memory
// where the store is away.
func (v *Vault) Encrypt(ctx context.Context, owner string, class Class, r io.Reader) (io.Reader, error) {
	key, err := v.Key(ctx, owner, class)
	if err != nil {
		return nil, err
	}
	return age.EncryptReader(r, key.Recipient())
}

// PutEncrypted stores under name and Suffix what Encrypt gave, size bytes of it. An
// object that holds the same plaintext already is a success, another is
// objects.ErrExists. A key that was destroyed meanwhile is ErrDestroyed.
func (v *Vault) PutEncrypted(ctx context.Context, owner string, class Class, name string, sealed io.ReaderAt, size int64) error {
	key, err := v.Key(ctx, owner, class)
	if err == nil {
		_, err = v.store.Put(ctx, name+Suffix, io.NewSectionReader(sealed, 0, size))
	}
	if errors.Is(err, objects.ErrExists) {
		err = v.samePlaintext(ctx, key, name, sealed, size)
	}
	if err != nil {
		return fmt.Errorf("put %s: %w", name, err)
	}
	return nil
}

// samePlaintext compares what was to be put with what lies there.
func (v *Vault) samePlaintext(ctx context.Context, key *age.X25519Identity, name string, sealed io.ReaderAt, size int64) error {
	plain, length, err := age.DecryptReaderAt(sealed, size, key)
	if err != nil {
		return err
	}
	digest, _, err := objects.Digest(io.NewSectionReader(plain, 0, length))
	if err != nil {
		return err
	}
	_, err = v.compare(ctx, key, name, io.LimitReader(nil, 0), func() string { return digest })
	return err
}

// Decrypt reads a ciphertext of size bytes that lies elsewhere than in the store, any
// range of it. Closing it closes f.
func (v *Vault) Decrypt(ctx context.Context, owner string, class Class, f objects.File, size int64) (objects.File, error) {
	key, err := v.Key(ctx, owner, class)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	plain, length, err := age.DecryptReaderAt(f, size, key)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return opened{io.NewSectionReader(plain, 0, length), f}, nil
}

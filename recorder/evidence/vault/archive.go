package vault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"

	"verifycall/recorder/evidence/objects"
)

// Archive encrypts what is written to it, to the deployment and the recovery, as keys
// are wrapped. Close ends it; what isn't closed can't be opened.
func (v *Vault) Archive(w io.Writer) (io.WriteCloser, error) {
	sealed, err := age.Encrypt(w, v.recipients()...)
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	return sealed, nil
}

// OpenArchive decrypts what Archive has made, as it is read. Errors: ErrForeign.
func (v *Vault) OpenArchive(r io.Reader) (io.Reader, error) {
	plain, err := age.Decrypt(r, v.ring.identities()...)
	var foreign *age.NoIdentityMatchError
	if errors.As(err, &foreign) {
		return nil, fmt.Errorf("archive: %w", ErrForeign)
	}
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	return plain, nil
}

// WrappedKey is a wrapped key, or the mark of one that was destroyed, as it lies in
// the store.
type WrappedKey struct {
	Name    string // keys/room/R-7K3M9QXD/record/….age
	Content []byte
}

// ErrWrapped says that something isn't a wrapped key.
var ErrWrapped = errors.New("vault: no wrapped key")

// EachKey visits the table of keys as it lies in the store.
func (v *Vault) EachKey(ctx context.Context, visit func(WrappedKey) error) error {
	names, err := v.store.List(ctx, keysPrefix)
	if err != nil {
		return fmt.Errorf("table of keys: %w", err)
	}
	for _, name := range names {
		f, _, err := v.store.Open(ctx, name)
		if errors.Is(err, objects.ErrNotFound) { // destroyed meanwhile
			continue
		}
		if err != nil {
			return fmt.Errorf("table of keys: %w", err)
		}
		content, err := io.ReadAll(io.LimitReader(f, maxWrapping+1))
		if err := errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("table of keys: %w", err)
		}
		if err := visit(WrappedKey{name, content}); err != nil {
			return err
		}
	}
	return nil
}

// PutKey brings a wrapped key back that the store lacks; one that was destroyed there
// stays so. It says whether the store has changed. Errors: ErrWrapped.
func (v *Vault) PutKey(ctx context.Context, k WrappedKey) (put bool, err error) {
	folder, file, ok := splitKey(k.Name)
	if !ok || len(k.Content) > maxWrapping || len(k.Content) == 0 {
		return false, fmt.Errorf("%w: %.80q", ErrWrapped, k.Name)
	}
	names, err := v.store.List(ctx, folder)
	if err != nil {
		return false, fmt.Errorf("table of keys: %w", err)
	}
	if len(names) > 0 && file != destroyed { // what is there is the present state of it
		return false, nil
	}
	for _, name := range names {
		if name == k.Name {
			return false, nil
		}
		if err := v.store.Delete(ctx, name); err != nil && !errors.Is(err, objects.ErrNotFound) {
			return false, fmt.Errorf("table of keys: %w", err)
		}
	}
	if _, err := v.store.Put(ctx, k.Name, strings.NewReader(string(k.Content))); err != nil {
		return false, fmt.Errorf("table of keys: %w", err)
	}
	v.forget(folder)
	return true, nil
}

// splitKey takes the name of a wrapped key apart.
func splitKey(name string) (folder, file string, ok bool) {
	parts := strings.Split(name, "/")
	if len(parts) != 5 || parts[0]+"/" != keysPrefix || !objects.PlainSegment(parts[4]) {
		return "", "", false
	}
	folder, err := keyFolder(parts[1]+":"+parts[2], Class(parts[3]))
	return folder, parts[4], err == nil && (parts[4] == destroyed || strings.HasSuffix(parts[4], keySuffix))
}

// Destroyed says whether a key's place has the mark of its destruction.
func (v *Vault) Destroyed(ctx context.Context, owner string, class Class) (bool, error) {
	folder, err := keyFolder(owner, class)
	if err != nil {
		return false, err
	}
	_, err = v.store.Stat(ctx, folder+destroyed)
	if errors.Is(err, objects.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

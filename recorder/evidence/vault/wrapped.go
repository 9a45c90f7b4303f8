package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"filippo.io/age"

	"verifycall/recorder/evidence/objects"
)

// A key lies in the store as keys/<room or staff>/<id>/<class>/<wrapping>.age: an
// age file with the identity in it, encrypted to the deployment and the
// recovery. <wrapping> tells to whom, so that a new wrapping lies beside the old
// one until it is sure. In place of a key that was destroyed lies an object
// "destroyed", which keeps it from being made again.
const (
	keysPrefix  = "keys/"
	keySuffix   = ".age"
	destroyed   = "destroyed"
	maxWrapping = 64 << 10 // bytes of a wrapped key
)

// keyFolder is the prefix of a key's objects.
func keyFolder(owner string, class Class) (string, error) {
	if !ownerForm.MatchString(owner) || !slices.Contains(Classes, class) {
		return "", fmt.Errorf("%w: class %q of %q", objects.ErrName, class, owner)
	}
	return keysPrefix + strings.Replace(owner, ":", "/", 1) + "/" + string(class) + "/", nil
}

// recipients are those that keys are wrapped to now.
func (v *Vault) recipients() []age.Recipient {
	return append([]age.Recipient{v.ring.present()}, v.recovery...)
}

// wrapping names the present recipients, whatever their order.
func (v *Vault) wrapping() string {
	var names []string
	for _, r := range v.recipients() {
		names = append(names, fmt.Sprint(r))
	}
	slices.Sort(names)
	sum := sha256.Sum256([]byte(strings.Join(names, "\n")))
	return hex.EncodeToString(sum[:8])
}

// wrap stores a key. ErrExists of package objects if another one is there. Errors:
// ErrDestroyed if it was destroyed meanwhile; then nothing is left of it.
func (v *Vault) wrap(ctx context.Context, folder string, key *age.X25519Identity) error {
	var b bytes.Buffer
	w, err := age.Encrypt(&b, v.recipients()...)
	if err == nil {
		_, err = io.WriteString(w, key.String())
		err = errors.Join(err, w.Close())
	}
	if err != nil {
		return fmt.Errorf("wrap: %w", err)
	}
	name := folder + v.wrapping() + keySuffix
	if _, err := v.store.Put(ctx, name, &b); err != nil {
		return err
	}
	gone, err := v.isDestroyed(ctx, folder)
	if err != nil || !gone {
		return err
	}
	if err := v.drop(ctx, name); err != nil {
		return err
	}
	return ErrDestroyed
}

// isDestroyed tells whether a key's place is marked.
func (v *Vault) isDestroyed(ctx context.Context, folder string) (bool, error) {
	_, err := v.store.Stat(ctx, folder+destroyed)
	if errors.Is(err, objects.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// drop deletes a wrapping; one that isn't there is no error.
func (v *Vault) drop(ctx context.Context, name string) error {
	if err := v.store.Delete(ctx, name); err != nil && !errors.Is(err, objects.ErrNotFound) {
		return err
	}
	return nil
}

// load reads a key from the store.
func (v *Vault) load(ctx context.Context, folder string) (*age.X25519Identity, error) {
	key, err := v.unwrap(ctx, folder+v.wrapping()+keySuffix)
	if !errors.Is(err, objects.ErrNotFound) {
		return key, err
	}
	names, err := v.store.List(ctx, folder)
	if err != nil {
		return nil, err
	}
	if slices.Contains(names, folder+destroyed) {
		return nil, ErrDestroyed
	}
	for _, name := range names {
		if strings.HasSuffix(name, keySuffix) {
			return v.unwrap(ctx, name)
		}
	}
	return nil, ErrNoKey
}

// unwrap opens one wrapped key. One that the keys in memory don't open may have
// been wrapped to newer ones, so the key folder is read again.
func (v *Vault) unwrap(ctx context.Context, name string) (*age.X25519Identity, error) {
	f, _, err := v.store.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	sealed, err := io.ReadAll(io.LimitReader(f, maxWrapping))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var foreign *age.NoIdentityMatchError
	plain, err := age.Decrypt(bytes.NewReader(sealed), v.ring.identities()...)
	if errors.As(err, &foreign) {
		if err := v.ring.reload(); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrForeign, err)
		}
		plain, err = age.Decrypt(bytes.NewReader(sealed), v.ring.identities()...)
	}
	if errors.As(err, &foreign) {
		return nil, fmt.Errorf("%s: %w", name, ErrForeign)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	text, err := io.ReadAll(io.LimitReader(plain, maxWrapping))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	key, err := age.ParseX25519Identity(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return key, nil
}

// Destroy erases a key for good: what it opened is unreadable from then on, in
// every copy and backup that doesn't hold the wrapped key too. One that was
// destroyed, or never made, is no error. The mark comes before the look at what there
// is: a wrapping made meanwhile is in that, or finds the mark.
func (v *Vault) Destroy(ctx context.Context, owner string, class Class) error {
	folder, err := keyFolder(owner, class)
	if err != nil {
		return err
	}
	when := v.now().UTC().Format(time.RFC3339) + "\n"
	if _, err := v.store.Put(ctx, folder+destroyed, strings.NewReader(when)); err != nil && !errors.Is(err, objects.ErrExists) {
		return fmt.Errorf("destroy %s key of %s: %w", class, owner, err)
	}
	names, err := v.store.List(ctx, folder)
	if err != nil {
		return fmt.Errorf("destroy %s key of %s: %w", class, owner, err)
	}
	for _, name := range names {
		if name == folder+destroyed {
			continue
		}
		if err := v.drop(ctx, name); err != nil {
			return fmt.Errorf("destroy %s key of %s: %w", class, owner, err)
		}
	}
	v.forget(folder)
	return nil
}

// Rewrap wraps every key to the present recipients and removes older wrappings.
// It touches nothing but keys and may be called again after it was broken off, and
// beside a server that destroys some. It gives the number of keys that were wrapped anew.
func (v *Vault) Rewrap(ctx context.Context) (count int, err error) {
	names, err := v.store.List(ctx, keysPrefix)
	if err != nil {
		return 0, fmt.Errorf("rewrap: %w", err)
	}
	present := v.wrapping() + keySuffix
	for _, name := range names {
		folder, file := name[:strings.LastIndex(name, "/")+1], name[strings.LastIndex(name, "/")+1:]
		_, made := slices.BinarySearch(names, folder+present)
		_, marked := slices.BinarySearch(names, folder+destroyed)
		switch {
		case !strings.HasSuffix(file, keySuffix):
			continue
		case marked: // a destruction, or this, was broken off
			err = v.drop(ctx, name)
		case file != present:
			var done bool
			if done, err = v.rewrapOne(ctx, folder, name, made); done {
				count++
			}
		}
		if err != nil {
			return count, fmt.Errorf("rewrap %s: %w", folder, err)
		}
	}
	return count, nil
}

// rewrapOne puts a key's wrapping for the present recipients, if that isn't made yet, in
// the place of an earlier one. It isn't done where the key was destroyed meanwhile, or
// somebody else wrapped it.
func (v *Vault) rewrapOne(ctx context.Context, folder, earlier string, made bool) (done bool, err error) {
	key, err := v.unwrap(ctx, earlier)
	if errors.Is(err, objects.ErrNotFound) {
		return false, nil
	}
	if err == nil && !made {
		err = v.wrap(ctx, folder, key)
	}
	if errors.Is(err, ErrDestroyed) {
		return false, nil
	}
	if err != nil && !errors.Is(err, objects.ErrExists) {
		return false, err
	}
	again, err := v.unwrap(ctx, folder+v.wrapping()+keySuffix)
	if errors.Is(err, objects.ErrNotFound) {
		if gone, err := v.isDestroyed(ctx, folder); gone || err != nil {
			return false, err
		}
	}
	switch {
	case err != nil:
		return false, err
	case again.String() != key.String():
		return false, errors.New("two different keys lie there")
	}
	return true, v.drop(ctx, earlier)
}

package vault

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
)

// valuesLabel tells the key of private values from others that may be derived of
// a Record key.
const valuesLabel = "verifycall private values 1"

// ValueKey gives the AES-256-GCM key of an owner's private values, derived
// (HKDF-SHA256) from its Record key, which is made if it may be and there is
// none. It is nil without an error where the key is destroyed.
func (v *Vault) ValueKey(ctx context.Context, owner string, mayMake bool) (cipher.AEAD, error) {
	get := v.Key
	if mayMake {
		get = v.Make
	}
	key, err := get(ctx, owner, Record)
	if errors.Is(err, ErrDestroyed) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	secret, err := hkdf.Key(sha256.New, []byte(key.String()), nil, valuesLabel, 32)
	if err != nil {
		return nil, fmt.Errorf("key of private values: %w", err)
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, fmt.Errorf("key of private values: %w", err)
	}
	return cipher.NewGCM(block)
}

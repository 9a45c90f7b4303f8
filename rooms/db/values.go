package db

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"verifycall/rooms/ledger"
)

// Keys gives the key that an aggregate's personal values are encrypted with. It
// lies apart from them, so that destroying it erases them from Redis, journal and
// backups alike.
type Keys interface {
	// ValueKey gives the key of an aggregate ("room:R-7K3M9QXD"), making it where
	// there is none and mayMake says so. It is nil without an error where the key
	// was destroyed.
	ValueKey(ctx context.Context, aggregate string, mayMake bool) (cipher.AEAD, error)
}

// ErrErased says that an aggregate takes no more personal values: its key was
// destroyed.
var ErrErased = errors.New("its personal values are erased")

// opened is a personal value as it is encrypted.
type opened struct {
	Salt  string          `json:"salt"`
	Value json.RawMessage `json:"value"`
}

// lockedForm begins a personal value as Redis has it: then nonce and AES-256-GCM
// ciphertext of its JSON, base64. Aggregate and commitment are authenticated with
// it, so a value can't be moved to another place.
const lockedForm = "1:"

func bound(aggregate string, c ledger.Commitment) []byte { return []byte(aggregate + "\n" + string(c)) }

// Private commits to a personal value with a fresh salt.
func Private(value any) (ledger.Private, error) {
	var salt [16]byte
	rand.Read(salt[:]) // never fails, crypto/rand
	return ledger.Commit(value, salt)
}

// lock encrypts the personal values of the changes.
func (d *DB) lock(ctx context.Context, changes []Change) error {
	for i := range changes {
		change := &changes[i]
		if len(change.Privates) == 0 {
			continue
		}
		key, err := d.keys.ValueKey(ctx, change.Aggregate, true)
		if err != nil {
			return fmt.Errorf("key of %s: %w", change.Aggregate, err)
		}
		if key == nil {
			return fmt.Errorf("%s: %w", change.Aggregate, ErrErased)
		}
		change.locked = make([]string, len(change.Privates))
		for j, p := range change.Privates {
			text, err := json.Marshal(opened{p.Salt, p.Value})
			if err != nil {
				return fmt.Errorf("private value: %w", err)
			}
			nonce := make([]byte, key.NonceSize(), key.NonceSize()+len(text)+key.Overhead())
			rand.Read(nonce) // never fails, crypto/rand
			sealed := key.Seal(nonce, nonce, text, bound(change.Aggregate, p.Commitment))
			change.locked[j] = lockedForm + base64.RawStdEncoding.EncodeToString(sealed)
		}
	}
	return nil
}

// Unlock decrypts personal values of an aggregate, in the order of their
// commitments. Where the key was destroyed there are none. Errors: *DamagedError
// where one doesn't decrypt.
func (d *DB) Unlock(ctx context.Context, aggregate string, values map[string]string) ([]ledger.Private, error) {
	if len(values) == 0 {
		return nil, nil
	}
	key, err := d.keys.ValueKey(ctx, aggregate, false)
	if err != nil {
		return nil, fmt.Errorf("key of %s: %w", aggregate, err)
	}
	if key == nil {
		return nil, nil
	}
	list := make([]ledger.Private, 0, len(values))
	for commitment, text := range values {
		p, err := openValue(key, aggregate, ledger.Commitment(commitment), text)
		if err != nil {
			return nil, &DamagedError{strings.TrimPrefix(aggregate, "room:"), fmt.Errorf("private value: %w", err)}
		}
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b ledger.Private) int {
		return strings.Compare(string(a.Commitment), string(b.Commitment))
	})
	return list, nil
}

func openValue(key cipher.AEAD, aggregate string, c ledger.Commitment, text string) (ledger.Private, error) {
	text, known := strings.CutPrefix(text, lockedForm)
	sealed, err := base64.RawStdEncoding.DecodeString(text)
	if !known || err != nil || len(sealed) < key.NonceSize() {
		return ledger.Private{}, errors.New("has no form that is known")
	}
	plain, err := key.Open(nil, sealed[:key.NonceSize()], sealed[key.NonceSize():], bound(aggregate, c))
	if err != nil {
		return ledger.Private{}, err
	}
	var v opened
	if err := json.Unmarshal(plain, &v); err != nil {
		return ledger.Private{}, err
	}
	return ledger.Private{Commitment: c, Salt: v.Salt, Value: v.Value}, nil
}

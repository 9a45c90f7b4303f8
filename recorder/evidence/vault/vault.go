// Package vault encrypts what is kept of a person, with age
// (age-encryption.org/v1). Every room has one key for each class of its evidence
// and every staff account one, so that destroying a key erases what it opens,
// wherever copies lie. The keys are kept in the store, wrapped to the
// deployment's own key and to those of an offline recovery.
package vault

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	"filippo.io/age"

	"verifycall/recorder/evidence/objects"
)

// Class is what of a room's evidence a key opens, and what retention erases
// together.
type Class string

// The classes of a room. An account has the class Record only.
const (
	Recording Class = "recording" // sound and pictures of the call, their frame indexes
	Stills    Class = "stills"    // captures
	Documents Class = "documents" // what the seller filed
	Record    Class = "record"    // ledger, private values, facts
)

// Classes lists all classes of a room.
var Classes = []Class{Recording, Stills, Documents, Record}

// What a Vault answers, to be compared with errors.Is.
var (
	// ErrDestroyed: the key was destroyed, what it opened is erased.
	ErrDestroyed = errors.New("vault: the key is destroyed")
	// ErrNoKey: there was never such a key.
	ErrNoKey = errors.New("vault: no such key")
	// ErrForeign: the key is wrapped to others than this deployment.
	ErrForeign = errors.New("vault: wrapped to a key that isn't in the key folder")
)

// Vault seals and opens objects in a store. Its methods may be called from many
// goroutines.
type Vault struct {
	store    objects.Store
	ring     *Ring
	recovery []age.Recipient
	now      func() time.Time

	mu     sync.Mutex // guards what follows; never held while calling out
	cached map[string]cachedKey
	uses   int64 // of keys in memory, so far
}

// Open gives the Vault over a store with the wrapping keys in the folder keys,
// which are made on the first start. Recovery are the age recipients ("age1…") of
// the offline recovery, who can open everything without the deployment.
func Open(store objects.Store, keys string, recovery ...string) (*Vault, error) {
	ring, err := OpenRing(keys)
	if err != nil {
		return nil, err
	}
	return New(store, ring, recovery...)
}

// New is Open with wrapping keys that were read already.
func New(store objects.Store, ring *Ring, recovery ...string) (*Vault, error) {
	v := &Vault{store: store, ring: ring, now: time.Now, cached: map[string]cachedKey{}}
	for _, text := range recovery {
		recipient, err := age.ParseX25519Recipient(text)
		if err != nil {
			return nil, fmt.Errorf("recovery recipient %.80q: %w", text, err)
		}
		v.recovery = append(v.recovery, recipient)
	}
	return v, nil
}

// Ring gives the deployment's wrapping keys.
func (v *Vault) Ring() *Ring { return v.ring }

// Store gives the store below, where objects lie encrypted.
func (v *Vault) Store() objects.Store { return v.store }

// ownerForm is "room:R-7K3M9QXD" or "staff:m17".
var ownerForm = regexp.MustCompile(`^(room|staff):[A-Za-z][A-Za-z0-9_.-]{0,63}$`)

// Room names a room as the owner of keys.
func Room(id string) string { return "room:" + id }

// cachedKey is a key in memory. It is looked at again in the store from time to
// time, since another node may have destroyed it.
type cachedKey struct {
	key    *age.X25519Identity
	loaded time.Time
	used   int64 // when last, counted in uses
}

const (
	cacheLife = time.Minute
	cacheRoom = 4096            // keys
	lookAgain = 2 * time.Second // that the store has to say whether a key in memory still counts
)

// Key gives a key that is there. Errors: ErrDestroyed, ErrNoKey, ErrForeign. While
// the store can't be asked, a key that is in memory counts.
func (v *Vault) Key(ctx context.Context, owner string, class Class) (*age.X25519Identity, error) {
	folder, err := keyFolder(owner, class)
	if err != nil {
		return nil, err
	}
	have, cached := v.recall(folder)
	if cached && v.now().Sub(have.loaded) < cacheLife {
		return have.key, nil
	}
	if cached { // a store that hangs doesn't hold up a call
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, lookAgain)
		defer cancel()
	}
	key, err := v.load(ctx, folder)
	switch {
	case err == nil:
		v.remember(folder, key)
		return key, nil
	case errors.Is(err, ErrDestroyed), errors.Is(err, ErrNoKey), errors.Is(err, ErrForeign), !cached:
		v.forget(folder)
		return nil, fmt.Errorf("%s key of %s: %w", class, owner, err)
	}
	v.remember(folder, have.key) // and isn't asked again at once
	return have.key, nil
}

// Make gives a key and makes it where there is none. Errors: ErrDestroyed,
// ErrForeign.
func (v *Vault) Make(ctx context.Context, owner string, class Class) (*age.X25519Identity, error) {
	key, err := v.Key(ctx, owner, class)
	if !errors.Is(err, ErrNoKey) {
		return key, err
	}
	folder, err := keyFolder(owner, class)
	if err != nil {
		return nil, err
	}
	if key, err = age.GenerateX25519Identity(); err != nil {
		return nil, fmt.Errorf("new key: %w", err)
	}
	err = v.wrap(ctx, folder, key)
	if errors.Is(err, objects.ErrExists) { // somebody was faster
		return v.Key(ctx, owner, class)
	}
	if err != nil {
		return nil, fmt.Errorf("%s key of %s: %w", class, owner, err)
	}
	v.remember(folder, key)
	return key, nil
}

// recall gives a key that is in memory.
func (v *Vault) recall(folder string) (have cachedKey, cached bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if have, cached = v.cached[folder]; cached {
		v.uses++
		have.used = v.uses
		v.cached[folder] = have
	}
	return have, cached
}

// remember keeps a key in memory. One of a call that runs has to stay there while the
// store is away, so the key that wasn't used for longest gives way.
func (v *Vault) remember(folder string, key *age.X25519Identity) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, there := v.cached[folder]; !there && len(v.cached) >= cacheRoom {
		oldest := ""
		for name, have := range v.cached {
			if oldest == "" || have.used < v.cached[oldest].used {
				oldest = name
			}
		}
		delete(v.cached, oldest)
	}
	v.uses++
	v.cached[folder] = cachedKey{key, v.now(), v.uses}
}

func (v *Vault) forget(folder string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.cached, folder)
}

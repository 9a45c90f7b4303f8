package evidence

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
)

// roomPrefix is where all of a room lies in a store, but its keys.
func roomPrefix(room string) string { return "rooms/" + room + "/" }

// ClassOfObject tells the class of an object under "rooms/<room>/", by its name
// there. None have the bag's own files and store.json, which hold digests and ids,
// and the mirrored ledgers, whose private values are encrypted one by one: they
// stay when all else is erased.
func ClassOfObject(name string) vault.Class {
	folder, rest, _ := strings.Cut(name, "/")
	if _, bundle := fenceOf(folder); bundle {
		return classOf(rest)
	}
	switch folder {
	case "parts":
		return vault.Recording
	case "stills", "photos":
		return vault.Stills
	case "documents":
		return vault.Documents
	}
	return ""
}

// Erase destroys a room's keys of the classes given, and deletes what they opened
// with every version. It may be called again after it was broken off. Locked is the
// number of objects that a lock in the store still keeps: of them only the key is
// gone.
func Erase(ctx context.Context, v *vault.Vault, room string, classes []vault.Class) (locked int, err error) {
	for _, class := range classes {
		if err := v.Destroy(ctx, vault.Room(room), class); err != nil {
			return 0, fmt.Errorf("erase %s: %w", room, err)
		}
	}
	err = eachObject(ctx, v.Store(), room, func(name string, class vault.Class) error {
		if !slices.Contains(classes, class) {
			return nil
		}
		err := v.Store().Delete(ctx, name)
		switch {
		case errors.Is(err, objects.ErrLocked):
			locked++
		case err != nil && !errors.Is(err, objects.ErrNotFound):
			return err
		}
		return nil
	})
	if err != nil {
		return locked, fmt.Errorf("erase %s: %w", room, err)
	}
	return locked, nil
}

func eachObject(ctx context.Context, store objects.Store, room string, do func(name string, class vault.Class) error) error {
	names, err := store.List(ctx, roomPrefix(room))
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := do(name, ClassOfObject(strings.TrimPrefix(name, roomPrefix(room)))); err != nil {
			return err
		}
	}
	return nil
}

// Hold keeps every object of a room from being deleted, whoever asks, or lets go
// of them. It gives their number; a store without locks holds none.
func Hold(ctx context.Context, store objects.Store, room string, on bool) (count int, err error) {
	locker, can := store.(objects.Locker)
	if !can || !locker.Locks() {
		return 0, nil
	}
	err = eachObject(ctx, store, room, func(name string, class vault.Class) error {
		if class == "" && !strings.HasPrefix(name, roomPrefix(room)+bundleFolder) {
			return nil // mirrored ledgers grow, also while they are held
		}
		count++
		return locker.Hold(ctx, name, on)
	})
	if err != nil {
		return count, fmt.Errorf("hold %s: %w", room, err)
	}
	return count, nil
}

// Lock keeps every object of the sealed bundle under a prefix until the end of its
// class; the bag's own files, until that of the record. A store without locks locks
// none.
func Lock(ctx context.Context, store objects.Store, prefix string, until func(vault.Class) time.Time) error {
	locker, can := store.(objects.Locker)
	if !can || !locker.Locks() {
		return nil
	}
	room, err := roomOf(prefix)
	if err != nil {
		return err
	}
	err = eachObject(ctx, store, room, func(name string, class vault.Class) error {
		if !strings.HasPrefix(name, prefix) {
			return nil
		}
		if class == "" {
			class = vault.Record
		}
		end := until(class)
		if end.IsZero() {
			return nil
		}
		return locker.Lock(ctx, name, end)
	})
	if err != nil {
		return fmt.Errorf("lock %s: %w", room, err)
	}
	return nil
}

// Package places opens what a deployment keeps: its keys, the evidence store, the vault
// over it and the rooms in Redis, as serve uses them and every command beside it.
package places

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"verifycall/backup"
	"verifycall/cmd/verifycall/built"
	"verifycall/cmd/verifycall/settings"
	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
)

// ClosingStore is a store that somebody has to close.
type ClosingStore interface {
	objects.Store
	objects.Locker
	objects.Dated
	io.Closer
}

// OpenStore opens the store that a URL names.
func OpenStore(ctx context.Context, url string) (ClosingStore, error) {
	if strings.HasPrefix(url, settings.S3Scheme) {
		place, err := objects.ParseS3(url)
		if err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
		return objects.OpenS3(ctx, place)
	}
	folder, err := settings.StoreFolder(url)
	if err != nil {
		return nil, err
	}
	return objects.OpenFS(folder)
}

// OpenVault opens the store that the settings name, and the vault over it.
func OpenVault(ctx context.Context, c settings.Settings, _ *slog.Logger) (ClosingStore, *vault.Vault, error) {
	if err := Owned(c); err != nil {
		return nil, nil, err
	}
	store, err := OpenStore(ctx, c.Store)
	if err != nil {
		return nil, nil, err
	}
	v, err := vault.Open(store, c.Keys, c.Recipients()...)
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	return store, v, nil
}

// Places are where a deployment keeps what it keeps, as serve opens them and
// whoever works beside it.
type Places struct {
	Keys  *evidence.Keys
	Store ClosingStore
	Vault *vault.Vault
	Rooms *rooms.Store

	Registry prometheus.Registerer // of the metrics, set before Open; nil: nobody reads them
}

// Open opens all; what was opened before a fault is to be closed too.
func (p *Places) Open(ctx context.Context, c settings.Settings, log *slog.Logger) (err error) {
	if err := Owned(c); err != nil {
		return err
	}
	if p.Keys, err = evidence.LoadOrCreateKeys(c.Keys); err != nil {
		return err
	}
	if p.Store, err = OpenStore(ctx, c.Store); err != nil {
		return err
	}
	var counted *rooms.Metrics
	if p.Registry != nil {
		counted, p.Store = rooms.NewMetrics(p.Registry), timed(p.Store, p.Registry)
	}
	if p.Vault, err = vault.Open(p.Store, c.Keys, c.Recipients()...); err != nil {
		return err
	}
	store, err := rooms.Open(ctx, rooms.Options{URL: c.Redis, Dir: RoomsFolder(c.Data), Replicas: c.Replicas, Kept: filepath.Join(c.Data, "kept"),
		Signer: p.Keys, Mirror: evidence.Mirror{Store: p.Store}, Keys: p.Vault, Log: log,
		Metrics: counted})
	if err != nil {
		return err
	}
	p.Rooms = store
	if err := p.Rooms.CheckFormat(ctx); err != nil {
		return err
	}
	if err := p.Rooms.RegisterKey(ctx, "signing", p.Keys.IDs()); err != nil {
		return err
	}
	return p.Rooms.RegisterKey(ctx, "wrapping", p.Vault.Ring().IDs())
}

// Close closes what was opened.
func (p *Places) Close() error {
	var faults []error
	if p.Rooms != nil {
		faults = append(faults, p.Rooms.Close())
	}
	if p.Store != nil {
		faults = append(faults, p.Store.Close())
	}
	return errors.Join(faults...)
}

// RoomsFolder is where the embedded Redis keeps its journal.
func RoomsFolder(data string) string { return filepath.Join(data, "rooms") }

// ForBackup are the places as package backup takes them.
func (p *Places) ForBackup() backup.Places {
	return backup.Places{Rooms: p.Rooms, Vault: p.Vault, Keys: p.Keys, Version: built.Release()}
}

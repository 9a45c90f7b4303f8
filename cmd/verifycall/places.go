package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
)

// closingStore is a store that somebody has to close.
type closingStore interface {
	objects.Store
	io.Closer
}

// s3Scheme begins the URL of a store in S3.
const s3Scheme = "s3://"

// openStore opens the store that a URL names.
func openStore(ctx context.Context, url string) (closingStore, error) {
	if strings.HasPrefix(url, s3Scheme) {
		place, err := objects.ParseS3(url)
		if err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
		return objects.OpenS3(ctx, place)
	}
	folder, err := storeFolder(url)
	if err != nil {
		return nil, err
	}
	return objects.OpenFS(folder)
}

// openVault opens the store that the settings name, and the vault over it.
func openVault(ctx context.Context, c settings, _ *slog.Logger) (closingStore, *vault.Vault, error) {
	store, err := openStore(ctx, c.Store)
	if err != nil {
		return nil, nil, err
	}
	v, err := vault.Open(store, c.Keys, c.recovery()...)
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	return store, v, nil
}

// places are where a deployment keeps what it keeps, as serve opens them and
// whoever works beside it.
type places struct {
	keys  *evidence.Keys
	store closingStore
	vault *vault.Vault
	rooms *rooms.Store

	registry prometheus.Registerer // of the metrics; nil: nobody reads them
}

// open opens all; what was opened before a fault is to be closed too.
func (p *places) open(ctx context.Context, c settings, log *slog.Logger) (err error) {
	if p.keys, err = evidence.LoadOrCreateKeys(c.Keys); err != nil {
		return err
	}
	if p.store, err = openStore(ctx, c.Store); err != nil {
		return err
	}
	var counted *rooms.Metrics
	if p.registry != nil {
		counted, p.store = rooms.NewMetrics(p.registry), timed(p.store, p.registry)
	}
	if p.vault, err = vault.Open(p.store, c.Keys, c.recovery()...); err != nil {
		return err
	}
	store, err := rooms.Open(ctx, rooms.Options{URL: c.Redis, Dir: roomsFolder(c.Data), Replicas: c.Replicas, Kept: filepath.Join(c.Data, "kept"),
		Signer: p.keys, Mirror: evidence.Mirror{Store: p.store}, Keys: p.vault, Log: log,
		Metrics: counted})
	if err != nil {
		return err
	}
	p.rooms = store
	if err := p.rooms.CheckFormat(ctx); err != nil {
		return err
	}
	if err := p.rooms.RegisterKey(ctx, "signing", p.keys.IDs()); err != nil {
		return err
	}
	return p.rooms.RegisterKey(ctx, "wrapping", p.vault.Ring().IDs())
}

func (p *places) close() error {
	var faults []error
	if p.rooms != nil {
		faults = append(faults, p.rooms.Close())
	}
	if p.store != nil {
		faults = append(faults, p.store.Close())
	}
	return errors.Join(faults...)
}

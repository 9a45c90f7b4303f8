package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"verifycall/recorder/evidence/objects"
)

// maxMirrored bounds a mirrored part of a ledger in bytes: an entry has at most
// 64 KiB, a record 5,000 of them.
const maxMirrored = 400 << 20

// mirror is the evidence store as the rooms' mirror.
type mirror struct{ store objects.Store }

// Put implements rooms.Mirror.
func (m mirror) Put(ctx context.Context, name string, content []byte) error {
	_, err := m.store.Put(ctx, name, bytes.NewReader(content))
	return err
}

// Get implements rooms.Mirror.
func (m mirror) Get(ctx context.Context, name string) ([]byte, error) {
	f, _, err := m.store.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(f, maxMirrored+1))
	if err == nil && len(content) > maxMirrored {
		err = fmt.Errorf("%s is larger than %d bytes", name, maxMirrored)
	}
	return content, errors.Join(err, f.Close())
}

// List implements rooms.Mirror.
func (m mirror) List(ctx context.Context, prefix string) ([]string, error) {
	return m.store.List(ctx, prefix)
}

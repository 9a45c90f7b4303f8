package evidence

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

// Mirror is a store as the mirror of the rooms' ledgers.
type Mirror struct{ Store objects.Store }

// Put implements proof.Mirror.
func (m Mirror) Put(ctx context.Context, name string, content []byte) error {
	_, err := m.Store.Put(ctx, name, bytes.NewReader(content))
	return err
}

// Get implements proof.Mirror.
func (m Mirror) Get(ctx context.Context, name string) ([]byte, error) {
	f, _, err := m.Store.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(f, maxMirrored+1))
	if err == nil && len(content) > maxMirrored {
		err = fmt.Errorf("%s is larger than %d bytes", name, maxMirrored)
	}
	return content, errors.Join(err, f.Close())
}

// List implements proof.Mirror.
func (m Mirror) List(ctx context.Context, prefix string) ([]string, error) {
	return m.Store.List(ctx, prefix)
}

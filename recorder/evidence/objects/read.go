package objects

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
)

// Until gives r's bytes as long as ctx lasts, then ctx's cause.
func Until(ctx context.Context, r io.Reader) io.Reader { return contextReader{ctx, r} }

type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	return c.r.Read(p)
}

// buffers are what Digest reads into: as large as a disk likes to be read.
var buffers = sync.Pool{New: func() any { return new([256 << 10]byte) }}

// Digest reads r to its end and gives the hex SHA-256 and the length.
func Digest(r io.Reader) (digest string, size int64, err error) {
	h, buffer := sha256.New(), buffers.Get().(*[256 << 10]byte)
	defer buffers.Put(buffer)
	size, err = io.CopyBuffer(h, struct{ io.Reader }{r}, buffer[:]) // without r's WriteTo, which has a buffer of its own
	return hex.EncodeToString(h.Sum(nil)), size, err
}

// same is ErrExists unless the object stored under want.Name has want's bytes.
func same(ctx context.Context, s Store, want Object) error {
	f, have, err := s.Open(ctx, want.Name)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrExists, err)
	}
	defer f.Close()
	if have.Size != want.Size {
		return ErrExists
	}
	digest, _, err := Digest(Until(ctx, f))
	if err != nil {
		return err
	}
	if digest != want.SHA256 {
		return ErrExists
	}
	return nil
}

package objects

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
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

// Digest reads r to its end and gives the hex SHA-256 and the length.
func Digest(r io.Reader) (digest string, size int64, err error) {
	h := sha256.New()
	size, err = io.Copy(h, r)
	return hex.EncodeToString(h.Sum(nil)), size, err
}

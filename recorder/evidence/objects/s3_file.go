package objects

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/minio/minio-go/v7"
)

// window is how much of an object is asked for at a time, in bytes: encrypted
// files are read in pieces of 64 KiB.
const window = 1 << 20

// s3File is an object in a bucket, open for reading. It asks for ranges.
type s3File struct {
	ctx   context.Context //nolint:containedctx // a File is read long after Open, and by readers without one
	store *S3
	name  string
	size  int64

	mu   sync.Mutex // guards what follows; held while a window is fetched, since who comes meanwhile wants it too
	at   int64      // where Read goes on
	have []byte     // of the object, from
	from int64
}

// Read implements io.Reader.
func (f *s3File) Read(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.read(p, f.at)
	f.at += int64(n)
	return n, err
}

// ReadAt implements io.ReaderAt.
func (f *s3File) ReadAt(p []byte, at int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	done := 0
	for done < len(p) {
		n, err := f.read(p[done:], at+int64(done))
		done += n
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// read gives what there is at a place, at least a byte.
func (f *s3File) read(p []byte, at int64) (int, error) {
	switch {
	case at < 0:
		return 0, errors.New("read before the beginning")
	case at >= f.size:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	}
	if at < f.from || at >= f.from+int64(len(f.have)) {
		if err := f.fetch(at); err != nil {
			return 0, fmt.Errorf("read %s: %w", f.name, f.store.fault(f.ctx, err))
		}
	}
	return copy(p, f.have[at-f.from:]), nil
}

// fetch brings the window that begins at a place.
func (f *s3File) fetch(at int64) error {
	var options minio.GetObjectOptions
	to := min(at+window, f.size) - 1
	if err := options.SetRange(at, to); err != nil {
		return err
	}
	body, _, _, err := f.store.client.GetObject(f.ctx, f.store.place.Bucket, f.store.key(f.name), options)
	if err != nil {
		return err
	}
	if cap(f.have) == 0 {
		f.have = make([]byte, 0, min(window, f.size))
	}
	f.have, f.from = f.have[:to-at+1], at
	_, err = io.ReadFull(body, f.have)
	if err = errors.Join(err, body.Close()); err != nil {
		f.have = f.have[:0]
	}
	return err
}

// Seek implements io.Seeker.
func (f *s3File) Seek(offset int64, whence int) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch whence {
	case io.SeekCurrent:
		offset += f.at
	case io.SeekEnd:
		offset += f.size
	}
	if offset < 0 {
		return 0, errors.New("seek before the beginning")
	}
	f.at = offset
	return offset, nil
}

// Close implements io.Closer.
func (f *s3File) Close() error { return nil }

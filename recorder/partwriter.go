package recorder

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// partSpan is the age at which a part gets its last record, so that with a
// record's 2 s no part spans more than 10 s.
const partSpan = 8 * time.Second

// partFile is what a partWriter needs of an open file: *os.File, or in tests
// one on a disk that fails.
type partFile interface {
	io.Writer
	Sync() error
	Truncate(size int64) error
	Close() error
}

func createPart(path string) (partFile, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
}

// partWriter writes a recording's parts. Owned by Recording.run.
type partWriter struct {
	folder string
	create func(path string) (partFile, error)

	file   partFile // nil: the next record begins a part
	number int      // of the newest part
	size   int64    // of file, up to the last whole record
	opened time.Duration
}

// append makes a record durable, whose last frame is of the time now since the
// recording's start. After an error the record is not in the recording; the
// next append tries anew.
func (w *partWriter) append(record []byte, now time.Duration) error {
	if w.file != nil && now-w.opened >= partSpan {
		if err := w.close(); err != nil {
			return err
		}
	}
	if w.file == nil {
		return w.begin(record, now)
	}
	_, err := w.file.Write(record)
	if err == nil {
		err = w.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("write part: %w", w.abandon(err))
	}
	w.size += int64(len(record))
	return nil
}

// begin begins the next part with a record. The folder is synced last: most file
// systems have its change on the disk with the file's by then. The part's number is
// never used again, whatever happens.
func (w *partWriter) begin(record []byte, now time.Duration) error {
	w.number++
	path := partPath(w.folder, w.number)
	f, err := w.create(path)
	if err != nil {
		return fmt.Errorf("new part: %w", err)
	}
	for _, b := range [][]byte{[]byte(partMagic), record} {
		if err == nil {
			_, err = f.Write(b)
		}
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = syncDir(w.folder)
	}
	if err != nil {
		return fmt.Errorf("new part: %w", errors.Join(err, f.Close(), os.Remove(path)))
	}
	w.file, w.size, w.opened = f, int64(len(partMagic)+len(record)), now
	return nil
}

// abandon cuts off what may have been written of a record that failed and
// leaves the part: after a failed fsync nobody knows what it holds. Should the
// cut fail too, the record's serial number, given again, tells it apart.
func (w *partWriter) abandon(cause error) error {
	f := w.file
	w.file = nil
	return errors.Join(cause, f.Truncate(w.size), f.Close())
}

func (w *partWriter) close() error {
	if w.file == nil {
		return nil
	}
	f := w.file
	w.file = nil
	if err := f.Close(); err != nil {
		return fmt.Errorf("close part: %w", err)
	}
	return nil
}

// writeAtomic makes a file that has all of its content or doesn't exist.
func writeAtomic(path string, content []byte) error {
	temporary := path + ".new"
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes new names in a folder durable.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

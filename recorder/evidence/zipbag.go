package evidence

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"math"
	"strings"

	"verifycall/recorder/evidence/objects"
)

// zipBag is a bundle in a ZIP file. ZIP says everything twice and lets readers
// disagree, so only the one form is taken that ZipBundle writes; a ZIP that was
// packed by something else can be unpacked and verified as a folder.
type zipBag struct {
	name  string // of the ZIP, for messages
	file  io.ReaderAt
	size  int64
	base  string // the one folder in it, with its slash
	files map[string]*zip.File
	order []string
}

// openZip reads the directory of a ZIP and compares the form, without the data.
func openZip(name string, file io.ReaderAt, size int64) (*zipBag, error) {
	r, err := zip.NewReader(file, size)
	switch {
	case errors.Is(err, zip.ErrFormat), errors.Is(err, zip.ErrAlgorithm), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, isWrong(name, "is not a whole ZIP file: %v", err)
	case errors.Is(err, zip.ErrInsecurePath):
		return nil, isWrong(name, "has a member with an unsafe path")
	case err != nil:
		return nil, err
	}
	z := &zipBag{name: name, file: file, size: size, files: map[string]*zip.File{}}
	for _, f := range r.File {
		if err := z.add(f); err != nil {
			return nil, err
		}
	}
	if err := z.checkForm(r.File); err != nil {
		return nil, err
	}
	return z, nil
}

// add takes one member in, if its name is good and new.
func (z *zipBag) add(f *zip.File) error {
	base, name, found := strings.Cut(f.Name, "/")
	if z.base == "" {
		z.base = base + "/"
	}
	switch {
	case !found || base+"/" != z.base || objects.CheckName(f.Name) != nil:
		return isWrong(z.name, "has the member %q outside its one folder", f.Name)
	case f.Method != zip.Store || f.CompressedSize64 != f.UncompressedSize64 || f.UncompressedSize64 > math.MaxInt64:
		return isWrong(z.name, "has the member %s compressed; unpack it and verify the folder", f.Name)
	case z.files[name] != nil:
		return isWrong(z.name, "has the member %s twice", f.Name)
	case len(z.order) > 0 && name <= z.order[len(z.order)-1]:
		return isWrong(z.name, "has the member %s out of order; unpack it and verify the folder", f.Name)
	case len(z.order) == maxFiles:
		return isWrong(z.name, "has more than %d members", maxFiles)
	}
	z.files[name] = f
	z.order = append(z.order, name)
	return nil
}

// checkForm writes the ZIP again from its directory and compares every byte
// that isn't a member's data: nothing before, between or behind the members,
// local headers like the directory, no comment, no extra field.
func (z *zipBag) checkForm(members []*zip.File) error {
	c := &formWriter{file: z.file, size: z.size}
	w := zip.NewWriter(c)
	err := func() error {
		for _, f := range members {
			data, err := w.CreateRaw(zipHeader(f.Name, int64(f.UncompressedSize64), f.CRC32))
			if err != nil {
				return err
			}
			if err := c.skip(w, data, int64(f.UncompressedSize64)); err != nil {
				return err
			}
		}
		return w.Close()
	}()
	if errors.Is(err, errForm) || err == nil && c.at != z.size {
		return isWrong(z.name, "differs at byte %d from the only form that a bundle's ZIP has; unpack it and verify the folder", c.at)
	}
	return err
}

var errForm = errors.New("evidence: not the form of a bundle's ZIP")

// formWriter compares what is written to it with a file.
type formWriter struct {
	file     io.ReaderAt
	size, at int64 // the file's size and the offset reached
	skipping bool
	buffer   []byte
}

func (c *formWriter) Write(p []byte) (int, error) {
	if c.at+int64(len(p)) > c.size {
		return 0, errForm
	}
	if !c.skipping {
		c.buffer = append(c.buffer[:0], p...)
		if _, err := c.file.ReadAt(c.buffer, c.at); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		for i := range p {
			if c.buffer[i] != p[i] {
				c.at += int64(i)
				return 0, errForm
			}
		}
	}
	c.at += int64(len(p))
	return len(p), nil
}

// skip lets n bytes of a member's data pass without comparing them.
func (c *formWriter) skip(w *zip.Writer, data io.Writer, n int64) error {
	if err := w.Flush(); err != nil {
		return err
	}
	if n > c.size-c.at {
		return errForm
	}
	c.skipping = true
	if _, err := io.CopyN(data, zeros{}, n); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	c.skipping = false
	return nil
}

// zeros is an endless run of zero bytes.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func (z *zipBag) room() string { return strings.TrimSuffix(z.base, "/") }

func (z *zipBag) names(context.Context) ([]string, error) { return z.order, nil }

func (z *zipBag) open(_ context.Context, name string) (io.ReadCloser, error) {
	f := z.files[name]
	if f == nil {
		return nil, isWrong(name, "is missing")
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &memberReader{ReadCloser: r, name: name, want: f.CRC32, sum: crc32.NewIEEE()}, nil
}

// memberReader compares a member's checksum, and says which member was wrong.
// archive/zip takes the checksum 0 for "none", so it is computed here.
type memberReader struct {
	io.ReadCloser
	name string
	want uint32
	sum  hash.Hash32
}

func (m *memberReader) Read(p []byte) (int, error) {
	n, err := m.ReadCloser.Read(p)
	_, _ = m.sum.Write(p[:n]) // a hash never fails
	switch {
	case errors.Is(err, zip.ErrChecksum), errors.Is(err, zip.ErrFormat), errors.Is(err, io.ErrUnexpectedEOF):
		err = isWrong(m.name, "isn't as it was packed: %v", err)
	case errors.Is(err, io.EOF) && m.sum.Sum32() != m.want:
		err = isWrong(m.name, "isn't as it was packed: it has another checksum")
	}
	return n, err
}

// beginsAsZip tells whether a file begins like a ZIP.
func beginsAsZip(file io.ReaderAt) bool {
	var b [4]byte
	_, err := file.ReadAt(b[:], 0)
	return err == nil && bytes.Equal(b[:], []byte("PK\x03\x04"))
}

// Package backup writes what a deployment has to keep beside its store into signed,
// encrypted files, and brings it back from them.
package backup

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"
)

// ErrArchive says that a file isn't whole and signed by this deployment.
var ErrArchive = errors.New("backup: not a whole archive of this deployment")

// Form is the version of the archive's form; Check refuses another.
const Form = 1

// Kinds of archives.
const (
	KindRooms = "rooms" // what Redis has
	KindKeys  = "keys"  // the table of wrapped keys
)

// Bounds of an archive, far above what a deployment has.
const (
	maxLine  = 64 << 20 // bytes
	maxItems = 50_000_000
	maxBytes = int64(256) << 30 // of all lines
)

// Header is an archive's first line.
type Header struct {
	Form    int       `json:"verifycall_backup"`
	Kind    string    `json:"kind"`
	Made    time.Time `json:"made"`           // UTC
	Until   time.Time `json:"until,omitzero"` // not to be used after that
	Version string    `json:"version"`        // of the program that made it
}

// end is its last line: what the lines before are, signed.
type end struct {
	Items     int    `json:"items"`
	SHA256    string `json:"sha256"` // hex, of all lines before
	Signature string `json:"signature"`
}

func signedText(sum string) []byte { return []byte("verifycall backup 1\n" + sum + "\n") }

// signer signs and checks as the heads of ledgers are.
type signer interface {
	SignHead(text []byte) string
	CheckHead(text []byte, signature string) error
}

// envelope encrypts and decrypts, as a vault does.
type envelope interface {
	Archive(w io.Writer) (io.WriteCloser, error)
	OpenArchive(r io.Reader) (io.Reader, error)
}

// writer writes an archive: an age file of gzip of JSON lines.
type writer struct {
	signer signer
	sealed io.WriteCloser
	zip    *gzip.Writer
	digest hash.Hash
	items  int
}

func newWriter(w io.Writer, e envelope, s signer, head Header) (*writer, error) {
	sealed, err := e.Archive(w)
	if err != nil {
		return nil, err
	}
	a := &writer{signer: s, sealed: sealed, zip: gzip.NewWriter(sealed), digest: sha256.New()}
	return a, a.line(head)
}

func (a *writer) line(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if len(text) >= maxLine {
		return fmt.Errorf("backup: an item of %d bytes", len(text))
	}
	text = append(text, '\n')
	a.digest.Write(text)
	_, err = a.zip.Write(text)
	return err
}

func (a *writer) item(v any) error {
	a.items++
	return a.line(v)
}

// close signs the archive and ends it.
func (a *writer) close() error {
	sum := hex.EncodeToString(a.digest.Sum(nil))
	err := a.line(end{a.items, sum, a.signer.SignHead(signedText(sum))})
	return errors.Join(err, a.zip.Close(), a.sealed.Close())
}

// read decrypts an archive and visits its items, which may not be trusted before
// read has returned without an error. The text given to visit is used up after it.
// Errors: ErrArchive, those of visit.
func read(r io.Reader, e envelope, s signer, visit func(item []byte) error) (head Header, items int, err error) {
	plain, err := e.OpenArchive(r)
	if err != nil {
		return head, 0, fmt.Errorf("%w: %w", ErrArchive, err)
	}
	zip, err := gzip.NewReader(plain)
	if err != nil {
		return head, 0, fmt.Errorf("%w: %w", ErrArchive, err)
	}
	l := lines{in: bufio.NewReaderSize(zip, 64<<10), digest: sha256.New()}
	text, err := l.next()
	if err == nil {
		err = head.parse(text)
	}
	if err != nil {
		return head, 0, fmt.Errorf("%w: %w", ErrArchive, err)
	}
	for {
		sum := hex.EncodeToString(l.digest.Sum(nil))
		text, err := l.next()
		if err != nil {
			return head, items, fmt.Errorf("%w: after %d items: %w", ErrArchive, items, err)
		}
		if last := (end{}); bytes.HasPrefix(text, []byte(`{"items":`)) {
			if err := json.Unmarshal(text, &last); err != nil {
				return head, items, fmt.Errorf("%w: %w", ErrArchive, err)
			}
			if err := last.check(sum, items, s); err != nil {
				return head, items, fmt.Errorf("%w: %w", ErrArchive, err)
			}
			if _, err := l.next(); !errors.Is(err, io.EOF) {
				return head, items, fmt.Errorf("%w: something follows its end", ErrArchive)
			}
			return head, items, nil
		}
		if items++; items > maxItems {
			return head, items, fmt.Errorf("%w: more than %d items", ErrArchive, maxItems)
		}
		if err := visit(text); err != nil {
			return head, items, err
		}
	}
}

func (h *Header) parse(text []byte) error {
	if err := json.Unmarshal(text, h); err != nil {
		return fmt.Errorf("first line: %w", err)
	}
	switch {
	case h.Form > Form:
		return fmt.Errorf("it has form %d, made by verifycall %.40s; this program reads up to %d: restore it with that release", h.Form, h.Version, Form)
	case h.Form != Form || h.Kind != KindRooms && h.Kind != KindKeys:
		return fmt.Errorf("form %d, kind %.20q", h.Form, h.Kind)
	}
	return nil
}

func (e end) check(sum string, items int, s signer) error {
	if e.SHA256 != sum || e.Items != items {
		return errors.New("its end is that of other lines")
	}
	return s.CheckHead(signedText(sum), e.Signature)
}

// lines reads lines of at most maxLine bytes, all of them maxBytes.
type lines struct {
	in     *bufio.Reader
	digest hash.Hash
	text   []byte
	total  int64
}

// next gives the next line with its end; io.EOF after the last. One without its
// end is cut.
func (l *lines) next() ([]byte, error) {
	l.text = l.text[:0]
	for {
		part, err := l.in.ReadSlice('\n')
		l.text = append(l.text, part...)
		l.total += int64(len(part))
		switch {
		case len(l.text) > maxLine || l.total > maxBytes:
			return nil, errors.New("it is larger than any deployment's")
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(l.text) > 0:
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		}
		l.digest.Write(l.text)
		return bytes.TrimSuffix(l.text, []byte("\n")), nil
	}
}

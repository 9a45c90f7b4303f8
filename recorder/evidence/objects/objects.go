// Package objects keeps evidence: objects that are written once, in a folder or
// in an S3 bucket, behind one interface. It knows nothing of what it keeps; all
// that is of a person comes in encrypted (see package vault).
package objects

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// What a Store answers, to be compared with errors.Is.
var (
	// ErrExists: an object of that name with other bytes is there already.
	ErrExists = errors.New("store: object exists with other bytes")
	// ErrNotFound: there is no object of that name.
	ErrNotFound = errors.New("store: no such object")
	// ErrName: the name isn't one that a store takes, see CheckName.
	ErrName = errors.New("evidence: name refused")
	// ErrLocked: a lock keeps the object from being deleted.
	ErrLocked = errors.New("store: a lock holds the object")
)

// File is an object that is open for reading. ReadAt disregards what was read
// before, so that ranges of an encrypted object can be decrypted.
type File interface {
	io.ReadSeekCloser
	io.ReaderAt
}

// Object is what a store knows of one object.
type Object struct {
	Name   string
	SHA256 string // hex; set by Put only, empty where it would have to be read for it
	Size   int64  // bytes
}

// Store keeps objects that are written once. Every store
// passes the conformance suite in conformance_test.go. Methods may be called
// from many goroutines.
type Store interface {
	// Put stores what r yields under name. It never overwrites: the same bytes
	// again are a success, others are ErrExists. When it returns without an
	// error the object is durable; when it fails nothing is visible under name.
	Put(ctx context.Context, name string, r io.Reader) (Object, error)
	// Open reads an object from its start. ErrNotFound if there is none.
	Open(ctx context.Context, name string) (File, Object, error)
	// Stat is Open without the bytes.
	Stat(ctx context.Context, name string) (Object, error)
	// List gives the names that begin with prefix, sorted by bytes. An empty
	// prefix lists all.
	List(ctx context.Context, prefix string) ([]string, error)
	// Delete removes an object with every version of it. ErrNotFound if there
	// is none, ErrLocked if a lock still holds one.
	Delete(ctx context.Context, name string) error
}

// Locker is a Store that can keep objects from being deleted, whoever asks.
type Locker interface {
	// Locks tells whether it does: of one where locks aren't set up, Lock and Hold do
	// nothing.
	Locks() bool
	// Lock keeps an object until a moment. A lock is never shortened.
	Lock(ctx context.Context, name string, until time.Time) error
	// Hold keeps an object without an end, or lets go of it again.
	Hold(ctx context.Context, name string, on bool) error
}

// Dated is a Store that says when it wrote an object, by its own clock.
type Dated interface {
	// Written gives that time to a second. ErrNotFound if there is no such object.
	Written(ctx context.Context, name string) (time.Time, error)
}

// MaxName is the longest object name in bytes.
const MaxName = 512

// CheckName refuses every name that could mean something else on another
// system: it must be slash-separated segments of 1 to 200 characters out of
// A–Z a–z 0–9 . _ - that don't begin with a dot. The error wraps ErrName.
func CheckName(name string) error {
	if name == "" || len(name) > MaxName {
		return fmt.Errorf("%w: %d bytes long", ErrName, len(name))
	}
	for segment := range strings.SplitSeq(name, "/") {
		if !PlainSegment(segment) {
			return fmt.Errorf("%w: %q", ErrName, name)
		}
	}
	return nil
}

// PlainSegment tells whether s is one segment of a name as CheckName takes it.
func PlainSegment(s string) bool {
	if s == "" || len(s) > 200 || s[0] == '.' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && !('0' <= c && c <= '9') && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// checkPrefix refuses a List prefix that no object name can begin with.
func checkPrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	return CheckName(strings.TrimSuffix(prefix, "/"))
}

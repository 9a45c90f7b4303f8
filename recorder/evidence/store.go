// Package evidence keeps the files of a verification and makes of them the
// sealed, signed record of a room: object stores, signing keys, the bundle
// writer and its offline verifier. The format is described in
// docs/evidence-format.md.
package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// What a Store answers, to be compared with errors.Is.
var (
	// ErrExists: an object of that name with other bytes is there already.
	ErrExists = errors.New("evidence: object exists with other bytes")
	// ErrNotFound: there is no object of that name.
	ErrNotFound = errors.New("evidence: no such object")
	// ErrName: the name isn't one that a store takes, see CheckName.
	ErrName = errors.New("evidence: name refused")
)

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
	Open(ctx context.Context, name string) (io.ReadSeekCloser, Object, error)
	// Stat is Open without the bytes.
	Stat(ctx context.Context, name string) (Object, error)
	// List gives the names that begin with prefix, sorted by bytes. An empty
	// prefix lists all.
	List(ctx context.Context, prefix string) ([]string, error)
	// Delete removes an object. ErrNotFound if there is none.
	Delete(ctx context.Context, name string) error
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
		if !plainSegment(segment) {
			return fmt.Errorf("%w: %q", ErrName, name)
		}
	}
	return nil
}

// plainSegment tells whether s is one safe path segment.
func plainSegment(s string) bool {
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

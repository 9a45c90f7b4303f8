// Package ledger holds hash-chained entries and commitments to personal values.
// It is pure: no clock, no I/O, no random source.
//
// An entry is canonical JSON (RFC 8785) of
//
//	{"v":1,"seq":1,"at":…,"actor":…,"type":…,"body":{…},"prev":"","hash":…}
//
// where hash is the SHA-256, in hex, of the canonical JSON of the entry without
// its hash, and prev is the hash of the entry before it, empty for the first. A
// body holds objects with ASCII keys, lists, printable ASCII strings, integers
// below 2^53 and booleans; nothing personal. Personal values lie beside the
// chain as Private, and the body carries their Commitment.
package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gowebpki/jcs"
)

// Version is the schema version that Append writes.
const Version = 1

// MaxLine is the most bytes that one entry may have as a line.
const MaxLine = 64 << 10

// Entry is one link of a chain. At is RFC 3339 with nanoseconds in UTC, Prev
// and Hash are hex SHA-256. Body holds strings, int64, bool, []any and
// map[string]any only.
type Entry struct {
	V     int            `json:"v"`
	Seq   int64          `json:"seq"` // from 1
	At    string         `json:"at"`
	Actor string         `json:"actor"`
	Type  string         `json:"type"`
	Body  map[string]any `json:"body"`
	Prev  string         `json:"prev"`
	Hash  string         `json:"hash"`
}

// Head is the end of a chain. The zero Head is the end of an empty one.
type Head struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}

// ErrBody is wrapped by the error of Append for a body, actor or type that may
// not stand in an entry.
var ErrBody = errors.New("not allowed in an entry")

// ErrMalformed is wrapped by every error of Parse.
var ErrMalformed = errors.New("malformed ledger entry")

// Append makes the entry that follows head. The body is copied. Errors wrap
// ErrBody.
func Append(head Head, at time.Time, actor, typ string, body map[string]any) (Entry, error) {
	copied, err := normalMap(body, 0)
	if err != nil {
		return Entry{}, fmt.Errorf("entry %s: %w: %v", typ, ErrBody, err)
	}
	e := Entry{
		V: Version, Seq: head.Seq + 1, At: at.UTC().Format(time.RFC3339Nano),
		Actor: actor, Type: typ, Body: copied, Prev: head.Hash,
	}
	if err := e.checkHeader(); err != nil {
		return Entry{}, fmt.Errorf("entry %s: %w: %v", typ, ErrBody, err)
	}
	text, err := e.hashed()
	if err != nil {
		return Entry{}, err
	}
	e.Hash = hexSHA256(text)
	if length := len(text) + len(`"hash":"",`) + len(e.Hash); length > MaxLine {
		return Entry{}, fmt.Errorf("entry %s: %w: %d bytes, at most %d", typ, ErrBody, length, MaxLine)
	}
	return e, nil
}

// Head is the end of the chain after e.
func (e Entry) Head() Head { return Head{Seq: e.Seq, Hash: e.Hash} }

// Time is At as a time. Parse and Append make sure that it can be read.
func (e Entry) Time() time.Time {
	at, _ := time.Parse(time.RFC3339Nano, e.At) // the zero time for an Entry made by hand
	return at
}

// unhashed is Entry without its hash; the fields' order does not matter.
type unhashed struct {
	V     int            `json:"v"`
	Seq   int64          `json:"seq"`
	At    string         `json:"at"`
	Actor string         `json:"actor"`
	Type  string         `json:"type"`
	Body  map[string]any `json:"body"`
	Prev  string         `json:"prev"`
}

// Digest computes what Hash must be: the hex SHA-256 of the canonical JSON of
// the entry without its hash.
func (e Entry) Digest() (string, error) {
	text, err := e.hashed()
	if err != nil {
		return "", err
	}
	return hexSHA256(text), nil
}

// hashed is the text that the hash is of.
func (e Entry) hashed() ([]byte, error) {
	text, err := canonical(unhashed{e.V, e.Seq, e.At, e.Actor, e.Type, e.Body, e.Prev})
	if err != nil {
		return nil, fmt.Errorf("digest of entry %d: %w", e.Seq, err)
	}
	return text, nil
}

func hexSHA256(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Lines are the canonical JSON of entries, a line each.
func Lines(entries []Entry) ([]byte, error) {
	var lines []byte
	for _, e := range entries {
		line, err := e.Line()
		if err != nil {
			return nil, err
		}
		lines = append(append(lines, line...), '\n')
	}
	return lines, nil
}

// Line is the canonical JSON of the entry, without a newline.
func (e Entry) Line() ([]byte, error) {
	line, err := canonical(e)
	if err != nil {
		return nil, fmt.Errorf("line of entry %d: %w", e.Seq, err)
	}
	return line, nil
}

// canonical gives the RFC 8785 form of a value.
func canonical(value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return jcs.Transform(text)
}

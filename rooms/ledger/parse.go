package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// Parse reads one line as Line writes it: every field there and no other, the
// canonical form byte for byte, nothing in the body that Append would refuse.
// Whether hash and prev are right is for Verify. Errors wrap ErrMalformed.
func Parse(line []byte) (Entry, error) {
	e, err := parse(line)
	if err != nil {
		return Entry{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return e, nil
}

func parse(line []byte) (Entry, error) {
	if len(line) > MaxLine {
		return Entry{}, fmt.Errorf("%d bytes, at most %d", len(line), MaxLine)
	}
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	dec.UseNumber()
	var e Entry
	if err := dec.Decode(&e); err != nil {
		return Entry{}, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return Entry{}, fmt.Errorf("data after the entry")
	}
	if e.Body == nil {
		return Entry{}, fmt.Errorf("no body")
	}
	body, err := normalMap(e.Body, 0)
	if err != nil {
		return Entry{}, fmt.Errorf("body: %w", err)
	}
	e.Body = body
	if err := e.checkHeader(); err != nil {
		return Entry{}, err
	}
	if !isHash(e.Hash) {
		return Entry{}, fmt.Errorf("hash %.80q", e.Hash)
	}
	again, err := e.Line()
	if err != nil {
		return Entry{}, err
	}
	if !bytes.Equal(again, line) {
		return Entry{}, fmt.Errorf("entry %d is not in canonical form", e.Seq)
	}
	return e, nil
}

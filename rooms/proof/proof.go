// Package proof names what a Redis can't be trusted with: who signs the heads of its
// ledgers and where copies of them lie. What is read there is joined here.
package proof

import (
	"context"
	"errors"
	"fmt"

	"verifycall/rooms/ledger"
)

// Signer signs the heads of ledgers with a key that Redis never sees.
type Signer interface {
	SignHead(text []byte) (signature string)       // one word of printable ASCII
	CheckHead(text []byte, signature string) error // nil for one that SignHead of this deployment made
}

// Mirror keeps copies of the ledgers where who can write Redis can't.
type Mirror interface {
	Put(ctx context.Context, name string, content []byte) error // the same again is no error, something else under that name is one
	Get(ctx context.Context, name string) ([]byte, error)
	List(ctx context.Context, prefix string) ([]string, error) // sorted
}

// Causes of entries that were written again from copies.
const (
	CauseCut      = "cut"      // Redis had the beginning alone
	CauseLost     = "lost"     // Redis had nothing of it
	CauseReplaced = "replaced" // Redis had something else; an operator decided
)

// ErrDiverges says that what Redis has isn't the beginning of the copy.
var ErrDiverges = errors.New("redis has something else than the copy")

// Join adds an entry that was read to those before it. What the parts of a mirror
// have twice must be the same.
func Join(entries []ledger.Entry, e ledger.Entry) ([]ledger.Entry, error) {
	switch have := int64(len(entries)); {
	case e.Seq == have+1:
		return append(entries, e), nil
	case e.Seq > have:
		return nil, fmt.Errorf("entry %d follows entry %d", e.Seq, have)
	case entries[e.Seq-1].Hash != e.Hash:
		return nil, fmt.Errorf("entry %d is there twice, and differs", e.Seq)
	}
	return entries, nil
}

// HeadOf is where entries end, the beginning where there are none.
func HeadOf(entries []ledger.Entry) ledger.Head {
	if len(entries) == 0 {
		return ledger.Head{}
	}
	return entries[len(entries)-1].Head()
}

// VerifyTail checks a chain that may begin after its first entry.
func VerifyTail(entries []ledger.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	return ledger.VerifyFrom(ledger.Head{Seq: entries[0].Seq - 1, Hash: entries[0].Prev}, entries)
}

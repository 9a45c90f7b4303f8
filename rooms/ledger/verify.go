package ledger

import "fmt"

// ChainError names the first entry at which a chain does not hold.
type ChainError struct {
	Seq int64  // place in the chain, from 1
	Why string // in plain words
}

// Error implements error.
func (e *ChainError) Error() string { return fmt.Sprintf("ledger entry %d: %s", e.Seq, e.Why) }

// Verify checks a whole chain from its first entry: numbers without a hole,
// each prev the hash before it, each hash right. The error is a *ChainError.
func Verify(entries []Entry) error { return VerifyFrom(Head{}, entries) }

// VerifyFrom checks entries that follow head. The error is a *ChainError.
func VerifyFrom(head Head, entries []Entry) error {
	for _, e := range entries {
		want := head.Seq + 1
		if e.Seq != want {
			return &ChainError{want, fmt.Sprintf("carries the number %d", e.Seq)}
		}
		if e.Prev != head.Hash {
			return &ChainError{want, "does not follow the entry before it"}
		}
		if err := e.checkHeader(); err != nil {
			return &ChainError{want, err.Error()}
		}
		digest, err := e.Digest()
		if err != nil {
			return &ChainError{want, err.Error()}
		}
		if digest != e.Hash {
			return &ChainError{want, "its content does not match its hash"}
		}
		head = e.Head()
	}
	return nil
}

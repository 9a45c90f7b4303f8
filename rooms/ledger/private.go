package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gowebpki/jcs"
)

// Commitment is the hex SHA-256 of salt ‖ JCS(value). It says nothing about the
// value to who does not know the salt.
type Commitment string

// Private is an opened personal value. Salt is 128 bits in hex, Value JSON in
// its canonical form.
type Private struct {
	Commitment Commitment      `json:"commitment"`
	Salt       string          `json:"salt"`
	Value      json.RawMessage `json:"value"`
}

// ErrCommitment is wrapped by the errors of Check.
var ErrCommitment = errors.New("private value does not open its commitment")

// Commit binds a value, anything that encoding/json can write. The salt must be
// fresh from a cryptographic source for every value.
func Commit(value any, salt [16]byte) (Private, error) {
	text, err := canonical(value)
	if err != nil {
		return Private{}, fmt.Errorf("commit: %w", err)
	}
	return Private{Commitment: commitment(salt[:], text), Salt: hex.EncodeToString(salt[:]), Value: text}, nil
}

// Check says whether salt and value open the commitment. Errors wrap
// ErrCommitment.
func (p Private) Check() error {
	salt, err := hex.DecodeString(p.Salt)
	if err != nil || len(salt) != 16 {
		return fmt.Errorf("%w: %.64s: the salt is not 128 bits in hex", ErrCommitment, p.Commitment)
	}
	text, err := jcs.Transform(p.Value)
	if err != nil {
		return fmt.Errorf("%w: %.64s: %v", ErrCommitment, p.Commitment, err)
	}
	if commitment(salt, text) != p.Commitment {
		return fmt.Errorf("%w: %.64s", ErrCommitment, p.Commitment)
	}
	return nil
}

func commitment(salt, text []byte) Commitment {
	h := sha256.New()
	h.Write(salt)
	h.Write(text)
	return Commitment(hex.EncodeToString(h.Sum(nil)))
}

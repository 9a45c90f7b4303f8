package recorder

import (
	"bytes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"time"

	"filippo.io/age"
	"golang.org/x/crypto/chacha20poly1305"
)

// Of the age format, https://age-encryption.org/v1, section "Payload".
const (
	ageNonce = 16       // bytes before the payload, fresh for each file
	ageChunk = 64 << 10 // bytes that are encrypted at a time
)

// sealSpan is how long one file key is used: the key exchange of a header costs
// as much as a tenth of what recording does with 2 s of media.
const sealSpan = 8 * time.Second

// sealer makes age files that begin with one header: one file key, wrapped to the
// recipient once. Each file's payload has a key of its own, derived from the file
// key and a fresh nonce, as the format has it for every file. While a sealer is
// kept, its process could read what it sealed; so it is kept for sealSpan.
type sealer struct {
	header  []byte // up to and with the MAC's line
	fileKey []byte
	since   time.Duration // of the recording, when it was made
}

// keyTap is a recipient that keeps the file key that age gives to be wrapped.
type keyTap struct {
	age.Recipient
	fileKey []byte
}

// Wrap implements age.Recipient.
func (k *keyTap) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	k.fileKey = bytes.Clone(fileKey)
	return k.Recipient.Wrap(fileKey)
}

// newSealer makes one for a recipient at a time of the recording.
func newSealer(to age.Recipient, since time.Duration) (*sealer, error) {
	tap, head := keyTap{Recipient: to}, new(bytes.Buffer)
	if _, err := age.Encrypt(head, &tap); err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	if len(tap.fileKey) == 0 || head.Len() <= ageNonce {
		return nil, fmt.Errorf("encrypt: a header of %d bytes", head.Len())
	}
	return &sealer{header: head.Bytes()[:head.Len()-ageNonce], fileKey: tap.fileKey, since: since}, nil
}

// size of the age file of n bytes.
func (s *sealer) size(n int) int {
	pieces := max(1, (n+ageChunk-1)/ageChunk)
	return len(s.header) + ageNonce + n + pieces*chacha20poly1305.Overhead
}

// append appends an age file of plain, which must not share dst's memory.
func (s *sealer) append(dst, plain []byte) ([]byte, error) {
	dst = append(dst, s.header...)
	dst = append(dst, make([]byte, ageNonce)...)
	salt := dst[len(dst)-ageNonce:]
	_, _ = rand.Read(salt) // ends the process rather than fail
	aead, err := s.payload(salt)
	if err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	var nonce [chacha20poly1305.NonceSize]byte // 11 bytes that count, one that says which is the last
	for last := false; !last; {
		piece := plain[:min(len(plain), ageChunk)]
		plain = plain[len(piece):]
		if last = len(plain) == 0; last {
			nonce[len(nonce)-1] = 1
		}
		dst = aead.Seal(dst, nonce[:], piece, nil)
		for i := len(nonce) - 2; i >= 0; i-- {
			if nonce[i]++; nonce[i] != 0 {
				break
			}
		}
	}
	return dst, nil
}

// payload is the cipher of the file with a nonce.
func (s *sealer) payload(salt []byte) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, s.fileKey, salt, "payload", chacha20poly1305.KeySize)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	return chacha20poly1305.New(key)
}

// forget wipes the key. The receiver may be nil.
func (s *sealer) forget() {
	if s != nil {
		clear(s.fileKey)
	}
}

package tickets

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// NewToken gives 128 random bits as 22 characters that may stand in a URL.
func NewToken() string {
	var raw [16]byte
	rand.Read(raw[:]) // never fails, crypto/rand
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// HashToken is the hex SHA-256 under which a token is stored: who reads Redis
// can't use it.
func HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

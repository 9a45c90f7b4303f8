package rooms

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

// crockford is Crockford's base32 alphabet: no I, L, O, U.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// IsRoomID reports whether a text has the form of a room's id.
func IsRoomID(text string) bool { return roomForm.MatchString(text) }

// NewRoomID gives "R-" and 40 random bits.
func NewRoomID() string {
	var raw [8]byte
	rand.Read(raw[:]) // never fails, crypto/rand
	id := []byte("R-00000000")
	for i, b := range raw {
		id[2+i] = crockford[b&31]
	}
	return string(id)
}

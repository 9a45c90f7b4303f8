package rooms

import (
	"crypto/rand"

	"verifycall/rooms/form"
)

// crockford is Crockford's base32 alphabet: no I, L, O, U.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// IsRoomID reports whether a text has the form of a room's id.
func IsRoomID(text string) bool { return form.Room.MatchString(text) }

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

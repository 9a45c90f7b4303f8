package evidence

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"aead.dev/minisign"

	"verifycall/recorder/evidence/objects"
)

// untrustedComment is the first line of every bundle's signature. minisign
// doesn't sign that line, so a verifier compares it.
const untrustedComment = "verifycall evidence bundle"

// The forms of the trusted comment, which minisign signs too: what is signed, the
// room, the digest of what is signed, the key id (which minisign itself leaves
// unsigned) and the signing time in Unix seconds.
const (
	bundleForm = "verifycall bundle 1 room:%s sha256:%s key:%s timestamp:%d"
	storeForm  = "verifycall store 1 room:%s sha256:%s key:%s timestamp:%d"
)

// sealSignature is a parsed signature, of a bundle or of its store list.
type sealSignature struct {
	Room   string
	Digest string // hex SHA-256 of the signed text
	KeyID  string
	At     time.Time
}

// sign makes the signature of text, a bundle's tagmanifest or store list:
// minisign's pre-hashed form, which stock minisign accepts.
func (k *Keys) sign(text []byte, form, room string, at time.Time) ([]byte, error) {
	digest, _, err := objects.Digest(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	r := minisign.NewReader(bytes.NewReader(text))
	if _, _, err := objects.Digest(r); err != nil { // the Reader signs what was read through it
		return nil, err
	}
	comment := fmt.Sprintf(form, room, digest, k.ID(), at.Unix())
	return r.SignWithComments(k.secret, comment, untrustedComment), nil
}

// parseSignature reads a signature in the only form that sign writes, byte for
// byte. It doesn't verify anything.
func parseSignature(text []byte, form string) (sealSignature, error) {
	var raw minisign.Signature
	if err := raw.UnmarshalText(text); err != nil {
		return sealSignature{}, err
	}
	if raw.Algorithm != minisign.HashEdDSA {
		return sealSignature{}, errors.New("not a pre-hashed minisign signature")
	}
	if raw.UntrustedComment != untrustedComment {
		return sealSignature{}, fmt.Errorf("the untrusted comment isn't %q", untrustedComment)
	}
	// UnmarshalText is lenient about line ends and base64's spare bits.
	if plain, err := raw.MarshalText(); err != nil || !bytes.Equal(plain, text) {
		return sealSignature{}, errors.New("not in minisign's plain form")
	}
	var s sealSignature
	var seconds int64
	if _, err := fmt.Sscanf(raw.TrustedComment, form, &s.Room, &s.Digest, &s.KeyID, &seconds); err != nil {
		return sealSignature{}, fmt.Errorf("trusted comment: %w", err)
	}
	if fmt.Sprintf(form, s.Room, s.Digest, s.KeyID, seconds) != raw.TrustedComment {
		return sealSignature{}, errors.New("the trusted comment isn't in its plain form")
	}
	if s.KeyID != keyID(raw.KeyID) {
		return sealSignature{}, fmt.Errorf("names key %s in its comment and %s in the signature", s.KeyID, keyID(raw.KeyID))
	}
	s.At = time.Unix(seconds, 0).UTC()
	return s, nil
}

// saysSo tells whether a signature's trusted comment is as the key of that id
// signed it, whatever it is over; with an unknown key it is taken for true.
func (ring keyring) saysSo(id string, signature []byte) bool {
	key, found := ring.find(id)
	if !found {
		return true
	}
	var raw minisign.Signature
	public, err := base64.StdEncoding.DecodeString(key.Key) // 2 bytes of algorithm, 8 of id, the key
	if err = errors.Join(err, raw.UnmarshalText(signature)); err != nil || len(public) != 10+ed25519.PublicKeySize {
		return false
	}
	return ed25519.Verify(public[10:], append(raw.Signature[:], raw.TrustedComment...), raw.CommentSignature[:])
}

// verifySignature verifies a signature over text with the public key "RW…".
func verifySignature(key string, text, signature []byte) error {
	public, err := parsePublic(key)
	if err != nil {
		return err
	}
	r := minisign.NewReader(bytes.NewReader(text))
	if _, _, err := objects.Digest(r); err != nil {
		return err
	}
	if !r.Verify(public, signature) {
		return fmt.Errorf("wasn't made by key %s over these bytes", keyID(public.ID()))
	}
	return nil
}

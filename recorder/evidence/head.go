package evidence

import (
	"encoding/base64"
	"errors"
	"fmt"

	"aead.dev/minisign"
)

// SignHead signs the text that names a ledger's head and gives the signature as
// one word: the base64 of a .minisig file.
func (k *Keys) SignHead(text []byte) string {
	return base64.StdEncoding.EncodeToString(minisign.SignWithComments(k.secret, text, "verifycall head", untrustedComment))
}

// CheckHead says why a signature isn't one that a key of this deployment made over
// text; keys that were retired count, revoked ones don't.
func (k *Keys) CheckHead(text []byte, signature string) error {
	return keyring(k.list.Keys).checkHead(text, signature)
}

// errUnknownKey says that a signature is by none of the keys given.
var errUnknownKey = errors.New("the key isn't known")

// checkHead is CheckHead for the keys of a ring.
func (ring keyring) checkHead(text []byte, signature string) error {
	raw, err := base64.StdEncoding.Strict().DecodeString(signature)
	if err != nil {
		return fmt.Errorf("signature: %w", err)
	}
	var parsed minisign.Signature
	if err := parsed.UnmarshalText(raw); err != nil {
		return fmt.Errorf("signature: %w", err)
	}
	key, found := ring.find(keyID(parsed.KeyID))
	switch {
	case !found:
		return fmt.Errorf("signed with key %s: %w", keyID(parsed.KeyID), errUnknownKey)
	case key.Revoked != nil:
		return fmt.Errorf("signed with key %s, which was revoked", key.ID)
	}
	public, err := parsePublic(key.Key)
	if err != nil {
		return err
	}
	if !minisign.Verify(public, text, raw) {
		return errors.New("the signature isn't over this head")
	}
	return nil
}

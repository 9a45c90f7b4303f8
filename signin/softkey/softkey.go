// Package softkey is a passkey in memory, for tests: what a browser and an
// authenticator do together (WebAuthn level 3, sections 5.1.3, 5.1.4 and 6.3).
package softkey

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// Key is a discoverable ES256 credential, and the browser around it. The exported
// fields may be changed between uses, to try what must be refused.
type Key struct {
	Origin   string // of the page that the browser shows
	RP       string // relying party id that it signs for
	Handle   []byte // user handle; set by Create
	Count    uint32 // signature counter, rises at each use unless it is 0
	Verified bool   // the user was verified

	id     []byte
	secret *ecdsa.PrivateKey
}

// New makes a key that is in use on a page of origin, for the relying party rp.
func New(origin, rp string) (*Key, error) {
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("softkey: %w", err)
	}
	k := &Key{Origin: origin, RP: rp, Verified: true, id: make([]byte, 32), secret: secret}
	rand.Read(k.id) // never fails, crypto/rand
	return k, nil
}

// options is what is read of creation and request options.
type options struct {
	Challenge string `json:"challenge"`
	User      struct {
		ID string `json:"id"`
	} `json:"user"`
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// client is the collected client data, section 5.8.1.
func (k *Key) client(kind, challenge string) ([]byte, error) {
	return json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": k.Origin, "crossOrigin": false})
}

// Flags of the authenticator data, section 6.1.
const (
	present  = 1
	verified = 4
	attested = 64
)

func (k *Key) data(more byte) []byte {
	rp := sha256.Sum256([]byte(k.RP))
	flags := byte(present) | more
	if k.Verified {
		flags |= verified
	}
	return binary.BigEndian.AppendUint32(append(rp[:], flags), k.Count)
}

// Create answers creation options with a RegistrationResponseJSON.
func (k *Key) Create(asked []byte) ([]byte, error) {
	var o options
	if err := json.Unmarshal(asked, &o); err != nil {
		return nil, fmt.Errorf("softkey: %w", err)
	}
	var err error
	if k.Handle, err = base64.RawURLEncoding.DecodeString(o.User.ID); err != nil {
		return nil, fmt.Errorf("softkey: user handle: %w", err)
	}
	point, err := k.secret.PublicKey.Bytes() // 4, x, y
	if err != nil {
		return nil, fmt.Errorf("softkey: %w", err)
	}
	public, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]}) // COSE, RFC 9053 section 2.1
	if err != nil {
		return nil, fmt.Errorf("softkey: %w", err)
	}
	data := append(k.data(attested), make([]byte, 16)...) // AAGUID of none
	data = binary.BigEndian.AppendUint16(data, uint16(len(k.id)))
	data = append(append(data, k.id...), public...)
	object, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data})
	if err != nil {
		return nil, fmt.Errorf("softkey: %w", err)
	}
	client, err := k.client("webauthn.create", o.Challenge)
	if err != nil {
		return nil, err
	}
	return k.answer(map[string]any{"clientDataJSON": b64(client), "attestationObject": b64(object), "transports": []string{"internal"}})
}

// Use answers request options with an AuthenticationResponseJSON.
func (k *Key) Use(asked []byte) ([]byte, error) {
	var o options
	if err := json.Unmarshal(asked, &o); err != nil {
		return nil, fmt.Errorf("softkey: %w", err)
	}
	if k.Count > 0 {
		k.Count++
	}
	data := k.data(0)
	client, err := k.client("webauthn.get", o.Challenge)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(client)
	digest := sha256.Sum256(append(data[:len(data):len(data)], sum[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.secret, digest[:])
	if err != nil {
		return nil, fmt.Errorf("softkey: %w", err)
	}
	return k.answer(map[string]any{"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": b64(k.Handle)})
}

func (k *Key) answer(response map[string]any) ([]byte, error) {
	return json.Marshal(map[string]any{"id": b64(k.id), "rawId": b64(k.id), "type": "public-key", "authenticatorAttachment": "platform",
		"clientExtensionResults": map[string]any{}, "response": response})
}

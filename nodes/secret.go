// Package nodes lets several serve processes on one Redis work as one service:
// each announces itself, rooms are placed on the least loaded, and requests are
// passed on with an identity that only nodes can sign.
//
// What nodes trust each other by is the cluster secret, from a file on each of
// them. It never goes through Redis: who can write there can neither announce a
// node nor sign an identity.
package nodes

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"
)

// minSecret is the least length of a cluster secret in bytes.
const minSecret = 32

// Secret is what all nodes of a cluster share, as one key for each use.
type Secret struct {
	announcements []byte
	identities    []byte
}

// NewSecret derives the keys. The error says that secret is too short.
func NewSecret(secret []byte) (Secret, error) {
	if len(secret) < minSecret {
		return Secret{}, fmt.Errorf("the cluster secret has %d bytes, at least %d are needed", len(secret), minSecret)
	}
	var s Secret
	for use, into := range map[string]*[]byte{"announcements": &s.announcements, "identities": &s.identities} {
		key, err := hkdf.Key(sha256.New, secret, nil, "verifycall nodes "+use, sha256.Size)
		if err != nil {
			return Secret{}, fmt.Errorf("cluster secret: %w", err)
		}
		*into = key
	}
	return s, nil
}

// LoadSecret reads the secret from a file; white space around it doesn't count.
func LoadSecret(path string) (Secret, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Secret{}, fmt.Errorf("cluster secret: %w", err)
	}
	if info.Mode().Perm()&0o007 != 0 { // a group may share it
		return Secret{}, fmt.Errorf("cluster secret: %s can be read by others (mode %04o): chmod 600 it", path, info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Secret{}, fmt.Errorf("cluster secret: %w", err)
	}
	return NewSecret(bytes.TrimSpace(text))
}

// RandomSecret is that of a node that is alone: nobody else has it.
func RandomSecret() (Secret, error) {
	raw := make([]byte, minSecret)
	rand.Read(raw) // never fails, crypto/rand
	return NewSecret(raw)
}

// errSignature says that a text was not signed by a node of this cluster.
var errSignature = errors.New("not signed with this cluster's secret")

// sign gives "body.mac", both in base64url.
func sign(key, body []byte) string {
	return base64.RawURLEncoding.EncodeToString(body) + "." + base64.RawURLEncoding.EncodeToString(macOf(key, body))
}

// opened gives the body of what sign made with the same key.
func opened(key []byte, text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") { // which the decoder would skip
		return nil, errSignature
	}
	first, second, _ := strings.Cut(text, ".")
	body, err := base64.RawURLEncoding.Strict().DecodeString(first)
	if err != nil {
		return nil, errSignature
	}
	mac, err := base64.RawURLEncoding.Strict().DecodeString(second)
	if err != nil || !hmac.Equal(mac, macOf(key, body)) {
		return nil, errSignature
	}
	return body, nil
}

func macOf(key, body []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(body)
	return mac.Sum(nil)
}

package evidence

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"aead.dev/minisign"

	"verifycall/recorder/evidence/stamp"
)

// maxKeyFile bounds a key or key list that is read, in bytes.
const maxKeyFile = 1 << 20

// KeyList is the published list of a deployment's signing keys.
type KeyList struct {
	Keys []ListedKey `json:"keys"`
}

// ListedKey is one signing key and the time it signed in. Revoked is set when
// the key may have been in other hands: nothing signed with it counts any more.
type ListedKey struct {
	ID      string     `json:"id"`  // 16 upper-case hex digits
	Key     string     `json:"key"` // minisign public key, "RW…"
	From    *time.Time `json:"from,omitempty"`
	Until   *time.Time `json:"until,omitempty"`
	Revoked *time.Time `json:"revoked,omitempty"`

	authority *x509.Certificate // instead of all others: one of a time-stamping authority
}

// ParseKeyList reads the JSON of a key list, strictly: unknown members, broken
// keys and ids that aren't their key's are errors.
func ParseKeyList(text []byte) (KeyList, error) {
	var list KeyList
	if err := strictJSON(text, &list); err != nil {
		return KeyList{}, fmt.Errorf("key list: %w", err)
	}
	for _, k := range list.Keys {
		public, err := parsePublic(k.Key)
		if err != nil {
			return KeyList{}, fmt.Errorf("key list: key %q: %w", k.ID, err)
		}
		if keyID(public.ID()) != k.ID {
			return KeyList{}, fmt.Errorf("key list: key %q has the id %s", k.ID, keyID(public.ID()))
		}
	}
	return list, nil
}

// keyring is the keys that a verification trusts.
type keyring []ListedKey

// readKeyring reads what a key may be given as: a minisign public key "RW…", the
// path of a .pub file, or a key list, its JSON itself or its path.
func readKeyring(keys []string) (keyring, error) {
	var ring keyring
	for _, key := range keys {
		if public, err := parsePublic(key); err == nil {
			ring = append(ring, ListedKey{ID: keyID(public.ID()), Key: key})
			continue
		}
		read := readKeyFile
		if strings.HasPrefix(key, "{") {
			read = func(text string) (keyring, error) { return parseKeys([]byte(text)) }
		}
		more, err := read(key)
		if err != nil {
			return nil, fmt.Errorf("key %q: %w", key, err)
		}
		ring = append(ring, more...)
	}
	return ring, nil
}

func readKeyFile(name string) (keyring, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := readBounded(f, maxKeyFile)
	if err != nil {
		return nil, err
	}
	return parseKeys(text)
}

// parseKeys reads the text of a .pub file, of a key list, or of certificates.
func parseKeys(text []byte) (keyring, error) {
	line := strings.TrimSpace(string(text))
	if strings.HasPrefix(line, "-----BEGIN ") {
		var ring keyring
		certificates, err := stamp.Authorities(text)
		for _, c := range certificates {
			ring = append(ring, ListedKey{authority: c})
		}
		return ring, err
	}
	if strings.HasPrefix(line, "{") {
		list, err := ParseKeyList(text)
		return list.Keys, err
	}
	if comment, rest, found := strings.Cut(line, "\n"); found && strings.HasPrefix(comment, "untrusted comment:") {
		line = strings.TrimSpace(rest)
	}
	public, err := parsePublic(line)
	if err != nil {
		return nil, err
	}
	return keyring{{ID: keyID(public.ID()), Key: line}}, nil
}

// find gives the key of that id. A key that is given both alone and in a list
// is taken from the list, which knows more.
func (ring keyring) find(id string) (key ListedKey, found bool) {
	for _, k := range ring {
		if k.ID != id {
			continue
		}
		if !found || k.From != nil || k.Until != nil || k.Revoked != nil {
			key, found = k, true
		}
	}
	return key, found
}

// authorities gives the certificates of time-stamping authorities.
func (ring keyring) authorities() []*x509.Certificate {
	var list []*x509.Certificate
	for _, k := range ring {
		if k.authority != nil {
			list = append(list, k.authority)
		}
	}
	return list
}

// signedAt tells whether the key counts for a signature that says it was made
// at t.
func (k ListedKey) signedAt(t time.Time) error {
	switch {
	case k.Revoked != nil:
		return fmt.Errorf("key %s was revoked on %s", k.ID, k.Revoked.Format(time.DateOnly))
	case k.From != nil && t.Before(*k.From):
		return fmt.Errorf("signed at %s, before key %s was in use", t.Format(time.RFC3339), k.ID)
	case k.Until != nil && t.After(*k.Until):
		return fmt.Errorf("signed at %s, after key %s was retired", t.Format(time.RFC3339), k.ID)
	}
	return nil
}

// parsePublic reads a minisign public key of one line in its only form.
func parsePublic(line string) (minisign.PublicKey, error) {
	var key minisign.PublicKey
	if _, err := base64.StdEncoding.Strict().DecodeString(line); err != nil {
		return key, fmt.Errorf("not a minisign public key: %w", err)
	}
	if err := key.UnmarshalText([]byte(line)); err != nil {
		return key, err
	}
	if key.String() != line {
		return key, fmt.Errorf("not a minisign public key in its plain form")
	}
	return key, nil
}

// strictJSON decodes exactly one JSON value without unknown members.
func strictJSON(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("more after the JSON value")
	}
	return nil
}

// readBounded reads r to its end and refuses more than limit bytes.
func readBounded(r io.Reader, limit int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > limit {
		return nil, fmt.Errorf("longer than %d bytes", limit)
	}
	return text, nil
}

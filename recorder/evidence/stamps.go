package evidence

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/stamp"
	"verifycall/recorder/evidence/vault"
)

// The files of a bundle's time stamp, which may come after its signature: the
// answer of a time-stamping authority over it, and our signature over that, so
// that no byte of the answer can change unseen.
const (
	stampFile          = signatureFile + ".tsr"
	stampSignatureFile = stampFile + ".minisig"
	stampForm          = "verifycall stamp 1 room:%s sha256:%s key:%s timestamp:%d"
)

// clockSlack is how far a signer's clock may be ahead of the authority's.
const clockSlack = time.Minute

// Stamped is what a report says of a bundle's time stamp.
type Stamped struct {
	At    string `json:"at"`    // RFC 3339: the signature existed then
	By    string `json:"by"`    // subject of the authority's certificate
	Known bool   `json:"known"` // it leads to one of the authorities given
}

// ErrStamped: the bundle has a time stamp already.
var ErrStamped = errors.New("evidence: the bundle has a time stamp")

// StampBundle adds a time stamp to the sealed bundle under prefix. ask sends a
// TimeStampReq to an authority and gives its TimeStampResp, of at most
// stamp.MaxSize bytes. The answer is checked before it is kept, with authorities
// if any are given. ErrStamped if there is one already; what a broken run left
// is completed.
func StampBundle(ctx context.Context, v *vault.Vault, prefix string, keys *Keys, ask func(context.Context, []byte) ([]byte, error), authorities []string) error {
	bundle, err := OpenBundle(ctx, v, prefix)
	if err != nil {
		return err
	}
	if bundle.stamped {
		return ErrStamped
	}
	ring, err := readKeyring(authorities)
	if err != nil {
		return err
	}
	signature, err := readObject(ctx, v.Store(), prefix+signatureFile, maxSignature)
	if err != nil {
		return err
	}
	request, nonce, err := stamp.Request(signature)
	if err != nil {
		return err
	}
	answer, err := ask(ctx, request)
	if err != nil {
		return fmt.Errorf("ask for a time stamp: %w", err)
	}
	if err := stamp.CheckNonce(answer, nonce); err != nil {
		return err
	}
	got, err := stamp.Check(answer, signature, ring.authorities())
	if err == nil && len(ring) > 0 && !got.Known {
		err = fmt.Errorf("time stamp: is by %s, none of the authorities given", got.By)
	}
	if err != nil {
		return err
	}
	w := bundleWriter{vault: v, room: bundle.room, prefix: prefix, keys: keys}
	ours, err := keys.sign(answer, stampForm, bundle.room, time.Now())
	if err != nil {
		return err
	}
	if _, err := w.putPlain(ctx, stampFile, answer); err != nil {
		return err
	}
	_, err = w.putPlain(ctx, stampSignatureFile, ours)
	return err
}

// stampIn checks the time stamp among the files that names lists, if there is
// one; read reads a file. s is the bundle's signature, and signature its text.
func stampIn(names func(string) bool, read func(string, int64) ([]byte, error), ring keyring, s sealSignature, signature []byte) (*Stamped, error) {
	switch {
	case !names(stampFile) && !names(stampSignatureFile):
		return nil, nil
	case !names(stampFile):
		return nil, isWrong(stampFile, "is missing")
	case !names(stampSignatureFile):
		return nil, isWrong(stampSignatureFile, "is missing")
	}
	answer, err := read(stampFile, stamp.MaxSize)
	if err != nil {
		return nil, err
	}
	ours, err := read(stampSignatureFile, maxSignature)
	if err != nil {
		return nil, err
	}
	parsed, err := parseSignature(ours, stampForm)
	switch {
	case err != nil:
		return nil, isWrong(stampSignatureFile, "%v", err)
	case parsed.Room != s.Room:
		return nil, isWrong(stampSignatureFile, "is of room %s, not %s", parsed.Room, s.Room)
	case parsed.Digest != sumOf(answer) && ring.saysSo(parsed.KeyID, ours):
		return nil, isWrong(stampFile, "isn't the signed one")
	case parsed.Digest != sumOf(answer):
		return nil, isWrong(stampSignatureFile, "is over another %s, of digest %s", stampFile, parsed.Digest)
	}
	if key, found := ring.find(parsed.KeyID); found {
		if err := errors.Join(verifySignature(key.Key, answer, ours), key.signedAt(parsed.At)); err != nil {
			return nil, isWrong(stampSignatureFile, "%v", err)
		}
	}
	got, err := stamp.Check(answer, signature, ring.authorities())
	if err != nil {
		return nil, isWrong(stampFile, "%v", err)
	}
	if s.At.After(got.At.Add(got.Accuracy + clockSlack)) {
		return nil, isWrong(stampFile, "says that the signature existed at %s, the signature that it was made at %s",
			got.At.Format(time.RFC3339), s.At.Format(time.RFC3339))
	}
	return &Stamped{At: got.At.Format(time.RFC3339), By: got.By, Known: got.Known}, nil
}

// line says it in a report's words.
func (s *Stamped) line() string {
	switch {
	case s == nil:
		return "no time stamp"
	case s.Known:
		return fmt.Sprintf("the signature existed at %s, says %s", s.At, s.By)
	}
	return fmt.Sprintf("the signature existed at %s, says %s, which isn't among the authorities given", s.At, s.By)
}

// checkStamp checks the bundle's time stamp.
func (v *verification) checkStamp(ctx context.Context) (string, error) {
	signature, err := readWhole(ctx, v.bag, signatureFile, maxSignature)
	if err != nil {
		return "", err
	}
	s, err := parseSignature(signature, bundleForm)
	if err != nil {
		return "", isWrong(signatureFile, "%v", err)
	}
	there := map[string]bool{}
	for _, name := range v.names {
		there[name] = true
	}
	v.report.Stamp, err = stampIn(func(name string) bool { return there[name] },
		func(name string, limit int64) ([]byte, error) { return readWhole(ctx, v.bag, name, limit) }, v.ring, s, signature)
	return v.report.Stamp.line(), err
}

// checkStamp is the same of a bundle as it lies in a store.
func (s *sealedVerification) checkStamp(ctx context.Context, signature sealSignature) (err error) {
	text, err := s.read(ctx, signatureFile, maxSignature)
	if err != nil {
		return err
	}
	there := func(name string) bool {
		_, statErr := s.store.Stat(ctx, s.prefix+name)
		if statErr != nil && !errors.Is(statErr, objects.ErrNotFound) {
			err = statErr
		}
		return statErr == nil
	}
	stamped, fault := stampIn(there, func(name string, limit int64) ([]byte, error) { return s.read(ctx, name, limit) }, s.ring, signature, text)
	if err != nil {
		return err
	}
	s.report.Stamp = stamped
	return fault
}

// Unstamped lists the rooms of a store whose sealed bundles have no time stamp.
func Unstamped(ctx context.Context, store objects.Store) ([]string, error) {
	names, err := store.List(ctx, "rooms/")
	if err != nil {
		return nil, fmt.Errorf("bundles: %w", err)
	}
	there := map[string]bool{}
	for _, name := range names {
		there[name] = true
	}
	var rooms []string
	for _, name := range names {
		prefix, sealed := strings.CutSuffix(name, signatureFile)
		room, err := roomOf(prefix)
		if !sealed || err != nil || slices.Contains(rooms, room) {
			continue
		}
		official, _, err := Locate(ctx, store, room)
		if err != nil {
			return nil, err
		}
		if official == prefix && !there[prefix+stampSignatureFile] {
			rooms = append(rooms, room)
		}
	}
	return rooms, nil
}

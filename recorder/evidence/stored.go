package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
)

// The files that lie beside a bundle in the store and aren't part of it.
const (
	storeFile          = "store.json"
	storeSignatureFile = "store.json.minisig"
)

// plainFiles lie in the store unencrypted.
var plainFiles = []string{bagFile, manifestFile, tagManifestFile, signatureFile, storeFile, storeSignatureFile, stampFile, stampSignatureFile}

// storeList is store.json: how each file of a bundle lies in the store, so that
// a copy can be checked without any key.
type storeList struct {
	Version int          `json:"v"`
	Room    string       `json:"room"`
	Objects []storedFile `json:"objects"` // sorted by name
}

type storedFile struct {
	Name   string      `json:"name"`            // under the bundle's prefix, with ".age" where it is encrypted
	Class  vault.Class `json:"class,omitempty"` // of the key; none where it isn't encrypted
	Size   int64       `json:"size"`            // as it lies there
	SHA256 string      `json:"sha256"`          // as it lies there
}

func (l *storeList) add(name string, sealed vault.Sealed) {
	class := classOf(name)
	if class != "" {
		name += vault.Suffix
	}
	l.Objects = append(l.Objects, storedFile{name, class, sealed.Stored.Size, sealed.Stored.SHA256})
}

func (l storeList) bytes() []byte {
	slices.SortFunc(l.Objects, func(a, b storedFile) int { return strings.Compare(a.Name, b.Name) })
	text, err := json.MarshalIndent(l, "", " ")
	if err != nil {
		panic(err) // strings and numbers only
	}
	return append(text, '\n')
}

// parseStoreList reads the only form that bytes writes.
func parseStoreList(text []byte) (storeList, error) {
	var l storeList
	if err := strictJSON(text, &l); err != nil {
		return l, err
	}
	if l.Version != 1 || len(l.Objects) > maxFiles || !bytes.Equal(l.bytes(), text) {
		return l, errors.New("not in its plain form")
	}
	for i, o := range l.Objects {
		name := strings.TrimSuffix(o.Name, vault.Suffix)
		switch {
		case objects.CheckName(o.Name) != nil || !isDigest(o.SHA256) || o.Class != classOf(name) || (o.Class == "") != (name == o.Name):
			return l, fmt.Errorf("object %.100q isn't listed as it should", o.Name)
		case i > 0 && o.Name == l.Objects[i-1].Name:
			return l, fmt.Errorf("lists %s twice", o.Name)
		}
	}
	return l, nil
}

// storeBag is a bundle in a store, decrypted as it is read.
type storeBag struct {
	vault  *vault.Vault
	prefix string
	purged purges // what is left of them is read by nobody: their keys are destroyed
}

func (s storeBag) room() string {
	room, err := roomOf(s.prefix)
	if err != nil {
		return ""
	}
	return room
}

func (s storeBag) names(ctx context.Context) ([]string, error) {
	stored, err := storedNames(ctx, s.vault.Store(), s.prefix)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, name := range stored {
		plain := strings.TrimSuffix(name, vault.Suffix)
		switch {
		case name == storeFile || name == storeSignatureFile:
			continue
		case (classOf(plain) == "") != (plain == name):
			return nil, isWrong(name, "isn't encrypted as it should")
		}
		if !s.purged.has(plain) {
			names = append(names, plain)
		}
	}
	slices.Sort(names)
	return names, nil
}

// storedNames lists the objects under a bundle's prefix, without it.
func storedNames(ctx context.Context, store objects.Store, prefix string) ([]string, error) {
	names, err := store.List(ctx, prefix)
	if err != nil {
		return nil, err
	}
	if len(names) > maxFiles {
		return nil, isWrong(prefix, "has %d files, %d is the limit", len(names), maxFiles)
	}
	for i := range names {
		names[i] = strings.TrimPrefix(names[i], prefix)
	}
	return names, nil
}

func (s storeBag) open(ctx context.Context, name string) (io.ReadCloser, error) {
	f, _, err := openFile(ctx, s.vault, s.room(), s.prefix, name)
	if errors.Is(err, objects.ErrNotFound) {
		return nil, isWrong(name, "is missing")
	}
	return f, err
}

// VerifyStore is Verify for the bundle under prefix in a store, decrypted: first
// that all lies there as store.json says, then all that is checked of a bundle.
func VerifyStore(ctx context.Context, v *vault.Vault, prefix string, keys []string) (Report, error) {
	sealed, err := VerifySealed(ctx, v.Store(), prefix, keys)
	if err != nil || !sealed.Whole {
		return sealed, err
	}
	ring, err := readKeyring(keys)
	if err != nil {
		return Report{}, err
	}
	custody, err := mirroredCustody(ctx, v.Store(), sealed.Room)
	if err != nil {
		return Report{}, err
	}
	purged, _, err := readPurges(custody, ring, sealed.Room, sealed.Digest)
	if err != nil {
		return Report{}, err
	}
	report, err := verifyBag(ctx, storeBag{v, prefix, purged}, ring, custody)
	report.SignerKnown = report.SignerKnown && sealed.SignerKnown
	report.Checks = append(sealed.Checks, report.Checks...)
	return report, err
}

// VerifySealed checks the bundle under prefix as it lies in a store, without any
// key that decrypts: both signatures, and that every object is there and has the
// digest that store.json lists, and no other.
func VerifySealed(ctx context.Context, store objects.Store, prefix string, keys []string) (Report, error) {
	ring, err := readKeyring(keys)
	if err != nil {
		return Report{}, err
	}
	room, err := roomOf(prefix)
	if err != nil {
		return Report{}, err
	}
	custody, err := mirroredCustody(ctx, store, room)
	if fault := (*wrong)(nil); errors.As(err, &fault) {
		report := Report{Sealed: true}
		report.fail("custody", fault)
		return report, nil
	}
	if err != nil {
		return Report{}, err
	}
	return verifySealed(ctx, store, prefix, room, ring, custody)
}

// verifySealed is VerifySealed with a prefix and a room that may be empty: then
// the store is the bundle's own folder.
func verifySealed(ctx context.Context, store objects.Store, prefix, room string, ring keyring, custody []byte) (Report, error) {
	s := sealedVerification{store: store, prefix: prefix, room: room, ring: ring, custody: custody}
	s.report.Sealed = true
	err := s.run(ctx)
	if fault := (*wrong)(nil); errors.As(err, &fault) {
		s.report.fail("stored", fault)
		return s.report, nil
	}
	s.report.Whole = err == nil
	return s.report, err
}

type sealedVerification struct {
	store        objects.Store
	prefix, room string
	ring         keyring
	custody      []byte // the room's custody ledger, empty where there is none
	purged       purges // by it
	strange      bool   // no key given signs them
	report       Report
}

func (s *sealedVerification) run(ctx context.Context) error {
	text, err := s.read(ctx, storeFile, maxManifest)
	if err != nil {
		return err
	}
	list, err := parseStoreList(text)
	if err != nil {
		return isWrong(storeFile, "%v", err)
	}
	if s.room == "" {
		s.room = list.Room
	}
	if list.Room != s.room {
		return isWrong(storeFile, "is of room %q", list.Room)
	}
	listKnown, _, err := s.signed(ctx, text, storeFile, storeSignatureFile, storeForm)
	if err != nil {
		return err
	}
	digest, err := s.tagDigest(ctx)
	if err != nil {
		return err
	}
	if s.purged, s.strange, err = readPurges(s.custody, s.ring, s.room, digest); err != nil {
		return err
	}
	if err := s.compare(ctx, list); err != nil {
		return err
	}
	tags, err := s.read(ctx, tagManifestFile, maxTagManifest)
	if err != nil {
		return err
	}
	tagsKnown, signature, err := s.signed(ctx, tags, tagManifestFile, signatureFile, bundleForm)
	if err != nil {
		return err
	}
	if err := s.complete(ctx, tags, list); err != nil {
		return err
	}
	if err := s.checkStamp(ctx, signature); err != nil {
		return err
	}
	s.report.Room, s.report.Digest, s.report.Signer = s.room, signature.Digest, signature.KeyID
	s.report.SignedAt, s.report.SignerKnown = signature.At.Format(time.RFC3339), listKnown && tagsKnown && !s.strange
	s.report.Purged = s.purged.texts()
	s.report.Checks = append(s.report.Checks, Check{"stored", s.detail(list), true})
	return nil
}

func (s *sealedVerification) detail(list storeList) string {
	if len(s.purged) == 0 {
		return fmt.Sprintf("%d objects have their digests", len(list.Objects))
	}
	return fmt.Sprintf("what is there of %d objects has its digests; %s", len(list.Objects), purgedDetail(s.purged, s.strange))
}

// tagDigest gives the bundle's digest as it lies there; that it is the signed one is
// checked after.
func (s *sealedVerification) tagDigest(ctx context.Context) (string, error) {
	tags, err := s.read(ctx, tagManifestFile, maxTagManifest)
	return sumOf(tags), err
}

func (s *sealedVerification) read(ctx context.Context, name string, limit int64) ([]byte, error) {
	text, err := readObject(ctx, s.store, s.prefix+name, limit)
	if errors.Is(err, objects.ErrNotFound) {
		return nil, isWrong(name, "is missing")
	}
	return text, err
}

// signed checks a signature and says whether its signer is known.
func (s *sealedVerification) signed(ctx context.Context, text []byte, item, name, form string) (bool, sealSignature, error) {
	signature, err := s.read(ctx, name, maxSignature)
	if err != nil {
		return false, sealSignature{}, err
	}
	parsed, err := parseSignature(signature, form)
	if err != nil {
		return false, parsed, isWrong(name, "%v", err)
	}
	if parsed.Digest != sumOf(text) {
		return false, parsed, isWrong(item, "isn't the signed one")
	}
	if parsed.Room != s.room {
		return false, parsed, isWrong(name, "is of room %s, not %s", parsed.Room, s.room)
	}
	key, found := s.ring.find(parsed.KeyID)
	if !found {
		return false, parsed, nil
	}
	if err := errors.Join(verifySignature(key.Key, text, signature), key.signedAt(parsed.At)); err != nil {
		return false, parsed, isWrong(name, "%v", err)
	}
	return true, parsed, nil
}

// compare looks that the store holds what is listed and nothing else.
func (s *sealedVerification) compare(ctx context.Context, list storeList) error {
	names, err := storedNames(ctx, s.store, s.prefix)
	if err != nil {
		return err
	}
	listed := map[string]bool{storeFile: true, storeSignatureFile: true, signatureFile: true, stampFile: true, stampSignatureFile: true}
	for _, o := range list.Objects {
		listed[o.Name] = true
	}
	if err := beside(len(list.Objects), func(i int) error { return s.compareOne(ctx, list.Objects[i]) }); err != nil {
		return err
	}
	for _, name := range names {
		if !listed[name] {
			return isWrong(name, "is there but isn't listed in %s", storeFile)
		}
	}
	return nil
}

func (s *sealedVerification) compareOne(ctx context.Context, o storedFile) error {
	f, there, err := s.store.Open(ctx, s.prefix+o.Name)
	switch {
	case errors.Is(err, objects.ErrNotFound) && slices.Contains(s.purged, o.Class):
		return nil
	case errors.Is(err, objects.ErrNotFound):
		return isWrong(o.Name, "is missing")
	case err != nil:
		return err
	}
	digest, _, err := objects.Digest(objects.Until(ctx, f))
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if there.Size != o.Size || digest != o.SHA256 {
		return isWrong(o.Name, "has %d bytes of digest %s instead of %d of %s", there.Size, digest, o.Size, o.SHA256)
	}
	return nil
}

// complete looks that the list and the bag's manifests name the same files.
func (s *sealedVerification) complete(ctx context.Context, tags []byte, list storeList) error {
	text, err := s.read(ctx, manifestFile, maxManifest)
	if err != nil {
		return err
	}
	payload, err := parseManifest(text)
	if err != nil {
		return isWrong(manifestFile, "%v", err)
	}
	bag, err := parseManifest(tags)
	if err != nil {
		return isWrong(tagManifestFile, "%v", err)
	}
	if bag.digest(manifestFile) != sumOf(text) {
		return isWrong(manifestFile, "isn't the one in %s", tagManifestFile)
	}
	wanted := []string{bagFile, manifestFile, tagManifestFile}
	for _, line := range payload {
		wanted = append(wanted, line.Name+vault.Suffix)
	}
	slices.Sort(wanted)
	for i, name := range wanted {
		if i >= len(list.Objects) || list.Objects[i].Name != name {
			return isWrong(storeFile, "doesn't list %s", name)
		}
	}
	if len(list.Objects) != len(wanted) {
		return isWrong(storeFile, "lists %d objects, the bundle has %d", len(list.Objects), len(wanted))
	}
	return nil
}

package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"verifycall/rooms/ledger"
)

// The files of a bundle, a bag after RFC 8493.
const (
	bagFile         = "bagit.txt"
	manifestFile    = "manifest-sha256.txt"
	tagManifestFile = "tagmanifest-sha256.txt"
	signatureFile   = "tagmanifest-sha256.txt.minisig"

	ledgerFile    = "data/ledger.jsonl"
	privateFile   = "data/private.jsonl"
	roomFile      = "data/room.json"
	profileFile   = "data/profile.json"
	planFile      = "data/plan.json"
	statementFile = "data/statement.json"
	qualityFile   = "data/quality.jsonl" // optional

	stillsDir    = "data/stills/"
	recordingDir = "data/recording/"
	framesDir    = "data/frames/"
	documentsDir = "data/documents/"
	photosDir    = "data/photos/"
)

// bagText is bagit.txt, RFC 8493 section 2.1.1.
const bagText = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

// File is one file that goes into a bundle.
type File struct {
	Name string // within its folder, one segment as CheckName takes it
	Open func(ctx context.Context) (io.ReadCloser, error)
}

// StoredFile is a File out of the store.
func StoredFile(store Store, object, name string) File {
	return File{Name: name, Open: func(ctx context.Context) (io.ReadCloser, error) {
		f, _, err := store.Open(ctx, object)
		return f, err
	}}
}

// DiskFile is a File out of the file system.
func DiskFile(path, name string) File {
	return File{Name: name, Open: func(context.Context) (io.ReadCloser, error) { return os.Open(path) }}
}

// Source is all that a bundle is made of. Room, Profile and Plan are written
// as JSON; Room is an object whose "room" is the room's id and whose
// "recordings" are objects with the "id" of each recording. The names tie things together: a still is "<sha256>.webp", a
// document or photo "<sha256>.<extension>", a recording "<recording id>.webm" and its
// frame index "<recording id>.jsonl". A name that a list holds twice is one file.
type Source struct {
	Room       any              // data/room.json
	Entries    []ledger.Entry   // data/ledger.jsonl: the whole record
	Privates   []ledger.Private // data/private.jsonl: opened personal values, in any order
	Profile    any              // data/profile.json
	Plan       any              // data/plan.json
	Stills     []File           // data/stills/
	Photos     []File           // data/photos/
	Documents  []File           // data/documents/
	Recordings []File           // data/recording/
	Frames     []File           // data/frames/
	Quality    File             // data/quality.jsonl; without Open there is none
	Statement  Statement        // data/statement.json, see BuildStatement
}

// Prefix gives the store prefix of a room's bundle, "rooms/<room>/bundle/".
func Prefix(room string) string { return "rooms/" + room + "/bundle/" }

// roomOf gives the room of a prefix made by Prefix.
func roomOf(prefix string) (string, error) {
	room := strings.TrimSuffix(strings.TrimPrefix(prefix, "rooms/"), "/bundle/")
	if Prefix(room) != prefix || !plainSegment(room) {
		return "", fmt.Errorf("%w: prefix %q isn't rooms/<room>/bundle/", ErrName, prefix)
	}
	return room, nil
}

// Bundle is a sealed bundle in a store.
type Bundle struct {
	store  Store
	prefix string
	digest string
	files  manifest // every file, the tag files too; a tag file that signs has no digest
}

// OpenBundle opens the sealed bundle under prefix. ErrNotFound if there is none
// or it isn't signed yet. It checks nothing more: that is VerifyStore.
func OpenBundle(ctx context.Context, store Store, prefix string) (*Bundle, error) {
	if _, err := roomOf(prefix); err != nil {
		return nil, err
	}
	b := &Bundle{store: store, prefix: prefix}
	if _, err := store.Stat(ctx, prefix+signatureFile); err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	tags, err := readObject(ctx, store, prefix+tagManifestFile, maxTagManifest)
	if err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	b.digest = sumOf(tags)
	for _, part := range []struct {
		name  string
		limit int64
	}{{tagManifestFile, maxTagManifest}, {manifestFile, maxManifest}} {
		text, err := readObject(ctx, store, prefix+part.name, part.limit)
		if err != nil {
			return nil, fmt.Errorf("bundle: %w", err)
		}
		lines, err := parseManifest(text)
		if err != nil {
			return nil, fmt.Errorf("bundle: %s: %w", part.name, err)
		}
		b.files = append(b.files, lines...)
	}
	b.files = append(b.files, manifestLine{b.digest, tagManifestFile}, manifestLine{"", signatureFile})
	slices.SortFunc(b.files, func(x, y manifestLine) int { return strings.Compare(x.Name, y.Name) })
	return b, nil
}

// Digest gives the bundle's digest: the hex SHA-256 of tagmanifest-sha256.txt.
func (b *Bundle) Digest() string { return b.digest }

// Names gives the path of every file of the bundle, sorted.
func (b *Bundle) Names() []string {
	names := make([]string, len(b.files))
	for i, line := range b.files {
		names[i] = line.Name
	}
	return names
}

// Open reads one file of the bundle by its path in it, "data/room.json" or such.
// A path that the manifests don't list is ErrNotFound. The Object's digest is
// the one listed, good for an ETag; the bytes aren't checked against it.
func (b *Bundle) Open(ctx context.Context, name string) (io.ReadSeekCloser, Object, error) {
	digest := b.files.digest(name)
	if digest == "" && name != signatureFile {
		return nil, Object{}, fmt.Errorf("bundle file %q: %w", name, ErrNotFound)
	}
	f, object, err := b.store.Open(ctx, b.prefix+name)
	object.SHA256 = digest
	return f, object, err
}

// readObject reads a whole object of at most limit bytes.
func readObject(ctx context.Context, store Store, name string, limit int64) ([]byte, error) {
	f, _, err := store.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	text, err := readBounded(f, limit)
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return text, errors.Join(err, f.Close())
}

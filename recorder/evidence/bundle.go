package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
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

// StoredFile is a File out of the vault.
func StoredFile(v *vault.Vault, owner string, class vault.Class, object, name string) File {
	return File{Name: name, Open: func(ctx context.Context) (io.ReadCloser, error) {
		f, _, err := v.Open(ctx, owner, class, object)
		return f, err
	}}
}

// DiskFile is a File out of the file system: one that holds nothing of a person.
func DiskFile(path, name string) File {
	return File{Name: name, Open: func(context.Context) (io.ReadCloser, error) { return os.Open(path) }}
}

// WrittenFile is a File that write makes when it is asked for, as often as it
// is: nothing of it lies on a disk.
func WrittenFile(name string, write func(io.Writer) error) File {
	return File{Name: name, Open: func(context.Context) (io.ReadCloser, error) {
		r, w := io.Pipe()
		go func() { w.CloseWithError(write(w)) }() // ends with the reader's Close at the latest
		return r, nil
	}}
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

// classOf tells with which key of the room a file of the bundle is encrypted. The
// bag's own files have none: they hold digests and ids only, and stay readable
// when all else is erased.
func classOf(name string) vault.Class {
	switch {
	case !strings.HasPrefix(name, "data/"):
		return ""
	case strings.HasPrefix(name, recordingDir), strings.HasPrefix(name, framesDir):
		return vault.Recording
	case strings.HasPrefix(name, stillsDir), strings.HasPrefix(name, photosDir):
		return vault.Stills
	case strings.HasPrefix(name, documentsDir):
		return vault.Documents
	}
	return vault.Record
}

// Bundle is a sealed bundle in a store.
type Bundle struct {
	vault   *vault.Vault
	room    string
	prefix  string
	digest  string
	stamped bool
	files   manifest // every file, the tag files too; one that signs has no digest
}

// OpenBundle opens the sealed bundle under prefix. ErrNotFound if there is none
// or it isn't signed yet. It checks nothing more: that is VerifyStore.
func OpenBundle(ctx context.Context, v *vault.Vault, prefix string) (*Bundle, error) {
	room, err := roomOf(prefix)
	if err != nil {
		return nil, err
	}
	b := &Bundle{vault: v, room: room, prefix: prefix}
	if _, err := v.Store().Stat(ctx, prefix+signatureFile); err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	for _, part := range []struct {
		name  string
		limit int64
	}{{tagManifestFile, maxTagManifest}, {manifestFile, maxManifest}} {
		text, err := readObject(ctx, v.Store(), prefix+part.name, part.limit)
		if err != nil {
			return nil, fmt.Errorf("bundle: %w", err)
		}
		if part.name == tagManifestFile {
			b.digest = sumOf(text)
		}
		lines, err := parseManifest(text)
		if err != nil {
			return nil, fmt.Errorf("bundle: %s: %w", part.name, err)
		}
		b.files = append(b.files, lines...)
	}
	b.files = append(b.files, manifestLine{b.digest, tagManifestFile}, manifestLine{"", signatureFile})
	if _, err := v.Store().Stat(ctx, prefix+stampSignatureFile); err == nil { // written last
		b.stamped = true
		b.files = append(b.files, manifestLine{"", stampFile}, manifestLine{"", stampSignatureFile})
	} else if !errors.Is(err, objects.ErrNotFound) {
		return nil, fmt.Errorf("bundle: %w", err)
	}
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

// Digests gives the digests of the plaintexts of a class, by path.
func (b *Bundle) Digests(class vault.Class) map[string]string {
	list := map[string]string{}
	for _, line := range b.files {
		if classOf(line.Name) == class {
			list[line.Name] = line.SHA256
		}
	}
	return list
}

// erased are the classes of the bundle's files that nobody can read any more.
func (b *Bundle) erased(ctx context.Context) (list purges, err error) {
	for _, class := range vault.Classes {
		if len(b.Digests(class)) == 0 {
			continue
		}
		_, err := b.vault.Key(ctx, vault.Room(b.room), class)
		switch {
		case errors.Is(err, vault.ErrDestroyed):
			list = append(list, class)
		case err != nil:
			return nil, fmt.Errorf("bundle: %w", err)
		}
	}
	return list, nil
}

// Open reads one file of the bundle by its path in it, "data/room.json" or such;
// any range of it is decrypted as it is read. A path that the manifests don't
// list is ErrNotFound, one whose key is destroyed vault.ErrDestroyed. The
// Object's digest is the one listed, good for an ETag; the bytes aren't checked
// against it.
func (b *Bundle) Open(ctx context.Context, name string) (objects.File, objects.Object, error) {
	digest := b.files.digest(name)
	if digest == "" && !slices.Contains(b.files, manifestLine{"", name}) {
		return nil, objects.Object{}, fmt.Errorf("bundle file %q: %w", name, objects.ErrNotFound)
	}
	f, object, err := openFile(ctx, b.vault, b.room, b.prefix, name)
	object.SHA256 = digest
	return f, object, err
}

// openFile opens a file of a bundle in the store, decrypted if it is encrypted
// there.
func openFile(ctx context.Context, v *vault.Vault, room, prefix, name string) (objects.File, objects.Object, error) {
	class := classOf(name)
	if class == "" {
		return v.Store().Open(ctx, prefix+name)
	}
	return v.Open(ctx, vault.Room(room), class, prefix+name)
}

// readObject reads a whole object of at most limit bytes.
func readObject(ctx context.Context, store objects.Store, name string, limit int64) ([]byte, error) {
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

package evidence

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gowebpki/jcs"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms/ledger"
)

// ErrSealed: a bundle of another record is sealed under that prefix already.
var ErrSealed = errors.New("evidence: another record is sealed there")

// WriteBundle writes and signs the bundle of a room under prefix (see Prefix)
// and gives its digest. The signature is written last: before it is there,
// nothing counts as a bundle, and a call after a crash begins anew and replaces
// what the broken one left. Once it is there, a call with the same record
// changes nothing and gives the same digest, without opening src's files;
// another record is ErrSealed. One writer at a time per room, who holds the
// room's lease.
func WriteBundle(ctx context.Context, v *vault.Vault, prefix string, keys *Keys, src Source) (digest string, err error) {
	room, err := roomOf(prefix)
	if err != nil {
		return "", err
	}
	w := bundleWriter{vault: v, room: room, prefix: prefix, keys: keys}
	files, err := src.files(room)
	if err != nil {
		return "", fmt.Errorf("bundle of %s: %w", room, err)
	}
	digest, err = w.sealed(ctx, files[ledgerFile])
	if errors.Is(err, objects.ErrNotFound) {
		digest, err = w.write(ctx, files)
	}
	if err != nil {
		return "", fmt.Errorf("bundle of %s: %w", room, err)
	}
	return digest, nil
}

// opener opens one file of the bundle for reading.
type opener func(ctx context.Context) (io.ReadCloser, error)

type bundleWriter struct {
	vault  *vault.Vault
	room   string
	prefix string
	keys   *Keys
}

// sealed gives the digest of the bundle that is there already and holds the
// ledger given. objects.ErrNotFound while there is no signature.
func (w bundleWriter) sealed(ctx context.Context, record opener) (string, error) {
	bundle, err := OpenBundle(ctx, w.vault, w.prefix)
	if err != nil {
		return "", err
	}
	f, err := record(ctx)
	if err != nil {
		return "", err
	}
	digest, _, err := objects.Digest(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	if bundle.files.digest(ledgerFile) != digest {
		return "", ErrSealed
	}
	return bundle.Digest(), nil
}

// write writes all files, the manifests, the list of what lies in the store, and
// then the signature.
func (w bundleWriter) write(ctx context.Context, files map[string]opener) (string, error) {
	if err := w.sweep(ctx, files); err != nil {
		return "", err
	}
	list := storeList{Version: 1, Room: w.room}
	var payload, tags manifest
	names := sortedNames(files)
	written, err := w.putAll(ctx, names, files)
	if err != nil {
		return "", err
	}
	for i, name := range names {
		payload = append(payload, manifestLine{written[i].SHA256, name})
		list.add(name, written[i])
	}
	for _, tag := range []struct {
		name string
		text []byte
	}{{bagFile, []byte(bagText)}, {manifestFile, payload.bytes()}} {
		sealed, err := w.putPlain(ctx, tag.name, tag.text)
		if err != nil {
			return "", err
		}
		tags = append(tags, manifestLine{sealed.SHA256, tag.name})
		list.add(tag.name, sealed)
	}
	sealed, err := w.putPlain(ctx, tagManifestFile, tags.bytes())
	if err != nil {
		return "", err
	}
	list.add(tagManifestFile, sealed)
	now := time.Now()
	if err := w.putList(ctx, list, now); err != nil {
		return "", err
	}
	signature, err := w.keys.sign(tags.bytes(), bundleForm, w.room, now)
	if err != nil {
		return "", err
	}
	_, err = w.putPlain(ctx, signatureFile, signature)
	return sealed.SHA256, err
}

// putList writes the list of what lies in the store, and signs it.
func (w bundleWriter) putList(ctx context.Context, list storeList, now time.Time) error {
	text := list.bytes()
	if _, err := w.putPlain(ctx, storeFile, text); err != nil {
		return err
	}
	signature, err := w.keys.sign(text, storeForm, w.room, now)
	if err != nil {
		return err
	}
	_, err = w.putPlain(ctx, storeSignatureFile, signature)
	return err
}

// sweep removes what a broken run left and this one won't write.
func (w bundleWriter) sweep(ctx context.Context, files map[string]opener) error {
	names, err := w.vault.Store().List(ctx, w.prefix)
	if err != nil {
		return err
	}
	for _, object := range names {
		name := strings.TrimSuffix(strings.TrimPrefix(object, w.prefix), vault.Suffix)
		if _, wanted := files[name]; wanted || slices.Contains(plainFiles, name) {
			continue
		}
		if err := w.vault.Store().Delete(ctx, object); err != nil {
			return err
		}
	}
	return nil
}

// maxPuts is how many recordings are written at the same time: they are nearly
// all of a bundle, and the seller waits for its receipt.
const maxPuts = 4

// putAll stores the files, the recordings beside one another and before the rest.
func (w bundleWriter) putAll(ctx context.Context, names []string, files map[string]opener) ([]vault.Sealed, error) {
	written, faults := make([]vault.Sealed, len(names)), make([]error, len(names))
	var writers sync.WaitGroup
	slots := make(chan struct{}, maxPuts) // room maxPuts, never closed
	for i, name := range names {
		if strings.HasPrefix(name, recordingDir) {
			writers.Go(func() {
				slots <- struct{}{}
				written[i], faults[i] = w.put(ctx, name, files[name])
				<-slots
			})
		}
	}
	writers.Wait()
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	for i, name := range names {
		if strings.HasPrefix(name, recordingDir) {
			continue
		}
		var err error
		if written[i], err = w.put(ctx, name, files[name]); err != nil {
			return nil, err
		}
	}
	return written, nil
}

// put encrypts and stores one file, over what a broken run may have left there.
// What it left whole is kept and not sent again.
func (w bundleWriter) put(ctx context.Context, name string, open opener) (vault.Sealed, error) {
	sealed, err := w.putOnce(ctx, name, open)
	if !errors.Is(err, objects.ErrExists) {
		return sealed, err
	}
	if err := w.vault.Store().Delete(ctx, w.prefix+name+vault.Suffix); err != nil {
		return vault.Sealed{}, err
	}
	return w.putOnce(ctx, name, open)
}

func (w bundleWriter) putOnce(ctx context.Context, name string, open opener) (vault.Sealed, error) {
	f, err := open(ctx)
	if err != nil {
		return vault.Sealed{}, fmt.Errorf("%s: %w", name, err)
	}
	sealed, err := w.vault.Put(ctx, vault.Room(w.room), classOf(name), w.prefix+name, f)
	return sealed, errors.Join(err, f.Close())
}

// putPlain stores one of the bag's own files as it is.
func (w bundleWriter) putPlain(ctx context.Context, name string, content []byte) (vault.Sealed, error) {
	store := w.vault.Store()
	object, err := store.Put(ctx, w.prefix+name, bytes.NewReader(content))
	if errors.Is(err, objects.ErrExists) {
		if err = store.Delete(ctx, w.prefix+name); err == nil {
			object, err = store.Put(ctx, w.prefix+name, bytes.NewReader(content))
		}
	}
	return vault.Sealed{SHA256: object.SHA256, Size: object.Size, Stored: object}, err
}

// files gives every payload file by its path in the bundle.
func (src Source) files(room string) (map[string]opener, error) {
	files := map[string]opener{}
	if err := src.checkRoom(room); err != nil {
		return nil, err
	}
	for name, value := range map[string]any{
		roomFile: src.Room, profileFile: src.Profile, planFile: src.Plan, statementFile: src.Statement,
	} {
		b, err := json.MarshalIndent(value, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		files[name] = text(append(b, '\n'))
	}
	record, err := ledgerText(room, src.Entries)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ledgerFile, err)
	}
	private, err := privateText(src.Privates)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", privateFile, err)
	}
	files[ledgerFile], files[privateFile] = text(record), text(private)
	if src.Quality.Open != nil {
		files[qualityFile] = src.Quality.Open
	}
	for dir, list := range map[string][]File{
		stillsDir: src.Stills, photosDir: src.Photos, documentsDir: src.Documents, recordingDir: src.Recordings, framesDir: src.Frames,
	} {
		for _, f := range list {
			if !objects.PlainSegment(f.Name) {
				return nil, fmt.Errorf("%w: %q", objects.ErrName, dir+f.Name)
			}
			files[dir+f.Name] = f.Open
		}
	}
	return files, nil
}

// checkRoom looks that the facts are of that room and list the recordings that
// go in, as a verifier will.
func (src Source) checkRoom(room string) error {
	text, err := json.Marshal(src.Room)
	if err != nil {
		return fmt.Errorf("%s: %w", roomFile, err)
	}
	var facts roomFacts
	if err := json.Unmarshal(text, &facts); err != nil {
		return fmt.Errorf("%s: %w", roomFile, err)
	}
	if facts.Room != room {
		return fmt.Errorf("%s is of room %q", roomFile, facts.Room)
	}
	names := map[string]bool{}
	for _, f := range src.Recordings {
		names[f.Name] = true
	}
	for _, r := range facts.Recordings {
		if !names[r.ID+".webm"] {
			return fmt.Errorf("%s lists the recording %q, which isn't given", roomFile, r.ID)
		}
	}
	if len(facts.Recordings) != len(names) {
		return fmt.Errorf("%s lists %d recordings of %d", roomFile, len(facts.Recordings), len(names))
	}
	return nil
}

// ledgerText gives the record, one canonical entry a line, after checking that
// the chain holds and is closed: another is never signed.
func ledgerText(room string, entries []ledger.Entry) ([]byte, error) {
	if err := ledger.Verify(entries); err != nil {
		return nil, err
	}
	r := record{digests: map[string]bool{}}
	var b bytes.Buffer
	for _, e := range entries {
		if err := r.take(e); err != nil {
			return nil, err
		}
		line, err := e.Line()
		if err != nil {
			return nil, err
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	return b.Bytes(), r.closed(room)
}

// privateText gives the opened values, one a line in the order of their
// commitments, each once.
func privateText(privates []ledger.Private) ([]byte, error) {
	privates = slices.Clone(privates)
	slices.SortFunc(privates, func(a, b ledger.Private) int {
		return strings.Compare(string(a.Commitment), string(b.Commitment))
	})
	var b bytes.Buffer
	for i, p := range privates {
		if i > 0 && p.Commitment == privates[i-1].Commitment {
			continue
		}
		if err := p.Check(); err != nil {
			return nil, err
		}
		line, err := privateLine(p)
		if err != nil {
			return nil, err
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	return b.Bytes(), nil
}

// privateLine gives one opened value as JSON with the value in its canonical
// form (RFC 8785), so that commitment = SHA-256(salt ‖ the bytes that stand
// there).
func privateLine(p ledger.Private) ([]byte, error) {
	value, err := jcs.Transform(p.Value)
	if err != nil {
		return nil, err
	}
	p.Value = value
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(p); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// text is the opener of bytes in memory.
func text(b []byte) opener {
	return func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
}

// sortedNames gives the keys of files in the order of their bytes.
func sortedNames(files map[string]opener) []string {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// sumOf gives the hex SHA-256 of b.
func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

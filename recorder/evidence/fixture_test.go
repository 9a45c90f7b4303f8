package evidence

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/recorder/webm"
	"verifycall/recorder/webp"
	"verifycall/rooms/ledger"
	"verifycall/rooms/plan"
)

const testRoom = "R-7Q2M4T1A"

// material is a small room of real bytes: VP8 frames of 32×32 pixels made by
// libvpx, put into a recording with some audio, one of them captured.
type material struct {
	src     Source
	signer  *Keys  // of checkpoints
	still   string // path of the still in the bundle
	private []ledger.Private
}

// newMaterial makes it, with more entries before the last.
func newMaterial(t testing.TB, more ...draft) material { return changedMaterial(t, nil, more...) }

// planAt is where the entry of the plan stands in a material's record.
const planAt = 1

// changedMaterial makes it of entries that change has changed.
func changedMaterial(t testing.TB, change func([]draft), more ...draft) material {
	t.Helper()
	return signedMaterial(t, nil, change, more...)
}

// signedMaterial makes it with a key that signs its checkpoints.
func signedMaterial(t testing.TB, signer *Keys, change func([]draft), more ...draft) material {
	t.Helper()
	video, index, stillLine, key := testRecording(t)
	still, width, height, err := webp.Wrap(key)
	if err != nil {
		t.Fatal(err)
	}
	document := smallPNG(t)
	profile, card, seed, nonce, drawn := testPlan(t)
	m := material{signer: signer, still: stillsDir + sumOf(still) + ".webp"}
	m.src = Source{
		Room:    map[string]any{"room": testRoom, "recordings": []any{map[string]any{"id": "seller-1"}}},
		Profile: json.RawMessage(profile.Text()), Plan: planJSON{card.Text(), drawn.Steps},
		Stills:     []File{bytesFile(sumOf(still)+".webp", still)},
		Documents:  []File{bytesFile(sumOf(document)+".png", document)},
		Recordings: []File{bytesFile("seller-1.webm", video)},
		Frames:     []File{bytesFile("seller-1.jsonl", index)},
		Statement:  BuildStatement(),
	}
	drafts := []draft{
		draft{createdType, map[string]any{"room": testRoom, "seller_name": "Jane <Ö> Doe",
			"profile": profile.ID(), "profile_sha256": profile.Digest(), "seed_sha256": plan.Commit(seed), "seed": hex.EncodeToString(seed),
			"application": map[string]any{"surname": "Doe", "document_number": "X123"},
			"documents":   []any{map[string]any{"kind": "id_front", "sha256": sumOf(document)}}}},
		draft{planType, map[string]any{"nonce": hex.EncodeToString(nonce), "document": card.ID(),
			"document_sha256": card.Digest(), "steps": stepsOf(drawn)}},
		draft{"notice", map[string]any{"who": "seller", "answer": "agreed"}},
		draft{captureType, map[string]any{"kind": "frame", "slot": "FACE", "sha256": sumOf(still), "frame_sha256": sumOf(key),
			"width": width, "height": height, "rtp": stillLine.RTP, "recording": "seller-1", "frame": stillLine.N}},
		draft{"chat", map[string]any{"from": "seller", "text": "Hello & welcome"}},
	}
	drafts = append(append(drafts, more...),
		draft{revealedType, map[string]any{"seed": hex.EncodeToString(seed)}}, draft{sealedType, map[string]any{"facts": map[string]any{}}})
	if change != nil {
		change(drafts)
	}
	m.src.Entries = chain(t, &m, drafts...)
	m.src.Privates = m.private
	return m
}

// smallPNG is the document that was filed; a verifier doesn't decode it.
func smallPNG(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 25))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// testPlan draws the room's plan.
func testPlan(t testing.TB) (*plan.Profile, *plan.Document, []byte, []byte, plan.Plan) {
	t.Helper()
	profile, err := plan.Default().Profile("marketplace-1")
	if err != nil {
		t.Fatal(err)
	}
	card := plan.Default().Document("id_card")
	seed, nonce := bytes.Repeat([]byte{3}, plan.SeedSize), bytes.Repeat([]byte{5}, plan.NonceSize)
	drawn, err := plan.Draw(profile, card, seed, nonce)
	if err != nil {
		t.Fatal(err)
	}
	return profile, card, seed, nonce, drawn
}

func stepsOf(p plan.Plan) []any {
	list := make([]any, 0, len(p.Steps))
	for _, s := range p.Steps {
		list = append(list, map[string]any{"code": s.Code, "kind": s.Kind})
	}
	return list
}

type draft struct {
	typ  string
	body map[string]any
}

// chain makes ledger entries of drafts. Personal fields are replaced by
// commitments; a checkpoint signs the head before it.
func chain(t testing.TB, m *material, drafts ...draft) []ledger.Entry {
	t.Helper()
	commit := func(value any) string {
		p, err := ledger.Commit(value, [16]byte{byte(len(m.private)), 7})
		if err != nil {
			t.Fatal(err)
		}
		m.private = append(m.private, p)
		return string(p.Commitment)
	}
	var head ledger.Head
	var entries []ledger.Entry
	for i, d := range drafts {
		if d.typ == ledger.TypeCheckpoint {
			d.body = map[string]any{"seq": head.Seq, "hash": head.Hash, "signature": m.signer.SignHead(head.Text(testRoom, "record"))}
		}
		for _, field := range personalFields[d.typ] {
			switch value := d.body[field].(type) {
			case nil:
			case map[string]any:
				for k, inner := range value {
					value[k] = commit(inner)
				}
			default:
				d.body[field] = commit(value)
			}
		}
		e, err := ledger.Append(head, signedAt.Add(time.Duration(i)*time.Second), "staff:m1", d.typ, d.body)
		if err != nil {
			t.Fatal(err)
		}
		entries, head = append(entries, e), e.Head()
	}
	return entries
}

// testRecording makes a WebM of the test film with an audio packet beside each
// frame, its index, and gives the second key frame with its line.
func testRecording(t testing.TB) (video, index []byte, line indexLine, key []byte) {
	t.Helper()
	var blocks []webm.Placed
	var payloads [][]byte
	var list bytes.Buffer
	count := map[string]int64{}
	add := func(number int, track string, ms int64, isKey bool, data []byte) indexLine {
		count[track]++
		blocks = append(blocks, webm.Placed{Track: number, MS: ms, Key: isKey, Size: len(data)})
		payloads = append(payloads, data)
		row := indexLine{count[track], track, uint32(90 * ms), ms, signedAt.Format(time.RFC3339Nano), len(data), isKey, sumOf(data)}
		text, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		list.Write(append(text, '\n'))
		return row
	}
	for i, frame := range readIVF(t, "testdata/vp8-32x32.ivf") {
		ms := int64(i) * 100
		isKey := frame[0]&1 == 0 // RFC 6386 section 9.1
		row := add(webm.VideoTrack, "video", ms, isKey, frame)
		if isKey && row.N > 1 && key == nil {
			line, key = row, frame
		}
		add(webm.AudioTrack, "audio", ms+20, true, []byte{0xfc, byte(i), 0x5a})
	}
	layout, err := webm.NewLayout(webm.Header{
		Tracks: []webm.Track{{Number: webm.VideoTrack, Codec: "V_VP8", Width: 32, Height: 32}, {Number: webm.AudioTrack, Codec: "A_OPUS"}},
		Start:  signedAt, Duration: 1200 * time.Millisecond,
	}, blocks)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := layout.Write(&file, func(i int) ([]byte, error) { return payloads[i], nil }); err != nil {
		t.Fatal(err)
	}
	return file.Bytes(), list.Bytes(), line, key
}

// readIVF gives the frames of an IVF file.
func readIVF(t testing.TB, name string) (frames [][]byte) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for b = b[32:]; len(b) > 12; {
		n := binary.LittleEndian.Uint32(b)
		frames = append(frames, b[12:12+n])
		b = b[12+n:]
	}
	return frames
}

func bytesFile(name string, content []byte) File {
	return File{Name: name, Open: text(content)}
}

func testStore(t testing.TB) *objects.FS {
	t.Helper()
	s, err := objects.OpenFS(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func testVault(t testing.TB) *vault.Vault {
	t.Helper()
	return vaultOver(t, testStore(t), t.TempDir())
}

// vaultOver is a vault over a store with the wrapping keys in dir.
func vaultOver(t testing.TB, store objects.Store, dir string) *vault.Vault {
	t.Helper()
	v, err := vault.Open(store, dir)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// sealedBag gives a bundle's files in memory.
func sealedBag(t testing.TB) (memBag, *Keys) {
	t.Helper()
	return sealed(t, newMaterial(t))
}

// sealed gives the files that WriteBundle would write; no disk has to keep them.
func sealed(t testing.TB, m material) (memBag, *Keys) {
	t.Helper()
	files, err := m.src.files(testRoom)
	if err != nil {
		t.Fatal(err)
	}
	bag, keys := memBag{bagFile: []byte(bagText)}, testKeys(t)
	for name, open := range files {
		f, err := open(t.Context())
		if err == nil {
			bag[name], err = io.ReadAll(f)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return bag.resealed(t, keys), keys
}

func readBag(t testing.TB, b bag) memBag {
	t.Helper()
	names, err := b.names(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files := memBag{}
	for _, name := range names {
		if files[name], err = readWhole(t.Context(), b, name, 1<<20); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// memBag is a bag in memory.
type memBag map[string][]byte

func (m memBag) room() string { return testRoom }

func (m memBag) names(context.Context) ([]string, error) {
	files := map[string]opener{}
	for name := range m {
		files[name] = nil
	}
	return sortedNames(files), nil
}

func (m memBag) open(_ context.Context, name string) (io.ReadCloser, error) {
	b, found := m[name]
	if !found {
		return nil, isWrong(name, "is missing")
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

// with gives a copy in which one file is another; nil takes it away.
func (m memBag) with(name string, content []byte) memBag {
	c := memBag{}
	for n, b := range m {
		c[n] = b
	}
	if c[name] = content; content == nil {
		delete(c, name)
	}
	return c
}

// inDir writes the bag into a folder and gives its path.
func (m memBag) inDir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, b := range m {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, b, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func (k *Keys) ring(t testing.TB) keyring {
	t.Helper()
	ring, err := readKeyring([]string{k.Public()})
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

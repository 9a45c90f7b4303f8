package evidence

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"verifycall/recorder/evidence/stamp/stamptest"
	"verifycall/rooms/ledger"
)

// The worked example of docs/evidence-format.md: a whole bundle with a still, a
// clip, a photo, figures and a time stamp, its key and its authority.
const (
	exampleDir       = "testdata/example/" + testRoom
	exampleKey       = "testdata/example/verifycall.pub"
	exampleAuthority = "testdata/example/authority.pem"
)

var update = flag.Bool("update", false, "write testdata/example anew")

// exampleBag gives the files of the worked example.
func exampleBag(t testing.TB) memBag {
	t.Helper()
	root, err := os.OpenRoot(exampleDir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	return readBag(t, dirBag{root})
}

func exampleRing(t testing.TB) keyring {
	t.Helper()
	ring, err := readKeyring([]string{exampleKey, exampleAuthority})
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// richMaterial is a material with all kinds of captures and files.
func richMaterial(t testing.TB, keys *Keys) material {
	t.Helper()
	clip, announcement, photo := kinds(t)
	checkpoint := draft{typ: ledger.TypeCheckpoint}
	m := signedMaterial(t, keys, nil, clip, announcement, photo, checkpoint)
	m.src.Photos = []File{bytesFile(sumOf([]byte(photoBytes))+".jpg", []byte(photoBytes))}
	m.src.Quality = bytesFile(qualityFile, []byte(`{"at":"2026-11-24T12:00:05.1Z","who":"server","tracks":[{"participant":"seller","kind":"video","width":32,"height":32,"fps":10,"kbps":12,"loss":0,"rtt":38,"jitter":4,"frozen":0,"coverage":998}]}`+"\n"))
	return m
}

// writeExample makes the example of new keys, which nobody keeps.
func writeExample(t *testing.T) {
	dir := t.TempDir()
	keys, err := LoadOrCreateKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	v, authority := testVault(t), stamptest.New(t)
	if _, err := WriteBundle(t.Context(), v, Prefix(testRoom), keys, richMaterial(t, keys).src); err != nil {
		t.Fatal(err)
	}
	if err := StampBundle(t.Context(), v, Prefix(testRoom), keys, authority.Answer, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(exampleDir); err != nil {
		t.Fatal(err)
	}
	for name, content := range readBag(t, storeBag{v, Prefix(testRoom), nil}) {
		path := filepath.Join(exampleDir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, content, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	for from, to := range map[string]string{filepath.Join(dir, publicFile): exampleKey, authority.Root: exampleAuthority} {
		text, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(to, text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestExample: the worked example is whole and small, and the page says of it
// what is so.
func TestExample(t *testing.T) {
	if *update {
		writeExample(t)
	}
	r, err := Verify(exampleDir, []string{exampleKey, exampleAuthority})
	if err != nil || r.ExitCode() != 0 || r.Stamp == nil || !r.Stamp.Known {
		t.Fatalf("%+v, %v", r, err)
	}
	page, err := os.ReadFile("../../docs/evidence-format.md")
	if err != nil {
		t.Fatal(err)
	}
	bag, size := exampleBag(t), 0
	for name, content := range bag {
		size += len(content)
		if !strings.Contains(string(page), "`"+name+"`") && !strings.HasPrefix(name, "data/stills/") && !strings.HasPrefix(name, photosDir) && !strings.HasPrefix(name, documentsDir) {
			t.Errorf("the page doesn't speak of %s", name)
		}
	}
	if size > 64<<10 {
		t.Errorf("the example has %d bytes", size)
	}
	for _, capture := range exampleCaptures(t, bag) {
		if !strings.Contains(string(page), capture.FrameSHA256[:16]) {
			t.Errorf("the page doesn't speak of the frame %s", capture.FrameSHA256)
		}
	}
	for _, word := range []string{r.Digest, r.Signer, r.Stamp.At} {
		if !strings.Contains(string(page), word) {
			t.Errorf("the page doesn't say %s", word)
		}
	}
}

func exampleCaptures(t testing.TB, bag memBag) (list []capture) {
	t.Helper()
	for line := range strings.Lines(string(bag[ledgerFile])) {
		e, err := ledger.Parse([]byte(strings.TrimSuffix(line, "\n")))
		if err != nil {
			t.Fatal(err)
		}
		if e.Type != captureType {
			continue
		}
		var c capture
		body, err := json.Marshal(e.Body)
		if err == nil {
			err = json.Unmarshal(body, &c)
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, c)
	}
	return list
}

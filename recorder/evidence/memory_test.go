package evidence

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/webm"
)

// holes is a file in which runs of zeros take no room on the disk.
type holes struct{ *os.File }

var zeroes [1 << 18]byte

func (h holes) Write(p []byte) (int, error) {
	for len(p) >= 4096 && bytes.Equal(p, zeroes[:min(len(p), len(zeroes))]) {
		_, err := h.Seek(int64(len(p)), io.SeekCurrent)
		return len(p), err
	}
	return h.File.Write(p)
}

// end closes the file with all that was written, a last hole too.
func (h holes) end() error {
	size, err := h.Seek(0, io.SeekCurrent)
	return errors.Join(err, h.Truncate(size), h.Close())
}

// bigRecording writes the worked example's recording, longer by frames of zeros,
// and its index.
func bigRecording(t testing.TB, bag memBag, size int64, w io.Writer) (index []byte) {
	t.Helper()
	const recording, frames = recordingDir + "seller-1.webm", framesDir + "seller-1.jsonl"
	var blocks []webm.Placed
	var payloads [][]byte
	var video, ms int64
	rd, err := webm.NewReader(bytes.NewReader(bag[recording]))
	for err == nil {
		var b webm.Block
		if b, err = rd.Next(); err != nil {
			break
		}
		blocks, payloads = append(blocks, webm.Placed{Track: b.Track, MS: b.MS, Key: b.Key, Size: len(b.Data)}), append(payloads, bytes.Clone(b.Data))
		if ms = b.MS; b.Track == webm.VideoTrack {
			video++
		}
	}
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	list := bytes.NewBuffer(bytes.Clone(bag[frames]))
	lines := json.NewEncoder(list)
	for ; size > 0; size -= int64(len(zeroes)) {
		video, ms = video+1, ms+40
		blocks = append(blocks, webm.Placed{Track: webm.VideoTrack, MS: ms, Size: len(zeroes)})
		err := lines.Encode(indexLine{video, "video", uint32(90 * ms), ms, signedAt.Format(time.RFC3339Nano), len(zeroes), false, zeroSum})
		if err != nil {
			t.Fatal(err)
		}
	}
	layout, err := webm.NewLayout(webm.Header{
		Tracks: []webm.Track{{Number: webm.VideoTrack, Codec: "V_VP8", Width: 32, Height: 32}, {Number: webm.AudioTrack, Codec: "A_OPUS"}},
		Start:  signedAt, Duration: time.Duration(ms+40) * time.Millisecond,
	}, blocks)
	if err == nil {
		err = layout.Write(w, func(i int) ([]byte, error) {
			if i < len(payloads) {
				return payloads[i], nil
			}
			return zeroes[:], nil
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return list.Bytes()
}

var zeroSum = sumOf(zeroes[:])

// bigBundle writes a bundle with a recording of about size bytes as a folder and
// as a ZIP, neither of which takes much of the disk.
func bigBundle(t testing.TB, keys *Keys, size int64) (folder, packed string) {
	t.Helper()
	const recording, frames = recordingDir + "seller-1.webm", framesDir + "seller-1.jsonl"
	folder = filepath.Join(t.TempDir(), testRoom)
	create := func(path string) holes {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		return holes{f}
	}
	file := create(filepath.Join(folder, recording))
	bag := exampleBag(t)
	bag[frames] = bigRecording(t, bag, size, file)
	if err := file.end(); err != nil {
		t.Fatal(err)
	}
	read, err := os.Open(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	sum := crc32.NewIEEE()
	digest, length, err := objects.Digest(io.TeeReader(read, sum))
	if err != nil {
		t.Fatal(err)
	}
	bag = bag.with(stampFile, nil).with(stampSignatureFile, nil).resealedBut(t, keys, recording, digest)
	names, _ := bag.names(t.Context())
	packed = filepath.Join(t.TempDir(), testRoom+".zip")
	archive := create(packed)
	z := zip.NewWriter(archive)
	for _, name := range names {
		content, header := io.Reader(bytes.NewReader(bag[name])), zipHeader(testRoom+"/"+name, int64(len(bag[name])), crc32.ChecksumIEEE(bag[name]))
		if name == recording {
			_, err = read.Seek(0, io.SeekStart)
			content, header = read, zipHeader(testRoom+"/"+name, length, sum.Sum32())
		} else {
			err = os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o700)
			err = errors.Join(err, os.WriteFile(filepath.Join(folder, name), bag[name], 0o600))
		}
		member, headErr := z.CreateRaw(header)
		if err := errors.Join(err, headErr); err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyBuffer(struct{ io.Writer }{member}, struct{ io.Reader }{content}, make([]byte, len(zeroes))); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(z.Close(), archive.end()); err != nil {
		t.Fatal(err)
	}
	return folder, packed
}

// verifiedIn verifies in a process of its own and gives its largest resident
// memory, bytes.
func verifiedIn(t *testing.T, path string, keys *Keys) int64 {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestVerifyInChild$")
	cmd.Env = append(os.Environ(), "VERIFY_PATH="+path, "VERIFY_KEY="+keys.Public())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
}

func TestVerifyInChild(t *testing.T) {
	path := os.Getenv("VERIFY_PATH")
	if path == "" {
		return // no child
	}
	if r, err := Verify(path, []string{os.Getenv("VERIFY_KEY")}); err != nil || r.ExitCode() != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
}

// bigSize is the size of the bundle below, bytes; `make soak-verify` has 10 GiB.
func bigSize(t *testing.T) int64 {
	t.Helper()
	text := os.Getenv("VERIFY_SIZE")
	if text == "" {
		return 192 << 20
	}
	size, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return size
}

// TestVerifyStreams: verifying a bundle many times as large takes no more memory.
func TestVerifyStreams(t *testing.T) {
	keys := testKeys(t)
	smallFolder, smallZip := bigBundle(t, keys, 1<<20)
	bigFolder, bigZip := bigBundle(t, keys, bigSize(t))
	for _, way := range []struct{ name, small, big string }{{"folder", smallFolder, bigFolder}, {"ZIP", smallZip, bigZip}} {
		started := time.Now()
		small, big := verifiedIn(t, way.small, keys), verifiedIn(t, way.big, keys)
		t.Logf("%s: %d MiB resident for 1 MiB, %d for %d, in %v", way.name, small>>20, big>>20, bigSize(t)>>20, time.Since(started).Round(time.Millisecond))
		if big > small+64<<20 {
			t.Errorf("%s: %d MiB resident for 1 MiB, %d for %d", way.name, small>>20, big>>20, bigSize(t)>>20)
		}
	}
}

// resealedBut is resealed with a file that isn't in the memory.
func (m memBag) resealedBut(t testing.TB, keys *Keys, name, digest string) memBag {
	t.Helper()
	return m.sealedWith(t, keys, func(file string) string {
		if file == name {
			return digest
		}
		return sumOf(m[file])
	})
}

// packedInForm packs files in the form of a bundle's ZIP.
func packedInForm(t testing.TB, names []string, content func(string) []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		c := content(name)
		w, err := z.CreateRaw(zipHeader(testRoom+"/"+name, int64(len(c)), crc32.ChecksumIEEE(c)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

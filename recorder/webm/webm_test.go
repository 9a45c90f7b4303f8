package webm

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

var bothTracks = []Track{{Number: VideoTrack, Codec: "V_VP8", Width: 640, Height: 360}, {Number: AudioTrack, Codec: "A_OPUS"}}

// film makes blocks of video at 25 and audio at 50 frames a second.
func film(seconds int) []Block {
	random := rand.New(rand.NewPCG(1, 2))
	fill := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	var blocks []Block
	for ms := int64(0); ms < int64(seconds)*1000; ms += 20 {
		if ms%40 == 0 {
			blocks = append(blocks, Block{Track: VideoTrack, MS: 300 + ms, Key: ms%4000 == 0, Data: fill(1 + int(random.Uint32N(2000)))})
		}
		blocks = append(blocks, Block{Track: AudioTrack, MS: 300 + ms, Key: true, Data: fill(60)})
	}
	return blocks
}

func write(t testing.TB, tracks []Track, blocks []Block) []byte {
	t.Helper()
	places := make([]Placed, len(blocks))
	for i, b := range blocks {
		places[i] = Placed{b.Track, b.MS, b.Key, len(b.Data)}
	}
	h := Header{Tracks: tracks, Start: time.Date(2026, 11, 3, 9, 30, 0, 123000, time.UTC), Duration: 12345 * time.Millisecond}
	l, err := NewLayout(h, places)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := l.Write(&file, func(i int) ([]byte, error) { return blocks[i].Data, nil }); err != nil {
		t.Fatal(err)
	}
	if l.Size() != int64(file.Len()) {
		t.Errorf("planned %d bytes, wrote %d", l.Size(), file.Len())
	}
	return file.Bytes()
}

// readAll reads a file to its end; the error is nil only if that is whole.
func readAll(r io.Reader) (*Reader, []Block, error) {
	rd, err := NewReader(r)
	if err != nil {
		return nil, nil, err
	}
	var blocks []Block
	for {
		b, err := rd.Next()
		if err == io.EOF {
			return rd, blocks, nil
		}
		if err != nil {
			return rd, blocks, err
		}
		b.Data = bytes.Clone(b.Data)
		blocks = append(blocks, b)
	}
}

func equal(t *testing.T, got, want []Block) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d blocks, want %d", len(got), len(want))
	}
	for i := range got {
		g, w := got[i], want[i]
		if g.Track != w.Track || g.MS != w.MS || g.Key != w.Key || !bytes.Equal(g.Data, w.Data) {
			t.Fatalf("block %d: track %d at %d ms, %d bytes; want track %d at %d ms, %d bytes",
				i, g.Track, g.MS, len(g.Data), w.Track, w.MS, len(w.Data))
		}
	}
}

func TestReaderReadsWhatLayoutWrites(t *testing.T) {
	all := film(12)
	var sound, picture []Block
	for _, b := range all {
		if b.Track == AudioTrack {
			sound = append(sound, b)
		} else {
			picture = append(picture, b)
		}
	}
	for name, c := range map[string]struct {
		tracks []Track
		blocks []Block
		cues   int
	}{
		"both":       {bothTracks, all, 3},
		"video":      {bothTracks[:1], picture, 3},
		"audio":      {bothTracks[1:], sound, 3},
		"one frame":  {bothTracks, all[:1], 1},
		"far behind": {bothTracks, []Block{{Track: VideoTrack, MS: 1 << 40, Key: true, Data: []byte{1}}}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			file := write(t, c.tracks, c.blocks)
			rd, blocks, err := readAll(iotest.OneByteReader(bytes.NewReader(file)))
			if err != nil {
				t.Fatal(err)
			}
			equal(t, blocks, c.blocks)
			if len(rd.cues) != c.cues || rd.Duration() != 12345*time.Millisecond || len(rd.Tracks()) != len(c.tracks) {
				t.Errorf("%d cues, %v, tracks %+v", len(rd.cues), rd.Duration(), rd.Tracks())
			}
			if got := rd.Header().Start; !got.Equal(time.Date(2026, 11, 3, 9, 30, 0, 123000, time.UTC)) {
				t.Errorf("start %v", got)
			}
		})
	}
}

func TestReaderRefusesCutFiles(t *testing.T) {
	file := write(t, bothTracks, film(1)[:5])
	for n := range file {
		if _, _, err := readAll(bytes.NewReader(file[:n])); !errors.Is(err, ErrFormat) {
			t.Fatalf("cut to %d of %d bytes: %v", n, len(file), err)
		}
	}
	if _, _, err := readAll(bytes.NewReader(append(file, 0))); !errors.Is(err, ErrFormat) {
		t.Errorf("a byte behind the end: %v", err)
	}
}

// TestReaderSeesChanges flips every byte outside of payloads: the file must be
// refused, or the change must show in what is read.
func TestReaderSeesChanges(t *testing.T) {
	file := write(t, bothTracks, film(1)[:6])
	rd, want, err := readAll(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	header := rd.Header()
	for at := range file {
		changed := bytes.Clone(file)
		changed[at] ^= 0x55
		rd, blocks, err := readAll(bytes.NewReader(changed))
		if err != nil {
			continue
		}
		same := len(blocks) == len(want) && rd.Duration() == header.Duration && rd.Header().Start.Equal(header.Start) &&
			rd.Tracks()[0] == header.Tracks[0]
		for i := 0; same && i < len(blocks); i++ {
			same = blocks[i].MS == want[i].MS && blocks[i].Key == want[i].Key && blocks[i].Track == want[i].Track && bytes.Equal(blocks[i].Data, want[i].Data)
		}
		if same {
			t.Errorf("byte %d changed: not seen", at)
		}
	}
}

func TestReaderGivesSourceErrors(t *testing.T) {
	file := write(t, bothTracks, film(1))
	broken := errors.New("disk on fire")
	_, _, err := readAll(io.MultiReader(bytes.NewReader(file[:len(file)/2]), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestLayoutRefusesNonsense(t *testing.T) {
	good := Header{Tracks: bothTracks, Start: time.Now()}
	for name, c := range map[string]struct {
		h      Header
		blocks []Placed
	}{
		"no tracks":      {Header{Start: time.Now()}, nil},
		"start in 1999":  {Header{Tracks: bothTracks, Start: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)}, nil},
		"unknown codec":  {Header{Tracks: []Track{{Number: 1, Codec: "V_AV1", Width: 1, Height: 1}}, Start: time.Now()}, nil},
		"time goes back": {good, []Placed{{1, 10, true, 5}, {1, 9, false, 5}}},
		"empty block":    {good, []Placed{{1, 10, true, 0}}},
		"unknown track":  {good, []Placed{{3, 10, true, 5}}},
		"before zero":    {good, []Placed{{1, -1, true, 5}}},
	} {
		if _, err := NewLayout(c.h, c.blocks); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	l, err := NewLayout(good, []Placed{{1, 10, true, 5}})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Write(io.Discard, func(int) ([]byte, error) { return []byte("four"), nil }); err == nil {
		t.Error("a payload of another size: accepted")
	}
}

func TestClusterRoundTrip(t *testing.T) {
	want := film(2)
	cluster, err := AppendCluster([]byte("ahead"), want)
	if err != nil {
		t.Fatal(err)
	}
	cluster = cluster[len("ahead"):]
	got, err := ParseCluster(cluster)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, got, want)
	for _, b := range got {
		if !bytes.Equal(cluster[b.Offset:b.Offset+len(b.Data)], b.Data) {
			t.Fatal("Offset doesn't point to Data")
		}
	}
	for n := range len(cluster) / 10 {
		if _, err := ParseCluster(cluster[:n]); !errors.Is(err, ErrFormat) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
	}
	if _, err := AppendCluster(nil, []Block{want[0], {Track: 1, MS: want[0].MS + 40000, Data: []byte{1}}}); err == nil {
		t.Error("a cluster of 40 s: accepted")
	}
}

// TestStockToolsAccept has mkvinfo and mkvmerge read a file strictly.
func TestStockToolsAccept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "film.webm")
	if err := os.WriteFile(path, write(t, bothTracks, film(12)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{"mkvinfo", "-v", path}, {"mkvmerge", "-J", path}} {
		if _, err := exec.LookPath(command[0]); err != nil {
			t.Skipf("NOT CHECKED: %s is not installed", command[0])
		}
		out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", command, err, out)
		}
		for _, want := range []string{"V_VP8", "A_OPUS"} {
			if !strings.Contains(string(out), want) {
				t.Errorf("%s doesn't see %s", command[0], want)
			}
		}
		for _, bad := range []string{"damaged", "Unknown", "unknown element", "rror:"} {
			if strings.Contains(string(out), bad) {
				t.Errorf("%s says %q:\n%s", command[0], bad, out)
			}
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add(write(f, bothTracks, film(1)))
	f.Add(write(f, bothTracks[1:], film(1)[1:2]))
	f.Fuzz(func(t *testing.T, file []byte) {
		_, blocks, err := readAll(bytes.NewReader(file))
		if err != nil && !errors.Is(err, ErrFormat) {
			t.Fatalf("error of no kind: %v", err)
		}
		for _, b := range blocks {
			if len(b.Data) == 0 || b.MS < 0 {
				t.Fatalf("block %+v", b)
			}
		}
	})
}

func FuzzParseCluster(f *testing.F) {
	cluster, err := AppendCluster(nil, film(1)[:4])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(cluster)
	f.Fuzz(func(t *testing.T, cluster []byte) {
		blocks, err := ParseCluster(cluster)
		if err != nil {
			return
		}
		again, err := AppendCluster(nil, blocks)
		if err == nil && len(again) > len(cluster) {
			t.Fatalf("%d bytes became %d", len(cluster), len(again))
		}
	})
}

package recorder

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"filippo.io/age"

	"verifycall/recorder/webm"
)

// crashed records some 13 s and gives a copy of the folder's files as a
// kill -9 would leave them, with what had been sent until then.
func crashed(t testing.TB) (files map[string][]byte, video, audio [][]byte) {
	t.Helper()
	random := rand.New(rand.NewPCG(6, 1))
	for i := range 325 {
		video = append(video, fakeVP8(random, i%75 == 0, 300))
	}
	for i := range 650 {
		audio = append(audio, []byte{0x78, byte(i), byte(i >> 8)})
	}
	rec, folder, _ := begin(t)
	play(t, rec, map[*Tap][]wire{
		rec.Tap(Video, 90000): wired(packetize(Video, video, 1, 1, 3600, 40*time.Millisecond), 0, 90000),
		rec.Tap(Audio, 48000): wired(packetize(Audio, audio, 1, 1, 960, 20*time.Millisecond), 0, 48000),
	})
	settled(rec)
	files = map[string][]byte{}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if files[e.Name()], err = os.ReadFile(filepath.Join(folder, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	if err := rec.Stop("ended"); err != nil {
		t.Fatal(err)
	}
	return files, video, audio
}

// put writes the files into a new room.
func put(t testing.TB, files map[string][]byte) (room, folder string) {
	t.Helper()
	room = t.TempDir()
	folder = filepath.Join(room, "seller-1")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return room, folder
}

// TestCrashAtAnyByte cuts the last part at every kind of place: what Recover
// and Read make of it is a whole file of all whole clusters.
func TestCrashAtAnyByte(t *testing.T) {
	files, video, audio := crashed(t)
	var names []string
	for name := range files {
		if filepath.Ext(name) == partSuffix {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if len(names) != 2 {
		t.Fatalf("parts %q", names)
	}
	last := names[1]
	whole := files[last]
	records := parsed(t, whole)
	var ends []int64 // of the whole records in the last part
	for _, r := range records {
		ends = append(ends, r.at+int64(r.size))
	}
	before := parsed(t, files[names[0]])
	random := rand.New(rand.NewPCG(6, 2))
	cuts := []int64{0, 1, int64(len(partMagic)), ends[0] - 1, ends[0], ends[0] + 1, int64(len(whole)) - 1, int64(len(whole))}
	for range 40 {
		cuts = append(cuts, random.Int64N(int64(len(whole))))
	}
	for _, cut := range cuts {
		torn := map[string][]byte{last: whole[:cut]}
		for name, content := range files {
			if name != last {
				torn[name] = content
			}
		}
		if cut%3 == 0 { // some file systems leave zeros behind the end
			torn[last] = append(bytes.Clone(whole[:cut]), make([]byte, 5000)...)
		}
		room, folder := put(t, torn)
		unrecovered := assemble(t, folder)
		for range 2 { // the second time changes nothing
			if err := Recover(room, testKey); err != nil {
				t.Fatalf("cut at %d: %v", cut, err)
			}
		}
		made := assemble(t, folder)
		if !bytes.Equal(unrecovered.file, made.file) {
			t.Fatalf("cut at %d: another file after Recover", cut)
		}
		frames := 0
		for _, r := range before {
			frames += len(r.Frames)
		}
		for i, end := range ends {
			if end <= cut {
				frames += len(records[i].Frames)
			}
		}
		v, a := made.blocks[webm.VideoTrack], made.blocks[webm.AudioTrack]
		if len(v)+len(a) != frames {
			t.Fatalf("cut at %d: %d frames, %d in whole clusters", cut, len(v)+len(a), frames)
		}
		sameFrames(t, "video", v, video[:len(v)])
		sameFrames(t, "audio", a, audio[:len(a)])
		g := made.summary.Gaps
		if made.summary.Cause != CauseCrash || len(g) == 0 || g[len(g)-1].Cause != CauseCrash {
			t.Fatalf("cut at %d: %+v", cut, made.summary)
		}
	}
}

// TestPartCutAtEveryByte: of a part that ends at any byte the whole records before
// it are read, and what is behind them is told to be torn.
func TestPartCutAtEveryByte(t *testing.T) {
	part, ends := []byte(partMagic), []int{len(partMagic)}
	for serial := range int64(3) {
		record, err := encodeRecord(nil, notes{Serial: serial + 1}, nil, testSealer(t))
		if err != nil {
			t.Fatal(err)
		}
		part = append(part, record...)
		ends = append(ends, len(part))
	}
	for cut := range len(part) + 1 {
		records, good, err := parsePart(part[:cut], testKey)
		whole := 0
		for whole < 3 && ends[whole+1] <= cut {
			whole++
		}
		want := int64(ends[whole])
		if cut < len(partMagic) {
			want = 0
		}
		if err != nil || len(records) != whole || good != want {
			t.Fatalf("cut at %d: %d records, %d bytes good, %v; want %d and %d", cut, len(records), good, err, whole, want)
		}
	}
}

// TestCrashBeforeAnything: a recording that was only born.
func TestCrashBeforeAnything(t *testing.T) {
	files, _, _ := crashed(t)
	room, folder := put(t, map[string][]byte{birthFile: files[birthFile]})
	if err := Recover(room, testKey); err != nil {
		t.Fatal(err)
	}
	if made := assemble(t, folder); len(made.file) != 0 || made.summary.Cause != CauseCrash || made.summary.ID != "seller-1" {
		t.Errorf("%+v", made.summary)
	}
	room, _ = put(t, map[string][]byte{birthFile + ".new": files[birthFile][:9]}) // not even that
	if ids, err := Recordings(room); err != nil || len(ids) != 0 {
		t.Errorf("%q, %v", ids, err)
	}
	if err := Recover(room, testKey); err != nil {
		t.Fatal(err)
	}
}

// TestCrashedFilePlays has ffmpeg decode what is left of a real recording.
func TestCrashedFilePlays(t *testing.T) {
	video, audio := media(t)
	rec, folder, _ := begin(t)
	play(t, rec, map[*Tap][]wire{
		rec.Tap(Video, 90000): wired(packetize(Video, video, 1, 1, 3600, 40*time.Millisecond), 0, 90000),
		rec.Tap(Audio, 48000): wired(packetize(Audio, audio, 1, 1, 960, 20*time.Millisecond), 0, 48000),
	})
	settled(rec)
	paths, err := partPaths(folder)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, path := range append(paths, filepath.Join(folder, birthFile)) {
		if files[filepath.Base(path)], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if err := rec.Stop("ended"); err != nil {
		t.Fatal(err)
	}
	name := filepath.Base(paths[len(paths)-1])
	files[name] = files[name][:len(files[name])-777]
	room, torn := put(t, files)
	if err := Recover(room, testKey); err != nil {
		t.Fatal(err)
	}
	made := assemble(t, torn)
	sameFrames(t, "video", made.blocks[webm.VideoTrack], video[:len(made.blocks[webm.VideoTrack])])
	decodesClean(t, made.path)
}

func parsed(t testing.TB, part []byte) []record {
	t.Helper()
	records, _, err := parsePart(part, testKey)
	if err != nil {
		t.Fatal(err)
	}
	return records
}

// TestPartsAreEncrypted: neither a frame nor the notes stand in a part, another
// key is an error and cuts nothing off, and a changed byte is never media.
func TestPartsAreEncrypted(t *testing.T) {
	files, video, _ := crashed(t)
	room, folder := put(t, files)
	paths, err := partPaths(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		part, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, plain := range [][]byte{video[0], video[100][:40], []byte("sha256"), []byte("serial"), {0x1f, 0x43, 0xb6, 0x75}} {
			if bytes.Contains(part, plain) {
				t.Errorf("%s holds %.20q", filepath.Base(path), plain)
			}
		}
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if err := Recover(room, other); err == nil {
		t.Error("another key recovers it")
	}
	if v := assemble(t, folder).blocks[webm.VideoTrack]; len(v) < 200 {
		t.Errorf("%d frames after another key was tried", len(v))
	}
	part := files[filepath.Base(paths[0])]
	sealed, err := cutRecord(part[len(partMagic):])
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(sealed); i += 41 {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := openRecord(changed, testKey); err == nil {
			t.Fatalf("byte %d of a record changed: it opens", i)
		}
	}
}

func FuzzParsePart(f *testing.F) {
	record, err := encodeRecord(nil, notes{Serial: 1, Streams: []streamNote{{1, Video, 90000}}, Frames: []frameNote{{Stream: 1, Key: true}}},
		[]webm.Block{{Track: webm.VideoTrack, Key: true, Data: []byte("a frame")}}, testSealer(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append([]byte(partMagic), record...))
	f.Fuzz(func(t *testing.T, part []byte) {
		records, good, _ := parsePart(part, testKey)
		if good > int64(len(part)) {
			t.Fatalf("%d good bytes of %d", good, len(part))
		}
		for _, r := range records {
			if r.at+int64(r.size) > good {
				t.Fatal("a record reaches beyond what is good")
			}
		}
	})
}

// FuzzParseRecord is given what a record holds once it is decrypted.
func FuzzParseRecord(f *testing.F) {
	rec, err := encodeRecord(nil, notes{Serial: 1, Streams: []streamNote{{1, Video, 90000}}, Frames: []frameNote{{Stream: 1, Key: true}}},
		[]webm.Block{{Track: webm.VideoTrack, Key: true, Data: []byte("a frame")}}, testSealer(f))
	if err != nil {
		f.Fatal(err)
	}
	plain, err := decrypt(rec[recordHeader:], testKey)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(plain)
	f.Fuzz(func(t *testing.T, plain []byte) {
		var r record
		if r.parse(plain) != nil {
			return
		}
		for _, b := range r.blocks {
			at := r.cluster + b.Offset
			if !bytes.Equal(plain[at:at+len(b.Data)], b.Data) {
				t.Fatal("an offset points elsewhere")
			}
		}
	})
}

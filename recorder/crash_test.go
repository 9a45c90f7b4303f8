package recorder

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

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
// and Assemble make of it is a whole file of all whole clusters.
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
	records, _ := parsePart(whole)
	var ends []int64 // of the whole records in the last part
	for _, r := range records {
		b := r.blocks[len(r.blocks)-1]
		ends = append(ends, r.media+int64(b.Offset+len(b.Data)))
	}
	before, _ := parsePart(files[names[0]])
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
			if err := Recover(room); err != nil {
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

// TestCrashBeforeAnything: a recording that was only born.
func TestCrashBeforeAnything(t *testing.T) {
	files, _, _ := crashed(t)
	room, folder := put(t, map[string][]byte{birthFile: files[birthFile]})
	if err := Recover(room); err != nil {
		t.Fatal(err)
	}
	if made := assemble(t, folder); len(made.file) != 0 || made.summary.Cause != CauseCrash || made.summary.ID != "seller-1" {
		t.Errorf("%+v", made.summary)
	}
	room, _ = put(t, map[string][]byte{birthFile + ".new": files[birthFile][:9]}) // not even that
	if ids, err := Recordings(room); err != nil || len(ids) != 0 {
		t.Errorf("%q, %v", ids, err)
	}
	if err := Recover(room); err != nil {
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
	if err := Recover(room); err != nil {
		t.Fatal(err)
	}
	made := assemble(t, torn)
	sameFrames(t, "video", made.blocks[webm.VideoTrack], video[:len(made.blocks[webm.VideoTrack])])
	decodesClean(t, made.path)
}

func FuzzParsePart(f *testing.F) {
	record, err := encodeRecord(notes{Serial: 1, Streams: []streamNote{{1, Video, 90000}}, Frames: []frameNote{{Stream: 1, Key: true}}},
		[]webm.Block{{Track: webm.VideoTrack, Key: true, Data: []byte("a frame")}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append([]byte(partMagic), record...))
	f.Fuzz(func(t *testing.T, part []byte) {
		records, good := parsePart(part)
		if good > int64(len(part)) {
			t.Fatalf("%d good bytes of %d", good, len(part))
		}
		for _, r := range records {
			for _, b := range r.blocks {
				at := r.media + int64(b.Offset)
				if !bytes.Equal(part[at:at+int64(len(b.Data))], b.Data) {
					t.Fatal("an offset points elsewhere")
				}
			}
		}
	})
}

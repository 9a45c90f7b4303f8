package recorder

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"

	"verifycall/recorder/webm"
	"verifycall/recorder/webp"
)

// wire is a packet or a sender report as it arrives.
type wire struct {
	at     time.Duration
	packet *rtp.Packet
	ntp    uint64
	rtp    uint32
}

// wired gives a track's arrivals from start on, 30 ms after sending, with a
// sender report each second.
func wired(s sent, start time.Duration, rate uint32) (list []wire) {
	next := 500 * time.Millisecond
	for i, p := range s.packets {
		if s.at[i] >= next {
			list = append(list, wire{at: start + s.at[i] + 30*time.Millisecond, ntp: ntpOf(start + s.at[i]), rtp: p.Timestamp})
			next += time.Second
		}
		list = append(list, wire{at: start + s.at[i] + 30*time.Millisecond, packet: p})
	}
	return list
}

func ntpOf(t time.Duration) uint64 { return 3900000000<<32 + uint64(t.Seconds()*(1<<32)) }

// assembled is the artefact: file, index and summary.
type assembled struct {
	file    []byte
	path    string
	index   []IndexLine
	summary Summary
	blocks  map[int][]webm.Block // by track
}

// assemble makes the file, reads it with our strict reader, and checks that
// index and file agree to the byte.
func assemble(t testing.TB, folder string) assembled {
	t.Helper()
	var file, index bytes.Buffer
	tape, err := Read(folder, testKey)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(tape.WriteVideo(&file), tape.WriteIndex(&index)); err != nil {
		t.Fatal(err)
	}
	a := assembled{file: file.Bytes(), summary: tape.Summary, blocks: map[int][]webm.Block{}, path: filepath.Join(t.TempDir(), "a.webm")}
	if len(a.file) == 0 {
		return a
	}
	if err := os.WriteFile(a.path, a.file, 0o600); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(&index); lines.Scan(); {
		var l IndexLine
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		a.index = append(a.index, l)
	}
	rd, err := webm.NewReader(bytes.NewReader(a.file))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; ; i++ {
		b, err := rd.Next()
		if err == io.EOF {
			if i != len(a.index) {
				t.Fatalf("%d blocks, %d lines", i, len(a.index))
			}
			return a
		}
		if err != nil {
			t.Fatal(err)
		}
		b.Data = bytes.Clone(b.Data)
		a.blocks[b.Track] = append(a.blocks[b.Track], b)
		l, digest := a.index[i], sha256.Sum256(b.Data)
		if l.N != int64(len(a.blocks[b.Track])) || l.Track != trackKind(b.Track) || l.MS != b.MS || l.Size != len(b.Data) ||
			l.Key != b.Key || l.SHA256 != hex.EncodeToString(digest[:]) {
			t.Fatalf("line %d %+v is not block %d at %d ms", i, l, b.Track, b.MS)
		}
	}
}

func sameFrames(t testing.TB, what string, blocks []webm.Block, frames [][]byte) {
	t.Helper()
	if len(blocks) != len(frames) {
		t.Fatalf("%s: %d frames recorded of %d", what, len(blocks), len(frames))
	}
	for i, b := range blocks {
		if !bytes.Equal(b.Data, frames[i]) {
			t.Fatalf("%s: frame %d is not what was sent", what, i)
		}
	}
}

// disturbed reorders, doubles and delays a track's packets.
func disturbed(random *rand.Rand, list []wire) []wire {
	out := slices.Clone(list)
	for i, w := range list {
		if w.packet == nil || i == 0 {
			continue
		}
		switch random.Uint32N(20) {
		case 0:
			out[i].at += time.Duration(random.Uint32N(1500)) * time.Millisecond
		case 1:
			out = append(out, wire{at: w.at + time.Duration(random.Uint32N(4000))*time.Millisecond, packet: w.packet})
		default:
			out[i].at += time.Duration(random.Uint32N(20)) * time.Millisecond
		}
	}
	slices.SortStableFunc(out, func(a, b wire) int { return int(a.at - b.at) })
	return out
}

func TestRecordingIsWhatWasSent(t *testing.T) {
	video, audio := media(t)
	random := rand.New(rand.NewPCG(5, 1))
	rec, folder, _ := begin(t)
	v := wired(packetize(Video, video, 65500, 1<<32-90000, 3600, 40*time.Millisecond), 200*time.Millisecond, 90000)
	a := wired(packetize(Audio, audio, 65400, 1<<32-48000, 960, 20*time.Millisecond), 200*time.Millisecond, 48000)
	play(t, rec, map[*Tap][]wire{rec.Tap(Video, 90000): disturbed(random, v), rec.Tap(Audio, 48000): disturbed(random, a)})
	if err := rec.Stop("ended"); err != nil {
		t.Fatal(err)
	}
	parts, err := partPaths(folder)
	if err != nil || len(parts) < 2 {
		t.Errorf("%d parts of 12 s, %v", len(parts), err)
	}

	made := assemble(t, folder)
	sameFrames(t, "video", made.blocks[webm.VideoTrack], video)
	sameFrames(t, "audio", made.blocks[webm.AudioTrack], audio)
	for i, b := range made.blocks[webm.VideoTrack] { // in step to the millisecond with what was sent, 30 ms of travel
		if want := 230 + int64(i)*40; max(b.MS-want, want-b.MS) > 3 {
			t.Fatalf("video frame %d at %d ms, want %d", i, b.MS, want)
		}
	}
	for i, b := range made.blocks[webm.AudioTrack] {
		if want := 230 + int64(i)*20; max(b.MS-want, want-b.MS) > 3 {
			t.Fatalf("audio frame %d at %d ms, want %d", i, b.MS, want)
		}
	}
	for _, g := range made.summary.Gaps {
		if g.Cause != CauseLeadIn || g.FromMS != 0 || g.ToMS > 240 {
			t.Errorf("gap %+v", g)
		}
	}
	s := made.summary
	if s.ID != "seller-1" || s.Participant != "seller" || s.Conn != "c1" || s.Cause != "ended" || len(s.Tracks) != 2 || s.Tracks[0].Coverage < 970 {
		t.Errorf("summary %+v", s)
	}
	checkWithStockTools(t, made.path, len(video), len(audio))
}

// checkWithStockTools has ffprobe count, ffmpeg decode everything, and seek, and
// mkvtoolnix read it without a warning.
func checkWithStockTools(t *testing.T, path string, video, audio int) {
	t.Helper()
	needTool(t, "ffprobe")
	for stream, want := range map[string]int{"v:0": video, "a:0": audio} {
		out := tool(t, "ffprobe", "-v", "error", "-count_packets", "-select_streams", stream, "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", path)
		if got, _ := strconv.Atoi(strings.Trim(out, ",\n")); got != want {
			t.Errorf("ffprobe counts %q packets of %s, want %d", out, stream, want)
		}
	}
	out := tool(t, "ffprobe", "-v", "error", "-show_entries", "format=duration,start_time", "-of", "csv=p=0", path)
	start, duration, _ := strings.Cut(strings.TrimSpace(out), ",")
	if s, _ := strconv.ParseFloat(start, 64); s < 0.2 || s > 0.26 {
		t.Errorf("start_time %s", start)
	}
	if d, _ := strconv.ParseFloat(duration, 64); d < 12.2 || d > 12.4 {
		t.Errorf("duration %s", duration)
	}
	decodesClean(t, path)
	acceptedByMKVToolNix(t, path)
	decoded := tool(t, "ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:0", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", path)
	if got, _ := strconv.Atoi(strings.Trim(decoded, ",\n")); got != video {
		t.Errorf("ffprobe decodes %q frames, want %d", decoded, video)
	}
	// -ss goes to the key frame at or before 7 s, which is the one at 6.23 s.
	first := tool(t, "ffprobe", "-v", "error", "-read_intervals", "7%+#1", "-select_streams", "v:0", "-show_entries", "packet=pts_time,flags", "-of", "csv=p=0", path)
	if !strings.HasPrefix(first, "6.2") || !strings.Contains(first, "K") {
		t.Errorf("seek to 7 s gives %q", first)
	}
}

func TestKeyFrameIsTheFirstAfterAndDurable(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 2))
	frames := make([][]byte, 60)
	for i := range frames {
		frames[i] = fakeVP8(random, i%20 == 0, 3000)
	}
	s := packetize(Video, frames, 0, 0, 3600, 40*time.Millisecond)
	rec, folder, _ := begin(t)
	tap := rec.Tap(Video, 90000)
	list := wired(s, 0, 90000)
	after := rec.birth.Start.Add(list[0].at) // the first key frame begins then, not after
	half := slices.IndexFunc(list, func(w wire) bool { return w.at > 1500*time.Millisecond })
	play(t, rec, map[*Tap][]wire{tap: list[:half]})
	settled(rec)

	frame, err := rec.KeyFrame(t.Context(), after)
	if err != nil {
		t.Fatal(err)
	}
	if frame.N != 21 || !bytes.Equal(frame.Data, frames[20]) || frame.Width != 320 || frame.Height != 180 || frame.RTP != 20*3600 {
		t.Errorf("frame %d of %d×%d, RTP %d", frame.N, frame.Width, frame.Height, frame.RTP)
	}
	st, err := readStored(folder, testKey) // as after a crash now
	if err != nil || len(st.frames) < 21 || st.frames[20].SHA256.String() != frame.SHA256 {
		t.Errorf("%d frames are durable, %v", len(st.frames), err)
	}
	if _, _, _, err := webp.Wrap(frame.Data); err != nil {
		t.Error(err)
	}

	soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := rec.KeyFrame(soon, rec.birth.Start.Add(2*time.Second)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("without a key frame: %v", err)
	}
	got := make(chan error, 1)
	go func() {
		_, err := rec.KeyFrame(t.Context(), rec.birth.Start.Add(time.Hour))
		got <- err
	}()
	play(t, rec, map[*Tap][]wire{tap: list[half:]})
	if err := rec.Stop("ended"); err != nil {
		t.Fatal(err)
	}
	if err := <-got; !errors.Is(err, ErrStopped) {
		t.Errorf("a call that waits at the end: %v", err)
	}
	if _, err := rec.KeyFrame(t.Context(), after); !errors.Is(err, ErrStopped) {
		t.Errorf("a call after the end: %v", err)
	}
	made := assemble(t, folder)
	i := slices.IndexFunc(made.index, func(l IndexLine) bool { return l.N == frame.N })
	if l := made.index[i]; l.SHA256 != frame.SHA256 || !l.At.Equal(frame.At) || l.RTP != frame.RTP {
		t.Errorf("index %+v, frame at %v", l, frame.At)
	}
}

// TestGapsOfALossyTrack: the lead-in, a lost frame and a restart each are gaps
// with their cause, and end with a key frame, which is asked for.
func TestGapsOfALossyTrack(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 3))
	frames := make([][]byte, 200)
	for i := range frames {
		frames[i] = fakeVP8(random, i == 10 || i == 110, 2000)
	}
	one := packetize(Video, frames, 100, 5000, 3600, 40*time.Millisecond)
	list := slices.DeleteFunc(wired(one, 0, 90000), func(w wire) bool {
		return w.packet != nil && w.packet.Timestamp == 5000+50*3600 && w.packet.Marker
	})
	again := [][]byte{fakeVP8(random, false, 500), fakeVP8(random, true, 500), fakeVP8(random, false, 500)}
	two := wired(packetize(Video, again, 9, 77, 3600, 40*time.Millisecond), 9*time.Second, 90000)

	rec, folder, events := begin(t)
	tap, next := rec.Tap(Video, 90000), rec.Tap(Video, 90000)
	half := slices.IndexFunc(list, func(w wire) bool { return w.at > 4300*time.Millisecond })
	play(t, rec, map[*Tap][]wire{tap: list[:half]})
	for wantsKey := (NeedKeyFrame{rec, WhyGap}); events.count(func(e Event) bool { return e == wantsKey }) == 0; {
		time.Sleep(5 * time.Millisecond) // the test's own deadline says if nobody asks
	}
	play(t, rec, map[*Tap][]wire{tap: list[half:]})
	play(t, rec, map[*Tap][]wire{next: two})
	tap.WriteRTP(one.packets[0], rec.birth.Start.Add(10*time.Second)) // a straggler
	if err := rec.Stop("ended"); err != nil {
		t.Fatal(err)
	}
	made := assemble(t, folder)
	want := append(append(slices.Clone(frames[10:50]), frames[51:]...), again[1:]...)
	sameFrames(t, "video", made.blocks[webm.VideoTrack], want)
	var causes []string
	for _, g := range made.summary.Gaps {
		causes = append(causes, g.Cause)
	}
	if !slices.Equal(causes, []string{CauseLeadIn, CauseLoss, CauseRestart}) {
		t.Fatalf("gaps %+v", made.summary.Gaps)
	}
	near := func(got, want int64) bool { return max(got-want, want-got) <= 45 }
	if g := made.summary.Gaps; !near(g[0].ToMS, 430) || !near(g[1].FromMS, 1990) || !near(g[1].ToMS, 4430) || !near(g[2].FromMS, 7990) || !near(g[2].ToMS, 9070) {
		t.Errorf("gaps %+v", g)
	}
	if got := rec.Status().Tracks[0]; got.Gaps != 3 || got.Failing != "" || got.Kind != Video {
		t.Errorf("status %+v", got)
	}
}

func TestRecordingWithoutFrames(t *testing.T) {
	rec, folder, _ := begin(t)
	rec.Tap(Audio, 48000)
	tap := rec.Tap(Video, 90000)
	tap.WriteRTP(&rtp.Packet{Payload: []byte{0x10, 1, 2, 3}}, time.Now())
	if err := rec.Stop("ended"); err != nil {
		t.Fatal(err)
	}
	made := assemble(t, folder)
	if len(made.file) != 0 || len(made.summary.Tracks) != 2 || len(made.summary.Gaps) > 2 {
		t.Errorf("%d bytes, %+v", len(made.file), made.summary)
	}
	for _, s := range made.summary.Tracks {
		if s.Frames != 0 || s.Coverage != 0 {
			t.Errorf("track %+v", s)
		}
	}
}

func TestNamesAreUniqueAcrossRestarts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "R-1")
	for run := range 2 {
		r, err := New(Config{Dir: dir, Room: "R-1", Key: testKey.Recipient(), Log: quiet()})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			rec, err := r.Begin("manager", "c")
			if err != nil {
				t.Fatal(err)
			}
			if want := "manager-" + strconv.Itoa(run*2+i+1); rec.ID() != want {
				t.Errorf("%s, want %s", rec.ID(), want)
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Begin("manager", "c"); !errors.Is(err, ErrStopped) {
			t.Errorf("after Close: %v", err)
		}
	}
	ids, err := Recordings(dir)
	if err != nil || len(ids) != 4 {
		t.Errorf("%q, %v", ids, err)
	}
	r, _ := New(Config{Dir: dir, Room: "R-1", Key: testKey.Recipient(), Log: quiet()})
	if _, err := r.Begin("../manager", "c"); err == nil {
		t.Error("a name with a path: accepted")
	}
}

// decodesClean decodes a file whole, with its own times: at a guessed frame rate
// two frames near each other would count as one.
func decodesClean(t *testing.T, path string) {
	t.Helper()
	out := tool(t, "ffmpeg", "-v", "error", "-xerror", "-i", path, "-fps_mode", "passthrough", "-enc_time_base", "-1", "-f", "null", "-")
	if out != "" {
		t.Errorf("ffmpeg decodes with complaints: %s", out)
	}
}

// acceptedByMKVToolNix has mkvinfo find the elements that seeking needs, and
// mkvmerge take every block: it ends with 1 for a warning and 2 for an error.
func acceptedByMKVToolNix(t *testing.T, path string) {
	t.Helper()
	needTool(t, "mkvinfo")
	info := tool(t, "mkvinfo", "--ui-language", "en_US", path)
	for _, element := range []string{"Document type: webm", "Seek head", "Duration: ", "Codec ID: V_VP8", "Codec ID: A_OPUS", "Codec's private data", "Cues", "Cluster"} {
		if !strings.Contains(info, element) {
			t.Errorf("mkvinfo doesn't find %q", element)
		}
	}
	tool(t, "mkvmerge", "--ui-language", "en_US", "--quiet", "--webm", "-o", filepath.Join(t.TempDir(), "again.webm"), path)
}

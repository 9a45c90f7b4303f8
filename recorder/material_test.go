package recorder

import (
	"encoding/binary"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// needTool skips loudly where a program is missing.
func needTool(t testing.TB, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("NOT CHECKED: %s is not installed", name)
	}
}

func tool(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// realMedia is 12 s of what real encoders make: VP8 at 25 fps with a key frame
// every 3 s, and Opus packets of 20 ms.
var realMedia = sync.OnceValues(func() (video, audio [][]byte) {
	dir, err := os.MkdirTemp("", "recorder-material")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ivf, ogg := filepath.Join(dir, "v.ivf"), filepath.Join(dir, "a.ogg")
	out, err := exec.Command("ffmpeg", "-v", "error",
		"-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=12", "-f", "lavfi", "-i", "sine=frequency=440:duration=12:sample_rate=48000",
		"-map", "0", "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "600k", "-g", "75", "-keyint_min", "75", "-lag-in-frames", "0", "-auto-alt-ref", "0", ivf,
		"-map", "1", "-c:a", "libopus", "-b:a", "32k", ogg).CombinedOutput()
	if err != nil {
		panic(string(out))
	}
	return readIVF(ivf), readOgg(ogg)
})

func media(t testing.TB) (video, audio [][]byte) {
	t.Helper()
	needTool(t, "ffmpeg")
	return realMedia()
}

func readIVF(path string) (frames [][]byte) {
	b, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	for b = b[32:]; len(b) > 12; {
		n := binary.LittleEndian.Uint32(b)
		frames = append(frames, b[12:12+n])
		b = b[12+n:]
	}
	return frames
}

// readOgg gives an Ogg stream's packets after its two headers (RFC 3533).
func readOgg(path string) (packets [][]byte) {
	b, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	var open []byte
	for len(b) >= 27 {
		lacing := b[27 : 27+int(b[26])]
		b = b[27+len(lacing):]
		for _, n := range lacing {
			open = append(open, b[:n]...)
			if b = b[n:]; n < 255 {
				packets, open = append(packets, open), nil
			}
		}
	}
	return packets[2:]
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// posted collects a recording's events.
type posted struct {
	mu     sync.Mutex
	events []Event
}

func (p *posted) post(e Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, e)
}

func (p *posted) count(is func(Event) bool) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.events {
		if is(e) {
			n++
		}
	}
	return n
}

// testKey is the key of the recordings in all tests.
var testKey = func() *age.X25519Identity {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		panic(err)
	}
	return key
}()

// begin starts a recording in a new room. It starts in the future, so that no
// patience ends because the machine is slow.
func begin(t testing.TB) (*Recording, string, *posted) {
	t.Helper()
	dir, events := filepath.Join(t.TempDir(), "R-TEST0001"), &posted{}
	r, err := New(Config{Dir: dir, Room: "R-TEST0001", Key: testKey.Recipient(), Log: quiet(), Post: events.post})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Fatal("New made files")
	}
	r.now = func() time.Time { return time.Now().Add(time.Hour) }
	rec, err := r.Begin("seller", "c1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return rec, filepath.Join(dir, rec.ID()), events
}

// play sends tracks through taps as fast as the recording takes them, with
// arrivals as if in real time from the recording's start.
func play(t testing.TB, rec *Recording, lists map[*Tap][]wire) {
	t.Helper()
	next := map[*Tap]int{}
	for {
		var tap *Tap
		for candidate, list := range lists {
			if i := next[candidate]; i < len(list) && (tap == nil || list[i].at < lists[tap][next[tap]].at) {
				tap = candidate
			}
		}
		if tap == nil {
			return
		}
		for rec.queue.waiting() > packetRoom/2 {
			time.Sleep(time.Millisecond)
		}
		w := lists[tap][next[tap]]
		next[tap]++
		arrival := rec.birth.Start.Add(w.at)
		if w.packet != nil {
			tap.WriteRTP(w.packet, arrival)
		} else {
			tap.WriteSenderReport(w.ntp, w.rtp, arrival)
		}
	}
}

// settled waits until the recording has taken in all that was sent.
func settled(rec *Recording) {
	for !rec.queue.empty() {
		time.Sleep(time.Millisecond)
	}
}

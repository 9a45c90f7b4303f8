package media

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"

	"verifycall/recorder"
	"verifycall/recorder/webm"
)

// film is what an encoder made: VP8 frames.
func film(t *testing.T, path string) (frames [][]byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for b = b[32:]; len(b) > 12; { // IVF
		n := binary.LittleEndian.Uint32(b)
		frames = append(frames, b[12:12+n])
		b = b[12+n:]
	}
	return frames
}

// sentFrame is one frame as a publisher had it, whole.
type sentFrame struct {
	rtp  uint32
	data []byte
}

// filmed is a publisher that sends films frame by frame, and sound beside them.
type filmed struct {
	*participant
	vp8   codecs.VP8Payloader
	sent  map[Kind][]sentFrame
	sound uint32 // RTP time
	count uint16
	mute  bool
}

// newFilmed makes one whose counters wrap soon, both of them.
func newFilmed(p *participant, first uint32) *filmed {
	p.seq, p.ts = 65500, first
	return &filmed{participant: p, vp8: codecs.VP8Payloader{EnablePictureID: true}, sent: map[Kind][]sentFrame{}, sound: first, count: 65490}
}

// play sends frames of a film, 20 ms apart, until done says so or all are sent.
func (p *filmed) play(frames [][]byte, done func() bool) {
	p.t.Helper()
	for _, data := range frames {
		if done != nil && done() {
			return
		}
		payloads := p.vp8.Payload(1180, data)
		for i, payload := range payloads {
			p.write(Video, &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: p.seq, Timestamp: p.ts, Marker: i == len(payloads)-1}, Payload: payload})
			p.seq++
		}
		p.sent[Video] = append(p.sent[Video], sentFrame{p.ts, data})
		if opus := []byte{0xfc, byte(p.count >> 8), byte(p.count), 7}; !p.mute {
			p.write(Audio, &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: p.count, Timestamp: p.sound}, Payload: opus})
			p.sent[Audio] = append(p.sent[Audio], sentFrame{p.sound, opus})
			p.count++
		}
		p.ts, p.sound = p.ts+1800, p.sound+960
		time.Sleep(20 * time.Millisecond)
	}
}

func (p *filmed) write(kind Kind, packet *rtp.Packet) {
	p.t.Helper()
	if err := p.tracks[kind].WriteRTP(packet); err != nil {
		p.t.Fatal(err)
	}
}

// TestRecordedIsWhatWasEncoded: real VP8 and packets of sound go through a network
// that loses, reorders and doubles, with wrapping counters, a flip of the camera
// to another size, a mute, a loss that isn't repaired, a publisher that begins
// anew with another SSRC, and one that switches to a smaller layer. Each frame in
// the file is byte for byte one that was encoded, in order, and where one is
// missing there is a gap with its cause.
func TestRecordedIsWhatWasEncoded(t *testing.T) {
	checkLeaks(t)
	large, small := film(t, "../bench/testdata/card.ivf"), film(t, "../recorder/evidence/testdata/vp8-32x32.ivf")
	l := newLab(t, conditions{loss: 5, reorder: 5, delay: 15 * time.Millisecond})
	l.server.doubled = 5
	hosts := []string{"10.0.0.2", "10.0.0.3", "10.0.0.4"}
	first, second, third := l.host(hosts[0]), l.host(hosts[1]), l.host(hosts[2])
	l.start()
	n := newTestNode(t, Config{Listen: serverIP + serverPort, Net: l.server, Log: testLog(t)})
	key, rec, folder := beginRecording(t)

	// tapped begins a publisher whose tracks go into the recording.
	publish := func(p *participant, start uint32) *filmed {
		b := newFilmed(p, start)
		b.play(large, func() bool { return b.server.Receiver(Video) != nil && b.server.Receiver(Audio) != nil })
		for _, kind := range []Kind{Video, Audio} {
			r := b.server.Receiver(kind)
			r.SetTap(rec.Tap(string(kind), r.ClockRate()))
		}
		return b
	}
	a := publish(join(t, n, first, 0, nil), 1<<32-60*1800)
	a.play(large, nil)
	a.mute = true
	a.play(large[:30], nil)
	a.mute = false
	a.play(small, nil) // the camera was flipped
	a.play(large[:30], nil)

	var blackout atomic.Bool // some packets of the video are lost, and so is each repair
	encoding := a.encoding(Video)
	from := a.seq
	blackout.Store(true)
	l.setLose(func(ssrc uint32, seq uint16) bool {
		return blackout.Load() && (ssrc == uint32(encoding.RTX.SSRC) || ssrc == uint32(encoding.SSRC) && seq-from < 40)
	})
	a.play(slices.Concat(large, large[:60]), nil) // 3 s: more than anybody waits
	blackout.Store(false)
	a.settle(large)
	a.leave()

	b := publish(join(t, n, second, 0, nil), 1<<31)
	b.play(large, nil)
	c := publish(join(t, n, third, 0, nil), 1<<30)
	c.play(slices.Concat(small, small, small, small), nil)
	if err := rec.Stop("ended"); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*filmed{b, c} {
		for _, kind := range []Kind{Video, Audio} {
			p.server.Receiver(kind).SetTap(nil)
		}
	}
	if l.server.doubledSoFar.Load() == 0 || l.server.reordered.Load() == 0 {
		t.Error("nothing was doubled or reordered: nothing is tested")
	}

	tape, err := recorder.Read(folder, key)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range tape.Summary.Gaps {
		t.Logf("%+v", g)
	}
	for _, kind := range []Kind{Video, Audio} {
		checkRecorded(t, tape, kind, slices.Concat(a.sent[kind], b.sent[kind], c.sent[kind]))
	}
	for _, want := range []struct {
		kind  Kind
		cause string
	}{{Video, recorder.CauseLoss}, {Video, recorder.CauseRestart}, {Audio, recorder.CauseRestart}, {Audio, recorder.CauseNoPackets}} {
		if !slices.ContainsFunc(tape.Summary.Gaps, func(g recorder.Gap) bool { return g.Track == string(want.kind) && g.Cause == want.cause }) {
			t.Errorf("no gap of %s is %s", want.kind, want.cause)
		}
	}
}

// settle goes on sending until what came before has been repaired or given up.
func (p *filmed) settle(frames [][]byte) {
	for range (recorder.Patience+500*time.Millisecond)/(20*time.Millisecond)/time.Duration(len(frames)) + 1 {
		p.play(frames, nil)
	}
}

func beginRecording(t *testing.T) (*age.X25519Identity, *recorder.Recording, string) {
	t.Helper()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	r, err := recorder.New(recorder.Config{Dir: dir, Room: "R-TEST0001", Key: key.Recipient(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	rec, err := r.Begin("seller", "c1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return key, rec, filepath.Join(dir, rec.ID())
}

// checkRecorded compares a track of the file with what was sent.
func checkRecorded(t *testing.T, tape *recorder.Tape, kind Kind, sent []sentFrame) {
	t.Helper()
	blocks, lines := readTape(t, tape, kind)
	at := map[uint32]int{}
	for i, f := range sent {
		at[f.rtp] = i
	}
	if len(at) != len(sent) {
		t.Fatal("two frames of one RTP time: the test can't tell them apart")
	}
	previous, previousMS, missing := -1, int64(0), 0
	for i, line := range lines {
		sentAs, found := at[line.RTP]
		if !found || !bytes.Equal(blocks[i], sent[sentAs].data) {
			t.Fatalf("%s: frame %d of the file is none that was sent", kind, line.N)
		}
		sum := sha256.Sum256(blocks[i])
		if line.SHA256 != hex.EncodeToString(sum[:]) || sentAs <= previous {
			t.Fatalf("%s: frame %d is out of order, or not of its digest", kind, line.N)
		}
		if lacks := sentAs - previous - 1; previous >= 0 && lacks > 0 {
			missing += lacks
			if !slices.ContainsFunc(tape.Summary.Gaps, func(g recorder.Gap) bool {
				return g.Track == string(kind) && g.Cause != "" && g.FromMS <= line.MS && g.ToMS > previousMS
			}) {
				t.Errorf("%s: %d frames are missing before frame %d at %d ms, and there is no gap", kind, lacks, line.N, line.MS)
			}
		}
		previous, previousMS = sentAs, line.MS
	}
	t.Logf("%s: %d frames sent, %d recorded, %d missing in gaps", kind, len(sent), len(lines), missing)
	if len(lines) < len(sent)*3/4 {
		t.Errorf("%s: only %d frames of %d", kind, len(lines), len(sent))
	}
}

// readTape gives the frames of a track as they lie in the file, and their lines.
func readTape(t *testing.T, tape *recorder.Tape, kind Kind) (blocks [][]byte, lines []recorder.IndexLine) {
	t.Helper()
	var file, index bytes.Buffer
	if err := errors.Join(tape.WriteVideo(&file), tape.WriteIndex(&index)); err != nil {
		t.Fatal(err)
	}
	number := map[Kind]int{Video: webm.VideoTrack, Audio: webm.AudioTrack}[kind]
	rd, err := webm.NewReader(&file)
	for err == nil {
		var b webm.Block
		if b, err = rd.Next(); err == nil && b.Track == number {
			blocks = append(blocks, bytes.Clone(b.Data))
		}
	}
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	for decoder := json.NewDecoder(&index); decoder.More(); {
		var line recorder.IndexLine
		if err := decoder.Decode(&line); err != nil {
			t.Fatal(err)
		}
		if line.Track == string(kind) {
			lines = append(lines, line)
		}
	}
	if len(blocks) != len(lines) {
		t.Fatalf("%d blocks, %d lines", len(blocks), len(lines))
	}
	return blocks, lines
}

package recorder

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pion/rtp"

	"verifycall/recorder/webm"
)

// disk is a file on a disk that can be told to fail or to hang.
type disk struct {
	mu    sync.Mutex
	fault error         // of the next writes; nil: works
	half  bool          // a failing write writes half of it first
	cuts  bool          // whether Truncate works while it fails
	hang  chan struct{} // closed: go on; nil: doesn't hang
	hung  atomic.Int32
}

func (d *disk) create(path string) (partFile, error) {
	f, err := createPart(path)
	if err != nil {
		return nil, err
	}
	return &diskFile{f, d}, nil
}

func (d *disk) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = err
}

func (d *disk) state() (half, cuts bool, fault error) {
	d.mu.Lock()
	hang := d.hang
	d.mu.Unlock()
	if hang != nil {
		d.hung.Add(1)
		<-hang
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.half, d.cuts, d.fault
}

type diskFile struct {
	partFile
	disk *disk
}

func (f *diskFile) Write(b []byte) (int, error) {
	half, _, fault := f.disk.state()
	if fault == nil {
		return f.partFile.Write(b)
	}
	if half {
		n, _ := f.partFile.Write(b[:len(b)/2])
		return n, fault
	}
	return 0, fault
}

func (f *diskFile) Sync() error {
	if _, _, fault := f.disk.state(); fault != nil {
		return fault
	}
	return f.partFile.Sync()
}

func (f *diskFile) Truncate(size int64) error {
	if _, cuts, fault := f.disk.state(); fault != nil && !cuts {
		return fault
	}
	return f.partFile.Truncate(size)
}

// beginOn starts a recording on a disk. No packet has come yet, so that run
// has not looked at its partWriter.
func beginOn(t testing.TB, d *disk) (*Recording, string, *posted) {
	rec, folder, events := begin(t)
	rec.parts.create = d.create
	return rec, folder, events
}

func filmOf(seconds int) sent {
	random := rand.New(rand.NewPCG(7, 1))
	var frames [][]byte
	for i := range seconds * 25 {
		frames = append(frames, fakeVP8(random, i%50 == 0, 800))
	}
	return packetize(Video, frames, 1, 1, 3600, 40*time.Millisecond)
}

// TestDiskFullIsAGap: what the disk refuses is a gap with its cause, and when
// there is room again the recording goes on with a key frame.
func TestDiskFullIsAGap(t *testing.T) {
	for name, d := range map[string]*disk{
		"nothing written":  {cuts: true},
		"half written":     {half: true, cuts: true},
		"half and no cut":  {half: true},
		"whole but no cut": {},
	} {
		t.Run(name, func(t *testing.T) {
			rec, folder, events := beginOn(t, d)
			tap, film := rec.Tap(Video, 90000), filmOf(20)
			list := wired(film, 0, 90000)
			at := func(s time.Duration) int {
				return slices.IndexFunc(list, func(w wire) bool { return w.at >= s*time.Second })
			}
			play(t, rec, map[*Tap][]wire{tap: list[:at(5)]})
			settled(rec)
			d.fail(&os.PathError{Op: "write", Path: "/secret/place", Err: syscall.ENOSPC})
			play(t, rec, map[*Tap][]wire{tap: list[at(5):at(12)]})
			settled(rec)
			failing := Failing{rec, FailingFull}
			if n := events.count(func(e Event) bool { return e == failing }); n != 1 {
				t.Errorf("%d times told of the failing disk", n)
			}
			if s := rec.Status().Tracks[0]; s.Failing != failing.Cause {
				t.Errorf("status %+v", s)
			}
			d.fail(nil)
			play(t, rec, map[*Tap][]wire{tap: list[at(12):]})
			if err := rec.Stop("ended"); err != nil {
				t.Fatal(err)
			}
			if n := events.count(func(e Event) bool { return e == Working{rec} }); n != 1 {
				t.Errorf("%d times told that it works", n)
			}
			checkDiskGap(t, assemble(t, folder), film)
		})
	}
}

// checkDiskGap wants everything outside of one gap, which ends with a key frame.
func checkDiskGap(t *testing.T, made assembled, film sent) {
	t.Helper()
	v := made.blocks[webm.VideoTrack]
	resumed := slices.IndexFunc(v, func(b webm.Block) bool { return b.MS > 8000 })
	if resumed < 75 || !v[resumed].Key {
		t.Fatalf("%d frames before the gap", resumed)
	}
	sameFrames(t, "before", v[:resumed], film.frames[:resumed])
	sameFrames(t, "after", v[resumed:], film.frames[len(film.frames)-len(v)+resumed:])
	if len(made.summary.Gaps) != 2 || made.summary.Gaps[1].Cause != CauseDisk {
		t.Fatalf("gaps %+v", made.summary.Gaps)
	}
	if g := made.summary.Gaps[1]; g.FromMS != v[resumed-1].MS || g.ToMS != v[resumed].MS {
		t.Errorf("gap %+v between %d and %d ms", g, v[resumed-1].MS, v[resumed].MS)
	}
	if c := made.summary.Tracks[0].Coverage; c < 500 || c > 850 {
		t.Errorf("coverage %d", c)
	}
}

// TestDiskThatNeverWorks: Stop says so, and the folder can still be assembled.
func TestDiskThatNeverWorks(t *testing.T) {
	d := &disk{}
	d.fail(errors.New("input/output error"))
	rec, folder, _ := beginOn(t, d)
	play(t, rec, map[*Tap][]wire{rec.Tap(Video, 90000): wired(filmOf(5), 0, 90000)})
	if err := rec.Stop("ended"); err == nil {
		t.Error("Stop says that all is well")
	}
	if err := Recover(filepath.Dir(folder), testKey); err != nil {
		t.Fatal(err)
	}
	if made := assemble(t, folder); made.summary.Cause != CauseCrash || len(made.file) != 0 {
		t.Errorf("%+v", made.summary)
	}
}

// TestDiskThatHangs: a tap never waits for the disk; what finds no room is a
// gap of its own cause, and the light shows it.
func TestDiskThatHangs(t *testing.T) {
	d := &disk{hang: make(chan struct{})}
	rec, folder, _ := beginOn(t, d)
	tap, film := rec.Tap(Video, 90000), filmOf(280)
	for _, w := range wired(film, 0, 90000) { // not play: nobody takes packets off
		if w.packet != nil {
			tap.WriteRTP(w.packet, rec.birth.Start.Add(w.at))
		} else {
			tap.WriteSenderReport(w.ntp, w.rtp, rec.birth.Start.Add(w.at))
		}
		for w.at < 3*time.Second && w.at > 2100*time.Millisecond && d.hung.Load() == 0 {
			time.Sleep(time.Millisecond) // until the first write hangs
		}
	}
	if tap.dropped.Load() == 0 {
		t.Fatal("nothing was dropped: nothing is tested")
	}
	rec.writing.Store(time.Now().Add(-time.Minute).UnixNano())
	if s := rec.Status().Tracks[0]; s.Failing == "" {
		t.Errorf("status %+v", s)
	}
	d.mu.Lock()
	close(d.hang)
	d.hang = nil
	d.mu.Unlock()
	settled(rec)
	late := packetize(Video, [][]byte{film.frames[0]}, uint16(len(film.packets)+1), uint32(len(film.frames)*3600), 0, 0)
	tap.WriteRTP(late.packets[0], rec.birth.Start.Add(281*time.Second))
	if err := rec.Stop("ended"); err != nil {
		t.Fatal(err)
	}
	made := assemble(t, folder)
	v := made.blocks[webm.VideoTrack]
	sameFrames(t, "before", v[:len(v)-1], film.frames[:len(v)-1])
	if !bytes.Equal(v[len(v)-1].Data, film.frames[0]) {
		t.Error("the frame after the gap is missing")
	}
	if !slices.ContainsFunc(made.summary.Gaps, func(g Gap) bool { return g.Cause == CauseOverflow && g.ToMS == v[len(v)-1].MS }) {
		t.Errorf("gaps %+v", made.summary.Gaps)
	}
}

// TestTapAfterStopTakesNothing: what comes after Stop isn't even looked at.
func TestTapAfterStopTakesNothing(t *testing.T) {
	rec, folder, _ := begin(t)
	tap := rec.Tap(Audio, 48000)
	tap.WriteRTP(&rtp.Packet{Payload: []byte{0x78, 1}}, time.Now())
	if err := rec.Stop("withdrawn"); err != nil {
		t.Fatal(err)
	}
	before := assemble(t, folder)
	for i := range uint16(3 * packetRoom) {
		tap.WriteRTP(&rtp.Packet{Header: rtp.Header{SequenceNumber: i + 1}, Payload: []byte{0x78, 1}}, time.Now())
	}
	if n := rec.queue.waiting(); n != 0 {
		t.Errorf("%d packets are kept", n)
	}
	if after := assemble(t, folder); !bytes.Equal(before.file, after.file) || len(after.blocks[webm.AudioTrack]) != 1 {
		t.Error("the recording has changed")
	}
}

// TestSmallDisk fills a real file system of 1 MiB.
func TestSmallDisk(t *testing.T) {
	small := t.TempDir()
	if err := syscall.Mount("tmpfs", small, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("NOT CHECKED: can't mount a small file system: %v", err)
	}
	defer syscall.Unmount(small, 0)
	r, err := New(Config{Dir: filepath.Join(small, "R-1"), Room: "R-1", Key: testKey.Recipient(), Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	rec, err := r.Begin("seller", "c1")
	if err != nil {
		t.Fatal(err)
	}
	ballast := filepath.Join(small, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 900<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	tap, film := rec.Tap(Video, 90000), filmOf(20)
	list := wired(film, 0, 90000)
	half := slices.IndexFunc(list, func(w wire) bool { return w.at >= 12*time.Second })
	play(t, rec, map[*Tap][]wire{tap: list[:half]})
	settled(rec)
	for rec.Status().Tracks[0].Failing == "" {
		time.Sleep(time.Millisecond) // the test's own deadline says if it never fails
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	play(t, rec, map[*Tap][]wire{tap: list[half:]})
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	made := assemble(t, filepath.Join(small, "R-1", rec.ID()))
	if !slices.ContainsFunc(made.summary.Gaps, func(g Gap) bool { return g.Cause == CauseDisk }) {
		t.Errorf("gaps %+v", made.summary.Gaps)
	}
	v := made.blocks[webm.VideoTrack]
	if !bytes.Equal(v[len(v)-1].Data, film.frames[len(film.frames)-1]) {
		t.Error("the recording doesn't go on")
	}
}

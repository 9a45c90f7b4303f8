package calls

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"verifycall/calls/protocol"
	"verifycall/media"
)

func TestHealthOf(t *testing.T) {
	before := media.Stats{Packets: 1000, Bytes: 1_000_000, Lost: 10, Frames: 100, Frozen: time.Second}
	now := media.Stats{Packets: 1190, Bytes: 1_250_000, Lost: 20, Frames: 125, Frozen: 1300 * time.Millisecond,
		Width: 1280, Height: 720, RTT: 40 * time.Millisecond, Jitter: 3 * time.Millisecond}
	want := protocol.TrackHealth{Width: 1280, Height: 720, FPS: 25, Kbps: 2000, Loss: 50, RTT: 40, Jitter: 3, Frozen: 300}
	if got := healthOf(before, now, time.Second); got != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	now.Lost, want.Loss = 5, 0 // repaired since
	if got := healthOf(before, now, time.Second); got != want {
		t.Errorf("after repairs: got %+v\nwant %+v", got, want)
	}
	if got := healthOf(now, now, time.Second); got.Loss != 0 || got.Kbps != 0 || got.FPS != 0 {
		t.Errorf("nothing came: %+v", got)
	}
}

// TestQualityLog: a torn line of an earlier run is cut, the file is bounded, and
// without a disk lines are dropped and nobody waits.
func TestQualityLog(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, qualityFile)
	if err := os.WriteFile(path, []byte("{\"at\":1}\n{\"at\":"), 0o600); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	q := newQualityLog(dir, log)
	q.add(qualityLine{Who: "server", Tracks: []protocol.TrackHealth{}})
	q.close()
	text, err := os.ReadFile(path)
	if err != nil || strings.Count(string(text), "\n") != 2 || !strings.HasPrefix(string(text), "{\"at\":1}\n{\"at\":\"0001") {
		t.Fatalf("%q, %v", text, err)
	}
	q = newQualityLog(dir, log)
	long := strings.Repeat("x", maxQualityLine-200)
	for range 2 * maxQualityFile / maxQualityLine {
		for len(q.lines) == cap(q.lines) { // a call doesn't wait; the test wants all of them
			time.Sleep(time.Millisecond)
		}
		q.add(qualityLine{Who: "seller", Path: long, Tracks: 0})
	}
	q.close()
	info, err := os.Stat(path)
	if err != nil || info.Size() > maxQualityFile || info.Size() < maxQualityFile-maxQualityLine {
		t.Errorf("%v, %v", info.Size(), err)
	}
	q = newQualityLog(filepath.Join(path, "no folder"), log)
	for range 3 * qualityQueue {
		q.add(qualityLine{Who: "server"})
	}
	q.close()
}

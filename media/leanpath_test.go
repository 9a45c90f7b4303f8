package media

import (
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtp"

	"verifycall/media/lean"
)

// leanTransport is a Transport on the lean path whose participant may send VP8 as
// 96, without a connection: packets come by come.
func leanTransport(t *testing.T, post func(Event)) *Transport {
	t.Helper()
	n := newTestNode(t, Config{Listen: "127.0.0.1:0", Log: testLog(t)})
	if n.port == nil {
		t.Skip("pion's path")
	}
	server, err := n.NewTransport(post)
	if err != nil {
		t.Fatal(err)
	}
	server.lean.mu.Lock()
	server.lean.payloads = map[uint8]payload{96: {kind: Video, clockRate: videoClockRate}}
	server.lean.mu.Unlock()
	return server
}

// come is a packet of video, decrypted.
func come(t *Transport, ssrc uint32, seq uint16) {
	pkt := videoPacket(seq, 0, true, true, 0)
	pkt.Header = rtp.Header{Version: 2, SSRC: ssrc, PayloadType: 96, SequenceNumber: seq}
	t.lean.peer.Inside(func() { t.lean.HandleRTP(pkt, time.Now(), nil) })
}

// New streams that come while a Transport is closing end the track before them
// once.
func TestStreamsWhileClosing(t *testing.T) {
	checkLeaks(t)
	var ended atomic.Int32
	server := leanTransport(t, func(e Event) {
		if _, ok := e.(TrackEnded); ok {
			ended.Add(1)
		}
	})
	come(server, 1, 1)
	closing := func(is bool) { // as Close has it before it ends the path
		server.mu.Lock()
		server.ending = is
		server.mu.Unlock()
	}
	func() {
		closing(true)
		defer closing(false)
		come(server, 2, 1)
		come(server, 3, 1)
	}()
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if n := ended.Load(); n != 1 {
		t.Errorf("%d tracks ended", n)
	}
}

// A stream that another one has followed doesn't come back: a participant who
// sends now the one and now the other has two tracks and not one a packet.
func TestStreamsInTurn(t *testing.T) {
	checkLeaks(t)
	var started, ended atomic.Int32
	busy := make(chan struct{}) // whoever takes the events takes none
	server := leanTransport(t, func(e Event) {
		<-busy
		switch e.(type) {
		case TrackStarted:
			started.Add(1)
		case TrackEnded:
			ended.Add(1)
		}
	})
	before := runtime.NumGoroutine()
	for i := range 5000 {
		come(server, 1+uint32(i%2), uint16(i))
	}
	if now := runtime.NumGoroutine(); now > before+10 {
		t.Errorf("%d goroutines, %d before", now, before)
	}
	close(busy)
	eventually(t, "the first one's end", func() bool { return ended.Load() == 1 })
	if r := server.Receiver(Video); r == nil || r.SSRC() != 2 {
		t.Errorf("published is %v", r)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if s, e := started.Load(), ended.Load(); s != 2 || e != 2 {
		t.Errorf("%d tracks started, %d ended", s, e)
	}
}

// Without keys a connection isn't one, however often it is looked at.
func TestNoKeysNoConnection(t *testing.T) {
	checkLeaks(t)
	n := newTestNode(t, Config{Listen: "127.0.0.1:0", Log: testLog(t)})
	if n.port == nil {
		t.Skip("pion's path")
	}
	way := join(t, n, nil, 100, nil).server.lean
	way.mu.Lock()
	way.secured = false // and the handshake's secrets are forgotten
	way.mu.Unlock()
	for range 2 {
		if err := way.follow(); !errors.Is(err, lean.ErrNoKeys) {
			t.Errorf("without keys: %v", err)
		}
	}
}

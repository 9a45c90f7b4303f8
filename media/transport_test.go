package media

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/transport/v5"
	"github.com/pion/transport/v5/vnet"
	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"

	"verifycall/media/vp8"
)

// newTestNode makes a Node that is closed at the test's end, after which no
// goroutine may be left. It is the first thing a test makes.
func newTestNode(t *testing.T, cfg Config) *Node {
	t.Helper()
	cfg.Path = Path(os.Getenv("MEDIA_PATH")) // lean or pion; scripts/test runs this package on both
	n, err := NewNode(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func testLog(t *testing.T) *slog.Logger {
	level := slog.LevelInfo
	if os.Getenv("MEDIA_DEBUG") != "" {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: level}))
}

func checkLeaks(t *testing.T) {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
}

// participant is a robot with its server's end.
type participant struct {
	*robot
	server *Transport
	events *events
}

func join(t *testing.T, n *Node, network transport.Net, firstSeq uint16, onTrack func(TrackStarted)) *participant {
	t.Helper()
	return joinAs(t, n, newRobot(t, network, firstSeq), onTrack)
}

func joinAs(t *testing.T, n *Node, b *robot, onTrack func(TrackStarted)) *participant {
	t.Helper()
	e := &events{onTrack: onTrack}
	server, err := n.NewTransport(e.post)
	if err != nil {
		t.Fatal(err)
	}
	p := &participant{robot: b, server: server, events: e}
	p.negotiate(server, nil)
	eventually(t, "connected", func() bool { return count[Connected](e) == 1 })
	return p
}

// publish sends until both tracks have started.
func (p *participant) publish() {
	p.t.Helper()
	p.stream(2, func() bool { return p.server.Receiver(Video) != nil && p.server.Receiver(Audio) != nil })
}

// Video through a network with 5 % loss each way and reordering: what RTX can
// repair is repaired, to the tap and to the other participant.
func TestLossyNetwork(t *testing.T) {
	checkLeaks(t)
	l := newLab(t, conditions{loss: 5, reorder: 3})
	manager, seller := l.host("10.0.0.2"), l.host("10.0.0.3")
	l.start()
	n := newTestNode(t, Config{Listen: serverIP + serverPort, Net: l.server, Log: testLog(t)})

	var recorded tap
	a := join(t, n, seller, 60000, func(e TrackStarted) {
		if e.R.Kind() == Video {
			e.R.SetTap(&recorded)
		}
	})
	b := join(t, n, manager, 1, nil)
	a.publish()
	b.server.Play(Video, a.server.Receiver(Video))

	const total = 2000
	from := int(a.mark)
	a.stream(10, func() bool { return int(a.mark) >= from+total })
	sent := int(a.mark)
	a.streamUntilWhole(sent, recorded.seen)
	a.streamUntilWhole(sent, func() []*rtp.Packet { return b.received(Video) })
	checkTap(t, recorded.seen())
	if l.dropped.Load() < total/50 || l.server.reordered.Load() < total/100 {
		t.Errorf("the network lost %d and reordered %d only", l.dropped.Load(), l.server.reordered.Load())
	}
	t.Logf("sent %d, tap %d, network lost %d of all, stats %+v", sent, len(marks(recorded.seen())),
		l.dropped.Load(), a.server.Receiver(Video).Stats())
}

// streamUntilWhole goes on, for a loss is seen by the next packet, until 99 % of
// the first marks have been received, counted from the first one that was.
func (p *participant) streamUntilWhole(sent int, received func() []*rtp.Packet) {
	p.t.Helper()
	p.stream(1, func() bool {
		got, first := 0, sent
		for mark := range marks(received()) {
			if int(mark) < sent {
				got++
				first = min(first, int(mark))
			}
		}
		return first < sent-300 && got*100 >= (sent-first)*99
	})
}

// The end of the handshake is lost, so the subscriber has no keys yet when his
// first packets come: he asks for the handshake's end, and from then on all that is
// lost of the stream is repaired. What came before is, too, where that took no
// longer than the server keeps packets, which a busy machine can't promise.
func TestHandshakeEndLost(t *testing.T) {
	checkLeaks(t)
	l := newLab(t, conditions{})
	manager, seller := l.host("10.0.0.2"), l.host("10.0.0.3")
	l.lose = func(_ uint32, seq uint16) bool { return seq%20 == 0 }
	var lost atomic.Int32
	l.router.AddChunkFilter(func(chunk vnet.Chunk) bool {
		const changeCipherSpec = 20 // RFC 5246 section 6.2.1; the server sends it in its last flight alone
		raw := chunk.UserData()
		return !(len(raw) > 0 && raw[0] == changeCipherSpec && chunk.SourceAddr().String() == serverIP+serverPort &&
			strings.HasPrefix(chunk.DestinationAddr().String(), "10.0.0.2:") && lost.Add(1) <= 1) // once: on a busy machine more takes longer than what is kept for him
	})
	l.start()
	n := newTestNode(t, Config{Listen: serverIP + serverPort, Net: l.server, Log: testLog(t)})
	a := join(t, n, seller, 60000, nil)
	a.publish()
	b := newRobot(t, manager, 1)
	e := &events{}
	server, err := n.NewTransport(e.post)
	if err != nil {
		t.Fatal(err)
	}
	server.Play(Video, a.server.Receiver(Video))
	b.negotiate(server, nil)
	a.stream(2, func() bool { return len(b.received(Video)) > 0 }) // at ten a frame the first would be gone by then
	from := int(a.mark)
	a.stream(2, func() bool { return int(a.mark) >= from+350 })
	a.streamUntilWhole(int(a.mark), func() []*rtp.Packet {
		return slices.DeleteFunc(slices.Clone(b.received(Video)), func(pkt *rtp.Packet) bool {
			mark, ok := markOf(pkt)
			return ok && int(mark) < from
		})
	})
	if lost.Load() < 2 {
		t.Errorf("the handshake's end was sent %d times", lost.Load())
	}
}

// checkTap: each packet once, whole, as published.
func checkTap(t *testing.T, packets []*rtp.Packet) {
	t.Helper()
	seen := map[uint16]bool{}
	for _, pkt := range packets {
		mark, ok := markOf(pkt)
		if !ok || pkt.SequenceNumber != uint16(60000+mark) {
			t.Fatalf("packet %d has mark %d", pkt.SequenceNumber, mark)
		}
		if seen[pkt.SequenceNumber] {
			t.Fatalf("packet %d came twice", pkt.SequenceNumber)
		}
		seen[pkt.SequenceNumber] = true
	}
}

// A publisher that comes back on a new connection, with new numbers, goes on
// in the subscriber's stream without a break.
func TestPublisherReconnects(t *testing.T) {
	checkLeaks(t)
	l := newLab(t, conditions{})
	hosts := []transport.Net{l.host("10.0.0.2"), l.host("10.0.0.3"), l.host("10.0.0.4")}
	l.start()
	n := newTestNode(t, Config{Listen: serverIP + serverPort, Net: l.server, Log: testLog(t)})

	b := join(t, n, hosts[0], 1, nil)
	for i, firstSeq := range []uint16{65500, 30000} {
		a := join(t, n, hosts[1+i], firstSeq, nil)
		a.publish()
		before := len(b.received(Video))
		b.server.Play(Video, a.server.Receiver(Video))
		b.server.Play(Audio, a.server.Receiver(Audio))
		a.stream(3, func() bool { return len(b.received(Video)) >= before+90 })
		if err := a.server.Close(); err != nil {
			t.Error(err)
		}
		if a.server.Receiver(Video) != nil || count[TrackEnded](a.events) != 2 {
			t.Error("a closed transport still has its tracks")
		}
	}
	checkContinuous(t, b.received(Video), true)
	checkContinuous(t, b.received(Audio), false)
}

func checkContinuous(t *testing.T, packets []*rtp.Packet, video bool) {
	t.Helper()
	if len(packets) == 0 {
		t.Fatal("nothing came")
	}
	slices.SortStableFunc(packets, func(x, y *rtp.Packet) int { // vnet keeps the order, but two sources wrote
		return int(int16(x.SequenceNumber - y.SequenceNumber))
	})
	var keyFrames int
	for i, pkt := range packets[1:] {
		last := packets[i]
		if pkt.SequenceNumber != last.SequenceNumber+1 {
			t.Errorf("sequence number %d after %d", pkt.SequenceNumber, last.SequenceNumber)
		}
		if step := int32(pkt.Timestamp - last.Timestamp); step < 0 || step > 10*videoClockRate {
			t.Errorf("timestamp %d after %d", pkt.Timestamp, last.Timestamp)
		}
		if !video {
			continue
		}
		d, _ := vp8.Parse(pkt.Payload)
		step := d.Numbers(pkt.Payload).Picture - d.Numbers(last.Payload).Picture
		if want := pkt.Timestamp != last.Timestamp; (step&0x7fff == 1) != want {
			t.Errorf("picture id rose by %d, timestamp by %d", step, pkt.Timestamp-last.Timestamp)
		}
		if d.KeyFrame {
			keyFrames++
		}
	}
	if d, _ := vp8.Parse(packets[0].Payload); video && (!d.KeyFrame || keyFrames == 0) {
		t.Error("a source didn't begin with a key frame")
	}
}

// On a real socket, both ways, with a key frame asked for by the subscriber.
func TestLoopback(t *testing.T) {
	checkLeaks(t)
	n := newTestNode(t, Config{Listen: "127.0.0.1:0", Log: testLog(t)})
	var audio tap
	a := join(t, n, nil, 100, func(e TrackStarted) {
		if e.R.Kind() == Audio {
			e.R.SetTap(&audio)
		}
	})
	b := join(t, n, nil, 200, nil)
	both := []*participant{a, b}
	for i, p := range both {
		p.publish()
		for _, kind := range []Kind{Audio, Video} {
			both[1-i].server.Play(kind, p.server.Receiver(kind))
		}
	}
	for i, p := range both {
		other := both[1-i]
		p.stream(3, func() bool { return len(other.received(Video)) > 50 && len(other.received(Audio)) > 20 })
	}
	if len(audio.seen()) == 0 {
		t.Error("the tap saw no audio")
	}
	a.stream(1, func() bool { return audio.reportsSeen() > 0 })
	r := a.server.Receiver(Video)
	if r.Kind() != Video || r.ClockRate() != 90000 || r.SSRC() == 0 {
		t.Errorf("%v %v %v", r.Kind(), r.ClockRate(), r.SSRC())
	}
	before := r.Stats().KeyFrames
	subscriber := b.pc.GetTransceivers()[1]
	pli := keyFrameRequest(uint32(subscriber.Receiver().Track().SSRC()))
	a.stream(2, func() bool {
		if err := b.pc.WriteRTCP(pli); err != nil {
			t.Fatal(err)
		}
		return r.Stats().KeyFrames > before
	})
	a.stream(1, func() bool { return r.Stats().RTT > 0 })
	b.server.Play(Video, nil)
	eventually(t, "the peer's end", func() bool {
		_ = a.pc.Close()
		return count[Failed](a.events) == 1
	})
}

// An ICE restart on the same transport keeps media going, and who watches from another
// address after it gets a key frame: what went to the old one is gone.
func TestICERestart(t *testing.T) {
	checkLeaks(t)
	n := newTestNode(t, Config{Listen: "127.0.0.1:0", Log: testLog(t)})
	a := join(t, n, nil, 100, nil)
	a.publish()
	r := a.server.Receiver(Video)
	started := r.Stats().KeyFrames
	a.server.Play(Video, r)
	a.stream(2, func() bool { return r.Stats().KeyFrames > started })
	before := r.Stats()
	a.negotiate(a.server, &webrtc.OfferOptions{ICERestart: true})
	a.stream(2, func() bool {
		now := r.Stats()
		return now.Packets > before.Packets+100 && (a.server.lean == nil || now.KeyFrames > before.KeyFrames)
	})
	if a.server.Receiver(Video) != r || count[TrackStarted](a.events) != 2 {
		t.Error("a restart made new tracks")
	}
}

// A removed tap isn't called again, and one set twice is the second.
func TestSetTap(t *testing.T) {
	var first, second tap
	r := newReceiver(Video, 1, 96, videoClockRate, &senderClock{}, trackIO{})
	var out outgoing
	for i, next := range []Tap{&first, &second, nil} {
		r.SetTap(next)
		r.handleRTP(videoPacket(uint16(i), 0, true, true, 0), epoch, false, &out)
	}
	if len(first.seen()) != 1 || len(second.seen()) != 1 {
		t.Errorf("%d and %d packets", len(first.seen()), len(second.seen()))
	}
}

// Forwarding costs no allocation, before and after a switch of source.
func TestForwardingAllocatesNothing(t *testing.T) {
	d := newDownTrack(Video, videoClockRate, 1, newDownlink(time.Now()))
	d.bind(discard{}, outbound{ssrc: 5, payloadType: 96})
	d.open()
	for range 2 {
		r := newReceiver(Video, 1, 96, videoClockRate, &senderClock{}, trackIO{})
		d.play(r)
		var out outgoing
		pkt := videoPacket(1, 0, true, true, 7)
		if n := testing.AllocsPerRun(100, func() {
			pkt.SequenceNumber++
			r.handleRTP(pkt, epoch, false, &out)
		}); n != 0 {
			t.Errorf("%v allocations a packet", n)
		}
	}
	if d.sent == 0 {
		t.Error("nothing was forwarded")
	}
}

// Close at any stage returns, and twice is once.
func TestCloseEarly(t *testing.T) {
	checkLeaks(t)
	n := newTestNode(t, Config{Listen: "127.0.0.1:0", Log: testLog(t)})
	ctx := context.Background()
	for _, stage := range []string{"new", "answered", "with candidates"} {
		server, err := n.NewTransport(func(Event) {})
		if err != nil {
			t.Fatal(err)
		}
		b := newRobot(t, nil, 1)
		switch stage {
		case "answered":
			if _, err := server.Answer(ctx, b.offer(nil)); err != nil {
				t.Error(err)
			}
		case "with candidates":
			b.negotiate(server, nil)
		}
		for range 2 {
			if err := server.Close(); err != nil {
				t.Errorf("%s: %v", stage, err)
			}
		}
		if _, err := server.Answer(ctx, newRobot(t, nil, 1).offer(nil)); !errors.Is(err, ErrClosed) {
			t.Errorf("%s: an answer after the end: %v", stage, err)
		}
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	if _, err := n.NewTransport(func(Event) {}); !errors.Is(err, ErrClosed) {
		t.Errorf("a transport after the end: %v", err)
	}
}

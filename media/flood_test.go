package media

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/stun/v4"
	"github.com/pion/webrtc/v4"
)

// floodGrowth is how much more memory may be in use after a flood than before,
// in bytes, beside the keptPacket that a robot of the test keeps of each.
const floodGrowth, keptPacket = 8 << 20, 2 << 10

// pair is a call that must not notice anything.
type pair struct {
	n    *Node
	a, b *participant
	skip int // packets sent before all was up
}

func newPair(t *testing.T, n *Node) *pair {
	t.Helper()
	p := &pair{n: n, a: join(t, n, nil, 100, nil), b: join(t, n, nil, 200, nil)}
	p.a.publish()
	p.b.server.Play(Video, p.a.server.Receiver(Video))
	p.a.stream(3, func() bool { return len(p.b.received(Video)) > 10 })
	p.skip = int(p.a.mark)
	return p
}

// undisturbed sends video while flood is called before each of its frames, and
// wants every packet of it at the other side, and memory flat.
func (p *pair) undisturbed(t *testing.T, rounds int, flood func(round int)) {
	t.Helper()
	before, routines, kept := inUse(), runtime.NumGoroutine(), len(p.b.received(Video))
	round := 0
	p.a.stream(3, func() bool {
		if round < rounds {
			flood(round)
		}
		round++
		return round > rounds
	})
	last := p.a.mark
	p.a.stream(1, func() bool { // goes on, for a loss is seen by the next packet
		got := marks(p.b.received(Video))
		for mark := uint32(p.skip); mark < last; mark++ {
			if !got[mark] {
				return false
			}
		}
		return true
	})
	after, most := inUse(), before+floodGrowth+keptPacket*uint64(len(p.b.received(Video))-kept)
	if after > most {
		t.Errorf("memory in use grew from %d to %d KiB", before>>10, after>>10)
	}
	if now := runtime.NumGoroutine(); now > routines+10 {
		t.Errorf("%d goroutines, %d before", now, routines)
	}
	p.skip = int(p.a.mark)
}

func inUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what a finalizer or a pool let go
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// burst is how many packets a flood sends at once: what a socket's buffer takes.
const burst = 100

// stranger is a socket that is in no call.
func stranger(t *testing.T, n *Node) *net.UDPConn {
	t.Helper()
	conn, err := net.DialUDP("udp4", nil, n.Addr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// check is a connectivity check by these credentials.
func check(t *testing.T, to credentials, from string) []byte {
	t.Helper()
	m, err := stun.Build(stun.BindingRequest, stun.TransactionID, stun.NewUsername(to.ufrag+":"+from),
		stun.RawAttribute{Type: stun.AttrPriority, Value: []byte{110, 0, 1, 255}},
		stun.RawAttribute{Type: stun.AttrICEControlling, Value: []byte{9, 9, 9, 9, 9, 9, 9, 9}},
		stun.NewShortTermIntegrity(to.pwd), stun.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	return m.Raw
}

// addresses that are let in.
func (n *Node) addresses() int {
	n.door.mu.Lock()
	defer n.door.mu.Unlock()
	return len(n.door.visits)
}

// credentialsOf a participant: the server's and his own ufrag.
func (p *participant) credentialsOf() (server credentials, own string) {
	server = credentials{attributeOf(p.pc.RemoteDescription().SDP, "ice-ufrag"), attributeOf(p.pc.RemoteDescription().SDP, "ice-pwd")}
	return server, attributeOf(p.pc.LocalDescription().SDP, "ice-ufrag")
}

// Nobody who isn't in a call gets anything into it: checks with and without a
// known name, with a forged password, media and nonsense.
func TestFloodOfStrangers(t *testing.T) {
	checkLeaks(t)
	n := newTestNode(t, Config{Listen: "127.0.0.1:0", Log: testLog(t)})
	p := newPair(t, n)
	known, own := p.a.credentialsOf()
	media := append([]byte{0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7}, make([]byte, 900)...)
	giant := append([]byte{0x90, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0xbe, 0xde, 0xff, 0xff}, make([]byte, 1200)...)
	packets := [][]byte{
		check(t, credentials{"nobody", "nothing"}, own),
		check(t, credentials{known.ufrag, "forged"}, own),
		media, giant,
		{22, 254, 253, 0, 0}, {0, 1, 0, 0}, {0x80}, {},
	}
	conn := stranger(t, n)
	before := n.addresses()
	p.undisturbed(t, 30, func(round int) {
		for i := range burst {
			_, _ = conn.Write(packets[(round*burst+i)%len(packets)]) // what finds no room is a flood all the same
		}
	})
	if now := n.addresses(); now != before {
		t.Errorf("%d addresses are let in, %d before", now, before)
	}
}

// Somebody who is in a call can't make it keep an address for each of his
// sockets, nor send checks without end.
func TestFloodOfChecks(t *testing.T) {
	checkLeaks(t)
	n := newTestNode(t, Config{Listen: "127.0.0.1:0", Log: testLog(t)})
	p := newPair(t, n)
	others := n.addresses()
	bad := join(t, n, nil, 300, nil)
	to, own := bad.credentialsOf()
	raw := check(t, to, own)
	conns := make([]*net.UDPConn, 3*guestAddrs)
	for i := range conns {
		conns[i] = stranger(t, n)
	}
	p.undisturbed(t, 30, func(round int) {
		for i := range burst {
			_, _ = conns[(round*burst+i)%len(conns)].Write(raw)
		}
	})
	if now := n.addresses() - others; now != guestAddrs {
		t.Errorf("%d addresses are kept of one participant", now)
	}
	if n.door.excess.Load() == 0 {
		t.Error("every check was let in")
	}
}

// sealed catches what a participant's transport sends, so that a test can send
// it again.
type sealed struct {
	net.PacketConn
	keep atomic.Bool
	last chan []byte
}

func (s *sealed) WriteTo(b []byte, to net.Addr) (int, error) {
	if s.keep.Load() && len(b) > 0 && b[0]>>6 == 2 {
		select {
		case s.last <- slices.Clone(b):
		default:
		}
	}
	return s.PacketConn.WriteTo(b, to)
}

// A participant's own packets again, damaged, or of streams without end cost
// the others nothing, and their sender his connection where pion would keep
// something for each.
func TestFloodOfAParticipant(t *testing.T) {
	checkLeaks(t)
	n := newTestNode(t, Config{Listen: "127.0.0.1:0", Log: testLog(t)})
	p := newPair(t, n)
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	wire := &sealed{PacketConn: socket, last: make(chan []byte, 1)}
	t.Cleanup(func() { _ = socket.Close() })
	bad := joinAs(t, n, newRobotThrough(t, wire), nil)
	bad.publish()
	wire.keep.Store(true)
	bad.stream(1, func() bool { return len(wire.last) == 1 })
	again := <-wire.last
	damaged := slices.Clone(again)
	damaged[len(damaged)-1] ^= 1
	stats := bad.server.Receiver(Video).Stats()
	p.undisturbed(t, 30, func(round int) {
		for i := range burst {
			raw := again
			if i%2 == 1 {
				binary.BigEndian.PutUint32(damaged[8:], uint32(round*burst+i)) // another stream each
				raw = damaged
			}
			_, _ = wire.PacketConn.WriteTo(raw, n.Addr())
		}
	})
	if now := bad.server.Receiver(Video).Stats(); now.Packets > stats.Packets+1 {
		t.Errorf("%d packets taken, %d before", now.Packets, stats.Packets)
	}
	p.undisturbed(t, 30, func(round int) {
		var blocks []rtcp.Packet
		for i := range burst {
			blocks = append(blocks, &rtcp.PictureLossIndication{SenderSSRC: uint32(1 + round), MediaSSRC: uint32(1000 + round*burst + i)})
		}
		_ = bad.pc.WriteRTCP(blocks) // it fails once the connection is ended
	})
	if n.port == nil { // on the lean path nothing is kept of streams that RTCP names
		eventually(t, "the end of the connection", func() bool { return count[Failed](bad.events) == 1 })
	}
}

// newRobotThrough makes a robot whose media pass a connection.
func newRobotThrough(t *testing.T, conn net.PacketConn) *robot {
	t.Helper()
	return newRobotWith(t, 300, func(s *webrtc.SettingEngine) { s.SetICEUDPMux(webrtc.NewICEUDPMux(nil, conn)) })
}

// Who publishes 50 Mbit/s is held to what a call needs; who puts a kilobyte of
// extensions before each packet has them dropped.
func TestFloodOfMedia(t *testing.T) {
	checkLeaks(t)
	n := newTestNode(t, Config{Listen: "127.0.0.1:0", Log: testLog(t)})
	p := newPair(t, n)
	bad := join(t, n, nil, 300, nil)
	bad.publish()
	excess := func() uint64 {
		if n.port != nil {
			return n.port.Counts().Excess
		}
		return n.door.excess.Load()
	}
	p.undisturbed(t, 30, func(int) {
		for range 3 * burst { // each 20 ms: 120 Mbit/s, or as many as this machine makes
			bad.send(func(pkt *rtp.Packet) {
				pkt.Payload = append(pkt.Payload, make([]byte, 800)...)
			})
		}
	})
	if excess() == 0 {
		t.Error("every packet was let in")
	}
	listener := join(t, n, nil, 400, nil)
	listener.server.Play(Video, bad.server.Receiver(Video))
	bad.stream(1, func() bool { return len(listener.received(Video)) > 0 }) // some are let in again
	giant := make([]byte, 255)
	p.undisturbed(t, 30, func(int) {
		for range 5 {
			bad.send(func(pkt *rtp.Packet) {
				pkt.ExtensionProfile, pkt.Extension = 0x1000, true
				for id := range uint8(4) {
					if err := pkt.SetExtension(id+10, giant); err != nil {
						t.Fatal(err)
					}
				}
			})
		}
	})
	for _, pkt := range listener.received(Video) {
		if pkt.MarshalSize() > maxPacket || len(pkt.Extensions) > 1 {
			t.Fatalf("a packet of %d bytes with %d extensions was forwarded", pkt.MarshalSize(), len(pkt.Extensions))
		}
	}
}

// A subscriber by TCP whose machine stops reading loses packets; the publisher
// and everybody else do not.
func TestSubscriberNeverReads(t *testing.T) {
	checkLeaks(t)
	const behind = "127.0.0.2"
	p := newPair(t, newTestNode(t, Config{Listen: "127.0.0.1:0", Log: testLog(t)}))
	n := newTestNode(t, Config{Listen: "127.0.0.1:0", PublicIPs: []string{behind}, Log: testLog(t)})
	way := newTCPWay(t, behind, n.Addr().String())
	deaf := joinAs(t, n, newRobotOn(t, nil, 300, webrtc.NetworkTypeTCP4), nil)
	deaf.server.Play(Video, p.a.server.Receiver(Video))
	p.a.stream(3, func() bool { return len(deaf.received(Video)) > 10 })
	way.stuck.Store(true)
	p.undisturbed(t, 100, func(int) { p.a.sendFrame(17) }) // 900 kB: three times what may wait
}

// tcpWay carries TCP connections from the address that is announced to the
// server, until it is stuck: then it reads no more of what the server sends.
type tcpWay struct {
	stuck atomic.Bool
	end   context.Context
}

func newTCPWay(t *testing.T, host, server string) *tcpWay {
	t.Helper()
	_, port, err := net.SplitHostPort(server)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp4", net.JoinHostPort(host, port))
	if err != nil {
		t.Fatal(err)
	}
	end, stop := context.WithCancel(context.Background())
	w := &tcpWay{end: end}
	t.Cleanup(func() { stop(); _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go w.carry(client, server)
		}
	}()
	return w
}

func (w *tcpWay) carry(client net.Conn, to string) {
	defer client.Close()
	server, err := net.Dial("tcp4", to)
	if err != nil {
		return
	}
	defer server.Close()
	_ = server.(*net.TCPConn).SetReadBuffer(16 << 10) // so that little waits here
	defer context.AfterFunc(w.end, func() { _ = client.Close(); _ = server.Close() })()
	go func() { _, _ = io.Copy(server, client) }()
	buf := make([]byte, 4096)
	for {
		if w.stuck.Load() {
			<-w.end.Done()
			return
		}
		n, err := server.Read(buf)
		if err != nil {
			return
		}
		if _, err := client.Write(buf[:n]); err != nil {
			return
		}
	}
}

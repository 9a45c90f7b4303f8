package lean

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/pion/dtls/v3/pkg/protocol/extension"
	"github.com/pion/dtls/v3/pkg/protocol/handshake"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

const (
	patience = 20 * time.Second // bounds waits; nothing is measured
	profile  = srtp.ProtectionProfileAeadAes128Gcm
)

// mirror makes session keys the other side's.
func mirror(k srtp.SessionKeys) srtp.SessionKeys {
	return srtp.SessionKeys{
		LocalMasterKey: k.RemoteMasterKey, LocalMasterSalt: k.RemoteMasterSalt,
		RemoteMasterKey: k.LocalMasterKey, RemoteMasterSalt: k.LocalMasterSalt,
	}
}

func newKeys() srtp.SessionKeys {
	random := func(n int) []byte {
		b := make([]byte, n)
		_, _ = rand.Read(b) // it never fails
		return b
	}
	return srtp.SessionKeys{LocalMasterKey: random(16), LocalMasterSalt: random(12), RemoteMasterKey: random(16), RemoteMasterSalt: random(12)}
}

// client is a peer's end on a socket of its own.
type client struct {
	conn             *net.UDPConn
	encrypt, decrypt *srtp.Context
}

func newClient(t *testing.T, keys srtp.SessionKeys) *client {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	c := &client{conn: conn}
	if c.encrypt, err = srtp.CreateContext(keys.LocalMasterKey, keys.LocalMasterSalt, profile); err != nil {
		t.Fatal(err)
	}
	if c.decrypt, err = srtp.CreateContext(keys.RemoteMasterKey, keys.RemoteMasterSalt, profile); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *client) addr() netip.AddrPort { return c.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// seal makes a packet of n bytes of payload.
func (c *client) seal(t *testing.T, ssrc uint32, seq uint16, n int) []byte {
	t.Helper()
	pkt := rtp.Packet{Header: rtp.Header{Version: 2, SSRC: ssrc, SequenceNumber: seq, PayloadType: 96}, Payload: bytes.Repeat([]byte{byte(seq)}, n)}
	raw, err := pkt.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := c.encrypt.EncryptRTP(nil, raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// sealReport makes an empty receiver report of that sender.
func (c *client) sealReport(t *testing.T, sender uint32) []byte {
	t.Helper()
	raw := binary.BigEndian.AppendUint32([]byte{0x80, 201, 0, 1}, sender)
	sealed, err := c.encrypt.EncryptRTCP(nil, raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func (c *client) send(t *testing.T, p *Port, raw []byte) {
	t.Helper()
	if _, err := c.conn.WriteTo(raw, p.LocalAddr()); err != nil {
		t.Fatal(err)
	}
}

// receive gives the next packet, decrypted.
func (c *client) receive(t *testing.T) *rtp.Packet {
	t.Helper()
	buf := make([]byte, 2048)
	if err := c.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	n, err := c.conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := c.decrypt.DecryptRTP(nil, buf[:n], nil)
	if err != nil {
		t.Fatal(err)
	}
	var pkt rtp.Packet
	if err := pkt.Unmarshal(plain); err != nil {
		t.Fatal(err)
	}
	return &pkt
}

// forward is a Sink that sends what it gets to another peer.
type forward struct {
	to *Peer

	mu   sync.Mutex
	rtp  int
	rtcp [][]byte
}

func (f *forward) HandleRTP(pkt *rtp.Packet, _ time.Time, out *Batch) {
	f.mu.Lock()
	f.rtp++
	f.mu.Unlock()
	if f.to != nil {
		_ = f.to.WriteRTP(out, &pkt.Header, pkt.Payload)
	}
}

func (f *forward) HandleRTCP(raw []byte, _ time.Time) {
	f.mu.Lock()
	f.rtcp = append(f.rtcp, bytes.Clone(raw))
	f.mu.Unlock()
}

func (f *forward) taken() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.rtp
}

func newTestPort(t *testing.T, host string) *Port {
	t.Helper()
	p, err := Listen("udp", &net.UDPAddr{IP: net.ParseIP(host)}, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// join adds a secured peer and its other end.
func join(t *testing.T, p *Port, sink Sink) (*Peer, *client) {
	t.Helper()
	keys := newKeys()
	peer, c := p.NewPeer(sink), newClient(t, mirror(keys))
	if err := peer.Secure(keys, profile); err != nil {
		t.Fatal(err)
	}
	peer.Reach(c.addr(), false)
	return peer, c
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not in time", what)
		}
	}
}

// What one peer sends arrives at the other, whole and in order, over each kind
// of socket.
func TestForward(t *testing.T) {
	plain, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	alone := On(plain)
	t.Cleanup(func() { _ = alone.Close() })
	for name, p := range map[string]*Port{"batches": newTestPort(t, "127.0.0.1"), "one by one": alone} {
		to := &forward{}
		sub, listener := join(t, p, to)
		_, publisher := join(t, p, &forward{to: sub})
		for seq := range uint16(200) {
			publisher.send(t, p, publisher.seal(t, 7, seq, 1000))
			if got := listener.receive(t); got.SequenceNumber != seq || len(got.Payload) != 1000 || got.Payload[999] != byte(seq) {
				t.Fatalf("%s: got %d for %d", name, got.SequenceNumber, seq)
			}
		}
		var c Counts
		eventually(t, "all counted", func() bool { c = p.Counts(); return c.Sent == 200 }) // counted behind the sending
		if c.Received != 200 || c.Refused+c.Strange+c.Dropped != 0 {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

// What probes are made of is on the wire, all of it.
func TestPadding(t *testing.T) {
	peer, to := join(t, newTestPort(t, "127.0.0.1"), &forward{})
	header := rtp.Header{Version: 2, SSRC: 3, PayloadType: 97, SequenceNumber: 1, Padding: true, PaddingSize: 255}
	if err := peer.WriteRTP(nil, &header, nil); err != nil {
		t.Fatal(err)
	}
	if got := to.receive(t); got.PaddingSize != 255 || len(got.Payload) != 0 {
		t.Errorf("%d bytes of padding and %d of payload arrived", got.PaddingSize, len(got.Payload))
	}
}

// Strangers, forgeries, replays, unknown streams and floods don't reach the
// sink, and are counted for what they are.
func TestRefusals(t *testing.T) {
	p := newTestPort(t, "127.0.0.1")
	sink := &forward{}
	peer, c := join(t, p, sink)
	first := c.seal(t, 7, 1, 100)
	c.send(t, p, first)
	eventually(t, "the first packet", func() bool { return sink.taken() == 1 })
	heard := time.Unix(0, peer.heard.Load())

	c.send(t, p, first) // replayed
	forged := c.seal(t, 7, 2, 100)
	forged[len(forged)-1] ^= 1
	c.send(t, p, forged)
	c.send(t, p, []byte{0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7}) // shorter than a tag
	eventually(t, "refusals", func() bool { return p.Counts().Refused == 3 })
	if peer.Silence(heard) != 0 {
		t.Error("what was refused counts as heard")
	}

	stranger := newClient(t, newKeys())
	stranger.send(t, p, stranger.seal(t, 7, 3, 100))
	eventually(t, "a stranger", func() bool { return p.Counts().Strange == 1 })

	for ssrc := range uint32(3 * peerStreams) {
		c.send(t, p, c.seal(t, 1000+ssrc, 1, 10))
	}
	eventually(t, "streams without end", func() bool { return p.Counts().Strange == 1+2*peerStreams+1 })
	if sink.taken() != peerStreams {
		t.Errorf("%d packets taken of %d streams", sink.taken(), peerStreams)
	}
}

// One peer can't have more than its share: the rest is dropped before it is
// decrypted.
func TestBudget(t *testing.T) {
	now := time.Unix(1, 0)
	b := budget{rate: 100, most: 50, left: 50}
	spent := 0
	for range 1000 {
		if b.take(1, now) {
			spent++
		}
	}
	if spent != 50 {
		t.Errorf("%d at once", spent)
	}
	now = now.Add(100 * time.Millisecond)
	if !b.take(10, now) || b.take(1, now) {
		t.Error("a tenth of a second isn't worth a tenth of the rate")
	}
	now = now.Add(time.Hour)
	if !b.take(50, now) || b.take(1, now) {
		t.Error("an hour's rest is worth more than the burst")
	}

	port := newTestPort(t, "127.0.0.1")
	sink := &forward{}
	peer, c := join(t, port, sink)
	at := time.Now()
	for seq := range uint16(2 * peerBurst / 1200) {
		peer.handle(c.seal(t, 7, seq, 1200-28), at, nil)
	}
	if n := sink.taken(); n != peerBurst/1200 || port.Counts().Excess == 0 {
		t.Errorf("%d packets taken, %+v", n, port.Counts())
	}
}

// Small packets count for what they cost, and so does RTCP.
func TestBudgetOfPackets(t *testing.T) {
	port := newTestPort(t, "127.0.0.1")
	sink := &forward{}
	peer, c := join(t, port, sink)
	at := time.Now()
	for seq := range uint16(20000) {
		peer.handle(c.seal(t, 7, seq, 1), at.Add(time.Duration(seq)*time.Second/20000), nil)
	}
	if n := sink.taken(); n > (peerRate+peerBurst)/packetCost || port.Counts().Excess == 0 {
		t.Errorf("%d small packets taken in a second, %+v", n, port.Counts())
	}
	at = at.Add(time.Minute)
	for range 3 * peerReports {
		peer.handle(c.sealReport(t, 7), at, nil)
	}
	if n := len(sink.rtcp); n != peerReports {
		t.Errorf("%d reports taken at once", n)
	}
}

// What is kept of those whose RTCP and RTP a peer sends has a bound: the context
// has a state for each.
func TestReporters(t *testing.T) {
	port := newTestPort(t, "127.0.0.1")
	sink := &forward{}
	peer, c := join(t, port, sink)
	at := time.Now()
	const senders = 10000
	for ssrc := range uint32(senders) {
		at = at.Add(time.Second / peerGuesses)
		peer.handle(c.sealReport(t, ssrc), at, nil)
	}
	if n := port.Counts().Strange; len(sink.rtcp) != peerStreams || len(peer.reporters) != peerStreams || n != senders-peerStreams {
		t.Errorf("%d of %d senders' reports taken, %d remembered, %d refused", len(sink.rtcp), senders, len(peer.reporters), n)
	}
	for ssrc := range uint32(2 * peerStreams) { // whole ones, but of more padding than payload
		raw := append([]byte{0xa0, 96, 0, 1, 0, 0, 0, 0}, 0, 0, 1, byte(ssrc), 0, 0, 255)
		sealed, err := c.encrypt.EncryptRTP(nil, raw, nil)
		if err != nil {
			t.Fatal(err)
		}
		at = at.Add(time.Second / peerGuesses)
		peer.handle(sealed, at, nil)
	}
	if len(peer.streams) != peerStreams || sink.taken() != 0 {
		t.Errorf("%d of %d streams remembered, %d packets taken", len(peer.streams), 2*peerStreams, sink.taken())
	}
	peer.handle(c.sealReport(t, 0), at, nil)
	peer.handle(c.seal(t, 256, 2, 10), at, nil)
	if len(sink.rtcp) != peerStreams+1 || sink.taken() != 1 {
		t.Error("a known sender's report, or a known stream, isn't taken any more")
	}
	short := []byte{0x80, 201, 0, 1, 0, 0}
	peer.handle(short, at, nil)
	if n := port.Counts().Refused; n != peerStreams+1 {
		t.Errorf("%d refused", n)
	}
}

// A peer that is closed while it is found at an address isn't found there any more.
func TestReachWhileClosing(t *testing.T) {
	p := newTestPort(t, "127.0.0.1")
	for range 5000 {
		peer := p.NewPeer(&forward{})
		var all sync.WaitGroup
		ready := make(chan struct{})
		for port := range uint16(8) {
			all.Go(func() {
				<-ready
				if port == 4 {
					peer.Close()
				} else {
					peer.Reach(netip.AddrPortFrom(netip.IPv6Loopback(), 9+port), false)
				}
			})
		}
		close(ready)
		all.Wait()
		if peers := *p.peers.Load(); len(peers) != 0 {
			t.Fatalf("%d peers are left", len(peers))
		}
	}
}

// A peer that has moved is found at its new address only, and after Close
// nothing reaches the sink or leaves.
func TestMoveAndClose(t *testing.T) {
	p := newTestPort(t, "::") // IPv4 in IPv6 dress
	sink := &forward{}
	keys := newKeys()
	peer := p.NewPeer(sink)
	one, two := newClient(t, mirror(keys)), newClient(t, mirror(keys))
	header := rtp.Header{Version: 2, SSRC: 9, SequenceNumber: 1}
	if err := peer.WriteRTP(nil, &header, nil); !errors.Is(err, ErrNoKeys) {
		t.Errorf("without keys: %v", err)
	}
	if err := peer.Secure(keys, profile); err != nil {
		t.Fatal(err)
	}
	to := net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: p.LocalAddr().(*net.UDPAddr).Port}
	send := func(c *client, seq uint16) {
		if _, err := c.conn.WriteTo(c.seal(t, 7, seq, 50), &to); err != nil {
			t.Fatal(err)
		}
	}
	for i, c := range []*client{one, two} {
		peer.Reach(c.addr(), false)
		send(c, uint16(i))
		eventually(t, "a packet", func() bool { return sink.taken() == i+1 })
		header.SequenceNumber = uint16(i)
		if err := peer.WriteRTP(nil, &header, []byte("to you")); err != nil {
			t.Fatal(err)
		}
		if got := c.receive(t); got.SequenceNumber != uint16(i) || string(got.Payload) != "to you" {
			t.Errorf("%v", got)
		}
	}
	before := p.Counts().Strange
	send(one, 5)
	eventually(t, "the old address", func() bool { return p.Counts().Strange == before+1 })
	peer.Close()
	send(two, 6)
	eventually(t, "the closed peer", func() bool { return p.Counts().Strange == before+2 })
	if err := peer.WriteRTP(nil, &header, nil); !errors.Is(err, ErrNoKeys) || sink.taken() != 2 {
		t.Errorf("after Close: %v, %d packets", err, sink.taken())
	}
	if err := peer.WriteRTP(nil, &header, make([]byte, maxPacket)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
}

// STUN and DTLS come out for pion, and what pion writes arrives.
func TestControl(t *testing.T) {
	p := newTestPort(t, "127.0.0.1")
	c := newClient(t, newKeys())
	for _, raw := range [][]byte{{0, 1, 0, 0}, {22, 254, 253}, {}} {
		c.send(t, p, raw)
		buf := make([]byte, 100)
		n, from, err := p.ReadFrom(buf)
		if err != nil || !bytes.Equal(buf[:n], raw) || from.String() != c.conn.LocalAddr().String() {
			t.Fatalf("%v from %v: %v", buf[:n], from, err)
		}
		if _, err := p.WriteTo(append(raw, 9), from); err != nil {
			t.Fatal(err)
		}
		if n, err = c.conn.Read(buf); err != nil || n != len(raw)+1 {
			t.Fatal(n, err)
		}
	}
}

// From the decryption of a packet to the place in the batch of its copy nothing
// is allocated.
func TestNoAllocation(t *testing.T) {
	p := newTestPort(t, "127.0.0.1")
	sub, _ := join(t, p, &forward{})
	_, c := join(t, p, &forward{to: sub})
	out := &Batch{out: p.sockets[0], counts: &p.counts}
	const runs = 300
	packets := make([]packet, runs+2)
	for i := range packets {
		raw := c.seal(t, 7, uint16(i), 1000)
		packets[i].addr, packets[i].n = c.addr(), copy(packets[i].buf[:], raw)
	}
	next := 0
	one := func() {
		p.handle(&packets[next], time.Time{}, out)
		out.send()
		next++
	}
	one() // the first of a stream makes its state
	if n := testing.AllocsPerRun(runs, one); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
	if c := p.Counts(); c.Sent != runs+2 {
		t.Errorf("%+v", c)
	}
}

// No number is used for two different packets under one key: RTP's index by
// its sequence number, over a wrap and for the same packet again, and RTCP's
// own.
func TestNoNonceTwice(t *testing.T) {
	p := newTestPort(t, "127.0.0.1")
	keys := newKeys()
	peer := p.NewPeer(&forward{})
	if err := peer.Secure(keys, profile); err != nil {
		t.Fatal(err)
	}
	c := newClient(t, mirror(keys))
	peer.Reach(c.addr(), false)
	if err := peer.Secure(newKeys(), profile); err != nil { // a second one changes nothing
		t.Fatal(err)
	}
	buf := make([]byte, 2048)
	read := func() []byte {
		n, err := c.conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Clone(buf[:n])
	}
	sealed := map[uint16][]byte{}
	for i := range uint16(10) {
		header := rtp.Header{Version: 2, SSRC: 9, SequenceNumber: 65530 + i}
		if err := peer.WriteRTP(nil, &header, []byte{1, 2, 3}); err != nil {
			t.Fatal(err)
		}
		sealed[header.SequenceNumber] = read()
	}
	for seq, before := range sealed { // again, over the wrap: the very same bytes
		header := rtp.Header{Version: 2, SSRC: 9, SequenceNumber: seq}
		if err := peer.WriteRTP(nil, &header, []byte{1, 2, 3}); err != nil {
			t.Fatal(err)
		}
		if again := read(); !bytes.Equal(again, before) {
			t.Errorf("packet %d was encrypted in another way", seq)
		}
	}
	used := map[uint32]bool{}
	for range 10 {
		if err := peer.WriteRTCP(nil, []byte{0x80, 201, 0, 1, 0, 0, 0, 9}); err != nil {
			t.Fatal(err)
		}
		raw := read()
		index := binary.BigEndian.Uint32(raw[len(raw)-4:]) // RFC 7714 section 9.1: ESRTCP word last
		if used[index] {
			t.Errorf("index %x twice", index)
		}
		used[index] = true
	}
}

// Secrets come from the key log's lines only, and are gone when forgotten.
func TestHandshake(t *testing.T) {
	for line, fine := range map[string]bool{
		"CLIENT_RANDOM 00ff 0102\n": true, "CLIENT_RANDOM 00ff 010\n": false, "CLIENT_RANDOM zz 0102\n": false,
		"SERVER_HANDSHAKE_TRAFFIC_SECRET 00 01\n": true, "": true,
	} {
		var h Handshake
		_, err := h.Write([]byte(line))
		if (err == nil) != fine {
			t.Errorf("%q: %v", line, err)
		}
		if _, _, err := h.Keys(); !errors.Is(err, ErrNoKeys) {
			t.Errorf("%q: keys before the hello: %v", line, err)
		}
	}
	var h Handshake
	suite := uint16(0xc02b) // TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
	h.ServerHello(handshake.MessageServerHello{CipherSuiteID: &suite, Extensions: []extension.Extension{
		&extension.UseSRTP{ProtectionProfiles: []extension.SRTPProtectionProfile{extension.SRTP_AEAD_AES_128_GCM}}}})
	if _, err := h.Write([]byte("CLIENT_RANDOM 00ff 0102")); err != nil {
		t.Fatal(err)
	}
	keys, got, err := h.Keys()
	if err != nil || got != profile || len(keys.LocalMasterKey) != 16 || bytes.Equal(keys.LocalMasterKey, keys.RemoteMasterKey) {
		t.Errorf("%+v, %v: %v", keys, got, err)
	}
	h.Forget()
	if _, _, err := h.Keys(); !errors.Is(err, ErrNoKeys) {
		t.Errorf("forgotten: %v", err)
	}
}

// No datagram from a peer's address disturbs the port: what isn't sealed with
// the peer's key never reaches the sink.
func FuzzDatagram(f *testing.F) {
	p, err := Listen("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}, 1<<16)
	if err != nil {
		f.Fatal(err)
	}
	defer p.Close()
	sink := &forward{}
	peer := p.NewPeer(sink)
	if err := peer.Secure(newKeys(), profile); err != nil {
		f.Fatal(err)
	}
	from := netip.MustParseAddrPort("127.0.0.1:9")
	peer.Reach(from, false)
	out := &Batch{out: p.sockets[0], counts: &p.counts}
	f.Add([]byte{0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 1, 2, 3})
	f.Add([]byte{0x90, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0xbe, 0xde, 0xff, 0xff})
	f.Add([]byte{0x81, 201, 0, 1, 0, 0, 0, 9, 0x80, 0, 0, 1})
	f.Add([]byte{0, 1, 0, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		d := packet{addr: from}
		d.n = copy(d.buf[:], raw)
		p.handle(&d, time.Now(), out)
		if sink.taken() != 0 {
			t.Error("something unsealed was taken")
		}
	})
}

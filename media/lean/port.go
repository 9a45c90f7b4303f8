package lean

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxLoops is how many sockets a port has at most; each has a core's work.
	maxLoops = 8
	// controlQueue is how many packets wait for pion; more are dropped, a check
	// or a handshake's flight is repeated.
	controlQueue = 256
)

// socket is one UDP socket with one reader and any number of writers. Where
// the system has batches it moves them by one call.
type socket interface {
	// read fills packets and says how many; it waits for the first only, and
	// calls idle before it may have to.
	read(packets []packet, idle func()) (int, error)
	// write sends packets without waiting and says how many it could.
	write(packets []packet) int
	Close() error
	LocalAddr() net.Addr
}

// place is where a peer is.
type place struct {
	addr netip.AddrPort
	tcp  bool
}

// Port is the media port, a net.PacketConn for pion's UDP mux.
type Port struct {
	sockets []socket
	counts  counters
	peers   atomic.Pointer[map[place]*Peer] // copied on write, under mu

	control chan *packet // never closed; full means that packets are dropped
	free    sync.Pool    // *packet, of control
	closing chan struct{}
	once    sync.Once
	loops   sync.WaitGroup

	mu      sync.Mutex // guards writing peers, and what follows; a leaf
	streams map[netip.AddrPort]*Stream
}

type counters struct {
	received, sent, strange, excess, refused, dropped, crowded atomic.Uint64
}

// Listen opens a port with a socket for each core (SO_REUSEPORT spreads peers
// over them), each with buffers of that many bytes, as far as the system
// allows. network is udp, udp4 or udp6.
func Listen(network string, addr *net.UDPAddr, buffer int) (*Port, error) {
	sockets, err := listen(network, addr, min(runtime.GOMAXPROCS(0), runtime.NumCPU(), maxLoops), buffer)
	if err != nil {
		return nil, fmt.Errorf("lean: %w", err)
	}
	return newPort(sockets), nil
}

// On makes a port of a connection that moves packets one by one: a network in
// a test's memory.
func On(conn net.PacketConn) *Port { return newPort([]socket{&plainSocket{conn: conn}}) }

func newPort(sockets []socket) *Port {
	p := &Port{
		sockets: sockets, control: make(chan *packet, controlQueue), closing: make(chan struct{}),
		free: sync.Pool{New: func() any { return new(packet) }}, streams: map[netip.AddrPort]*Stream{},
	}
	p.peers.Store(&map[place]*Peer{})
	for _, s := range sockets {
		p.loops.Go(func() { p.loop(s) })
	}
	return p
}

// loop reads a socket until it is closed. It sends when nothing more is ready, or
// when as many packets have been taken as a batch has: what comes together leaves
// together, and nothing waits for what isn't there.
func (p *Port) loop(s socket) {
	in := make([]packet, batchSize)
	out := &Batch{out: s, counts: &p.counts}
	taken := 0
	idle := func() {
		out.send()
		taken = 0
	}
	for faults := 0; ; {
		n, err := s.read(in, idle)
		if err != nil {
			select {
			case <-p.closing:
				return
			case <-time.After(time.Millisecond << min(faults, 8)): // an error of one datagram, or of the system for a while
				faults++
				continue
			}
		}
		faults = 0
		now := time.Now()
		for i := range in[:n] {
			p.handle(&in[i], now, out)
		}
		if taken += n; taken >= batchSize {
			idle()
		}
	}
}

// handle takes a datagram.
func (p *Port) handle(d *packet, now time.Time, out *Batch) {
	raw := d.buf[:d.n]
	if !isMedia(raw) {
		p.pass(d)
		return
	}
	peer := (*p.peers.Load())[place{addr: plainAddr(d.addr)}]
	if peer == nil {
		p.counts.strange.Add(1)
		return
	}
	peer.handle(raw, now, out)
}

// pass gives a datagram to pion.
func (p *Port) pass(d *packet) {
	c := p.free.Get().(*packet) //nolint:forcetypeassert // of New above
	c.addr, c.n = d.addr, copy(c.buf[:], d.buf[:d.n])
	select {
	case p.control <- c:
	default:
		p.counts.crowded.Add(1)
		p.free.Put(c)
	}
}

// settle makes peer be found at a place, and nowhere else; an invalid one is
// nowhere.
func (p *Port) settle(peer *Peer, at place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := maps.Clone(*p.peers.Load())
	maps.DeleteFunc(now, func(_ place, other *Peer) bool { return other == peer })
	if at.addr.IsValid() {
		now[at] = peer
	}
	p.peers.Store(&now)
}

// Counts since the start.
func (p *Port) Counts() Counts {
	c := &p.counts
	return Counts{
		Received: c.received.Load(), Sent: c.sent.Load(), Strange: c.strange.Load(), Excess: c.excess.Load(),
		Refused: c.refused.Load(), Dropped: c.dropped.Load(), Crowded: c.crowded.Load(),
	}
}

// ReadFromAddrPort implements ice.AddrPortReaderWriter: what isn't media.
func (p *Port) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	select {
	case c := <-p.control:
		n, from := copy(b, c.buf[:c.n]), c.addr
		p.free.Put(c)
		return n, from, nil
	case <-p.closing:
		return 0, netip.AddrPort{}, net.ErrClosed
	}
}

// WriteToAddrPort implements ice.AddrPortReaderWriter. It never waits.
func (p *Port) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	if len(b) > room {
		return 0, ErrTooLarge
	}
	c := p.free.Get().(*packet) //nolint:forcetypeassert // of New above
	defer p.free.Put(c)
	c.addr, c.n = to, copy(c.buf[:], b)
	if p.sockets[0].write(single(c)) == 0 {
		return 0, io.ErrShortWrite
	}
	return len(b), nil
}

// sendOne sends a media packet outside of a batch.
func (p *Port) sendOne(d *packet) error {
	if p.sockets[0].write(single(d)) == 0 {
		p.counts.dropped.Add(1)
		return io.ErrShortWrite
	}
	p.counts.sent.Add(1)
	return nil
}

// ReadFrom implements net.PacketConn.
func (p *Port) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := p.ReadFromAddrPort(b)
	return n, net.UDPAddrFromAddrPort(from), err
}

// WriteTo implements net.PacketConn.
func (p *Port) WriteTo(b []byte, to net.Addr) (int, error) {
	addr, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, net.InvalidAddrError("not of UDP")
	}
	return p.WriteToAddrPort(b, addr.AddrPort())
}

// Close ends the loops and closes the sockets.
func (p *Port) Close() error {
	var err error
	p.once.Do(func() {
		close(p.closing)
		for _, s := range p.sockets {
			err = errors.Join(err, s.Close())
		}
		p.loops.Wait()
	})
	return err
}

// LocalAddr implements net.PacketConn.
func (p *Port) LocalAddr() net.Addr { return p.sockets[0].LocalAddr() }

// SetDeadline implements net.PacketConn: nothing of a port waits but reading,
// which Close ends.
func (p *Port) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.PacketConn; as SetDeadline.
func (p *Port) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.PacketConn; as SetDeadline.
func (p *Port) SetWriteDeadline(time.Time) error { return nil }

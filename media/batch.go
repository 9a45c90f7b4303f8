package media

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// batchSize is how many packets one system call moves at most: beyond 32 the
// call itself no longer shows in what a packet costs.
const batchSize = 32

// batcher is ipv4's and ipv6's PacketConn: recvmmsg and sendmmsg.
type batcher interface {
	ReadBatch(ms []ipv4.Message, flags int) (int, error)
	WriteBatch(ms []ipv4.Message, flags int) (int, error)
}

// batchConn is a UDP socket that moves packets in batches. A read takes what
// is ready. A written packet waits until the goroutines that can run have run,
// so that they may add theirs; on an idle machine that is no time. Where
// batches fail and single packets don't, it goes on with those.
//
// It has one reader and any number of writers. Locks: flushing before mu; mu
// is a leaf, never held in a system call.
type batchConn struct {
	*net.UDPConn
	batches batcher
	single  atomic.Bool // batches don't work here

	in         []ipv4.Message // the reader's
	next, read int            // of in, the reader's

	flushing sync.Mutex // guards sending
	sending  *outBatch

	mu      sync.Mutex // guards filling
	filling *outBatch

	filled  chan struct{} // never closed; 1, full means that flusher will look anyway
	closing chan struct{} // closed by the first Close
	once    sync.Once
	flusher sync.WaitGroup
}

// outBatch is packets to be sent; their buffers and addresses are its own.
type outBatch struct {
	n        int
	messages [batchSize]ipv4.Message
	addrs    [batchSize]net.UDPAddr
	ips      [batchSize][16]byte
	buffers  [batchSize][maxPacket]byte
}

func newOutBatch() *outBatch {
	b := &outBatch{}
	for i := range b.messages {
		b.messages[i].Buffers = [][]byte{nil}
		b.messages[i].Addr = &b.addrs[i]
	}
	return b
}

// add copies a packet of at most maxPacket bytes; false when there is no room.
func (b *outBatch) add(packet []byte, to netip.AddrPort) bool {
	if b.n == batchSize {
		return false
	}
	i := b.n
	b.n++
	b.messages[i].Buffers[0] = b.buffers[i][:copy(b.buffers[i][:], packet)]
	addr := to.Addr()
	b.addrs[i].Port, b.addrs[i].Zone = int(to.Port()), addr.Zone()
	if addr.Is4() {
		ip := addr.As4()
		b.addrs[i].IP = b.ips[i][:copy(b.ips[i][:], ip[:])]
	} else {
		b.ips[i] = addr.As16()
		b.addrs[i].IP = b.ips[i][:]
	}
	return true
}

func newBatchConn(conn *net.UDPConn) *batchConn {
	var batches batcher = ipv6.NewPacketConn(conn)
	if addr, ok := conn.LocalAddr().(*net.UDPAddr); ok && addr.IP.To4() != nil {
		batches = ipv4.NewPacketConn(conn)
	}
	return startBatchConn(conn, batches)
}

func startBatchConn(conn *net.UDPConn, batches batcher) *batchConn {
	c := &batchConn{
		UDPConn: conn, batches: batches, in: make([]ipv4.Message, batchSize),
		sending: newOutBatch(), filling: newOutBatch(),
		filled: make(chan struct{}, 1), closing: make(chan struct{}),
	}
	for i := range c.in {
		c.in[i].Buffers = [][]byte{make([]byte, maxDatagram)}
	}
	c.flusher.Go(c.flushLoop)
	return c
}

// ReadFromAddrPort implements ice.AddrPortReaderWriter.
func (c *batchConn) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	if c.next == c.read {
		if c.single.Load() {
			return c.ReadFromUDPAddrPort(b)
		}
		n, err := c.batches.ReadBatch(c.in, 0)
		if err != nil {
			if errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) {
				return 0, netip.AddrPort{}, err
			}
			c.single.Store(true)
			return c.ReadFromUDPAddrPort(b)
		}
		c.next, c.read = 0, n
	}
	m := &c.in[c.next]
	c.next++
	from, ok := m.Addr.(*net.UDPAddr)
	if !ok {
		return 0, netip.AddrPort{}, errors.New("media: a packet without an address")
	}
	return copy(b, m.Buffers[0][:m.N]), from.AddrPort(), nil
}

// ReadFrom implements net.PacketConn.
func (c *batchConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.ReadFromAddrPort(b)
	return n, net.UDPAddrFromAddrPort(from), err
}

// WriteToAddrPort implements ice.AddrPortReaderWriter. A packet that can't be
// sent later is one lost.
func (c *batchConn) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	if c.single.Load() || len(b) > maxPacket {
		c.flush() // in order
		return c.WriteToUDPAddrPort(b, to)
	}
	for {
		c.mu.Lock()
		added, first := c.filling.add(b, to), c.filling.n == 1
		c.mu.Unlock()
		if !added {
			c.flush() // a full batch needs no company
			continue
		}
		if first {
			select {
			case c.filled <- struct{}{}:
			default:
			}
		}
		return len(b), nil
	}
}

// WriteTo implements net.PacketConn.
func (c *batchConn) WriteTo(b []byte, to net.Addr) (int, error) {
	addr, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, net.InvalidAddrError("not of UDP")
	}
	return c.WriteToAddrPort(b, addr.AddrPort())
}

// Close sends what is queued and closes the socket.
func (c *batchConn) Close() error {
	c.once.Do(func() {
		close(c.closing)
		c.flusher.Wait()
		c.flush()
	})
	return c.UDPConn.Close()
}

func (c *batchConn) flushLoop() {
	for {
		select {
		case <-c.filled:
			runtime.Gosched() // whoever has a packet at hand adds it now
			c.flush()
		case <-c.closing:
			return
		}
	}
}

// flush sends what is queued.
func (c *batchConn) flush() {
	c.flushing.Lock()
	defer c.flushing.Unlock()
	c.mu.Lock()
	c.filling, c.sending = c.sending, c.filling
	c.mu.Unlock()
	out := c.sending
	for rest := out.messages[:out.n]; len(rest) > 0; {
		n, err := 0, error(nil)
		if !c.single.Load() {
			n, err = c.batches.WriteBatch(rest, 0)
		}
		if n > 0 {
			rest = rest[n:]
			continue
		}
		// The first of them alone: if that works, batches don't.
		_, alone := c.UDPConn.WriteTo(rest[0].Buffers[0], rest[0].Addr)
		if err != nil && alone == nil {
			c.single.Store(true)
		}
		rest = rest[1:]
	}
	out.n = 0
}

package media

import (
	"container/list"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/stun/v4"
)

const (
	// tcpStrangers are the connections that haven't said yet whose they are, all and
	// of one address. For one more the oldest is closed: who is honest says it in a
	// round trip.
	tcpStrangers, tcpStrangersOfOne = 1000, 16
	// tcpOfGuest is how many connections one Transport may have.
	tcpOfGuest = 16
	// tcpFirstFrame is the longest first message that pion reads, with its length
	// (RFC 4571).
	tcpFirstFrame = 2 + 512
	// acceptPause after what keeps a connection from being accepted: it may pass.
	acceptPause = 5 * time.Millisecond
)

// tcpDoor stands before pion's mux of TCP as door does before that of UDP: a
// connection goes on if its first message is a connectivity check with the password
// of a Transport, and no more than a few of that.
type tcpDoor struct {
	net.Listener
	door *door

	mu        sync.Mutex // guards what follows; a leaf
	strangers list.List  // of *tcpConn, the oldest first
	from      map[netip.Prefix]int
}

func newTCPDoor(l net.Listener, d *door) *tcpDoor {
	return &tcpDoor{Listener: l, door: d, from: map[netip.Prefix]int{}}
}

// Accept implements net.Listener. It fails when the listener is closed, and only then:
// pion asks no more after an error.
func (d *tcpDoor) Accept() (net.Conn, error) {
	for {
		raw, err := d.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		if err != nil {
			time.Sleep(acceptPause)
			continue
		}
		c := &tcpConn{Conn: raw, door: d, from: networkOf(raw.RemoteAddr())}
		d.enter(c)
		return c, nil
	}
}

// networkOf is what one subscriber holds: an IPv4 address, the /64 of IPv6.
func networkOf(addr net.Addr) netip.Prefix {
	at, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return netip.Prefix{}
	}
	ip := at.Addr().Unmap().WithZone("")
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	network, _ := ip.Prefix(bits) // of a length that it has
	return network
}

// enter adds a stranger, and closes the oldest where there are too many.
func (d *tcpDoor) enter(c *tcpConn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.from[c.from] >= tcpStrangersOfOne {
		for place := d.strangers.Front(); place != nil; place = place.Next() {
			if oldest := place.Value.(*tcpConn); oldest.from == c.from {
				d.shut(oldest)
				break
			}
		}
	} else if d.strangers.Len() >= tcpStrangers {
		d.shut(d.strangers.Front().Value.(*tcpConn))
	}
	c.place = d.strangers.PushBack(c)
	d.from[c.from]++
}

// shut closes a stranger; its reader ends it. The caller holds mu.
func (d *tcpDoor) shut(c *tcpConn) {
	d.strike(c)
	_ = c.Conn.Close()
}

// strike takes a connection off the strangers. The caller holds mu.
func (d *tcpDoor) strike(c *tcpConn) {
	if c.place == nil {
		return
	}
	d.strangers.Remove(c.place)
	c.place = nil
	if d.from[c.from]--; d.from[c.from] == 0 {
		delete(d.from, c.from)
	}
}

func (d *tcpDoor) leave(c *tcpConn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.strike(c)
}

// tcpConn is one connection. It has one reader at a time.
type tcpConn struct {
	net.Conn
	door *tcpDoor
	from netip.Prefix

	place *list.Element // among the strangers, nil afterwards; of door.mu
	head  []byte        // of the first message, until it is whole
	known bool          // to the reader

	mu     sync.Mutex // guards what follows
	of     *guest     // nil while it is a stranger
	closed bool
}

var errStranger = errors.New("media: not a check of a transport that is here, or one connection too many")

// Read implements net.Conn. The first message is looked at before the last of it is given.
func (c *tcpConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.known || n == 0 {
		return n, err
	}
	c.head = append(c.head, b[:n]...)
	size := tcpFirstFrame
	if len(c.head) >= 2 {
		size = 2 + int(binary.BigEndian.Uint16(c.head))
	}
	if size > tcpFirstFrame || len(c.head) < min(size, tcpFirstFrame) {
		return n, err // pion ends one that is longer
	}
	if !c.enters(c.door.door.guestOf(c.head[2:size])) {
		return 0, errStranger
	}
	c.door.leave(c)
	c.known, c.head = true, nil
	return n, err
}

// enters makes the connection a guest's.
func (c *tcpConn) enters(g *guest) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if g == nil || c.closed || !c.door.door.stream(g, 1) {
		return false
	}
	c.of = g
	return true
}

// Close implements net.Conn.
func (c *tcpConn) Close() error {
	c.door.leave(c)
	c.mu.Lock()
	if c.of != nil && !c.closed {
		c.door.door.stream(c.of, -1)
	}
	c.closed = true
	c.mu.Unlock()
	return c.Conn.Close()
}

// guestOf is whose connectivity check a message is, nil of none.
func (d *door) guestOf(raw []byte) *guest {
	if !stun.IsMessage(raw) {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	ufrag := ufragOf(raw)
	g := d.names[string(ufrag)]
	if g == nil || !g.signed(raw, string(ufrag)) {
		return nil
	}
	return g
}

// stream counts a guest's TCP connections; false where it has too many.
func (d *door) stream(g *guest, n int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if g.streams+n > tcpOfGuest {
		return false
	}
	g.streams += n
	return true
}

// signed says whether a check to this ufrag has its password. The caller holds the
// door's mu.
func (g *guest) signed(raw []byte, ufrag string) bool {
	for _, key := range g.keys {
		if key.ufrag == ufrag {
			var m stun.Message
			return stun.Decode(raw, &m) == nil && stun.NewShortTermIntegrity(key.pwd).Check(&m) == nil
		}
	}
	return false
}

package media

import (
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"
	"golang.org/x/time/rate"
)

// What one participant may send to the UDP socket.
const (
	// guestAddrs at once: an agent that keeps every candidate checks each of them
	// for ever. One not heard for guestIdle makes room.
	guestAddrs = 64
	guestIdle  = time.Minute
	// guestChecks of STUN a second; browsers send some 20 while they connect.
	guestChecks, guestChecksBurst = 100, 200
	// guestRate in bytes a second of everything else: six times a good call and
	// its probing, a packet counting for guestLeast at least, and guestReports of
	// RTCP a second, as on the lean path.
	guestRate, guestBurst, guestLeast = 2 << 20, 512 << 10, 256
	guestReports                      = 200
)

// door stands before pion's mux, whose queues have no end: it lets in what
// participants send from addresses that a connectivity check with their
// transport's password came from (RFC 8445 section 7.3), and of that no more
// than they may send. Everything else is dropped where it is read.
type door struct {
	strange, excess atomic.Uint64 // packets dropped

	mu     sync.Mutex // guards what follows, also in guests; a leaf
	names  map[string]*guest
	visits map[netip.AddrPort]*visit
}

// guest is one Transport.
type guest struct {
	keys    []credentials // of the last two negotiations; while ICE restarts both are in use
	addrs   int
	checks  *rate.Limiter
	bytes   *rate.Limiter
	reports *rate.Limiter
	streams int // TCP connections, see tcpDoor
}

type credentials struct{ ufrag, pwd string }

type visit struct {
	of    *guest
	heard time.Time
}

func newDoor() *door {
	return &door{names: map[string]*guest{}, visits: map[netip.AddrPort]*visit{}}
}

func newGuest() *guest {
	return &guest{
		checks: rate.NewLimiter(guestChecks, guestChecksBurst), bytes: rate.NewLimiter(guestRate, guestBurst),
		reports: rate.NewLimiter(guestReports, guestReports),
	}
}

// bears says whether g may send this datagram, too.
func (g *guest) bears(raw []byte, isCheck bool, now time.Time) bool {
	switch {
	case isCheck:
		return g.checks.AllowN(now, 1)
	case isRTCP(raw) && !g.reports.AllowN(now, 1):
		return false
	default:
		return g.bytes.AllowN(now, max(len(raw), guestLeast))
	}
}

// isRTCP tells SRTCP from what else comes (RFC 7983 section 7, RFC 5761 section 4).
func isRTCP(raw []byte) bool {
	return len(raw) > 1 && raw[0]>>6 == 2 && raw[1]&0x7f >= 64 && raw[1]&0x7f < 96
}

// expect lets g in by the credentials of an answer, and by those before.
func (d *door) expect(g *guest, answer string) {
	key := credentials{attributeOf(answer, "ice-ufrag"), attributeOf(answer, "ice-pwd")}
	d.mu.Lock()
	defer d.mu.Unlock()
	if key.ufrag == "" || slices.Contains(g.keys, key) {
		return
	}
	g.keys = append(g.keys, key)
	d.names[key.ufrag] = g
	if over := len(g.keys) - 2; over > 0 {
		delete(d.names, g.keys[0].ufrag)
		g.keys = slices.Delete(g.keys, 0, over)
	}
}

// forget lets g in no more.
func (d *door) forget(g *guest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, key := range g.keys {
		delete(d.names, key.ufrag)
	}
	for addr, v := range d.visits {
		if v.of == g {
			delete(d.visits, addr)
		}
	}
}

// lets says whether a datagram is for pion.
func (d *door) lets(raw []byte, from netip.AddrPort, now time.Time) bool {
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	isCheck := stun.IsMessage(raw)
	d.mu.Lock()
	defer d.mu.Unlock()
	v := d.visits[from]
	if isCheck {
		v = d.greet(v, raw, from, now)
	}
	if v == nil {
		d.strange.Add(1)
		return false
	}
	v.heard = now
	if !v.of.bears(raw, isCheck, now) {
		d.excess.Add(1)
		return false
	}
	return true
}

// greet is the visit that a STUN message belongs to: v, that of its address, or
// a new one. The caller holds mu.
func (d *door) greet(v *visit, raw []byte, from netip.AddrPort, now time.Time) *visit {
	ufrag := ufragOf(raw)
	g := d.names[string(ufrag)]
	if g == nil || v != nil && v.of == g {
		return v // an answer to a check of ours, or another check
	}
	if !g.signed(raw, string(ufrag)) {
		return v
	}
	if g.addrs >= guestAddrs && !d.makeRoom(g, now) {
		return v
	}
	if v != nil {
		v.of.addrs--
	}
	g.addrs++
	v = &visit{of: g}
	d.visits[from] = v
	return v
}

// makeRoom takes the address of g's that was silent longest, if it was for
// guestIdle. The caller holds mu.
func (d *door) makeRoom(g *guest, now time.Time) bool {
	var oldest netip.AddrPort
	heard := now.Add(-guestIdle)
	for addr, v := range d.visits {
		if v.of == g && v.heard.Before(heard) {
			oldest, heard = addr, v.heard
		}
	}
	if !oldest.IsValid() {
		return false
	}
	delete(d.visits, oldest)
	g.addrs--
	return true
}

// ufragOf is the receiver's part of a STUN message's user name (RFC 8445
// section 7.2.2), nil without one. It allocates nothing.
func ufragOf(raw []byte) []byte {
	const header, username = 20, 0x0006
	for rest := raw[header:]; len(rest) >= 4; {
		size := int(binary.BigEndian.Uint16(rest[2:]))
		padded := 4 + (size+3)&^3
		if padded > len(rest) {
			return nil
		}
		if binary.BigEndian.Uint16(rest) == username {
			value := rest[4 : 4+size]
			if i := slices.Index(value, ':'); i >= 0 {
				value = value[:i]
			}
			return value
		}
		rest = rest[padded:]
	}
	return nil
}

// attributeOf is the value of the first attribute of that name, empty without.
func attributeOf(sdp, name string) string {
	for line := range strings.Lines(sdp) {
		if value, ok := strings.CutPrefix(line, "a="+name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// guarded is a socket behind the door.
type guarded struct {
	net.PacketConn
	door *door
}

// ReadFrom implements net.PacketConn.
func (c guarded) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := c.PacketConn.ReadFrom(b)
		if udp, ok := from.(*net.UDPAddr); err != nil || ok && c.door.lets(b[:n], udp.AddrPort(), time.Now()) {
			return n, from, err
		}
	}
}

// guardedAddrs is a guarded socket that moves packets without net.Addr.
type guardedAddrs struct {
	guarded
	ice.AddrPortReaderWriter
}

// ReadFromAddrPort implements ice.AddrPortReaderWriter.
func (c guardedAddrs) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	for {
		n, from, err := c.AddrPortReaderWriter.ReadFromAddrPort(b)
		if err != nil || c.door.lets(b[:n], from, time.Now()) {
			return n, from, err
		}
	}
}

// guard puts the door before conn.
func (d *door) guard(conn net.PacketConn) net.PacketConn {
	behind := guarded{PacketConn: conn, door: d}
	if addrs, ok := conn.(ice.AddrPortReaderWriter); ok {
		return guardedAddrs{guarded: behind, AddrPortReaderWriter: addrs}
	}
	return behind
}

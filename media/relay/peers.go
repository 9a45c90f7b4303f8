package relay

import (
	"errors"
	"net"
	"net/netip"
	"sync"

	"github.com/pion/turn/v5"
)

// Errors of an allocation; the client gets 508 (Insufficient Capacity).
var (
	errFull   = errors.New("relay: no room for another allocation")
	errFamily = errors.New("relay: no media address of that family")
	errTCP    = errors.New("relay: relays UDP only")
)

// peers makes the sockets of allocations, which reach the media port alone. It
// implements turn.RelayAddressGenerator.
type peers struct {
	media     netip.AddrPort
	announced map[string]netip.AddrPort // by network, "udp4" or "udp6"

	mu   sync.Mutex // guards what follows; a leaf
	all  int
	each map[string]int // by participant
}

func newPeers(media netip.AddrPort, announced []netip.AddrPort) *peers {
	p := &peers{media: media, announced: map[string]netip.AddrPort{}, each: map[string]int{}}
	for _, a := range announced {
		network := "udp6"
		if a = netip.AddrPortFrom(a.Addr().Unmap(), a.Port()); a.Addr().Is4() {
			network = "udp4"
		}
		if _, has := p.announced[network]; !has {
			p.announced[network] = a
		}
	}
	return p
}

// known says whether permissions may be given for that address; what port is
// meant is seen at each packet.
func (p *peers) known(ip net.IP) bool {
	addr, ok := netip.AddrFromSlice(ip)
	for _, a := range p.announced {
		if ok && a.Addr() == addr.Unmap() {
			return true
		}
	}
	return false
}

// room says whether the participant may have another allocation.
func (p *peers) room(user string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all < maxAllocations && p.each[user] < maxOfOne
}

// take is room, and takes it.
func (p *peers) take(user string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all >= maxAllocations || p.each[user] >= maxOfOne {
		return false
	}
	p.all++
	p.each[user]++
	return true
}

func (p *peers) release(user string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all--
	if p.each[user]--; p.each[user] == 0 {
		delete(p.each, user)
	}
}

func (p *peers) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all
}

// Validate implements turn.RelayAddressGenerator.
func (p *peers) Validate() error { return nil }

// AllocatePacketConn implements turn.RelayAddressGenerator. The address that
// the client is told is of use to nobody: its candidates aren't looked at.
func (p *peers) AllocatePacketConn(conf turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	as, ok := p.announced[conf.Network]
	if !ok {
		return nil, nil, errFamily
	}
	if !p.take(conf.UserID) {
		return nil, nil, errFull
	}
	local := net.UDPAddr{IP: p.media.Addr().AsSlice(), Zone: p.media.Addr().Zone()}
	conn, err := net.ListenUDP("udp", &local)
	if err != nil {
		p.release(conf.UserID)
		return nil, nil, err
	}
	port := as.Port()
	if bound, ok := conn.LocalAddr().(*net.UDPAddr); ok {
		port = uint16(bound.Port)
	}
	r := &relayed{UDPConn: conn, media: p.media, as: as, release: sync.OnceFunc(func() { p.release(conf.UserID) })}
	return r, net.UDPAddrFromAddrPort(netip.AddrPortFrom(as.Addr(), port)), nil
}

// AllocateListener implements turn.RelayAddressGenerator.
func (p *peers) AllocateListener(turn.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	return nil, nil, errTCP
}

// AllocateConn implements turn.RelayAddressGenerator.
func (p *peers) AllocateConn(turn.AllocateConnConfig) (net.Conn, error) { return nil, errTCP }

// relayed is the socket of one allocation. Its client sees the media port at
// the announced address; packets to or from anywhere else are dropped.
type relayed struct {
	*net.UDPConn
	media   netip.AddrPort
	as      netip.AddrPort
	release func() // may be called again
}

// WriteTo implements net.PacketConn.
func (r *relayed) WriteTo(b []byte, to net.Addr) (int, error) {
	udp, ok := to.(*net.UDPAddr)
	if !ok || plain(udp.AddrPort()) != r.as {
		return len(b), nil
	}
	return r.WriteToUDPAddrPort(b, r.media)
}

// ReadFrom implements net.PacketConn.
func (r *relayed) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := r.ReadFromUDPAddrPort(b)
		if err != nil {
			return n, nil, err
		}
		if plain(from) == r.media {
			return n, net.UDPAddrFromAddrPort(r.as), nil
		}
	}
}

// Close implements net.PacketConn.
func (r *relayed) Close() error {
	r.release()
	return r.UDPConn.Close()
}

func plain(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

package lean

import (
	"net"
	"net/netip"
	"time"

	"github.com/pion/ice/v4"
)

// TCP wraps pion's TCP mux (RFC 6544), whose connections then give media to the
// Port's peers, as its sockets do.
type TCP struct {
	*ice.TCPMuxDefault
	Port *Port
}

// GetConnByUfrag implements ice.TCPMux.
func (t TCP) GetConnByUfrag(ufrag string, isIPv6 bool, local net.IP) (net.PacketConn, error) {
	conn, err := t.TCPMuxDefault.GetConnByUfrag(ufrag, isIPv6, local)
	if err != nil {
		return nil, err
	}
	return &Stream{PacketConn: conn, port: t.Port}, nil
}

// Stream is the TCP connections of one participant.
type Stream struct {
	net.PacketConn
	port *Port
}

// ReadFrom implements net.PacketConn: what isn't media.
func (s *Stream) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := s.PacketConn.ReadFrom(b)
		if err != nil || !isMedia(b[:n]) {
			if addr, ok := tcpAddr(from); ok && err == nil {
				s.port.found(addr, s)
			}
			return n, from, err
		}
		addr, ok := tcpAddr(from)
		if !ok {
			continue
		}
		if peer := (*s.port.peers.Load())[place{addr, true}]; peer != nil {
			// What it causes to be sent goes one by one: TCP is for the few.
			peer.handle(b[:n], time.Now(), nil)
		} else {
			s.port.counts.strange.Add(1)
		}
	}
}

// Close implements net.PacketConn.
func (s *Stream) Close() error {
	s.port.mu.Lock()
	for addr, other := range s.port.streams {
		if other == s {
			delete(s.port.streams, addr)
		}
	}
	s.port.mu.Unlock()
	return s.PacketConn.Close()
}

func (s *Stream) write(b []byte, to netip.AddrPort) (int, error) {
	return s.WriteTo(b, net.TCPAddrFromAddrPort(to))
}

// found notes by which stream an address is reached.
func (p *Port) found(addr netip.AddrPort, s *Stream) {
	p.mu.Lock()
	p.streams[addr] = s
	p.mu.Unlock()
}

func (p *Port) stream(addr netip.AddrPort) *Stream {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.streams[addr]
}

func tcpAddr(a net.Addr) (netip.AddrPort, bool) {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}, false
	}
	return plainAddr(tcp.AddrPort()), true
}

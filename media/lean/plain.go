package lean

import (
	"net"
	"unsafe"
)

// plainSocket moves packets one by one.
type plainSocket struct{ conn net.PacketConn }

func (s *plainSocket) read(packets []packet, idle func()) (int, error) {
	idle()
	d := &packets[0]
	if udp, ok := s.conn.(*net.UDPConn); ok {
		var err error
		d.n, d.addr, err = udp.ReadFromUDPAddrPort(d.buf[:])
		return 1, err
	}
	n, from, err := s.conn.ReadFrom(d.buf[:])
	if err != nil {
		return 0, err
	}
	addr, ok := from.(*net.UDPAddr)
	if !ok {
		return 0, net.InvalidAddrError("not of UDP")
	}
	d.n, d.addr = n, addr.AddrPort()
	return 1, nil
}

func (s *plainSocket) write(packets []packet) (sent int) {
	for i := range packets {
		d := &packets[i]
		var err error
		if udp, ok := s.conn.(*net.UDPConn); ok {
			_, err = udp.WriteToUDPAddrPort(d.buf[:d.n], d.addr)
		} else {
			_, err = s.conn.WriteTo(d.buf[:d.n], net.UDPAddrFromAddrPort(d.addr))
		}
		if err == nil {
			sent++
		}
	}
	return sent
}

func (s *plainSocket) Close() error        { return s.conn.Close() }
func (s *plainSocket) LocalAddr() net.Addr { return s.conn.LocalAddr() }

// single is one packet as a slice of its own.
func single(d *packet) []packet { return unsafe.Slice(d, 1) }

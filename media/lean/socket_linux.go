package lean

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mmsghdr is struct mmsghdr of recvmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
}

// vector is what one system call moves.
type vector struct {
	headers [batchSize]mmsghdr
	iovecs  [batchSize]unix.Iovec
	names   [batchSize]unix.RawSockaddrInet6 // large enough for IPv4's
}

// readsInARow are what a socket's reader may do while other goroutines wait for
// the processor: nobody else tells it to pause, for its calls are raw.
const readsInARow = 64

// batchSocket moves packets by recvmmsg and sendmmsg, without an allocation.
//
// The calls are raw ones: neither waits, so the runtime needs no word of them.
// An ordinary one would wake its watchdog thread after each pause of the
// process, that is for almost every batch of a quiet line.
type batchSocket struct {
	conn *net.UDPConn
	raw  syscall.RawConn
	six  bool // an IPv6 socket, where IPv4 addresses wear IPv6 dress

	in      vector // the reader's, with what follows
	packets []packet
	got     int
	failed  error
	inARow  int                   // reads since the reader last waited
	receive func(fd uintptr) bool // made once: each would be an allocation

	writing sync.Mutex // guards what follows; held in the system call, which doesn't wait
	out     vector
	left    []packet
	sent    int
	submit  func(fd uintptr) bool
}

// listen opens n sockets on one address.
func listen(network string, addr *net.UDPAddr, n, buffer int) (sockets []socket, err error) {
	config := net.ListenConfig{}
	if n > 1 {
		config.Control = func(_, _ string, raw syscall.RawConn) error {
			var failed error
			err := raw.Control(func(fd uintptr) {
				failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
			})
			return errors.Join(err, failed)
		}
	}
	host, port := "", addr.Port
	if addr.IP != nil {
		host = (&net.IPAddr{IP: addr.IP, Zone: addr.Zone}).String()
	}
	for range n {
		s, err := openSocket(config, network, net.JoinHostPort(host, strconv.Itoa(port)), buffer)
		if err != nil {
			for _, open := range sockets {
				err = errors.Join(err, open.Close())
			}
			return nil, err
		}
		sockets = append(sockets, s)
		port = s.conn.LocalAddr().(*net.UDPAddr).Port //nolint:forcetypeassert // a UDPConn's
	}
	return sockets, nil
}

func openSocket(config net.ListenConfig, network, addr string, buffer int) (*batchSocket, error) {
	opened, err := config.ListenPacket(context.Background(), network, addr)
	if err != nil {
		return nil, err
	}
	conn, ok := opened.(*net.UDPConn)
	if !ok {
		return nil, errors.Join(net.UnknownNetworkError(network), opened.Close())
	}
	// Smaller buffers than asked for cost packets at peaks, nothing else.
	_ = conn.SetReadBuffer(buffer)
	_ = conn.SetWriteBuffer(buffer)
	s := &batchSocket{conn: conn}
	if s.raw, err = conn.SyscallConn(); err == nil {
		err = s.raw.Control(func(fd uintptr) {
			domain, failed := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DOMAIN)
			s.six = failed == nil && domain == unix.AF_INET6
		})
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	s.receive, s.submit = s.recvmmsg, s.sendmmsg
	return s, nil
}

func (s *batchSocket) read(packets []packet) (int, error) {
	s.packets = packets[:min(len(packets), batchSize)]
	if s.inARow++; s.inARow > readsInARow {
		s.inARow = 0
		runtime.Gosched()
	}
	if err := s.raw.Read(s.receive); err != nil {
		return 0, err
	}
	if s.failed != nil {
		return 0, s.failed
	}
	for i := range s.packets[:s.got] {
		s.packets[i].n = int(s.in.headers[i].n)
		s.packets[i].addr = fromSockaddr(&s.in.names[i])
		if s.in.headers[i].hdr.Flags&unix.MSG_TRUNC != 0 {
			s.packets[i].n = 0 // nobody sends such
		}
	}
	return s.got, nil
}

// recvmmsg takes what is ready; false where nothing is.
func (s *batchSocket) recvmmsg(fd uintptr) bool {
	for i := range s.packets {
		s.in.set(i, s.packets[i].buf[:], unix.SizeofSockaddrInet6)
	}
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&s.in.headers)),
		uintptr(len(s.packets)), unix.MSG_DONTWAIT, 0, 0)
	switch errno {
	case 0:
		s.got, s.failed = int(n), nil
	case unix.EAGAIN, unix.EINTR:
		s.inARow = 0
		return false
	default:
		s.got, s.failed = 0, errno
	}
	return true
}

func (s *batchSocket) write(packets []packet) int {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.sent = 0
	for ; len(packets) > 0; packets = packets[min(len(packets), batchSize):] {
		s.left = packets[:min(len(packets), batchSize)]
		if s.raw.Write(s.submit) != nil {
			break // closed
		}
	}
	return s.sent
}

// sendmmsg sends what is left. It never asks to wait: a full buffer of the
// system's drops packets, as a full line does.
func (s *batchSocket) sendmmsg(fd uintptr) bool {
	for i := range s.left {
		s.out.set(i, s.left[i].buf[:s.left[i].n], s.toSockaddr(&s.out.names[i], s.left[i].addr))
	}
	for from := 0; from < len(s.left); {
		n, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&s.out.headers[from])),
			uintptr(len(s.left)-from), unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			from += int(n)
			s.sent += int(n)
		case unix.EINTR:
		case unix.EAGAIN, unix.ENOBUFS:
			return true
		default:
			from++ // the first one's own fault
		}
	}
	return true
}

// set makes message i one of buf.
func (v *vector) set(i int, buf []byte, name uint32) {
	v.iovecs[i].Base = &buf[0]
	v.iovecs[i].SetLen(len(buf))
	h := &v.headers[i].hdr
	h.Name, h.Namelen = (*byte)(unsafe.Pointer(&v.names[i])), name
	h.Iov = &v.iovecs[i]
	h.SetIovlen(1)
	h.Flags = 0
}

// fromSockaddr reads an address as the system writes it.
func fromSockaddr(name *unix.RawSockaddrInet6) netip.AddrPort {
	if name.Family == unix.AF_INET {
		four := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		return netip.AddrPortFrom(netip.AddrFrom4(four.Addr), networkOrder(four.Port))
	}
	addr := netip.AddrFrom16(name.Addr)
	if name.Scope_id != 0 {
		addr = addr.WithZone(strconv.FormatUint(uint64(name.Scope_id), 10))
	}
	return netip.AddrPortFrom(addr, networkOrder(name.Port))
}

// toSockaddr writes an address as the system reads it, and gives its size.
func (s *batchSocket) toSockaddr(name *unix.RawSockaddrInet6, to netip.AddrPort) uint32 {
	if !s.six {
		four := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		*four = unix.RawSockaddrInet4{Family: unix.AF_INET, Port: networkOrder(to.Port())}
		if addr := to.Addr().Unmap(); addr.Is4() {
			four.Addr = addr.As4()
		}
		return unix.SizeofSockaddrInet4
	}
	*name = unix.RawSockaddrInet6{Family: unix.AF_INET6, Port: networkOrder(to.Port()), Addr: to.Addr().As16()}
	if zone := to.Addr().Zone(); zone != "" {
		name.Scope_id = scope(zone)
	}
	return unix.SizeofSockaddrInet6
}

// scope is the number of a zone, which is a number or an interface's name.
func scope(zone string) uint32 {
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n)
	}
	if i, err := net.InterfaceByName(zone); err == nil {
		return uint32(i.Index)
	}
	return 0
}

// networkOrder swaps a port between the machine's order and the network's.
func networkOrder(port uint16) uint16 {
	var b [2]byte
	binary.NativeEndian.PutUint16(b[:], port)
	return binary.BigEndian.Uint16(b[:])
}

func (s *batchSocket) Close() error        { return s.conn.Close() }
func (s *batchSocket) LocalAddr() net.Addr { return s.conn.LocalAddr() }

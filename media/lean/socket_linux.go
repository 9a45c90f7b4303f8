package lean

import (
	"context"
	"errors"
	"net"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

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
	got     int // by the last read: the system has written over their headers
	failed  error
	idle    func()
	inARow  int                   // reads since the reader last waited
	receive func(fd uintptr) bool // made once: each would be an allocation

	writing sync.Mutex // guards what follows; held in the system call, which doesn't wait
	out     outgoing
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
			_, failed = unix.GetsockoptInt(int(fd), unix.SOL_UDP, unix.UDP_SEGMENT)
			s.out.segments = failed == nil
		})
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	s.receive, s.submit = s.recvmmsg, s.sendmmsg
	return s, nil
}

func (s *batchSocket) read(packets []packet, idle func()) (int, error) {
	s.idle = idle
	if packets = packets[:min(len(packets), batchSize)]; len(s.packets) != len(packets) || &s.packets[0] != &packets[0] {
		s.packets, s.got = packets, len(packets)
	}
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
	for i := range s.packets[:s.got] { // the others are as they were placed
		s.in.place(i, s.packets[i].buf[:])
	}
	n, errno := uintptr(0), unix.EINTR
	for errno == unix.EINTR {
		n, _, errno = unix.RawSyscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&s.in.headers)),
			uintptr(len(s.packets)), unix.MSG_DONTWAIT, 0, 0)
	}
	switch errno {
	case 0:
		s.got, s.failed = int(n), nil
	case unix.EAGAIN:
		s.got, s.inARow = 0, 0
		s.idle() // what comes meanwhile ends the wait at once
		return false
	default:
		s.got, s.failed = len(s.packets), errno
	}
	return true
}

func (s *batchSocket) Close() error        { return s.conn.Close() }
func (s *batchSocket) LocalAddr() net.Addr { return s.conn.LocalAddr() }

package lean

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// outgoing is what one sendmmsg moves. Packets in a row to one address, all of
// one size but a shorter last one, are one message that the system cuts into
// datagrams again (UDP_SEGMENT, "GSO"): it passes the system's layers once.
type outgoing struct {
	vector
	messages int
	runs     [batchSize]int // packets of each message
	controls [batchSize]segmentSize
	segments bool // the system can do it
}

// segmentSize is the control message of UDP_SEGMENT.
type segmentSize struct {
	hdr  unix.Cmsghdr
	size uint16
	_    [6]byte // to the alignment of control messages
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
	for len(s.left) > 0 {
		s.arrange()
		n, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&s.out.headers)),
			uintptr(s.out.messages), unix.MSG_DONTWAIT, 0, 0)
		gone := 0
		switch errno {
		case 0:
			for _, run := range s.out.runs[:n] {
				gone += run
			}
			s.sent += gone
		case unix.EINTR:
		case unix.EAGAIN, unix.ENOBUFS:
			return true
		case unix.EINVAL, unix.EIO, unix.EMSGSIZE, unix.EOPNOTSUPP:
			if gone = s.out.runs[0]; gone > 1 {
				s.out.segments, gone = false, 0 // the device can't: from now on one by one
			}
		default: // the first message's own fault
			gone = s.out.runs[0]
		}
		s.left = s.left[gone:]
	}
	return true
}

// arrange makes messages of what is left.
func (s *batchSocket) arrange() {
	o := &s.out
	o.messages = 0
	for first := 0; first < len(s.left); o.messages++ {
		i, n := o.messages, 1
		if o.segments {
			n = run(s.left[first:])
		}
		for j := first; j < first+n; j++ {
			o.iovec(j, s.left[j].buf[:s.left[j].n])
		}
		o.head(i, first, n, s.toSockaddr(&o.names[i], s.left[first].addr))
		if n > 1 {
			o.cut(i, s.left[first].n)
		}
		o.runs[i] = n
		first += n
	}
}

// cut makes message i be cut into datagrams of size bytes.
func (o *outgoing) cut(i, size int) {
	c := &o.controls[i]
	c.hdr.Level, c.hdr.Type = unix.SOL_UDP, unix.UDP_SEGMENT
	c.hdr.SetLen(unix.CmsgLen(2))
	c.size = uint16(size)
	h := &o.headers[i].hdr
	h.Control = (*byte)(unsafe.Pointer(c))
	h.SetControllen(unix.CmsgSpace(2))
}

// run is how many packets from the first on can be one message.
func run(packets []packet) int {
	size, n := packets[0].n, 1
	for n < len(packets) && packets[n].addr == packets[0].addr && packets[n].n <= size && packets[n].n > 0 {
		if n++; packets[n-1].n < size {
			break
		}
	}
	return n
}

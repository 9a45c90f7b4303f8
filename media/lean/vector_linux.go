package lean

import (
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

// place makes message i room for a packet.
func (v *vector) place(i int, buf []byte) {
	v.iovec(i, buf)
	v.head(i, i, 1, unix.SizeofSockaddrInet6)
}

func (v *vector) iovec(i int, buf []byte) {
	v.iovecs[i].Base = unsafe.SliceData(buf)
	v.iovecs[i].SetLen(len(buf))
}

// head makes message i one of n buffers from the first one on.
func (v *vector) head(i, first, n int, name uint32) {
	h := &v.headers[i].hdr
	h.Name, h.Namelen = (*byte)(unsafe.Pointer(&v.names[i])), name
	h.Iov = &v.iovecs[first]
	h.SetIovlen(n)
	h.Control, h.Flags = nil, 0
	h.SetControllen(0)
}

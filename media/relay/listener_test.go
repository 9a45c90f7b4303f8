package relay

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// tired is a listener out of files for a while.
type tired struct {
	net.Listener
	times int
}

func (l *tired) Accept() (net.Conn, error) {
	if l.times--; l.times >= 0 {
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return l.Listener.Accept()
}

// Connections that never ask for an allocation keep nobody out, nor take away one
// that has it, and a failed accept ends nothing.
func TestConnectionsWithoutAnAllocationMakeRoom(t *testing.T) {
	base, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := newListener(&tired{base, 3})
	l.begun.most = 2
	var theirs, ours []net.Conn
	for i := range 4 {
		conn, err := net.Dial("tcp4", base.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		theirs, ours = append(theirs, conn), append(ours, c)
		if i == 0 {
			l.allocated(c.RemoteAddr())
		}
	}
	if err := theirs[1].SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := theirs[1].Read(make([]byte, 1)); !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the oldest without an allocation reads %v", err)
	}
	for _, i := range []int{0, 2, 3} {
		if _, err := ours[i].(*frameConn).Conn.Write([]byte{1}); err != nil {
			t.Errorf("connection %d: %v", i, err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

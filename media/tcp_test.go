package media

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/webrtc/v4"
)

// A client that no UDP reaches has its call by TCP on the same port, with one
// that uses UDP.
func TestTCP(t *testing.T) {
	checkLeaks(t)
	n := newTestNode(t, Config{Listen: "127.0.0.1:0", Log: testLog(t)})
	a := joinAs(t, n, newRobotOn(t, nil, 100, webrtc.NetworkTypeTCP4), nil)
	b := join(t, n, nil, 200, nil)
	both := []*participant{a, b}
	for i, p := range both {
		p.publish()
		for _, kind := range []Kind{Audio, Video} {
			both[1-i].server.Play(kind, p.server.Receiver(kind))
		}
	}
	for i, p := range both {
		other := both[1-i]
		p.stream(3, func() bool { return len(other.received(Video)) > 50 && len(other.received(Audio)) > 20 })
	}
	pair, err := a.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil || pair.Remote.Protocol != webrtc.ICEProtocolTCP || int(pair.Remote.Port) != n.Addr().(*net.UDPAddr).Port {
		t.Errorf("the pair is %v, %v", pair, err)
	}
}

// A stranger who connects and talks nonsense, or says nothing, is thrown out;
// Close doesn't wait for longer than that.
func TestTCPStranger(t *testing.T) {
	checkLeaks(t)
	n := newTestNode(t, Config{Listen: "127.0.0.1:0", Log: testLog(t)})
	for name, says := range map[string]string{"nonsense": "GET / HTTP/1.1\r\n\r\n", "a long packet": "\xff\xff", "nothing": ""} {
		conn, err := net.Dial("tcp", n.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write([]byte(says)); err != nil {
			t.Fatal(err)
		}
		if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if n, err := conn.Read(make([]byte, 100)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
	}
}

// Those who connect and say nothing shut nobody out, from one address or from many.
func TestTCPCrowd(t *testing.T) {
	checkLeaks(t)
	n := newTestNode(t, Config{Listen: "127.0.0.1:0", Log: testLog(t)})
	for i := range 1100 {
		from := net.IPv4(127, 1, byte(i/tcpStrangersOfOne), byte(1+i%250))
		conn, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: from}}).Dial("tcp", n.Addr().String())
		if err != nil {
			t.Skip("not each loopback address can be dialled from: ", err)
		}
		defer conn.Close()
	}
	a := joinAs(t, n, newRobotOn(t, nil, 100, webrtc.NetworkTypeTCP4), nil)
	b := join(t, n, nil, 200, nil)
	a.publish()
	b.publish()
	b.server.Play(Video, a.server.Receiver(Video))
	a.server.Play(Video, b.server.Receiver(Video))
	a.stream(3, func() bool { return len(b.received(Video)) > 20 })
}

// binding is a connectivity check as RFC 4571 frames it.
func binding(t *testing.T, ufrag, pwd string) []byte {
	t.Helper()
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername(ufrag+":peer"), stun.NewShortTermIntegrity(pwd), stun.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(m.Raw))), m.Raw...)
}

// A connection is let in by a check with a transport's password alone, and a transport has
// so many; the places come back.
func TestTCPDoor(t *testing.T) {
	d := newDoor()
	g := newGuest()
	d.expect(g, "a=ice-ufrag:here\r\na=ice-pwd:0123456789abcdefghijkl\r\n")
	door := newTCPDoor(nil, d)
	enter := func() (ours *tcpConn, theirs net.Conn) {
		a, b := net.Pipe()
		t.Cleanup(func() { a.Close(); b.Close() })
		c := &tcpConn{Conn: a, door: door}
		door.enter(c)
		return c, b
	}
	say := func(c *tcpConn, theirs net.Conn, what []byte) error {
		go func() {
			for _, each := range what { // as slowly as can be
				if _, err := theirs.Write([]byte{each}); err != nil {
					return
				}
			}
		}()
		_, err := readFull(c, len(what))
		return err
	}
	for name, what := range map[string][]byte{"an unknown transport": binding(t, "elsewhere", "0123456789abcdefghijkl"),
		"another password": binding(t, "here", "0123456789abcdefghijkm"), "no message": append([]byte{0, 20}, make([]byte, 20)...)} {
		c, theirs := enter()
		if err := say(c, theirs, what); !errors.Is(err, errStranger) {
			t.Errorf("%s: %v", name, err)
		}
		c.Close()
	}
	var in []*tcpConn
	for range tcpOfGuest {
		c, theirs := enter()
		if err := say(c, theirs, binding(t, "here", "0123456789abcdefghijkl")); err != nil {
			t.Fatal(err)
		}
		in = append(in, c)
	}
	if c, theirs := enter(); !errors.Is(say(c, theirs, binding(t, "here", "0123456789abcdefghijkl")), errStranger) {
		t.Error("one connection too many")
	} else {
		c.Close()
	}
	in[0].Close()
	in[0].Close() // twice gives one place
	for _, want := range []error{nil, errStranger} {
		c, theirs := enter()
		if err := say(c, theirs, binding(t, "here", "0123456789abcdefghijkl")); !errors.Is(err, want) {
			t.Errorf("after one has left: %v, want %v", err, want)
		}
		if want != nil {
			c.Close()
		}
	}
	if len(door.from) != 0 || door.strangers.Len() != 0 {
		t.Errorf("%d strangers of %d addresses are left", door.strangers.Len(), len(door.from))
	}
}

func readFull(c net.Conn, n int) (int, error) {
	b := make([]byte, n)
	for read := 0; ; {
		more, err := c.Read(b[read:])
		if read += more; err != nil || read == n {
			return read, err
		}
	}
}

// Of one address the oldest goes, whoever else is there.
func TestTCPStrangersOfOneAddress(t *testing.T) {
	door := newTCPDoor(nil, newDoor())
	closed := func(c *tcpConn) bool { return c.place == nil }
	conn := func(addr string) *tcpConn {
		a, b := net.Pipe()
		t.Cleanup(func() { a.Close(); b.Close() })
		c := &tcpConn{Conn: a, door: door, from: networkOf(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(addr)))}
		door.enter(c)
		return c
	}
	first := conn("[2001:db8::1]:1")
	other := conn("[2001:db8:0:1::1]:1")
	for range tcpStrangersOfOne - 1 {
		conn("[2001:db8::2]:1")
	}
	if closed(first) {
		t.Error("closed while there is room")
	}
	conn("[2001:db8::3]:1")
	if !closed(first) || closed(other) {
		t.Errorf("the oldest of the /64 closed: %t, one of another: %t", closed(first), closed(other))
	}
}

// failing is a listener out of files for a while.
type failing struct {
	net.Listener
	times int
}

func (f *failing) Accept() (net.Conn, error) {
	if f.times--; f.times >= 0 {
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return f.Listener.Accept()
}

func TestTCPOutlivesFailedAccepts(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	door := newTCPDoor(&failing{inner, 3}, newDoor())
	theirs, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	c, err := door.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if err := inner.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := door.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

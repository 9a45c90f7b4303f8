package main

import (
	"io"
	"net"
	"net/netip"
	"testing"
)

func TestGate(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := newGate(inner, 1, nil)
	defer g.Close()
	accepted := make(chan net.Conn, 8)
	go func() {
		for {
			c, err := g.Accept()
			if err != nil {
				close(accepted)
				return
			}
			accepted <- c
		}
	}()
	dial := func() net.Conn {
		t.Helper()
		c, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	var served []net.Conn
	for range connsPerWebSocket {
		dial()
		served = append(served, <-accepted)
	}
	if _, err := dial().Read(make([]byte, 1)); err == nil || err != io.EOF && !isReset(err) {
		t.Errorf("one too many reads %v, want the connection's end", err)
	}
	served[0].Close()
	served[0].Close() // twice gives one place
	dial()
	<-accepted
	if _, err := dial().Read(make([]byte, 1)); err == nil {
		t.Error("two places came of one that was left")
	}
}

func isReset(err error) bool { _, ok := err.(*net.OpError); return ok }

// One address that is full keeps no other out.
func TestGateKeepsNobodyElseOut(t *testing.T) {
	g := newGate(nil, 1, nil)
	for range connsPerWebSocket {
		if !g.enter("192.0.2.1") {
			t.Fatal("less than the places are given")
		}
	}
	if g.enter("192.0.2.1") {
		t.Error("one place more than there are")
	}
	if !g.enter("192.0.2.2") {
		t.Error("another address is kept out")
	}
	g.leave("192.0.2.1")
	if !g.enter("192.0.2.1") {
		t.Error("a place that was given back is not given again")
	}
}

// scripted gives connections from addresses, and then none.
type scripted struct {
	net.Listener
	from []string
}

func (s *scripted) Accept() (net.Conn, error) {
	if len(s.from) == 0 {
		return nil, net.ErrClosed
	}
	from := net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(s.from[0]), 4711))
	s.from = s.from[1:]
	a, b := net.Pipe()
	b.Close()
	return &placed{a, from}, nil
}

type placed struct {
	net.Conn
	from net.Addr
}

func (p *placed) RemoteAddr() net.Addr { return p.from }

// All addresses of one /64 are one subscriber's; IPv4 in IPv6's clothes is that address.
func TestGateCountsBySubscriber(t *testing.T) {
	for name, test := range map[string]struct {
		from []string
		in   int
	}{
		"one /64":        {[]string{"2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4", "2001:db8::ffff:5"}, connsPerWebSocket},
		"another /64":    {[]string{"2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4", "2001:db8:0:1::1"}, connsPerWebSocket + 1},
		"IPv4":           {[]string{"192.0.2.1", "192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1"}, connsPerWebSocket},
		"others of IPv4": {[]string{"192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"}, connsPerWebSocket + 1},
	} {
		g, in := newGate(&scripted{from: test.from}, 1, nil), 0
		for {
			if _, err := g.Accept(); err != nil {
				break
			}
			in++
		}
		if in != test.in {
			t.Errorf("%s: %d let in, want %d", name, in, test.in)
		}
	}
}

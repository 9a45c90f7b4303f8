package main

import (
	"io"
	"net"
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

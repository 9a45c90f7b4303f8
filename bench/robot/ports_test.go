package robot

import (
	"net"
	"testing"
)

// TestFreePorts: those given are free on every address, once each, and none is
// one that a connection may be given.
func TestFreePorts(t *testing.T) {
	all, err := FreePorts(40)
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range all {
		at, err := net.ResolveTCPAddr("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if at.Port < lowestPort || at.Port >= firstEphemeral() {
			t.Errorf("%s may be given to a connection", addr)
		}
		for _, host := range []net.IP{nil, at.IP} {
			l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: host, Port: at.Port})
			if err != nil {
				t.Fatalf("given twice, or not free: %v", err)
			}
			if host != nil {
				defer l.Close()
			} else if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, addr := range all {
		at, err := net.ResolveTCPAddr("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if free(at.Port) {
			t.Errorf("%s is listened on and counts as free", addr)
		}
	}
}

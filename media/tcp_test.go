package media

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"

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

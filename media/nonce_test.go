package media

import (
	"bytes"
	"encoding/binary"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/pion/transport/v5"
	"github.com/pion/webrtc/v4"
)

// wiretap is a host whose sealed packets are looked at as they leave.
type wiretap struct {
	*unruly
	t *testing.T

	mu     sync.Mutex
	sealed map[number][]byte
	again  int // packets that left more than once
}

// number seals a packet: of RTP by its sequence number, of RTCP by its index,
// each with the SSRC and under the key of the host it goes to.
type number struct {
	host    string
	rtcp    bool
	ssrc, n uint32
}

func (w *wiretap) ListenPacket(network, address string) (net.PacketConn, error) {
	conn, err := w.unruly.ListenPacket(network, address)
	return tappedConn{PacketConn: conn, tap: w}, err
}

type tappedConn struct {
	net.PacketConn
	tap *wiretap
}

func (c tappedConn) WriteTo(raw []byte, to net.Addr) (int, error) {
	c.tap.look(raw, to)
	return c.PacketConn.WriteTo(raw, to)
}

// look fails the test if a number seals something else than before. A test is too
// short for sequence numbers to come round.
func (w *wiretap) look(raw []byte, to net.Addr) {
	if len(raw) < 16 || raw[0]>>6 != 2 {
		return
	}
	by := number{host: to.(*net.UDPAddr).IP.String(), ssrc: binary.BigEndian.Uint32(raw[8:]), n: uint32(binary.BigEndian.Uint16(raw[2:]))}
	if kind := raw[1] & 0x7f; kind >= 64 && kind < 96 { // RFC 5761 section 4; RFC 7714 section 9.1: the index is last
		by.rtcp, by.ssrc, by.n = true, binary.BigEndian.Uint32(raw[4:]), binary.BigEndian.Uint32(raw[len(raw)-4:])
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	before, known := w.sealed[by]
	switch {
	case !known:
		w.sealed[by] = bytes.Clone(raw)
	case by.rtcp || !bytes.Equal(before, raw):
		w.t.Errorf("two packets sealed by one number: %+v", by)
	default:
		w.again++
	}
}

func (w *wiretap) counts() (numbers, again int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.sealed), w.again
}

// No number seals two packets under one key (with AES-GCM that would give the
// key's authentication away): not under loss, where video is repaired by RTX and
// sound bit by bit, not when another source is played, not over ICE restarts.
func TestNoNumberTwice(t *testing.T) {
	checkLeaks(t)
	l := newLab(t, conditions{loss: 5, reorder: 3, delay: 10 * time.Millisecond})
	w := &wiretap{unruly: l.server, t: t, sealed: map[number][]byte{}}
	seller, manager := l.host("10.0.0.3"), l.host("10.0.0.4")
	l.start()
	n := newTestNode(t, Config{Listen: serverIP + serverPort, Net: w, Log: testLog(t)})
	a, b := join(t, n, seller, 65000, nil), join(t, n, manager, 300, nil)
	a.publish()
	b.publish()
	for round := range 3 {
		from := []*participant{a, b, a}[round]
		for _, kind := range []Kind{Audio, Video} {
			b.server.Play(kind, from.server.Receiver(kind))
		}
		numbers, again := w.counts()
		from.stream(6, func() bool {
			now, repeated := w.counts()
			return now > numbers+1500 && repeated > again+2
		})
		b.negotiate(b.server, &webrtc.OfferOptions{ICERestart: true})
	}
}

var _ transport.Net = (*wiretap)(nil)

package media

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/stun/v4"
	"github.com/pion/webrtc/v4"
	"golang.org/x/time/rate"
)

// Whatever RTCP a participant sends, as subscriber and as publisher, the track
// goes on: its next packet is forwarded, its next report understood.
func FuzzRTCP(f *testing.F) {
	for _, packets := range [][]rtcp.Packet{
		keyFrameRequest(5),
		{&rtcp.TransportLayerNack{MediaSSRC: 5, Nacks: []rtcp.NackPair{{PacketID: 1, LostPackets: 0xffff}}}},
		{&rtcp.SenderReport{SSRC: 1, NTPTime: 1 << 63, RTPTime: 7}},
		{&rtcp.ReceiverReport{SSRC: 9, Reports: []rtcp.ReceptionReport{{SSRC: 5, LastSenderReport: 1, Delay: 0xffffffff}}}},
		{&rtcp.FullIntraRequest{MediaSSRC: 5, FIR: []rtcp.FIREntry{{SSRC: 5}}}, &rtcp.Goodbye{Sources: []uint32{1}}},
	} {
		raw, err := rtcp.Marshal(packets)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add(claims(rtcp.TypeTCCPacketReceivedSmallDelta, 65535))
	f.Fuzz(func(t *testing.T, raw []byte) {
		link := newDownlink(epoch)
		d := newDownTrack(Video, videoClockRate, 1, link)
		d.bind(discard{}, outbound{ssrc: 5, payloadType: 96, rtxSSRC: 6, rtxPayloadType: 97, numberID: 3})
		d.open()
		r := newReceiver(Video, 1, 96, videoClockRate, &senderClock{}, trackIO{rtt: func() time.Duration { return 0 }})
		d.play(r)
		var out outgoing
		r.handleRTP(videoPacket(1, 0, true, true, 7), epoch, false, &out)
		if packets, err := parseRTCP(raw); err == nil {
			link.handleRTCP(packets, epoch)
			r.handleRTCP(packets, epoch)
			d.handleRTCP(packets, epoch, func(rtt time.Duration) {
				if rtt < 0 || rtt > time.Minute {
					t.Errorf("a round trip of %v", rtt)
				}
			})
		}
		sent := d.sent
		r.handleRTP(videoPacket(2, 0, false, true, 7), epoch, false, &out)
		if d.sent != sent+1 {
			t.Error("the next packet wasn't forwarded")
		}
		r.handleRTCP([]rtcp.Packet{&rtcp.SenderReport{SSRC: 1, NTPTime: ntpTime(epoch), RTPTime: 7}}, epoch)
		if report := r.report.Load(); report == nil || report.rtp != 7 {
			t.Error("the next report wasn't taken")
		}
		if sr := d.senderReport(epoch); sr != nil && sr.PacketCount != d.sent {
			t.Errorf("%d packets reported of %d", sr.PacketCount, d.sent)
		}
	})
}

// memorySocket is a socket in memory: what is put in is read, what is written to
// watched addresses comes out.
type memorySocket struct {
	in   chan datagram // never closed
	out  chan []byte   // never closed; full: dropped
	end  chan struct{}
	once sync.Once
}

type datagram struct {
	raw  []byte
	from *net.UDPAddr
}

func (w *memorySocket) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case d := <-w.in:
		return copy(b, d.raw), d.from, nil
	case <-w.end:
		return 0, nil, net.ErrClosed
	}
}

func (w *memorySocket) WriteTo(b []byte, to net.Addr) (int, error) {
	if addr, ok := to.(*net.UDPAddr); ok && addr.Port == honest.Port {
		select {
		case w.out <- append([]byte{}, b...):
		default:
		}
	}
	return len(b), nil
}

func (w *memorySocket) Close() error { w.once.Do(func() { close(w.end) }); return nil }
func (w *memorySocket) LocalAddr() net.Addr {
	return &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7000}
}
func (w *memorySocket) SetDeadline(time.Time) error      { return nil }
func (w *memorySocket) SetReadDeadline(time.Time) error  { return nil }
func (w *memorySocket) SetWriteDeadline(time.Time) error { return nil }

// Where datagrams of FuzzSTUN come from.
var honest, hostile = &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4000}, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4001}

// callee is a Transport that waits for the checks of a client.
type callee struct {
	server *Transport
	pc     *webrtc.PeerConnection
	pwd    string
	name   stun.Username
	since  time.Time
}

// calleeLife is shorter than ICE's patience: who is checked and never answers
// the checks that come back is given up.
const calleeLife = (iceDisconnected + iceFailed) / 2

func newCallee(t testing.TB, n *Node) *callee {
	t.Helper()
	c := &callee{since: time.Now()}
	var err error
	if c.server, err = n.NewTransport(func(Event) {}); err != nil {
		t.Fatal(err)
	}
	if c.pc, err = webrtc.NewPeerConnection(webrtc.Configuration{}); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
		if _, err := c.pc.AddTransceiverFromKind(kind); err != nil {
			t.Fatal(err)
		}
	}
	offer, err := c.pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	c.server.guest.checks.SetLimit(rate.Inf) // more than one can send otherwise
	answer, err := c.server.Answer(context.Background(), offer.SDP)
	if err != nil {
		t.Fatal(err)
	}
	c.pwd = attributeOf(answer, "ice-pwd")
	c.name = stun.NewUsername(attributeOf(answer, "ice-ufrag") + ":" + attributeOf(offer.SDP, "ice-ufrag"))
	return c
}

func (c *callee) close(t testing.TB) {
	if err := errors.Join(c.server.Close(), c.pc.Close()); err != nil {
		t.Error(err)
	}
}

// Whatever datagram comes, of a stranger or with the call's own password, the
// next honest check is answered. A sealed one is made of a message's type and
// attributes, so that it reaches the agent.
func FuzzSTUN(f *testing.F) {
	w := &memorySocket{in: make(chan datagram), out: make(chan []byte, 64), end: make(chan struct{})}
	n, err := newNodeOn(Config{Path: PathPion}, w, nil)
	if err != nil {
		f.Fatal(err)
	}
	defer n.Close()
	c := newCallee(f, n)
	defer func() { c.close(f) }()
	f.Add(uint16(1), []byte{0, 0x24, 0, 4, 110, 0, 1, 255, 0x80, 0x2a, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8}, true)
	f.Add(uint16(1), []byte{0, 0x25, 0, 0, 0x80, 0x29, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8}, true)
	f.Add(uint16(0x101), []byte{0, 0x20, 0, 8, 0, 1, 0, 0, 0, 0, 0, 0}, true)
	f.Add(uint16(0x111), []byte{0, 9, 0, 4, 0, 0, 4, 87}, true)
	f.Add(uint16(1), []byte{0, 6, 0xff, 0xff, 1, 2, 3, 4}, false)
	f.Add(uint16(0xffff), []byte{}, false)
	f.Fuzz(func(t *testing.T, kind uint16, attributes []byte, sealed bool) {
		if time.Since(c.since) > calleeLife {
			c.close(t)
			c = newCallee(t, n)
		}
		raw := append(binary.BigEndian.AppendUint16(nil, kind), make([]byte, 18)...)
		binary.BigEndian.PutUint16(raw[2:], uint16(len(attributes)))
		binary.BigEndian.PutUint32(raw[4:], 0x2112a442)
		raw = append(raw, attributes...)
		if sealed {
			m := &stun.Message{Raw: raw}
			if len(attributes) > 1000 || m.Decode() != nil || m.Build(m, c.name, stun.NewShortTermIntegrity(c.pwd), stun.Fingerprint) != nil {
				return
			}
			raw = m.Raw
		}
		w.in <- datagram{raw, hostile}
		id := stun.NewTransactionID()
		honestCheck, err := stun.Build(stun.BindingRequest, stun.NewTransactionIDSetter(id), c.name,
			stun.RawAttribute{Type: stun.AttrPriority, Value: []byte{110, 0, 1, 255}},
			stun.RawAttribute{Type: stun.AttrICEControlling, Value: []byte{9, 9, 9, 9, 9, 9, 9, 9}},
			stun.NewShortTermIntegrity(c.pwd), stun.Fingerprint)
		if err != nil {
			t.Fatal(err)
		}
		again := time.NewTicker(20 * time.Millisecond) // it may be over what is let in of one participant
		defer again.Stop()
		late := time.After(patience)
		for w.in <- (datagram{honestCheck.Raw, honest}); ; {
			select {
			case reply := <-w.out:
				m := &stun.Message{Raw: reply}
				if m.Decode() == nil && m.TransactionID == id {
					return
				}
			case <-again.C:
				w.in <- datagram{honestCheck.Raw, honest}
			case <-late:
				t.Fatal("an honest check isn't answered any more")
			}
		}
	})
}

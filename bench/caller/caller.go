// Package caller is a participant made for load: it joins like a browser (offer,
// ICE, DTLS), then sends and receives SRTP on its bare socket, so that one core
// carries many. It is no part of what it measures: stock pion on this side
// would cost more than the servers under test.
package caller

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
	"github.com/pion/transport/v5/deadline"
	"golang.org/x/net/ipv4"
)

// What a Caller sends: 1.5 Mbit/s of VP8-like video in 160 packets a second,
// 50 packets of audio a second, a key frame each second.
const (
	FrameRate       = 30
	packetsPerSec   = 160
	videoPayload    = 1500000 / 8 / packetsPerSec
	audioPayload    = 80
	audioInterval   = 20 * time.Millisecond
	framesPerKey    = FrameRate
	markerSize      = 8  // the time of sending, at a payload's end
	descriptorBytes = 14 // VP8 descriptor and frame header
	batchSize       = 8  // packets that one system call moves: more than a frame has
)

// epoch of the times in packets.
var epoch = time.Now()

// Caller is one participant. Fields are set by Join; then a sending and a
// receiving goroutine work until Close.
type Caller struct {
	id     ident
	cert   tls.Certificate
	socket *net.UDPConn
	server answer
	addr   net.Addr // the server's

	secret    *secretConn
	dtls      *dtls.Conn
	encrypt   *srtp.Context // the sending goroutine's
	decrypt   *srtp.Context // the receiving goroutine's, once secure is closed
	reach     sync.Once
	reachable chan struct{}
	secure    chan struct{}
	ended     chan struct{}
	working   sync.WaitGroup

	measuring atomic.Bool
	sent      atomic.Uint64 // while measuring
	mu        sync.Mutex    // guards what follows
	received  uint64        // of those sent while the sender was measuring
	delays    []time.Duration
}

// Signal sends an offer to the server under test and returns its answer.
type Signal func(ctx context.Context, offer string) (answer string, err error)

// New makes a Caller that isn't in a call yet. Its certificate isn't part of a
// join: browsers have theirs before, too.
func New() (*Caller, error) {
	cert, err := selfsign.GenerateSelfSigned()
	if err != nil {
		return nil, err
	}
	socket, err := net.ListenUDP("udp4", nil)
	if err != nil {
		return nil, err
	}
	_ = socket.SetReadBuffer(1 << 20) // less costs packets at peaks
	ssrc := rand.Uint32N(1<<30) + 1
	c := &Caller{
		cert: cert, socket: socket,
		id: ident{ufrag: fmt.Sprintf("%08x", rand.Uint32()), pwd: fmt.Sprintf("%032x", rand.Uint64()), fingerprint: fingerprint(cert),
			audio: ssrc, video: ssrc + 1, rtx: ssrc + 2},
		reachable: make(chan struct{}), secure: make(chan struct{}), ended: make(chan struct{}),
	}
	c.secret = &secretConn{caller: c, in: make(chan []byte, 64), read: deadline.New()}
	return c, nil
}

// Join connects and returns how long it took from the offer to the keys.
func (c *Caller) Join(ctx context.Context, signal Signal) (time.Duration, error) {
	start := time.Now()
	text, err := signal(ctx, c.id.offer())
	if err != nil {
		return 0, err
	}
	if c.server, err = parseAnswer(text); err != nil {
		return 0, err
	}
	c.addr = net.UDPAddrFromAddrPort(c.server.addr)
	c.working.Go(c.receive)
	c.working.Go(c.checks)
	select {
	case <-c.reachable:
	case <-ctx.Done():
		return 0, fmt.Errorf("caller: no answer to connectivity checks: %w", ctx.Err())
	}
	if err := c.handshake(ctx); err != nil {
		return 0, fmt.Errorf("caller: DTLS: %w", err)
	}
	close(c.secure)
	return time.Since(start), nil
}

// Close ends the Caller.
func (c *Caller) Close() {
	close(c.ended)
	_ = c.socket.Close() // ends receive
	c.working.Wait()
}

// Measure counts from now on, or no longer.
func (c *Caller) Measure(on bool) { c.measuring.Store(on) }

// Counts of what was sent and received while measuring, and the delays.
func (c *Caller) Counts() (sent, received uint64, delays []time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent.Load(), c.received, c.delays
}

// receive reads the socket until it is closed.
func (c *Caller) receive() {
	socket, batch := ipv4.NewPacketConn(c.socket), newBatch(2048)
	var plain []byte
	for {
		n, err := socket.ReadBatch(batch, 0)
		if err != nil {
			return
		}
		for _, m := range batch[:n] {
			plain = c.handle(m.Buffers[0][:m.N], m.Addr, plain[:0])
		}
	}
}

// handle takes a packet (RFC 7983 tells them apart), with room for a plain one.
func (c *Caller) handle(raw []byte, from net.Addr, plain []byte) []byte {
	switch {
	case len(raw) < 12:
	case raw[0] < 4:
		if udp, ok := from.(*net.UDPAddr); ok {
			c.handleSTUN(raw, udp.AddrPort())
		}
	case raw[0] >= 20 && raw[0] < 64:
		select {
		case c.secret.in <- append([]byte{}, raw...):
		default:
		}
	case raw[0] >= 128 && (raw[1]&0x7f < 64 || raw[1]&0x7f >= 96):
		select {
		case <-c.secure:
			return c.handleRTP(raw, plain)
		default:
		}
	}
	return plain
}

// newBatch makes room for as many packets of that size, in bytes.
func newBatch(size int) []ipv4.Message {
	batch := make([]ipv4.Message, batchSize)
	for i := range batch {
		batch[i].Buffers = [][]byte{make([]byte, size)}
	}
	return batch
}

func (c *Caller) handleRTP(raw, plain []byte) []byte {
	plain, err := c.decrypt.DecryptRTP(plain, raw, nil)
	if err != nil || len(plain) < markerSize {
		return plain
	}
	stamp := binary.BigEndian.Uint64(plain[len(plain)-markerSize:])
	if stamp&1 == 0 { // sent while not measuring
		return plain
	}
	delay := time.Since(epoch) - time.Duration(stamp)
	c.mu.Lock()
	c.received++
	c.delays = append(c.delays, delay)
	c.mu.Unlock()
	return plain
}

// Send starts the media; phase in 0..1 says where in a frame's time.
func (c *Caller) Send(phase float64) { c.working.Go(func() { c.send(phase) }) }

// stream is the running numbers of what is sent.
type stream struct {
	header  rtp.Header
	payload []byte
	picture uint16
}

func (c *Caller) send(phase float64) {
	frame := time.Second / FrameRate
	audio := &stream{header: rtp.Header{Version: 2, PayloadType: opusPT, SSRC: c.id.audio}, payload: make([]byte, audioPayload)}
	video := &stream{header: rtp.Header{Version: 2, PayloadType: vp8PT, SSRC: c.id.video}, payload: make([]byte, videoPayload)}
	var twcc uint16
	var sentPackets int
	start := time.Now().Add(time.Duration(phase * float64(frame)))
	nextVideo, nextAudio := start, start.Add(frame/2)
	out := sender{socket: ipv4.NewPacketConn(c.socket), batch: newBatch(videoPayload + 100)}
	for frames := 0; ; {
		next := nextVideo
		if nextAudio.Before(next) {
			next = nextAudio
		}
		select {
		case <-time.After(time.Until(next)):
		case <-c.ended:
			return
		}
		if next.Equal(nextAudio) {
			nextAudio = nextAudio.Add(audioInterval)
			audio.header.Timestamp += 960
			c.seal(audio, &twcc, &out)
			out.send()
			continue
		}
		nextVideo = nextVideo.Add(frame)
		frames++
		video.header.Timestamp += 90000 / FrameRate
		video.picture = (video.picture + 1) & 0x7fff
		for until := frames * packetsPerSec / FrameRate; sentPackets < until; sentPackets++ {
			first := sentPackets == (frames-1)*packetsPerSec/FrameRate
			video.header.Marker = sentPackets == until-1
			vp8Header(video.payload, first, frames%framesPerKey == 1, video.picture)
			c.seal(video, &twcc, &out)
		}
		out.send() // a frame at once, as a network delivers it that is faster than the encoder
	}
}

// vp8Header writes descriptor (RFC 7741 section 4.2) and frame header.
func vp8Header(b []byte, first, key bool, picture uint16) {
	clear(b[:descriptorBytes])
	b[0] = 0x80 // X
	if first {
		b[0] |= 0x10 // S
	}
	b[1] = 0x80 // I
	binary.BigEndian.PutUint16(b[2:], 0x8000|picture)
	if first {
		if !key {
			b[4] = 1
			return
		}
		copy(b[4:], []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x00, 0x05, 0xd0, 0x02}) // 1280×720
	}
}

// sender sends packets in batches.
type sender struct {
	socket *ipv4.PacketConn
	batch  []ipv4.Message
	n      int
}

// send sends what is there; a lost packet is counted as one.
func (s *sender) send() {
	for done := 0; done < s.n; {
		sent, err := s.socket.WriteBatch(s.batch[done:s.n], 0)
		if err != nil {
			break
		}
		done += sent
	}
	s.n = 0
}

// seal makes the stream's next packet and puts it into the batch.
func (c *Caller) seal(s *stream, twcc *uint16, out *sender) {
	s.header.SequenceNumber++
	*twcc++
	var number [2]byte
	binary.BigEndian.PutUint16(number[:], *twcc)
	if s.header.SetExtension(twccID, number[:]) != nil || out.n == len(out.batch) {
		return
	}
	stamp := uint64(time.Since(epoch)) &^ 1
	if c.measuring.Load() {
		stamp |= 1
		c.sent.Add(1)
	}
	binary.BigEndian.PutUint64(s.payload[len(s.payload)-markerSize:], stamp)
	pkt := rtp.Packet{Header: s.header, Payload: s.payload}
	raw, err := pkt.Marshal()
	if err != nil {
		return
	}
	m := &out.batch[out.n]
	if m.Buffers[0], err = c.encrypt.EncryptRTP(m.Buffers[0][:0], raw, nil); err == nil {
		m.Addr = c.addr
		out.n++
	}
}

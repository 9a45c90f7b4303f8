package lean

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

// Sink takes what comes from one peer, decrypted. Its calls come one at a time,
// from the loops: it must not block, and not call the Peer but for writing.
// Everything is valid during the call only.
type Sink interface {
	HandleRTP(pkt *rtp.Packet, arrival time.Time, out *Batch)
	HandleRTCP(raw []byte, arrival time.Time)
}

// Peer is one participant's SRTP on a Port.
type Peer struct {
	port  *Port
	sink  Sink
	heard atomic.Int64 // Unix nanoseconds of the last packet that was decrypted

	in        sync.Mutex // guards what follows; held while the sink is called
	closed    bool
	decrypt   *srtp.Context // nil before Secure
	pkt       rtp.Packet
	streams   []uint32 // SSRCs whose RTP was decrypted
	reporters []uint32 // SSRCs whose RTCP was
	budget    budget
	guesses   budget
	reports   budget

	out     sync.Mutex // guards what follows
	encrypt *srtp.Context
	addr    netip.AddrPort
	way     *Stream // nil for UDP
	header  rtp.Header
	single  *packet // for a packet outside of any batch, nil before the first
}

// NewPeer makes one that takes and sends nothing before Secure and Reach.
func (p *Port) NewPeer(sink Sink) *Peer {
	return &Peer{
		port: p, sink: sink,
		budget:  budget{rate: peerRate, most: peerBurst, left: peerBurst},
		guesses: budget{rate: peerGuesses, most: peerGuesses, left: peerGuesses},
		reports: budget{rate: peerReports, most: peerReports, left: peerReports},
	}
}

// Secure gives the keys, once: the contexts hold which numbers were used.
func (p *Peer) Secure(keys srtp.SessionKeys, profile srtp.ProtectionProfile) error {
	decrypt, err := srtp.CreateContext(keys.RemoteMasterKey, keys.RemoteMasterSalt, profile,
		srtp.SRTPReplayProtection(replayWindow), srtp.SRTCPReplayProtection(replayWindow))
	if err != nil {
		return fmt.Errorf("lean: keys: %w", err)
	}
	encrypt, err := srtp.CreateContext(keys.LocalMasterKey, keys.LocalMasterSalt, profile)
	if err != nil {
		return fmt.Errorf("lean: keys: %w", err)
	}
	p.in.Lock()
	defer p.in.Unlock()
	p.out.Lock()
	defer p.out.Unlock()
	if p.decrypt == nil {
		p.decrypt, p.encrypt = decrypt, encrypt
	}
	return nil
}

// Reach says at which address the peer is from now on, by UDP or by TCP; moved is
// true where that is another one than before.
func (p *Peer) Reach(addr netip.AddrPort, tcp bool) (moved bool) {
	addr = plainAddr(addr)
	var way *Stream
	if tcp {
		way = p.port.stream(addr)
	}
	p.in.Lock() // to the end: a Close in between would leave the peer at its place for good
	defer p.in.Unlock()
	if p.closed {
		return false
	}
	p.out.Lock()
	moved = p.addr != addr || p.way != way
	p.addr, p.way = addr, way
	p.out.Unlock()
	if moved {
		p.port.settle(p, place{addr, tcp})
	}
	return moved
}

// Close ends the peer; when it returns, the sink isn't called any more.
func (p *Peer) Close() {
	p.in.Lock()
	p.closed = true
	p.in.Unlock()
	p.out.Lock()
	p.addr, p.way, p.encrypt = netip.AddrPort{}, nil, nil
	p.out.Unlock()
	p.port.settle(p, place{})
}

// handle takes a datagram of the peer, which it may change.
func (p *Peer) handle(raw []byte, now time.Time, out *Batch) {
	p.in.Lock()
	defer p.in.Unlock()
	if p.closed || p.decrypt == nil {
		return
	}
	counts := &p.port.counts
	if !p.budget.take(float64(max(len(raw), packetCost)), now) {
		counts.excess.Add(1)
		return
	}
	rtcp, known, at := isRTCP(raw), &p.streams, rtpSSRC
	if rtcp {
		known, at = &p.reporters, rtcpSSRC
	}
	if len(raw) < at+4 {
		counts.refused.Add(1)
		return
	}
	ssrc := binary.BigEndian.Uint32(raw[at:])
	first := !slices.Contains(*known, ssrc)
	if first && (len(*known) == peerStreams || !p.guesses.take(1, now)) {
		counts.strange.Add(1)
		return
	}
	plain, err := p.open(raw, rtcp)
	if err == nil && first { // whatever is in it: the context keeps a state of it now
		*known = append(*known, ssrc)
	}
	if err == nil && !rtcp {
		err = p.pkt.Unmarshal(plain)
	}
	if err != nil {
		counts.refused.Add(1)
		return
	}
	p.heard.Store(now.UnixNano())
	if rtcp && !p.reports.take(1, now) { // not before: others can forge an address, but no seal
		counts.excess.Add(1)
		return
	}
	counts.received.Add(1)
	if rtcp {
		p.sink.HandleRTCP(plain, now)
	} else {
		p.sink.HandleRTP(&p.pkt, now, out)
	}
}

// open decrypts a packet in place. The caller holds in.
func (p *Peer) open(raw []byte, rtcp bool) ([]byte, error) {
	if rtcp {
		return p.decrypt.DecryptRTCP(raw[:0], raw, nil)
	}
	return p.decrypt.DecryptRTP(raw[:0], raw, &p.pkt.Header)
}

// Silence is how long nothing of the peer's has come that was whole.
func (p *Peer) Silence(now time.Time) time.Duration {
	return time.Duration(now.UnixNano() - p.heard.Load())
}

// WriteRTP encrypts a packet and sends it with the batch, or at once where
// there is none. It keeps neither argument. Errors: ErrNoKeys, ErrTooLarge,
// and SRTP's when its numbers are used up.
func (p *Peer) WriteRTP(b *Batch, header *rtp.Header, payload []byte) error {
	if header.MarshalSize()+len(payload)+int(header.PaddingSize) > maxPacket {
		return ErrTooLarge
	}
	return p.write(b, func(buf []byte) ([]byte, error) {
		n, err := header.MarshalTo(buf)
		if err != nil {
			return nil, err
		}
		n += copy(buf[n:], payload)
		n += pad(buf[n:], header)
		return p.encrypt.EncryptRTP(buf[:0], buf[:n], &p.header)
	})
}

// pad writes a packet's padding, which MarshalTo leaves out (RFC 3550 section
// 5.1), and says how long it is.
func pad(buf []byte, header *rtp.Header) int {
	n := int(header.PaddingSize)
	if !header.Padding || n == 0 {
		return 0
	}
	clear(buf[:n-1])
	buf[n-1] = header.PaddingSize
	return n
}

// WriteRTCP encrypts a compound packet and sends it as WriteRTP does.
func (p *Peer) WriteRTCP(b *Batch, raw []byte) error {
	if len(raw) > maxPacket {
		return ErrTooLarge
	}
	return p.write(b, func(buf []byte) ([]byte, error) {
		return p.encrypt.EncryptRTCP(buf[:0], raw, nil)
	})
}

// write sends what seal makes in a buffer.
func (p *Peer) write(b *Batch, seal func(buf []byte) ([]byte, error)) error {
	p.out.Lock()
	defer p.out.Unlock()
	if p.encrypt == nil || !p.addr.IsValid() {
		return ErrNoKeys
	}
	to := p.single
	if b != nil && p.way == nil {
		to = b.next()
	} else if to == nil {
		p.single = new(packet)
		to = p.single
	}
	sealed, err := seal(to.buf[:])
	if err != nil {
		return err
	}
	to.addr, to.n = p.addr, len(sealed)
	switch {
	case p.way != nil:
		p.port.counts.sent.Add(1)
		_, err = p.way.write(sealed, p.addr)
	case b != nil:
		b.take()
	default:
		err = p.port.sendOne(to)
	}
	return err
}

// budget is a bucket of tokens.
type budget struct {
	rate, most, left float64
	at               time.Time
}

// take says whether n may be spent, and spends it.
func (b *budget) take(n float64, now time.Time) bool {
	if since := now.Sub(b.at); since > 0 {
		b.left = min(b.most, b.left+since.Seconds()*b.rate)
		b.at = now
	}
	if b.left < n {
		return false
	}
	b.left -= n
	return true
}

// Where a packet names its stream: RTP the one that it is of, RTCP its sender's.
const rtpSSRC, rtcpSSRC = 8, 4

// isMedia says whether a datagram is SRTP or SRTCP (RFC 7983 section 7).
func isMedia(raw []byte) bool { return len(raw) > 1 && raw[0] >= 128 && raw[0] < 192 }

// isRTCP tells SRTCP from SRTP (RFC 5761 section 4).
func isRTCP(raw []byte) bool { return raw[1]&0x7f >= 64 && raw[1]&0x7f < 96 }

// plainAddr is one way to write an address: IPv4 without its IPv6 dress.
func plainAddr(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// Inside calls f as the sink is called: while none of its calls goes on.
func (p *Peer) Inside(f func()) {
	p.in.Lock()
	defer p.in.Unlock()
	f()
}

package lean

import "net/netip"

// batchSize is how many packets one system call moves at most: beyond 32 the
// call itself no longer shows in what a packet costs.
const batchSize = 32

// room of a packet: RTP and the authentication tag.
const room = maxPacket + 32

// Batch is packets on their way out of one loop. It is the loop's and valid
// during its call of a Sink.
type Batch struct {
	out     socket
	counts  *counters
	n       int
	packets [batchSize]packet
}

// packet is a datagram with its other end.
type packet struct {
	addr netip.AddrPort
	n    int
	buf  [room]byte
}

// next is the place for one more packet, made by sending what is there. It
// counts once it is taken.
func (b *Batch) next() *packet {
	if b.n == batchSize {
		b.send()
	}
	return &b.packets[b.n]
}

// take keeps the packet that next gave.
func (b *Batch) take() { b.n++ }

// send sends all. What can't be sent is lost, as any packet may be.
func (b *Batch) send() {
	if b.n == 0 {
		return
	}
	sent := b.out.write(b.packets[:b.n])
	b.counts.sent.Add(uint64(sent))
	b.counts.dropped.Add(uint64(b.n - sent))
	b.n = 0
}

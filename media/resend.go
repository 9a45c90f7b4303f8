package media

import (
	"encoding/binary"
	"time"

	"github.com/pion/rtp"
)

// Room for packets that can be sent again, in bytes. Video begins with what three
// round trips and the subscriber's own delay take at the most that is sent, and doubles,
// keeping what it has, whenever he asks for one from its older half: the next
// that he asks for could be gone, for requests and repairs are lost, too.
const (
	resendVideoRoom, resendAudioRoom = 64 << 10, 4 << 10 // while the round trip is unknown; always
	resendLeastRoom, resendMostRoom  = 16 << 10, 512 << 10
	resendRate                       = 312                   // bytes a millisecond: 2.5 Mbit/s
	resendDelay                      = 50 * time.Millisecond // until a gap is noticed and asked for
	// resendShare bytes of room a packet: a place for each that is kept, unless
	// they are small, and then they are few a second.
	resendShare = 128
	// resendTries of one packet, the first alone and the others in twos: five requests.
	// A subscriber that asks more often gets nothing.
	resendTries = 9
)

// resendRoom is the video's for a subscriber at this round trip, a power of two.
func resendRoom(rtt time.Duration) int {
	room := resendLeastRoom
	for room < resendMostRoom && int64(room) < resendRate*(3*rtt+resendDelay).Milliseconds() {
		room *= 2
	}
	return room
}

// sentPackets keeps the last packets that went to a subscriber, as they were
// sent but not encrypted, to send them again when he misses them. It is a ring
// of bytes: a packet takes its own size, not that of the largest. Pure; owned
// by one downTrack. Only room must be set.
type sentPackets struct {
	room  int // bytes to allocate, a power of two
	bytes []byte
	end   uint64 // bytes ever written, with those skipped at the ring's end
	index []sentPlace
}

// sentPlace says where one is; the zero value is none.
type sentPlace struct {
	at    uint64
	size  uint16
	seq   uint16
	tries uint8
}

// keep takes a packet that is being sent; one over maxPacket isn't kept.
func (s *sentPackets) keep(header *rtp.Header, payload []byte) {
	size := header.MarshalSize() + len(payload)
	if size > maxPacket {
		return
	}
	if s.bytes == nil {
		s.bytes, s.index = make([]byte, s.room), make([]sentPlace, s.room/resendShare)
	}
	at := s.end & uint64(len(s.bytes)-1)
	if at+uint64(size) > uint64(len(s.bytes)) {
		s.end += uint64(len(s.bytes)) - at // packets are in one piece
		at = 0
	}
	n, err := header.MarshalTo(s.bytes[at:])
	if err != nil {
		return // it isn't sent either
	}
	copy(s.bytes[int(at)+n:], payload)
	s.index[int(header.SequenceNumber)%len(s.index)] = sentPlace{at: s.end, size: uint16(size), seq: header.SequenceNumber}
	s.end += uint64(size)
}

// again is the packet numbered seq, nil when it can't be sent again, and how often
// it was given. It is valid until the next keep.
func (s *sentPackets) again(seq uint16) (_ []byte, times int) {
	if s.bytes == nil {
		return nil, 0
	}
	p := &s.index[int(seq)%len(s.index)]
	if p.size == 0 || p.seq != seq || p.tries == resendTries {
		return nil, 0
	}
	if s.end-p.at > uint64(len(s.bytes)) {
		p.size = 0
		s.grow()
		return nil, 0
	}
	if s.end-p.at > uint64(len(s.bytes)/2) {
		s.grow()
		p = &s.index[int(seq)%len(s.index)]
	}
	p.tries++
	at := p.at & uint64(len(s.bytes)-1)
	return s.bytes[at : at+uint64(p.size)], int(p.tries)
}

// forget makes none of them be sent again.
func (s *sentPackets) forget() { clear(s.index) }

// grow doubles the room. A packet in one piece of the smaller ring is in one of
// the larger.
func (s *sentPackets) grow() {
	if 2*len(s.bytes) > resendMostRoom {
		return
	}
	before, places := s.bytes, s.index
	s.bytes, s.index = make([]byte, 2*len(before)), make([]sentPlace, 2*len(places))
	for _, p := range places {
		if p.size == 0 || s.end-p.at > uint64(len(before)) {
			continue
		}
		from := p.at & uint64(len(before)-1)
		copy(s.bytes[p.at&uint64(len(s.bytes)-1):], before[from:from+uint64(p.size)])
		s.index[int(p.seq)%len(s.index)] = p
	}
}

// wrapRTX makes of a sent packet its retransmission (RFC 4588 section 4), in
// out. It allocates nothing.
func wrapRTX(sent *rtp.Packet, ssrc uint32, payloadType uint8, seq uint16, out *outgoing) {
	binary.BigEndian.PutUint16(out.scratch[:], sent.SequenceNumber)
	n := 2 + copy(out.scratch[2:], sent.Payload)
	out.header, out.payload = sent.Header, out.scratch[:n]
	out.header.SSRC, out.header.PayloadType, out.header.SequenceNumber = ssrc, payloadType, seq
}

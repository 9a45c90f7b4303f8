package main

import (
	"math/rand/v2"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
)

// What a participant sends: 25 pictures and 50 sounds a second.
const (
	pictureSpan = 40 * time.Millisecond
	soundSpan   = 20 * time.Millisecond
	pictureSize = 12_000 // bytes: 2.4 Mbit/s
	soundSize   = 80     // bytes: 32 kbit/s
	keySpan     = 250    // pictures
)

// film is payloads of packets for ever: random bytes behind real headers.
type film struct {
	pictures [][][]byte // keySpan of them, each its packets' payloads
	sound    []byte
}

func newFilm() film {
	random := rand.New(rand.NewPCG(7, 6))
	vp8 := codecs.VP8Payloader{EnablePictureID: true}
	f := film{sound: randomBytes(random, soundSize)}
	f.sound[0] = 0x78 // one Opus frame of 20 ms, RFC 6716 section 3.1
	for i := range keySpan {
		picture := randomBytes(random, pictureSize)
		picture[0] |= 1 // not a key frame, RFC 6386 section 9.1
		if i == 0 {
			copy(picture, []byte{0x10 | 1<<5, 0, 0, 0x9d, 0x01, 0x2a, 0, 5, 0xd0, 2}) // 1280×720
		}
		f.pictures = append(f.pictures, vp8.Payload(1180, picture))
	}
	return f
}

func randomBytes(random *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

// sender gives the packets of one participant in the order of time.
type sender struct {
	film         film
	picture, cut int // next picture, and next of its packets
	sounds       int
	seq          [2]uint16 // of pictures, of sound
	packet       rtp.Packet
}

// due gives the next packet if it is due by then, valid until the next call.
func (s *sender) due(then time.Duration) (packet *rtp.Packet, at time.Duration, video bool) {
	pictureAt, soundAt := time.Duration(s.picture)*pictureSpan, time.Duration(s.sounds)*soundSpan
	if min(pictureAt, soundAt) > then {
		return nil, 0, false
	}
	if soundAt < pictureAt {
		s.packet = rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: s.seq[1], Timestamp: uint32(s.sounds) * 960}, Payload: s.film.sound}
		s.sounds++
		s.seq[1]++
		return &s.packet, soundAt, false
	}
	cuts := s.film.pictures[s.picture%keySpan]
	s.packet = rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: s.seq[0], Timestamp: uint32(s.picture) * 3600,
		Marker: s.cut == len(cuts)-1}, Payload: cuts[s.cut]}
	s.seq[0]++
	if s.cut++; s.cut == len(cuts) {
		s.picture, s.cut = s.picture+1, 0
	}
	return &s.packet, pictureAt, true
}

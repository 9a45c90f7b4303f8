package media

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

func sentAs(seq uint16, size int) (*rtp.Header, []byte) {
	payload := bytes.Repeat([]byte{byte(seq)}, size)
	return &rtp.Header{Version: 2, SequenceNumber: seq, SSRC: 5, PayloadType: 96}, payload
}

// What was kept comes back whole until its room is used up; one asked for from
// the older half makes more room, and nothing that is kept goes by that.
func TestSentPackets(t *testing.T) {
	s := sentPackets{room: 4096}
	again := func(seq uint16) []byte {
		packet, _ := s.again(seq)
		return packet
	}
	if again(1) != nil {
		t.Error("something before the first packet")
	}
	whole := func(seq uint16) bool {
		header, payload := sentAs(seq, 1000)
		want, err := (&rtp.Packet{Header: *header, Payload: payload}).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Equal(again(seq), want)
	}
	for seq := uint16(65530); seq != 20; seq++ { // over the wrap of both
		s.keep(sentAs(seq, 1000))
		if !whole(seq) {
			t.Errorf("packet %d isn't there when it has just been sent", seq)
		}
	}
	if !whole(18) || len(s.bytes) != 4096 {
		t.Errorf("of the last packets, or the room: %d bytes", len(s.bytes))
	}
	if !whole(17) || len(s.bytes) != 8192 || !whole(18) || !whole(19) || again(10) != nil {
		t.Errorf("after one from the older half, of which there are %d bytes", len(s.bytes))
	}
	for seq := uint16(20); seq < 24; seq++ {
		s.keep(sentAs(seq, 1000))
	}
	for seq := uint16(17); seq < 24; seq++ {
		if !whole(seq) {
			t.Errorf("packet %d has gone from %d bytes", seq, len(s.bytes))
		}
	}
	s.keep(sentAs(26, 10))
	for i := range resendTries {
		if packet, times := s.again(26); packet == nil || times != i+1 {
			t.Errorf("refused too early, or counted %d for %d", times, i+1)
		}
	}
	if again(26) != nil {
		t.Error("sent again without end")
	}
	s.keep(sentAs(27, maxPacket))
	if again(27) != nil {
		t.Error("a packet too large is kept")
	}
}

// TestResendRoom: what is asked for two round trips later is there still.
func TestResendRoom(t *testing.T) {
	for rtt, want := range map[time.Duration]int{0: 16 << 10, 5 * time.Millisecond: 32 << 10, 20 * time.Millisecond: 64 << 10, 80 * time.Millisecond: 128 << 10, time.Minute: 512 << 10} {
		if got := resendRoom(rtt); got != want {
			t.Errorf("%v: %d bytes, wanted %d", rtt, got, want)
		}
	}
}

// collect keeps what is written.
type collect struct{ packets []rtp.Packet }

func (c *collect) writeRTP(out *outgoing) {
	c.packets = append(c.packets, rtp.Packet{Header: out.header, Payload: bytes.Clone(out.payload)})
}

// A subscriber's request is answered by RTX where that was negotiated, and else
// by the very packet.
func TestResend(t *testing.T) {
	for _, rtx := range []uint32{0, 6} {
		var sent collect
		d := newDownTrack(Video, videoClockRate, 100, newDownlink(time.Now()))
		as := outbound{ssrc: 5, payloadType: 96, rtxSSRC: rtx}
		if rtx != 0 {
			as.rtxPayloadType = 97
		}
		d.bind(&sent, as)
		d.open()
		r := newReceiver(Video, 1, 96, videoClockRate, &senderClock{}, trackIO{})
		d.play(r)
		var out outgoing
		for seq := range uint16(3) {
			r.handleRTP(videoPacket(seq, 3000, seq == 0, seq == 0, 7), epoch, false, &out)
		}
		d.handleRTCP([]rtcp.Packet{
			&rtcp.TransportLayerNack{MediaSSRC: 9, Nacks: rtcp.NackPairsFromSequenceNumbers([]uint16{101})}, // somebody else's
			&rtcp.TransportLayerNack{MediaSSRC: 5, Nacks: rtcp.NackPairsFromSequenceNumbers([]uint16{101, 777})},
		}, epoch, nil)
		if len(sent.packets) != 4 {
			t.Fatalf("RTX %d: %d packets for 3 and a repair", rtx, len(sent.packets))
		}
		first, again := sent.packets[1], sent.packets[3]
		if rtx != 0 {
			if again.SSRC != rtx || again.PayloadType != 97 || binary.BigEndian.Uint16(again.Payload) != 101 ||
				!unwrapRTX(&again, 5, 96) {
				t.Errorf("RTX: %v", again)
			}
		}
		if !reflect.DeepEqual(again.Header, first.Header) || !bytes.Equal(again.Payload, first.Payload) {
			t.Errorf("RTX %d: %v, sent was %v", rtx, again, first)
		}
		d.handleRTCP([]rtcp.Packet{&rtcp.TransportLayerNack{MediaSSRC: 5, Nacks: rtcp.NackPairsFromSequenceNumbers([]uint16{101})}}, epoch, nil)
		want := 5 // asked for again: the very packet a third time would be thrown away as a copy
		if rtx != 0 {
			want = 6
		}
		if len(sent.packets) != want {
			t.Errorf("RTX %d: %d packets after the second request, wanted %d", rtx, len(sent.packets), want)
		}
	}
}

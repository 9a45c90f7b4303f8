package media

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"github.com/pion/rtp"

	"verifycall/media/vp8"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// vp8Payload is a VP8 packet as Chromium makes them: 15-bit picture id, one
// temporal layer's numbers, then mark as content.
func vp8Payload(key, start bool, picture uint16, mark uint32) []byte {
	first := byte(0x80)
	if start {
		first |= 0x10
	}
	frame := byte(0x01)
	if key {
		frame = 0
	}
	payload := []byte{first, 0xe0, 0x80 | byte(picture>>8)&0x7f, byte(picture), byte(picture), 0x00, frame}
	return binary.BigEndian.AppendUint32(payload, mark)
}

func videoPacket(seq uint16, ts uint32, key, start bool, picture uint16) *rtp.Packet {
	return &rtp.Packet{
		Header:  rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: ts, SSRC: 7, PayloadType: 96},
		Payload: vp8Payload(key, start, picture, uint32(seq)),
	}
}

type sentPacket struct {
	seq     uint16
	ts      uint32
	picture uint16
}

// send forwards and gives what came out; ok false for nothing.
func send(t *testing.T, f *forwarder, pkt *rtp.Packet, ms int) (sentPacket, bool) {
	t.Helper()
	var out outgoing
	before := bytes.Clone(pkt.Payload)
	ok := f.forward(pkt, epoch.Add(time.Duration(ms)*time.Millisecond), &out)
	if !bytes.Equal(before, pkt.Payload) {
		t.Fatal("forwarding changed the source's packet")
	}
	if !ok {
		return sentPacket{}, false
	}
	got := sentPacket{seq: out.header.SequenceNumber, ts: out.header.Timestamp}
	if d, err := vp8.Parse(out.payload); err == nil && f.kind == Video {
		got.picture = d.Numbers(out.payload).Picture
		if !bytes.Equal(out.payload[d.Size:], pkt.Payload[d.Size:]) {
			t.Error("forwarding changed the picture")
		}
	}
	return got, true
}

func TestForwarderVideo(t *testing.T) {
	type step struct {
		pkt      *rtp.Packet // nil: another source comes
		ms       int
		want     sentPacket
		nothing  bool
		describe string
	}
	another := step{}
	steps := []step{
		{pkt: videoPacket(500, 9000, false, true, 10), nothing: true, describe: "delta before the first key frame"},
		{pkt: videoPacket(501, 12000, true, true, 11), want: sentPacket{100, 12000, 11}, describe: "first key frame"},
		{pkt: videoPacket(500, 9000, false, true, 10), nothing: true, describe: "from before the key frame"},
		{pkt: videoPacket(503, 15000, false, true, 12), ms: 33, want: sentPacket{102, 15000, 12}, describe: "a loss stays a gap"},
		{pkt: videoPacket(502, 12000, false, false, 11), ms: 34, want: sentPacket{101, 12000, 11}, describe: "repaired out of order"},
		another,
		{pkt: videoPacket(65535, 70, false, true, 32767), ms: 90, nothing: true, describe: "delta of the next source"},
		{pkt: videoPacket(65535, 70, true, true, 32767), ms: 133, want: sentPacket{103, 15000 + 9000, 13}, describe: "key frame 100 ms later"},
		{pkt: videoPacket(0, 3070, false, true, 0), ms: 166, want: sentPacket{104, 27000, 14}, describe: "numbers wrap at the source"},
		another,
		{pkt: videoPacket(9, 1, true, true, 5), ms: 166, want: sentPacket{105, 30000, 15}, describe: "at once: at least one frame on"},
	}
	f := newForwarder(Video, videoClockRate, 100)
	for _, step := range steps {
		if step.pkt == nil {
			f.switchSource()
			continue
		}
		got, ok := send(t, &f, step.pkt, step.ms)
		if ok == step.nothing || got != step.want {
			t.Errorf("%s: got %+v (%v), want %+v", step.describe, got, ok, step.want)
		}
	}
}

func TestForwarderAudio(t *testing.T) {
	opus := func(seq uint16, ts uint32) *rtp.Packet {
		return &rtp.Packet{Header: rtp.Header{SequenceNumber: seq, Timestamp: ts}, Payload: []byte{0xfc, 1}}
	}
	f := newForwarder(Audio, audioClockRate, 65535)
	for i, want := range []sentPacket{{seq: 65535, ts: 5}, {seq: 0, ts: 965}} { // no key frame to wait for
		if got, ok := send(t, &f, opus(uint16(7+i), uint32(5+960*i)), 20*i); !ok || got != want {
			t.Errorf("packet %d: got %+v, want %+v", i, got, want)
		}
	}
	f.switchSource()
	if got, _ := send(t, &f, opus(900, 1), 1020); got != (sentPacket{seq: 1, ts: 965 + 48000}) {
		t.Errorf("after a second's switch: %+v", got)
	}
}

// A source may send for longer than its sequence numbers last.
func TestForwarderLongSource(t *testing.T) {
	f := newForwarder(Video, videoClockRate, 0)
	for i := range 3 << 16 {
		got, ok := send(t, &f, videoPacket(uint16(i), uint32(i), i == 0, true, uint16(i)), i)
		if !ok || got.seq != uint16(i) {
			t.Fatalf("packet %d: %+v, %v", i, got, ok)
		}
	}
}

func TestForwarderPaddingAndGarbage(t *testing.T) {
	f := newForwarder(Video, videoClockRate, 1)
	send(t, &f, videoPacket(10, 0, true, true, 1), 0)
	padding := &rtp.Packet{Header: rtp.Header{SequenceNumber: 11, Padding: true, PaddingSize: 200}}
	if got, ok := send(t, &f, padding, 1); !ok || got.seq != 2 {
		t.Errorf("padding must keep its number: %+v, %v", got, ok)
	}
	garbage := &rtp.Packet{Header: rtp.Header{SequenceNumber: 12}, Payload: []byte{0x80}}
	if _, ok := send(t, &f, garbage, 2); ok {
		t.Error("a payload that isn't VP8 went out")
	}
}

// Whatever sources do: what is sent in order goes up by as much as the source
// did, and a switch goes on with the next number.
func FuzzForwarder(f *testing.F) {
	f.Add([]byte{1, 0, 1, 9, 0xff, 5, 0, 1, 1})
	f.Fuzz(func(t *testing.T, script []byte) {
		fwd := newForwarder(Video, videoClockRate, 65000)
		var seq uint16
		var highest int64 = -1 // of what was sent, unwrapped
		ms, switched := 0, true
		for len(script) >= 3 {
			op, jump, payload := script[0], script[1], script[2:]
			payload = payload[:min(len(payload), int(op&0x0f))]
			script = script[2+len(payload):]
			if op&0x80 != 0 {
				fwd.switchSource()
				switched = true
				seq += uint16(jump) << 8
			}
			if len(payload) == 0 {
				payload = vp8Payload(op&0x10 != 0, true, seq, 0)
			}
			seq += uint16(int8(jump))
			ms += int(jump)
			var out outgoing
			pkt := &rtp.Packet{Header: rtp.Header{SequenceNumber: seq, Timestamp: uint32(ms) * 90}, Payload: payload}
			if !fwd.forward(pkt, epoch.Add(time.Duration(ms)*time.Millisecond), &out) {
				continue
			}
			ext := highest + int64(int16(out.header.SequenceNumber-uint16(highest)))
			if highest < 0 {
				ext = int64(out.header.SequenceNumber)
			}
			if switched && highest >= 0 && ext != highest+1 {
				t.Fatalf("a switch went on with %d after %d", ext, highest)
			}
			if len(out.payload) != len(payload) {
				t.Fatalf("payload of %d bytes became %d", len(payload), len(out.payload))
			}
			switched = false
			highest = max(highest, ext)
		}
	})
}

// A switch to another layer of the same picture keeps the picture's own time.
func TestForwarderSwitchesLayer(t *testing.T) {
	f := newForwarder(Video, videoClockRate, 100)
	var out outgoing
	now := time.Unix(1_800_000_000, 0)
	packet := func(seq uint16, ts uint32, key bool, picture uint16) *rtp.Packet {
		return &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: ts, Marker: true}, Payload: vp8Payload(key, true, picture, 0)}
	}
	const ahead = 777_000 // of the second layer's RTP time
	if !f.forward(packet(7, 3000, true, 20), now, &out) {
		t.Fatal("not forwarded")
	}
	f.switchSource()
	f.switchLayer(ahead)
	if f.forward(packet(900, 6000+ahead, false, 400), now, &out) {
		t.Error("began without a key frame")
	}
	// It comes 200 ms after the first: by arrival its time would be another.
	if !f.forward(packet(901, 6000+ahead, true, 401), now.Add(200*time.Millisecond), &out) {
		t.Fatal("not forwarded")
	}
	d, err := vp8.Parse(out.payload)
	if err != nil {
		t.Fatal(err)
	}
	if h := out.header; h.Timestamp != 6000 || h.SequenceNumber != 101 || d.Numbers(out.payload).Picture != 21 {
		t.Errorf("time %d, number %d, picture %d", h.Timestamp, h.SequenceNumber, d.Numbers(out.payload).Picture)
	}
}

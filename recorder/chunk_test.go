package recorder

import (
	"bytes"
	"testing"
	"time"

	"github.com/pion/rtp"
)

// Payloads lie side by side, and a chunk goes back, wiped, when nobody holds one.
func TestChunksGoBackWiped(t *testing.T) {
	q := newQueue()
	payload := bytes.Repeat([]byte{0xAB}, 1100)
	const packets = 3 * chunkSize / 1100
	for range packets {
		if !q.packet(nil, &rtp.Packet{Payload: payload}, time.Time{}, false) {
			t.Fatal("no room")
		}
	}
	got, _ := q.take(nil, nil)
	homes := map[*chunk]int{}
	for i := range got {
		if !bytes.Equal(got[i].Payload, payload) || cap(got[i].Payload) != len(payload) {
			t.Fatalf("packet %d isn't as it came", i)
		}
		homes[got[i].home]++
	}
	if len(homes) < 3 || len(homes) > 4 {
		t.Fatalf("%d packets in %d chunks", packets, len(homes))
	}
	q.end()
	for i := range got {
		home := got[i].home
		home.release()
		if homes[home]--; homes[home] > 0 && !bytes.Equal(got[i].Payload, payload) {
			t.Fatal("wiped while somebody holds a packet in it")
		}
	}
	for home := range homes {
		if n := home.holders.Load(); n != 0 || home.used != 0 || bytes.ContainsFunc(home.bytes[:], func(r rune) bool { return r != 0 }) {
			t.Errorf("%d holders, %d bytes used", n, home.used)
		}
	}
	if huge, home := q.keep(make([]byte, chunkSize+1)); home != nil || len(huge) != chunkSize+1 {
		t.Error("a payload larger than a chunk")
	}
}

// A ring begins small and grows to its window, whatever comes first or is missing.
func TestRingGrowsWithWhatIsMissing(t *testing.T) {
	a := NewAssembler(Audio)
	push := func(seq uint16) {
		a.Push(&Packet{Seq: seq, Timestamp: uint32(seq) * 960, Payload: []byte{0x78, byte(seq), byte(seq >> 8)}, Arrival: epoch})
	}
	push(1000)
	for seq := uint16(1002); seq < 1400; seq++ { // 1001 is missing
		push(seq)
	}
	push(900) // nothing was given yet: a beginning that comes late
	if len(a.ring) != 512 {
		t.Fatalf("%d slots", len(a.ring))
	}
	push(1001)
	var got []byte
	for u, ok := a.Drain(epoch); ok; u, ok = a.Drain(epoch) {
		if u.Lost == "" {
			got = u.AppendTo(got)
		}
	}
	want := []byte{0x78, 900 & 255, 900 >> 8}
	for seq := 1000; seq < 1400; seq++ {
		want = append(want, 0x78, byte(seq), byte(seq>>8))
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes come out for %d", len(got), len(want))
	}
}

package lean

import (
	"net/netip"
	"testing"

	"github.com/pion/rtp"
	"golang.org/x/sys/unix"
)

func TestRun(t *testing.T) {
	a, b := netip.MustParseAddrPort("127.0.0.1:1"), netip.MustParseAddrPort("127.0.0.1:2")
	for name, c := range map[string]struct {
		packets []packet
		want    int
	}{
		"one":              {[]packet{{addr: a, n: 5}}, 1},
		"all":              {[]packet{{addr: a, n: 5}, {addr: a, n: 5}, {addr: a, n: 5}}, 3},
		"a shorter last":   {[]packet{{addr: a, n: 5}, {addr: a, n: 5}, {addr: a, n: 4}, {addr: a, n: 4}}, 3},
		"a longer one":     {[]packet{{addr: a, n: 5}, {addr: a, n: 6}}, 1},
		"another address":  {[]packet{{addr: a, n: 5}, {addr: a, n: 5}, {addr: b, n: 5}}, 2},
		"nothing to cut":   {[]packet{{addr: a}, {addr: a}}, 1},
		"an empty last":    {[]packet{{addr: a, n: 5}, {addr: a}}, 1},
		"one port apart":   {[]packet{{addr: b, n: 5}, {addr: a, n: 5}}, 1},
		"shorter and more": {[]packet{{addr: a, n: 5}, {addr: a, n: 1}, {addr: a, n: 1}}, 2},
	} {
		if got := run(c.packets); got != c.want {
			t.Errorf("%s: %d in a row, want %d", name, got, c.want)
		}
	}
}

// Whatever a batch holds arrives as it is and in order, whether the system cuts
// messages or gets packets one by one.
func TestBatchArrives(t *testing.T) {
	sizes := []int{1000, 1000, 1000, 400, 1000, 1000, 1, 30, 30, 1100, 1100, 1100, 1100, 0}
	for _, segments := range []bool{true, false} {
		p := newTestPort(t, "127.0.0.1")
		s := p.sockets[0].(*batchSocket)
		if segments && !s.out.segments {
			t.Skip("this system doesn't cut messages")
		}
		s.out.segments = segments
		one, oneEnd := join(t, p, &forward{})
		two, twoEnd := join(t, p, &forward{})
		out := &Batch{out: s, counts: &p.counts}
		for seq := range uint16(5 * len(sizes)) {
			to, header := one, rtp.Header{Version: 2, SSRC: 7, SequenceNumber: seq}
			if seq/uint16(len(sizes))%2 == 1 {
				to = two
			}
			if err := to.WriteRTP(out, &header, make([]byte, sizes[int(seq)%len(sizes)])); err != nil {
				t.Fatal(err)
			}
		}
		out.send()
		for seq := range uint16(5 * len(sizes)) {
			end := oneEnd
			if seq/uint16(len(sizes))%2 == 1 {
				end = twoEnd
			}
			if got := end.receive(t); got.SequenceNumber != seq || len(got.Payload) != sizes[int(seq)%len(sizes)] {
				t.Fatalf("segments %v: packet %d of %d bytes for %d", segments, got.SequenceNumber, len(got.Payload), seq)
			}
		}
		if c := p.Counts(); c.Sent != uint64(5*len(sizes)) || c.Dropped != 0 || s.out.segments != segments {
			t.Errorf("segments %v: %+v", segments, c)
		}
	}
}

// Where the system refuses to cut a message, its packets go one by one, and so
// do all after it.
func TestSegmentsRefused(t *testing.T) {
	p := newTestPort(t, "127.0.0.1")
	s := p.sockets[0].(*batchSocket)
	if !s.out.segments {
		t.Skip("this system doesn't cut messages")
	}
	var failed error
	err := s.raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_NO_CHECK, 1) // what is cut needs checksums
	})
	if err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	peer, end := join(t, p, &forward{})
	for range 2 {
		out := &Batch{out: s, counts: &p.counts}
		for seq := range uint16(5) {
			if err := peer.WriteRTP(out, &rtp.Header{Version: 2, SSRC: 7, SequenceNumber: seq}, make([]byte, 500)); err != nil {
				t.Fatal(err)
			}
		}
		out.send()
		for seq := range uint16(5) {
			if got := end.receive(t); got.SequenceNumber != seq {
				t.Fatalf("packet %d for %d", got.SequenceNumber, seq)
			}
		}
	}
	if c := p.Counts(); s.out.segments || c.Sent != 10 || c.Dropped != 0 {
		t.Errorf("segments %v, %+v", s.out.segments, c)
	}
}

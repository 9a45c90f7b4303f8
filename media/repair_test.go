package media

import (
	"encoding/binary"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

const testRTX = 97

// rtxOf wraps a packet as its publisher would for a retransmission.
func rtxOf(t testing.TB, pkt *rtp.Packet, seq uint16) []byte {
	t.Helper()
	again := *pkt
	again.SSRC, again.PayloadType, again.SequenceNumber = 2, testRTX, seq
	again.Payload = append(binary.BigEndian.AppendUint16(nil, pkt.SequenceNumber), pkt.Payload...)
	raw, err := again.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// wire is the connection below a Receiver, in a test's hands.
type wire struct {
	rtp  chan []byte
	over chan struct{}
	once sync.Once

	mu   sync.Mutex
	sent []sentRTCP
}

type sentRTCP struct {
	at  time.Duration
	pkt rtcp.Packet
}

func newWire(rtt time.Duration, resends bool) (*wire, trackIO) {
	w := &wire{rtp: make(chan []byte), over: make(chan struct{})}
	start := time.Now()
	return w, trackIO{
		readRTP: func(buf []byte) (int, error) {
			select {
			case raw := <-w.rtp:
				return copy(buf, raw), nil
			case <-w.over:
				return 0, io.EOF
			}
		},
		readRTCP: func([]byte) (int, error) { <-w.over; return 0, io.EOF },
		writeRTCP: func(packets []rtcp.Packet) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			for _, p := range packets {
				w.sent = append(w.sent, sentRTCP{time.Since(start), p})
			}
			return nil
		},
		stop:    w.end,
		rtt:     func() time.Duration { return rtt },
		arrived: func(*rtp.Header, int, time.Time) {},
		resends: resends,
	}
}

func (w *wire) end() { w.once.Do(func() { close(w.over) }) }

func (w *wire) asked() []sentRTCP {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.sent)
}

func (w *wire) send(t *testing.T, pkt *rtp.Packet) {
	t.Helper()
	raw, err := pkt.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	w.rtp <- raw
}

func packet96(seq uint16) *rtp.Packet {
	pkt := videoPacket(seq, 0, true, seq == 0, 0)
	pkt.Version, pkt.PayloadType = 2, 96
	return pkt
}

// A lost packet is asked for within 20 ms; its repair reaches the tap with no
// further packet of the track; what can't be had ends in a key frame request.
func TestRepair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, io := newWire(80*time.Millisecond, true)
		r := newReceiver(Video, 1, 96, videoClockRate, &senderClock{}, io)
		var recorded tap
		r.SetTap(&recorded)
		done := make(chan struct{})
		go func() { r.run(); close(done) }()

		w.send(t, packet96(0))
		w.send(t, packet96(3))
		time.Sleep(20 * time.Millisecond)
		if sent := w.asked(); len(sent) != 1 || sent[0].at > 20*time.Millisecond {
			t.Fatalf("%v was asked", sent)
		} else if lost := sent[0].pkt.(*rtcp.TransportLayerNack); lost.MediaSSRC != 1 ||
			!slices.Equal(lost.Nacks[0].PacketList(), []uint16{1, 2}) {
			t.Fatalf("%+v was asked", lost)
		}
		time.Sleep(70 * time.Millisecond)
		r.repair(rtxOf(t, packet96(2), 500))
		r.repair(rtxOf(t, packet96(2), 501)) // a copy
		if seen := recorded.seen(); len(seen) != 3 || seen[2].SequenceNumber != 2 || seen[2].SSRC != 1 || seen[2].PayloadType != 96 {
			t.Fatalf("the tap saw %v", seen)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		sent := w.asked()
		if len(sent) < 7 {
			t.Fatalf("%v was asked", sent)
		}
		for i, packets := range []int{2, 2, 1, 1, 1, 1} { // three times, each with a copy
			if again, ok := sent[i].pkt.(*rtcp.TransportLayerNack); !ok || len(again.Nacks[0].PacketList()) != packets {
				t.Fatalf("%v was asked", sent)
			}
		}
		if _, ok := sent[6].pkt.(*rtcp.PictureLossIndication); !ok {
			t.Errorf("a lost packet led to %T", sent[6].pkt)
		}
		if s := r.Stats(); s.NACKs != 8 || s.Repairs != 2 || s.Copies != 1 || s.Lost != 1 {
			t.Errorf("%+v", s)
		}
		w.end()
		<-done
		r.repair(rtxOf(t, packet96(1), 502))
		if len(recorded.seen()) != 3 {
			t.Error("a repair came after the end")
		}
	})
}

// A publisher that didn't offer it isn't asked.
func TestNoNACKUnlessOffered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, io := newWire(0, false)
		r := newReceiver(Audio, 1, 96, audioClockRate, &senderClock{}, io)
		done := make(chan struct{})
		go func() { r.run(); close(done) }()
		w.send(t, packet96(0))
		w.send(t, packet96(3))
		time.Sleep(time.Second)
		if sent := w.asked(); len(sent) > 0 {
			t.Errorf("%v was asked", sent)
		}
		w.end()
		<-done
	})
}

// No RTX packet, however damaged, does more than be dropped or counted.
func FuzzRepair(f *testing.F) {
	f.Add(rtxOf(f, packet96(2), 500))
	f.Add([]byte{0xb0, 97, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0xbe, 0xde, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := newReceiver(Video, 1, 96, videoClockRate, &senderClock{}, trackIO{rtt: func() time.Duration { return 0 }, resends: true})
		var recorded tap
		r.SetTap(&recorded)
		r.repair(raw)
		for _, pkt := range recorded.seen() {
			if pkt.SSRC != 1 || pkt.PayloadType != 96 {
				t.Fatalf("%v", pkt)
			}
		}
		if s := r.Stats(); s.Packets != uint64(len(recorded.seen())) {
			t.Fatalf("%+v", s)
		}
	})
}

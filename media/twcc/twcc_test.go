package twcc

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pion/rtcp"
)

// told is what a receiver of reports learns: when each packet came, by its number.
type told map[uint16]time.Duration

// read takes a report as pion reads it and gives the first number and how many it
// tells of.
func (all told) read(t testing.TB, raw []byte) (base uint16, count int) {
	t.Helper()
	packets, err := rtcp.Unmarshal(raw)
	if err != nil || len(packets) != 1 {
		t.Fatalf("%d packets, %v: % x", len(packets), err, raw)
	}
	fb, ok := packets[0].(*rtcp.TransportLayerCC)
	if !ok || len(raw) > 1200 || fb.SenderSSRC != 7 {
		t.Fatalf("%T of %d bytes", packets[0], len(raw))
	}
	var statuses []uint16
	for _, chunk := range fb.PacketChunks {
		switch c := chunk.(type) {
		case *rtcp.RunLengthChunk:
			for range c.RunLength {
				statuses = append(statuses, c.PacketStatusSymbol)
			}
		case *rtcp.StatusVectorChunk:
			statuses = append(statuses, c.SymbolList...)
		}
	}
	if len(statuses) < int(fb.PacketStatusCount) {
		t.Fatalf("%d statuses of %d packets", len(statuses), fb.PacketStatusCount)
	}
	at := time.Duration(fb.ReferenceTime) * reference
	deltas := fb.RecvDeltas
	for i, status := range statuses[:fb.PacketStatusCount] {
		if status == missing {
			continue
		}
		at += time.Duration(deltas[0].Delta) * time.Microsecond
		deltas = deltas[1:]
		all[fb.BaseSequenceNumber+uint16(i)] = at
	}
	if len(deltas) > 0 {
		t.Fatalf("%d times too many", len(deltas))
	}
	return fb.BaseSequenceNumber, int(fb.PacketStatusCount)
}

// Whatever is lost, overtaken or comes twice, and over the wrap of the numbers, the
// reports say of each packet that came when it first did, to half a tick of time for
// each, and leave no number out.
func TestReportsAreRead(t *testing.T) {
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 4))
		r, got, want := NewRecorder(7), told{}, told{}
		number, now, expected := uint16(65000), time.Duration(random.Int64N(int64(time.Hour))), -1
		var held []uint16
		for range 3000 {
			now += time.Duration(random.Int64N(int64(8 * time.Millisecond)))
			switch random.IntN(20) {
			case 0: // lost
			case 1: // overtaken
				held = append(held, number)
			case 2:
				now += time.Duration(random.Int64N(int64(100 * time.Millisecond)))
			default:
				for _, n := range append(held, number, number) { // the last one twice
					r.Note(9, n, now)
					if _, ok := want[n]; !ok {
						want[n] = now
					}
				}
				held = nil
			}
			number++
			if random.IntN(20) > 0 {
				continue
			}
			if raw := r.AppendReport(nil); raw != nil {
				base, count := got.read(t, raw)
				if expected >= 0 && int16(base-uint16(expected)) > 0 {
					t.Fatalf("seed %d: a report from %d on, expected %d", seed, base, uint16(expected))
				}
				expected = int(base) + count
			}
		}
		if raw := r.AppendReport(nil); raw != nil {
			got.read(t, raw)
		}
		if len(got) != len(want) {
			t.Fatalf("seed %d: told of %d of %d packets", seed, len(got), len(want))
		}
		for n, at := range want {
			if d := (got[n] - at).Abs(); d > tick/2+time.Microsecond {
				t.Fatalf("seed %d: packet %d is %v off", seed, n, d)
			}
		}
	}
}

// Long silence, long losses and many packets at once are told in several reports.
func TestReportsInPieces(t *testing.T) {
	r, got := NewRecorder(7), told{}
	for n := range uint16(1500) {
		r.Note(9, n, time.Duration(n)*time.Millisecond)
	}
	r.Note(9, 3000, time.Minute)
	reports := 0
	for raw := r.AppendReport(nil); len(raw) > 0; raw = r.AppendReport(raw[:0]) {
		got.read(t, raw)
		reports++
	}
	if len(got) != 1501 || reports < 4 || (got[3000]-time.Minute).Abs() > tick {
		t.Errorf("%d packets in %d reports", len(got), reports)
	}
	if len(r.ring) != mostRing {
		t.Errorf("%d numbers are remembered", len(r.ring))
	}
	forgotten := 3000 - mostRing
	r.Note(9, uint16(forgotten), time.Hour)
	if raw := r.AppendReport(nil); len(raw) > 0 {
		t.Error("something is told twice")
	}
}

func TestNothingAllocated(t *testing.T) {
	r, buf, n := NewRecorder(7), make([]byte, 0, 1200), uint16(0)
	if allocs := testing.AllocsPerRun(200, func() {
		for range 21 {
			n++
			r.Note(9, n, time.Duration(n)*5*time.Millisecond)
		}
		if len(r.AppendReport(buf)) == 0 {
			t.Fatal("nothing to tell")
		}
	}); allocs > 0 {
		t.Errorf("%v allocations for 21 packets and a report", allocs)
	}
}

func FuzzReports(f *testing.F) {
	f.Add([]byte{1, 0, 9, 1, 2, 9, 255, 1, 0, 200, 200, 200})
	f.Fuzz(func(t *testing.T, script []byte) {
		r, number, now := NewRecorder(7), uint16(0), time.Duration(0)
		for ; len(script) >= 3; script = script[3:] {
			number += uint16(script[0])<<(script[2]&8) + uint16(int8(script[1]))
			now += time.Duration(script[1]) * time.Millisecond << (script[2] & 15)
			r.Note(9, number, now)
			if script[2]&16 == 0 {
				continue
			}
			for i := 0; ; i++ {
				raw := r.AppendReport(nil)
				if raw == nil {
					break
				}
				told{}.read(t, raw)
				if i > mostRing {
					t.Fatal("reports without end")
				}
			}
		}
	})
}

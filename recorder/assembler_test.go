package recorder

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
)

var epoch = time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)

// sent is a track as its sender saw it.
type sent struct {
	frames  [][]byte
	packets []*rtp.Packet
	at      []time.Duration // of each packet's sending
	frame   []int           // to which each packet belongs
}

// fakeVP8 is a frame of random bytes whose header is a key frame's or not.
func fakeVP8(random *rand.Rand, key bool, size int) []byte {
	b := make([]byte, max(size, 12))
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	if key {
		copy(b, []byte{0x10 | 1<<5, 0, 0, 0x9d, 0x01, 0x2a, 64, 1, 180, 0}) // 320×180, first partition of one byte
	} else {
		b[0] |= 1
	}
	return b
}

// packetize sends frames span apart.
func packetize(kind string, frames [][]byte, seq uint16, timestamp uint32, ticks uint32, span time.Duration) sent {
	s := sent{frames: frames}
	vp8 := codecs.VP8Payloader{EnablePictureID: true}
	for i, f := range frames {
		payloads := [][]byte{f}
		if kind == Video {
			payloads = vp8.Payload(1180, f)
		}
		for j, p := range payloads {
			s.packets = append(s.packets, &rtp.Packet{Header: rtp.Header{
				Version: 2, SequenceNumber: seq, Timestamp: timestamp, Marker: kind == Video && j == len(payloads)-1,
			}, Payload: p})
			s.at = append(s.at, time.Duration(i)*span+time.Duration(j)*50*time.Microsecond)
			s.frame = append(s.frame, i)
			seq++
		}
		timestamp += ticks
	}
	return s
}

func videoTrack(random *rand.Rand, n int) sent {
	frames := make([][]byte, n)
	for i := range frames {
		frames[i] = fakeVP8(random, i%100 == 0, int(random.Uint32N(6000)))
	}
	return packetize(Video, frames, 65500, 1<<32-3000*20, 3600, 40*time.Millisecond) // both counters wrap
}

// arrival is a packet on the wire's far end.
type arrival struct {
	packet int
	at     time.Duration
}

func inOrder(s sent) []arrival {
	list := make([]arrival, len(s.packets))
	for i := range list {
		list[i] = arrival{i, s.at[i]}
	}
	return list
}

func sortArrivals(list []arrival) {
	slices.SortStableFunc(list, func(a, b arrival) int { return int(a.at - b.at) })
}

// run feeds an Assembler and gives what came out.
func run(kind string, s sent, list []arrival) (units []Unit, freed int) {
	a := NewAssembler(kind)
	a.Free = func(*Packet) { freed++ }
	take := func(u Unit) {
		freed += len(u.Packets)
		u.Packets = slices.Clone(u.Packets)
		units = append(units, u)
	}
	for _, arr := range list {
		now, p := epoch.Add(arr.at), s.packets[arr.packet]
		a.Push(&Packet{Seq: p.SequenceNumber, Timestamp: p.Timestamp, Marker: p.Marker, Payload: p.Payload, Arrival: now})
		for u, ok := a.Pop(now); ok; u, ok = a.Pop(now) {
			take(u)
		}
	}
	end := epoch.Add(list[len(list)-1].at)
	for u, ok := a.Drain(end); ok; u, ok = a.Drain(end) {
		take(u)
	}
	return units, freed
}

// checkFrames wants the frames of s except the lost ones, with a loss told in
// the place of each run of lost ones.
func checkFrames(t *testing.T, s sent, units []Unit, lost map[int]bool) {
	t.Helper()
	next, told := 0, false
	for i, u := range units {
		if u.Lost != "" {
			if told {
				t.Fatalf("unit %d: the same loss is told twice", i)
			}
			told = true
			continue
		}
		skipped := false
		for lost[next] {
			next, skipped = next+1, true
		}
		if skipped != told {
			t.Fatalf("frame %d: loss told %v, frames lost %v", next, told, skipped)
		}
		if next >= len(s.frames) || !bytes.Equal(u.AppendTo(nil), s.frames[next]) {
			t.Fatalf("unit %d is not frame %d", i, next)
		}
		next, told = next+1, false
	}
	for lost[next] {
		next++
	}
	if next != len(s.frames) {
		t.Fatalf("%d frames came out of %d", next, len(s.frames))
	}
}

func TestAssemblerGivesWhatWasSent(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 1))
	for name, disturb := range map[string]func([]arrival) []arrival{
		"in order": func(l []arrival) []arrival { return l },
		"reordered": func(l []arrival) []arrival {
			for i := range l[1:] { // the very first packet opens the track
				l[i+1].at += time.Duration(random.Uint32N(150)) * time.Millisecond
			}
			return l
		},
		"twice": func(l []arrival) []arrival {
			for _, a := range slices.Clone(l) {
				l = append(l, arrival{a.packet, a.at + time.Duration(random.Uint32N(3000))*time.Millisecond})
			}
			return l
		},
		"repaired late": func(l []arrival) []arrival {
			for i := range l[1:] {
				if random.Uint32N(10) == 0 {
					l[i+1].at += time.Duration(300+random.Uint32N(1500)) * time.Millisecond
				}
			}
			return l
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := videoTrack(random, 500)
			list := disturb(inOrder(s))
			sortArrivals(list)
			units, freed := run(Video, s, list)
			checkFrames(t, s, units, nil)
			if freed != len(list) {
				t.Errorf("%d packets given back of %d", freed, len(list))
			}
		})
	}
}

func TestAssemblerDropsWhatIsIncomplete(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 2))
	s := videoTrack(random, 500)
	lost := map[int]bool{}
	var list []arrival
	for i, a := range inOrder(s) {
		switch {
		case s.frame[i] > 0 && s.frame[i] < 499 && random.Uint32N(100) == 0:
			lost[s.frame[i]] = true // never arrives
		case s.frame[i] == 250 && !lost[250]:
			lost[250] = true
			list = append(list, arrival{a.packet, a.at + Patience + 100*time.Millisecond}) // too late
		default:
			list = append(list, a)
		}
	}
	sortArrivals(list)
	units, freed := run(Video, s, list)
	checkFrames(t, s, units, lost)
	if len(lost) < 5 {
		t.Fatalf("only %d frames were lost: nothing is tested", len(lost))
	}
	if freed != len(list) {
		t.Errorf("%d packets given back of %d", freed, len(list))
	}
}

// TestAssemblerPatienceIsInTime: a hole with 1,500 packets behind it is waited
// for, one that is two seconds old isn't.
func TestAssemblerPatienceIsInTime(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	frames := make([][]byte, 500)
	for i := range frames {
		frames[i] = fakeVP8(random, i == 0, 3500)
	}
	s := packetize(Video, frames, 0, 0, 90, time.Millisecond)
	list := inOrder(s)
	list[1].at = 480 * time.Millisecond
	sortArrivals(list)
	units, _ := run(Video, s, list)
	checkFrames(t, s, units, nil)

	slow := packetize(Video, frames[:4], 0, 0, 90000, time.Second)
	for _, c := range []struct {
		repair time.Duration
		lost   map[int]bool
	}{{2900 * time.Millisecond, nil}, {3100 * time.Millisecond, map[int]bool{1: true}}} {
		list := inOrder(slow)
		for i := range list {
			if slow.frame[i] == 1 && slow.frame[i-1] == 0 { // noticed by the next packet at 1 s
				list[i].at = c.repair
			}
		}
		sortArrivals(list)
		units, _ := run(Video, slow, list)
		checkFrames(t, slow, units, c.lost)
	}
}

func TestAssemblerLeaps(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for name, seq := range map[string]uint16{"forward": 20000, "backward": 40000, "half way": 32768} {
		t.Run(name, func(t *testing.T) {
			one, two := videoTrack(random, 150), videoTrack(random, 150)
			for i, p := range two.packets {
				p.SequenceNumber = 65500 + seq + uint16(i)
			}
			both := sent{append(one.frames, two.frames...), append(one.packets, two.packets...), nil, nil}
			list := make([]arrival, len(both.packets))
			for i := range list {
				list[i] = arrival{i, time.Duration(i) * time.Millisecond}
			}
			units, freed := run(Video, both, list)
			losses, frames := 0, 0
			for _, u := range units {
				if u.Lost != "" {
					losses++
					continue
				}
				if !slices.ContainsFunc(both.frames, func(f []byte) bool { return bytes.Equal(f, u.AppendTo(nil)) }) {
					t.Fatal("a frame that was never sent")
				}
				frames++
			}
			if losses != 1 || frames < 270 {
				t.Errorf("%d losses, %d of 300 frames", losses, frames)
			}
			if freed != len(list) {
				t.Errorf("%d packets given back of %d", freed, len(list))
			}
		})
	}
}

func TestAssemblerAudio(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 5))
	frames := make([][]byte, 1000)
	for i := range frames {
		frames[i] = []byte{0x78, byte(i), byte(i >> 8)}
	}
	s := packetize(Audio, frames, 65000, 1<<32-960*500, 960, 20*time.Millisecond)
	lost := map[int]bool{400: true, 401: true, 700: true}
	var list []arrival
	for i, a := range inOrder(s) {
		if lost[i] {
			continue
		}
		if i > 0 {
			a.at += time.Duration(random.Uint32N(100)) * time.Millisecond
		}
		list = append(list, a)
	}
	sortArrivals(list)
	units, _ := run(Audio, s, list)
	checkFrames(t, s, units, lost)
}

// TestAssemblerOverflowIsItsOwnCause: what the recorder dropped is not waited for.
func TestAssemblerOverflowIsItsOwnCause(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 6))
	for _, gap := range []int{3, 5000} { // packets; within the window and beyond it
		frames := make([][]byte, 40+gap)
		for i := range frames {
			frames[i] = fakeVP8(random, i == 0, 100)
		}
		s := packetize(Video, frames, 0, 0, 3600, time.Millisecond)
		a := NewAssembler(Video)
		var causes []string
		for i, p := range s.packets {
			if i >= 20 && i < 20+gap {
				continue
			}
			now := epoch.Add(s.at[i])
			a.Push(&Packet{Seq: p.SequenceNumber, Timestamp: p.Timestamp, Marker: p.Marker, Payload: p.Payload, Arrival: now, Dropped: i == 20+gap})
			for u, ok := a.Pop(now); ok; u, ok = a.Pop(now) {
				if u.Lost != "" {
					causes = append(causes, u.Lost)
				}
			}
		}
		if !slices.Equal(causes, []string{CauseOverflow}) {
			t.Errorf("%d packets dropped: %q", gap, causes)
		}
	}
}

func TestAssemblerTakesNoNonsense(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 7))
	s := videoTrack(random, 3)
	s.packets[len(s.packets)-1].Payload = []byte{0x80} // extension announced, nothing there
	units, _ := run(Video, s, inOrder(s))
	if len(units) != 3 || units[2].Lost != CauseMalformed {
		t.Fatalf("units %d", len(units))
	}
}

func FuzzAssembler(f *testing.F) {
	f.Add([]byte{0, 0, 0x90, 1, 2, 1, 0, 0x80, 3, 4}, true)
	f.Add(bytes.Repeat([]byte{7, 1, 0x10, 9, 9}, 30), false)
	f.Fuzz(func(t *testing.T, script []byte, video bool) {
		kind := Audio
		if video {
			kind = Video
		}
		a, held := NewAssembler(kind), map[*Packet]bool{}
		a.Free = func(p *Packet) {
			if !held[p] {
				t.Fatal("a packet is given back twice")
			}
			delete(held, p)
		}
		now, seq, size := epoch, uint16(0), 0
		take := func(u Unit, ok bool) bool {
			frame := u.AppendTo(nil)
			size -= len(frame)
			for _, p := range u.Packets {
				a.Free(p) // ours now
			}
			if _, key, err := vp8Header(frame); ok && u.Lost == "" && err == nil && key && len(frame) < 10 {
				t.Fatal("a key frame of less than its header")
			}
			return ok
		}
		for ; len(script) >= 5; script = script[5:] {
			now = now.Add(time.Duration(script[1]>>4) * 100 * time.Millisecond)
			switch script[0] >> 6 {
			case 0:
				seq++
			case 1:
				seq += uint16(script[0])
			case 2:
				seq -= uint16(script[0] & 31)
			case 3:
				seq += uint16(script[0]) << 8
			}
			p := &Packet{Seq: seq, Timestamp: uint32(script[1] & 7), Marker: script[1]&8 != 0, Arrival: now,
				Payload: script[2 : 2+int(script[0]&3)], Dropped: script[0]&4 != 0}
			held[p] = true
			size += len(p.Payload)
			a.Push(p)
			for take(a.Pop(now)) {
			}
			if len(held) > len(a.ring) || int64(len(a.ring)) > window[kind] {
				t.Fatalf("%d packets held", len(held))
			}
		}
		for take(a.Drain(now)) {
		}
		if size < 0 {
			t.Fatal("more bytes came out than went in")
		}
	})
}

// A sender that gives up the rest of a frame numbers what follows without a hole:
// what there is of the frame is lost, not a frame.
func TestAbandonedFrame(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	frames := [][]byte{fakeVP8(random, true, 3000), fakeVP8(random, false, 5000), fakeVP8(random, true, 3000), fakeVP8(random, false, 900)}
	s := packetize(Video, frames, 65533, 1000, 3600, 40*time.Millisecond)
	cut := s
	cut.packets, cut.at = nil, nil
	for i, p := range s.packets {
		if s.frame[i] == 1 && i > 0 && s.frame[i-1] == 1 {
			continue // of the second frame only the first packet leaves
		}
		p.SequenceNumber = 65533 + uint16(len(cut.packets))
		cut.packets, cut.at = append(cut.packets, p), append(cut.at, s.at[i])
	}
	units, freed := run(Video, cut, inOrder(cut))
	checkFrames(t, s, units, map[int]bool{1: true})
	if units[1].Lost != CauseMalformed || freed != len(cut.packets) {
		t.Errorf("lost by %q, %d of %d packets given back", units[1].Lost, freed, len(cut.packets))
	}
}

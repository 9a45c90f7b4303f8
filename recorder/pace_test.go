package recorder

import "testing"

// frames plays packets of 20 ms sound, each arriving at its time, through the
// light and gives the share that it shows at the end.
func shown(t *testing.T, arrivals []int64, lost map[int]bool) (share int, gaps []Gap) {
	t.Helper()
	l := &light{cover: newCoverage(Audio)}
	end := int64(0)
	for i, ms := range arrivals {
		if lost[i] {
			continue
		}
		n := frameNote{Stream: 1, RTP: uint32(i) * 960, US: ms * 1000, Key: true}
		l.cover.frame(l.pace.when(n, 48000)/1000, 20, true)
		end = ms + 20
	}
	return l.cover.share(end, end), l.cover.gaps
}

func TestLateSoundLeavesNoGap(t *testing.T) {
	var bursts []int64 // 100 s of sound that comes in bursts of 600 ms
	for i := range 5000 {
		bursts = append(bursts, int64(i*20)/600*600+600)
	}
	share, gaps := shown(t, bursts, nil)
	if share < 985 || len(gaps) > 1 { // the lead-in
		t.Fatalf("%d ‰, gaps %+v", share, gaps)
	}
}

func TestLostSoundLeavesAGap(t *testing.T) {
	var even []int64
	lost := map[int]bool{}
	for i := range 500 {
		even = append(even, int64(i*20))
		lost[i] = i >= 100 && i < 200 // 2 s
	}
	share, gaps := shown(t, even, lost)
	if share < 795 || share > 805 || len(gaps) != 1 || gaps[0].ToMS-gaps[0].FromMS != 1980+20 {
		t.Fatalf("%d ‰, gaps %+v", share, gaps)
	}
}

func TestPaceKeepsNearTheArrival(t *testing.T) {
	var p pace
	p.when(frameNote{Stream: 1, RTP: 1 << 31, US: 60e6}, 48000)
	if us := p.when(frameNote{Stream: 1, RTP: 5, US: 61e6}, 48000); us != 51e6 {
		t.Fatalf("a leap back is placed at %d µs", us)
	}
	if us := p.when(frameNote{Stream: 1, RTP: 1 << 30, US: 62e6}, 48000); us != 62e6 {
		t.Fatalf("a leap forward is placed at %d µs", us)
	}
	if us := p.when(frameNote{Stream: 2, RTP: 7, US: 63e6}, 48000); us != 63e6 {
		t.Fatalf("a new stream begins at %d µs", us)
	}
}

package recorder

import (
	"reflect"
	"testing"
)

func TestCoverage(t *testing.T) {
	type step func(*coverage)
	frame := func(ms, length int64, key bool) step { return func(c *coverage) { c.frame(ms, length, key) } }
	lost := func(cause string) step { return func(c *coverage) { c.interrupt(cause) } }
	end := func(ms int64, crashed bool) step { return func(c *coverage) { c.finish(ms, crashed) } }
	for name, c := range map[string]struct {
		kind  string
		steps []step
		gaps  []Gap
		share int // of 10 s
	}{
		"nothing": {Video, []step{end(10000, false)}, []Gap{{Video, 0, 10000, CauseLeadIn}}, 0},
		"whole":   {Video, []step{frame(0, 0, true), frame(1900, 0, false), frame(3800, 0, false), frame(5700, 0, false), frame(7600, 0, false), frame(9500, 0, false), frame(9900, 0, false), end(10000, false)}, nil, 1000},
		"no frame at the end": {Video, []step{frame(0, 0, true), frame(1900, 0, false), frame(3800, 0, false), frame(5700, 0, false), frame(7600, 0, false), frame(9000, 0, false), end(10000, false)},
			[]Gap{{Video, 9000, 10000, CauseNoPackets}}, 900},
		"loss until the next key frame": {Video, []step{frame(500, 0, true), frame(1000, 0, false), lost(CauseLoss), frame(1040, 0, false), lost(CauseOverflow), frame(1100, 0, false), frame(3000, 0, true), frame(5000, 0, false), frame(7000, 0, false), frame(9000, 0, false), frame(9900, 0, false), end(10000, false)},
			[]Gap{{Video, 0, 500, CauseLeadIn}, {Video, 1000, 3000, CauseLoss}}, 750},
		"sound lost for a moment": {Audio, []step{frame(0, 5000, true), lost(CauseLoss), frame(5060, 4940, true), end(10000, false)},
			[]Gap{{Audio, 5000, 5060, CauseLoss}}, 994},
		"nothing comes": {Audio, []step{frame(0, 20, true), frame(6020, 3980, true), end(10000, false)},
			[]Gap{{Audio, 20, 6020, CauseNoPackets}}, 400},
		"nothing more comes": {Video, []step{frame(0, 0, true), end(10000, false)},
			[]Gap{{Video, 0, 10000, CauseNoPackets}}, 0},
		"crash": {Video, []step{frame(0, 0, true), frame(2000, 0, true), frame(4000, 0, true), frame(6000, 0, true), frame(8000, 0, true), frame(9000, 0, true), end(10000, true)},
			[]Gap{{Video, 9000, 10000, CauseCrash}}, 900},
		"crash of unknown length": {Audio, []step{frame(0, 10000, true), end(10000, true)},
			[]Gap{{Audio, 10000, 10000, CauseCrash}}, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			cover := newCoverage(c.kind)
			for _, s := range c.steps {
				s(&cover)
			}
			if !reflect.DeepEqual(cover.gaps, c.gaps) {
				t.Errorf("gaps %+v, want %+v", cover.gaps, c.gaps)
			}
			if got := cover.share(10000, 10000); got != c.share {
				t.Errorf("coverage %d ‰, want %d", got, c.share)
			}
		})
	}
}

func TestOpusDuration(t *testing.T) {
	for _, c := range []struct {
		packet []byte
		ms     int64
	}{
		{nil, 0}, {[]byte{0x78}, 20}, // CELT 20 ms, one frame
		{[]byte{0x08, 1}, 20}, {[]byte{0x18}, 60}, // SILK
		{[]byte{0x60}, 10}, {[]byte{0x69}, 40}, // hybrid; two frames of 20 ms
		{[]byte{0x80}, 3}, {[]byte{0x81}, 5}, // CELT 2.5 ms
		{[]byte{0x7B, 3}, 60}, {[]byte{0x7B}, 0}, {[]byte{0x7B, 63}, 120}, // by count
	} {
		if got := opusDuration(c.packet); got != c.ms {
			t.Errorf("% x: %d ms, want %d", c.packet, got, c.ms)
		}
	}
}

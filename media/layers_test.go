package media

import (
	"testing"
	"time"

	"verifycall/media/bandwidth"
)

func TestLayerChoice(t *testing.T) {
	const full, low = 2_000_000, 150_000
	type span struct {
		of        time.Duration
		bps       int
		full, low int
		wantLow   bool // at its end
	}
	for name, spans := range map[string][]span{
		"bears the full picture":     {{10 * time.Second, 2_500_000, full, low, false}},
		"far too narrow":             {{time.Second, 300_000, full, low, true}},
		"a moment's doubt":           {{time.Second, 2_500_000, full, low, false}, {500 * time.Millisecond, 300_000, full, low, false}, {5 * time.Second, 2_200_000, full, low, false}},
		"a little too narrow":        {{time.Second, 1_800_000, full, low, false}, {2 * time.Second, 1_800_000, full, low, true}},
		"wide again":                 {{5 * time.Second, 300_000, full, low, true}, {3 * time.Second, 2_600_000, full, low, false}},
		"not wide enough":            {{5 * time.Second, 300_000, full, low, true}, {20 * time.Second, 2_100_000, full, low, true}},
		"no low layer":               {{5 * time.Second, 300_000, full, 0, false}},
		"the low layer ends":         {{5 * time.Second, 300_000, full, low, true}, {200 * time.Millisecond, 300_000, full, 0, false}},
		"only the low layer comes":   {{200 * time.Millisecond, 2_500_000, 0, low, true}},
		"full didn't last: it waits": {{5 * time.Second, 300_000, full, low, true}, {3 * time.Second, 2_600_000, full, low, false}, {time.Second, 300_000, full, low, true}, {1500 * time.Millisecond, 2_600_000, full, low, true}, {2 * time.Second, 2_600_000, full, low, false}},
	} {
		t.Run(name, func(t *testing.T) {
			var c layerChoice
			now := time.Unix(1_800_000_000, 0)
			c.choose(4_000_000, full, low, now)
			for i, s := range spans {
				for end := now.Add(s.of); now.Before(end); {
					now = now.Add(bandwidth.ReportInterval)
					c.choose(s.bps, s.full, s.low, now)
				}
				if c.low != s.wantLow {
					t.Errorf("after span %d: low is %v", i, c.low)
				}
			}
		})
	}
}

// twoLayers is a down track of two sources, and what it sends.
func twoLayers() (sent *collect, d *downTrack, full, low *Receiver) {
	sent = new(collect)
	d = newDownTrack(Video, videoClockRate, 100, newDownlink(time.Now()))
	d.bind(sent, outbound{ssrc: 5, payloadType: 96})
	d.open()
	return sent, d, newReceiver(Video, 1, 96, videoClockRate, &senderClock{}, trackIO{}), newReceiver(Video, 2, 96, videoClockRate, &senderClock{}, trackIO{})
}

// A key frame whose first packet comes last, as a repair, is not switched to: the
// subscriber would never get the rest of it.
func TestSwitchNeedsTheWholeKeyFrame(t *testing.T) {
	sent, d, full, low := twoLayers()
	var out outgoing
	expect := func(packets int, from *Receiver, what string) {
		t.Helper()
		if len(sent.packets) != packets || d.from != from {
			t.Fatalf("%s: %d packets, low %v", what, len(sent.packets), d.from == low)
		}
	}
	d.play(full)
	full.handleRTP(videoPacket(2, 3000, false, false, 1), epoch, false, &out)
	full.handleRTP(videoPacket(1, 3000, true, true, 1), epoch, true, &out)
	expect(0, full, "begun with the first packet of a key frame alone")
	full.handleRTP(videoPacket(3, 6000, true, true, 2), epoch, false, &out)
	expect(1, full, "a whole one")

	d.turnTo(low)
	low.handleRTP(videoPacket(11, 9000, false, false, 1), epoch, false, &out)
	low.handleRTP(videoPacket(10, 9000, true, true, 1), epoch, true, &out)
	full.handleRTP(videoPacket(4, 9000, false, true, 3), epoch, false, &out)
	expect(2, full, "the layer before goes on")
	if !low.keyFrames.Wanted() {
		t.Error("another key frame wasn't asked for")
	}
	low.handleRTP(videoPacket(12, 12000, true, true, 2), epoch, false, &out)
	expect(3, low, "at a whole one")
}

// A way that is too narrow at once turns to the low layer before the full one has
// begun: both come then, and their sequence numbers have nothing to do with each other.
func TestTurnBeforeTheFirstKeyFrame(t *testing.T) {
	sent, d, full, low := twoLayers()
	var out outgoing
	d.play(full)
	d.turnTo(low)
	full.handleRTP(videoPacket(20000, 3000, false, true, 1), epoch, false, &out)
	low.handleRTP(videoPacket(100, 3000, false, true, 1), epoch, false, &out)
	full.handleRTP(videoPacket(20001, 6000, true, true, 2), epoch, false, &out)
	if d.from != full || len(sent.packets) != 1 {
		t.Fatalf("the full layer hasn't begun: %d packets", len(sent.packets))
	}
	low.handleRTP(videoPacket(101, 6000, false, true, 2), epoch, false, &out)
	low.handleRTP(videoPacket(102, 9000, true, true, 3), epoch, false, &out)
	if d.from != low || len(sent.packets) != 2 {
		t.Fatalf("not turned to the low layer: %d packets", len(sent.packets))
	}
}

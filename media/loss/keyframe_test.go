package loss

import (
	"testing"
	"time"
)

func TestKeyFrameRequests(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	var k KeyFrameRequests
	spacing := KeyFrameWait(0)
	expect := func(ms int, wantSend bool, wantWait time.Duration) {
		t.Helper()
		if send, wait := k.Next(at(ms), spacing); send != wantSend || wait != wantWait {
			t.Errorf("at %d ms: send %v, wait %v; want %v, %v", ms, send, wait, wantSend, wantWait)
		}
	}
	expect(0, false, -1) // nobody asked
	k.Want()
	expect(10, true, KeyFrameSpacing)
	k.Want() // merged
	k.Want()
	expect(20, false, 490*time.Millisecond)
	k.Arrived()
	expect(30, false, -1)
	k.Want() // a new wish waits for its turn
	expect(100, false, 410*time.Millisecond)
	expect(510, true, KeyFrameSpacing)
	for i := 2; i <= keyFrameTries; i++ { // unanswered: asked again
		expect(510+(i-1)*500, true, KeyFrameSpacing)
	}
	expect(510+keyFrameTries*500, false, -1) // given up
	k.Want()                                 // until somebody asks again
	expect(20000, true, KeyFrameSpacing)
	spacing = KeyFrameWait(time.Second) // it is still arriving
	expect(20500, false, 1500*time.Millisecond)
	expect(22000, true, 2*time.Second)
	if wait := KeyFrameWait(time.Minute); wait != keyFrameSpacingMost {
		t.Errorf("%v after a key frame that never ends", wait)
	}
}

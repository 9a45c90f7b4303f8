package vp8

import (
	"testing"
	"time"
)

func TestPictures(t *testing.T) {
	key := append([]byte{0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x00, 0x05, 0xd0, 0x02}, make([]byte, 50)...) // 1280×720
	now := time.Unix(0, 0)
	var f Pictures
	frame := func(ts uint32, after time.Duration) {
		now = now.Add(after)
		f.Packet(ts, []byte{0x10, 1}, false, now)
		f.Packet(ts, []byte{0x00, 1}, false, now.Add(time.Millisecond)) // its second packet
	}
	f.Packet(0, key, true, now)
	for i := range uint32(60) {
		frame((i+1)*3600, 40*time.Millisecond)
	}
	if f.Frames != 61 || f.Width != 1280 || f.Height != 720 || f.Frozen != 0 {
		t.Fatalf("after 61 even frames: %+v", f)
	}
	frame(61*3600, 190*time.Millisecond) // late, not frozen
	f.Packet(20*3600, []byte{0x10, 1}, false, now)
	if f.Frozen != 0 || f.Frames != 62 {
		t.Errorf("late: %+v", f)
	}
	frame(62*3600, 900*time.Millisecond)
	if f.Frozen != 900*time.Millisecond {
		t.Errorf("frozen for %v", f.Frozen)
	}
	// A camera in the dark, a frame a second: after a while it isn't frozen.
	for i := range uint32(100) {
		frame((63+i)*90000, time.Second)
	}
	before := f.Frozen
	frame(200*90000, time.Second)
	if f.Frozen != before {
		t.Error("a slow picture counts as frozen for ever")
	}
}

// A key frame takes until its last packet, which may be a repair.
func TestKeyFrameTook(t *testing.T) {
	at := func(ms int) time.Time { return time.Unix(0, 0).Add(time.Duration(ms) * time.Millisecond) }
	var f Pictures
	f.Packet(90000, []byte{0x10, 0x10, 0, 0}, true, at(10))
	f.Packet(90000, []byte{0, 1}, false, at(60))
	f.Packet(93600, []byte{0x10, 1}, false, at(70))
	if took := f.KeyTook(); took != 50*time.Millisecond {
		t.Errorf("it took %v", took)
	}
	f.Packet(90000, []byte{0, 1}, false, at(900))
	if took := f.KeyTook(); took != 890*time.Millisecond {
		t.Errorf("repaired, it took %v", took)
	}
}

func FuzzKeyFrameSize(f *testing.F) {
	f.Add([]byte{0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x00, 0x05, 0xd0, 0x02})
	f.Fuzz(func(t *testing.T, payload []byte) {
		if w, h, ok := keyFrameSize(payload); ok && (w > 0x3fff || h > 0x3fff) {
			t.Errorf("%d×%d", w, h)
		}
	})
}

package recorder

import (
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
	"time"

	"verifycall/recorder/webm"
)

// send gives a track's packets as they arrive, with a sender report at first and
// then each so often; encoding is how long a frame takes before it is sent.
func (s skewed) send(track sent, rate, ppm float64, start uint32, encoding, first, each time.Duration) (list []wire) {
	arrived := time.Duration(0)
	for i, p := range track.packets {
		p.Timestamp = s.rtp(rate, ppm, start, track.at[i])
		arrived = max(arrived, track.at[i]+s.delay()+encoding)
		list = append(list, wire{at: arrived, packet: p})
		if track.at[i] >= first {
			list = append(list, wire{at: arrived, ntp: s.ntp(track.at[i] + encoding), rtp: s.rtp(rate, ppm, start, track.at[i]+encoding)})
			first += each
		}
	}
	return list
}

// TestRecordingKeepsStep: RTP clocks that run 100 ppm off in opposite ways,
// started at different values, packets that jitter; in the file, picture and
// sound of one moment are within 40 ms over ten minutes, and the frame that the
// file shows for the time of an event is, for 95 of 100 events, the one taken then
// or its neighbour.
func TestRecordingKeepsStep(t *testing.T) {
	s := skewed{wall: 50, video: 100, audio: -100, offset: 3900000000 << 32, random: rand.New(rand.NewPCG(8, 1))}
	const length = 10 * time.Minute
	key := fakeVP8(s.random, true, 40)
	var frames [2][][]byte
	for t := time.Duration(0); t < length; t += 40 * time.Millisecond {
		frames[0], frames[1] = append(frames[0], key), append(frames[1], []byte{0xF8, 1}, []byte{0xF8, 2})
	}
	video := packetize(Video, frames[0], 1, 0, 0, 40*time.Millisecond)
	audio := packetize(Audio, frames[1], 1, 0, 0, 20*time.Millisecond)
	rec, folder, _ := begin(t)
	play(t, rec, map[*Tap][]wire{
		rec.Tap(Video, 90000): s.send(video, 90000, s.video, 1<<32-9000, 60*time.Millisecond, 700*time.Millisecond, time.Second),
		rec.Tap(Audio, 48000): s.send(audio, 48000, s.audio, 123456, 0, 4*time.Second, 5*time.Second),
	})
	if err := rec.Stop("ended"); err != nil {
		t.Fatal(err)
	}
	made := assemble(t, folder)
	v, a := made.blocks[webm.VideoTrack], made.blocks[webm.AudioTrack]
	sameFrames(t, "video", v, frames[0])
	sameFrames(t, "audio", a, frames[1])
	apart := int64(0)
	for i := range v {
		apart = max(apart, v[i].MS-a[2*i].MS, a[2*i].MS-v[i].MS)
	}
	t.Logf("at most %d ms apart", apart)
	if apart > 40 {
		t.Errorf("picture and sound are up to %d ms apart", apart)
	}
	var off []int // frames, of events at any time
	for range 2000 {
		event := time.Duration(s.random.Int64N(int64(length)))
		taken := int(event / (40 * time.Millisecond))
		shown := sort.Search(len(v), func(i int) bool { return v[i].MS > event.Milliseconds() }) - 1
		off = append(off, max(taken-shown, shown-taken))
	}
	slices.Sort(off)
	p95 := off[len(off)*95/100]
	t.Logf("event to frame: %d frames off for 95 %%, %d at most", p95, off[len(off)-1])
	if p95 > 1 {
		t.Errorf("the frame of an event is %d frames off for 95 of 100", p95)
	}
}

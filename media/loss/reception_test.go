package loss

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
)

func TestReception(t *testing.T) {
	const ssrc, frame, clockRate = 7, 20 * time.Millisecond, 48000
	var r Reception
	if _, ok := r.Block(ssrc, start); ok {
		t.Fatal("a report before the first packet")
	}
	// 100 packets of 20 ms from number 65500 on, each tenth lost.
	at := func(i int) time.Time { return start.Add(time.Duration(i) * frame) }
	for i := range 100 {
		if i%10 != 5 {
			r.Arrived(int64(65500+i), uint32(i*960), clockRate, at(i))
		}
	}
	r.Reported(0x1234_5678_9abc_def0, at(100))
	got, ok := r.Block(ssrc, at(150))
	want := rtcp.ReceptionReport{SSRC: ssrc, FractionLost: 25, TotalLost: 10, LastSequenceNumber: 65599,
		LastSenderReport: 0x5678_9abc, Delay: 65536}
	if !ok || got != want {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	// Then nothing is lost, and packets come 10 ms early and late in turn.
	for i := 100; i < 200; i++ {
		r.Arrived(int64(65500+i), uint32(i*960), clockRate, at(i).Add(time.Duration(i%2)*10*time.Millisecond))
	}
	got, _ = r.Block(ssrc, at(200))
	if got.FractionLost != 0 || got.TotalLost != 10 || got.LastSequenceNumber != 65699 {
		t.Errorf("%+v", got)
	}
	if got.Jitter < 470 || got.Jitter > 490 { // 10 ms are 480 ticks
		t.Errorf("jitter is %d", got.Jitter)
	}
	// A copy too many never makes a negative count.
	for range 20 {
		r.Arrived(65699, 0, clockRate, at(201))
	}
	if got, _ = r.Block(ssrc, at(201)); got.TotalLost != 0 || got.FractionLost != 0 {
		t.Errorf("%+v", got)
	}
}

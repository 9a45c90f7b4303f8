package media

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

func TestReception(t *testing.T) {
	const ssrc, frame = 7, 20 * time.Millisecond
	var r reception
	if _, ok := r.block(ssrc, epoch); ok {
		t.Fatal("a report before the first packet")
	}
	// 100 packets of 20 ms from number 65500 on, each tenth lost.
	at := func(i int) time.Time { return epoch.Add(time.Duration(i) * frame) }
	for i := range 100 {
		if i%10 != 5 {
			r.arrived(int64(65500+i), uint32(i*960), audioClockRate, at(i))
		}
	}
	r.reported(0x1234_5678_9abc_def0, at(100))
	got, ok := r.block(ssrc, at(150))
	want := rtcp.ReceptionReport{SSRC: ssrc, FractionLost: 25, TotalLost: 10, LastSequenceNumber: 65599,
		LastSenderReport: 0x5678_9abc, Delay: 65536}
	if !ok || got != want {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	// Then nothing is lost, and packets come 10 ms early and late in turn.
	for i := 100; i < 200; i++ {
		r.arrived(int64(65500+i), uint32(i*960), audioClockRate, at(i).Add(time.Duration(i%2)*10*time.Millisecond))
	}
	got, _ = r.block(ssrc, at(200))
	if got.FractionLost != 0 || got.TotalLost != 10 || got.LastSequenceNumber != 65699 {
		t.Errorf("%+v", got)
	}
	if got.Jitter < 470 || got.Jitter > 490 { // 10 ms are 480 ticks
		t.Errorf("jitter is %d", got.Jitter)
	}
	// A copy too many never makes a negative count.
	for range 20 {
		r.arrived(65699, 0, audioClockRate, at(201))
	}
	if got, _ = r.block(ssrc, at(201)); got.TotalLost != 0 || got.FractionLost != 0 {
		t.Errorf("%+v", got)
	}
}

func TestArrivals(t *testing.T) {
	const id = 3
	a := newArrivals(epoch)
	for i := range 10 {
		if i == 4 {
			continue
		}
		h := rtp.Header{Version: 2, SSRC: uint32(i % 2)}
		if err := h.SetExtension(id, binary.BigEndian.AppendUint16(nil, 0xfff8+uint16(i))); err != nil {
			t.Fatal(err)
		}
		a.note(&h, 100, id, epoch.Add(time.Duration(i)*time.Millisecond))
	}
	a.note(&rtp.Header{}, 100, id, epoch) // without a number
	a.note(&rtp.Header{}, 100, 0, epoch)
	packets, err := rtcp.Unmarshal(a.report(nil, 0, epoch))
	if err != nil || len(packets) != 1 {
		t.Fatalf("%d reports, %v", len(packets), err)
	}
	cc := packets[0].(*rtcp.TransportLayerCC)
	if cc.BaseSequenceNumber != 0xfff8 || cc.PacketStatusCount != 10 || len(cc.RecvDeltas) != 9 {
		t.Errorf("%+v", cc)
	}
	now := epoch.Add(time.Second)
	if again := a.report(nil, 0, now); again != nil {
		t.Errorf("told twice: %+v", again)
	}
	h := rtp.Header{Version: 2}
	if err := h.SetExtension(id, []byte{0, 9}); err != nil {
		t.Fatal(err)
	}
	a.note(&h, 100, id, now)
	if early := a.report(nil, arrivalsInterval, now.Add(arrivalsInterval-1)); early != nil {
		t.Errorf("told too early: %+v", early)
	}
	if due := a.report(nil, arrivalsInterval, now.Add(arrivalsInterval)); len(due) == 0 {
		t.Error("no report when due")
	}
}

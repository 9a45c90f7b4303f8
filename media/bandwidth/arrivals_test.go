package bandwidth

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

func TestArrivals(t *testing.T) {
	epoch := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	const id = 3
	a := NewArrivals(epoch)
	for i := range 10 {
		if i == 4 {
			continue
		}
		h := rtp.Header{Version: 2, SSRC: uint32(i % 2)}
		if err := h.SetExtension(id, binary.BigEndian.AppendUint16(nil, 0xfff8+uint16(i))); err != nil {
			t.Fatal(err)
		}
		a.Note(&h, 100, id, epoch.Add(time.Duration(i)*time.Millisecond))
	}
	a.Note(&rtp.Header{}, 100, id, epoch) // without a number
	a.Note(&rtp.Header{}, 100, 0, epoch)
	packets, err := rtcp.Unmarshal(a.Report(nil, 0, epoch))
	if err != nil || len(packets) != 1 {
		t.Fatalf("%d reports, %v", len(packets), err)
	}
	cc := packets[0].(*rtcp.TransportLayerCC)
	if cc.BaseSequenceNumber != 0xfff8 || cc.PacketStatusCount != 10 || len(cc.RecvDeltas) != 9 {
		t.Errorf("%+v", cc)
	}
	now := epoch.Add(time.Second)
	if again := a.Report(nil, 0, now); again != nil {
		t.Errorf("told twice: %+v", again)
	}
	h := rtp.Header{Version: 2}
	if err := h.SetExtension(id, []byte{0, 9}); err != nil {
		t.Fatal(err)
	}
	a.Note(&h, 100, id, now)
	if early := a.Report(nil, ReportInterval, now.Add(ReportInterval-1)); early != nil {
		t.Errorf("told too early: %+v", early)
	}
	if due := a.Report(nil, ReportInterval, now.Add(ReportInterval)); len(due) == 0 {
		t.Error("no report when due")
	}
}

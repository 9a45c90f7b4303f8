package media

import (
	"encoding/binary"
	"reflect"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"verifycall/media/twcc"
)

// claims is a report of arrivals that says one thing of a number of packets and
// gives no time of any.
func claims(status, count uint16) []byte {
	raw := make([]byte, 36)
	raw[0], raw[1] = 0x80|rtcp.FormatTCC, byte(rtcp.TypeTransportSpecificFeedback)
	binary.BigEndian.PutUint16(raw[2:], uint16(len(raw)/4-1))
	binary.BigEndian.PutUint16(raw[14:], count)
	for at := 20; at < len(raw); at += 2 { // runs of 8,191
		binary.BigEndian.PutUint16(raw[at:], status<<13|0x1fff)
	}
	return raw
}

// What RTCP costs is bounded by its size, not by the numbers in it.
func TestRTCPClaims(t *testing.T) {
	server := leanTransport(t, func(Event) {})
	for status := range uint16(3) {
		for _, count := range []uint16{65535, 8191, statusesMost} {
			raw := claims(status, count)
			if n := testing.AllocsPerRun(10, func() { server.lean.HandleRTCP(raw, time.Now()) }); n > 30 {
				t.Errorf("status %d of %d packets: %v allocations", status, count, n)
			}
			packets, err := parseRTCP(raw)
			if err != nil || len(packets) != 0 && (status != rtcp.TypeTCCPacketNotReceived || count > statusesMost) {
				t.Errorf("status %d of %d packets: %v, %v", status, count, packets, err)
			}
		}
	}

	var many []byte
	for range 30 {
		many = append(many, claims(rtcp.TypeTCCPacketNotReceived, statusesMost/2)...)
	}
	if packets, err := parseRTCP(many); err != nil || len(packets) != 2 {
		t.Errorf("%d of %d reports: %v", len(packets), 30, err)
	}

	var requests []rtcp.Packet
	for i := range uint16(5) {
		request := &rtcp.TransportLayerNack{MediaSSRC: 5}
		for j := range uint16(pairsMost - 1) {
			request.Nacks = append(request.Nacks, rtcp.NackPair{PacketID: 1000*i + j})
		}
		requests = append(requests, request)
	}
	raw, err := rtcp.Marshal(requests)
	if err != nil {
		t.Fatal(err)
	}
	packets, err := parseRTCP(raw)
	if err != nil || len(packets) != len(requests) {
		t.Fatalf("%d requests of %d: %v", len(packets), len(requests), err)
	}
	pairs := 0
	for _, packet := range packets {
		pairs += len(packet.(*rtcp.TransportLayerNack).Nacks)
	}
	if pairs != pairsMost {
		t.Errorf("%d pairs", pairs)
	}
}

// What browsers send comes through as the library reads it.
func TestRTCPHonest(t *testing.T) {
	recorder := twcc.NewRecorder(9)
	for number := range uint16(1000) { // runs, gaps and late ones
		if number%7 != 3 && number/100 != 4 {
			recorder.Note(5, number, time.Duration(number)*time.Duration(number%90)*time.Millisecond)
		}
	}
	var raw []byte
	for more := true; more; {
		before := len(raw)
		raw = recorder.AppendReport(raw)
		more = len(raw) > before
	}
	others, err := rtcp.Marshal([]rtcp.Packet{
		&rtcp.SenderReport{SSRC: 1, NTPTime: 2, Reports: []rtcp.ReceptionReport{{SSRC: 5}}, ProfileExtensions: []byte{}},
		&rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{{SSRC: 5, Jitter: 3}}, ProfileExtensions: []byte{}},
		&rtcp.TransportLayerNack{MediaSSRC: 5, Nacks: []rtcp.NackPair{{PacketID: 7, LostPackets: 3}}},
		&rtcp.PictureLossIndication{MediaSSRC: 5},
		&rtcp.FullIntraRequest{MediaSSRC: 5, FIR: []rtcp.FIREntry{{SSRC: 5}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	raw = append(raw, others...)
	want, err := rtcp.Unmarshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	goodbye, err := rtcp.Marshal([]rtcp.Packet{&rtcp.Goodbye{Sources: []uint32{1}}, &rtcp.ReceiverEstimatedMaximumBitrate{Bitrate: 1e6, SSRCs: []uint32{5}}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := parseRTCP(append(raw, goodbye...)) // of which nothing is needed
	if err != nil || len(want) < 7 || !reflect.DeepEqual(got, want) {
		t.Errorf("%d packets for %d: %v\n%v\n%v", len(got), len(want), err, got, want)
	}
	for cut := 1; cut < 4; cut++ {
		if packets, err := parseRTCP(raw[:len(raw)-cut]); err == nil {
			t.Errorf("%d packets of a damaged one", len(packets))
		}
	}
}

package media

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/pion/rtcp"
)

// What one compound packet may claim and ask for. Browsers report on some
// hundred packets at a time, and on as many as were sent where the network stood still.
const (
	statusesMost = 4096 // packets that reports of arrivals tell of
	pairsMost    = 64   // of requests, each of up to 17 packets: more than are kept
)

// parseRTCP gives those packets of a compound one that anybody here acts upon, and of
// reports and requests no more than there may be: what one costs is bounded by its size and
// not by the numbers that it names. Error: a damaged packet.
func parseRTCP(raw []byte) (packets []rtcp.Packet, err error) {
	statuses, pairs := statusesMost, pairsMost
	for len(raw) > 0 {
		var h rtcp.Header
		if err := h.Unmarshal(raw); err != nil {
			return nil, fmt.Errorf("media: RTCP: %w", err)
		}
		size := 4 * (int(h.Length) + 1)
		if size > len(raw) {
			return nil, io.ErrUnexpectedEOF
		}
		one := raw[:size]
		raw = raw[size:]
		packet := packetOf(h)
		if _, ok := packet.(*rtcp.TransportLayerCC); ok {
			told, ok := arrivalsTold(one)
			if !ok || told > statuses {
				continue
			}
			statuses -= told
		}
		if packet == nil {
			continue
		}
		if err := packet.Unmarshal(one); err != nil {
			return nil, fmt.Errorf("media: RTCP: %w", err)
		}
		if request, ok := packet.(*rtcp.TransportLayerNack); ok {
			request.Nacks = request.Nacks[max(0, len(request.Nacks)-pairs):] // the newest
			pairs -= len(request.Nacks)
		}
		packets = append(packets, packet)
	}
	return packets, nil
}

// packetOf is an empty packet of the header's type, nil for one that is of no use.
func packetOf(h rtcp.Header) rtcp.Packet {
	switch h.Type {
	case rtcp.TypeSenderReport:
		return new(rtcp.SenderReport)
	case rtcp.TypeReceiverReport:
		return new(rtcp.ReceiverReport)
	case rtcp.TypeTransportSpecificFeedback:
		switch h.Count {
		case rtcp.FormatTLN:
			return new(rtcp.TransportLayerNack)
		case rtcp.FormatTCC:
			return new(rtcp.TransportLayerCC)
		}
	case rtcp.TypePayloadSpecificFeedback:
		switch h.Count {
		case rtcp.FormatPLI:
			return new(rtcp.PictureLossIndication)
		case rtcp.FormatFIR:
			return new(rtcp.FullIntraRequest)
		}
	default:
	}
	return nil
}

// arrivalsTold is how many packets a report tells of
// (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1); ok is false
// for too many, and where it lacks the times of those that came: the parser makes an
// object for each of them before it looks for its time.
func arrivalsTold(raw []byte) (told int, ok bool) {
	const header = 20
	if len(raw) < header {
		return 0, false
	}
	told = int(binary.BigEndian.Uint16(raw[14:]))
	if told > statusesMost {
		return 0, false
	}
	times := [4]int{1: 1, 2: 2} // bytes by status
	raw = raw[header:]
	need := 0
	for left := told; left > 0; raw = raw[2:] {
		if len(raw) < 2 {
			return 0, false
		}
		chunk := binary.BigEndian.Uint16(raw)
		switch chunk >> 14 {
		case 0, 1: // a run of one status
			run := min(left, int(chunk&0x1fff))
			need += run * times[chunk>>13]
			left -= run
		case 2: // 14 of one bit
			for i := 13; i >= 0 && left > 0; i-- {
				need += times[chunk>>i&1]
				left--
			}
		case 3: // 7 of two bits
			for i := 12; i >= 0 && left > 0; i -= 2 {
				need += times[chunk>>i&3]
				left--
			}
		}
	}
	return told, need <= len(raw)
}

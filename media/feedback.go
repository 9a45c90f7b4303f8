package media

import (
	"io"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/transport/v5/packetio"
)

// Limits of what waits to be read of one stream, in bytes: pion's own.
const rtpWaiting, rtcpWaiting = 1000 << 10, 100 << 10

// streamsMost of one connection, RTP and RTCP; a browser's has less than twenty.
// Pion keeps each that was decrypted once until the connection's end.
const streamsMost = 100

// feedbackBuffer is where pion puts the packets of one stream until they are
// read. It takes the feedback on arrivals out: that names any stream of ours,
// that of retransmissions too, whose reports pion gives nobody.
type feedbackBuffer struct {
	*packetio.Buffer
	link *downlink // nil for RTP
}

// newBuffer makes the buffer of a stream, as webrtc.SettingEngine.BufferFactory.
func (l *downlink) newBuffer(of packetio.BufferPacketType, _ uint32) io.ReadWriteCloser {
	if l.streams.Add(1) == streamsMost {
		l.crowded <- struct{}{} // once, so there is room
	}
	b := feedbackBuffer{Buffer: packetio.NewBuffer()}
	b.SetLimitSize(rtpWaiting)
	if of == packetio.RTCPBufferPacket {
		b.link = l
		b.SetLimitSize(rtcpWaiting)
	}
	return b
}

// Write implements io.Writer.
func (b feedbackBuffer) Write(packet []byte) (int, error) {
	if b.link != nil && isFeedback(packet) {
		if packets, err := parseRTCP(packet); err == nil {
			b.link.handleRTCP(packets, time.Now())
		}
		return len(packet), nil
	}
	return b.Buffer.Write(packet, nil)
}

// Read implements io.Reader.
func (b feedbackBuffer) Read(packet []byte) (int, error) {
	n, _, err := b.Buffer.Read(packet, nil)
	return n, err
}

// isFeedback says whether an RTCP packet is about transport-wide arrivals
// (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).
func isFeedback(packet []byte) bool {
	return len(packet) >= 20 && packet[0]&0x1f == rtcp.FormatTCC && packet[1] == uint8(rtcp.TypeTransportSpecificFeedback)
}

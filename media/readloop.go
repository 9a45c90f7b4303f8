package media

import (
	"errors"
	"io"
	"net"
	"time"

	"github.com/pion/rtcp"
)

// maxFaults is how many reads in a row may fail before a stream is given up:
// one bad packet is an error of its read only, a broken stream fails for ever.
const maxFaults = 100

// readLoop gives packet after packet to handle until the stream has ended. The
// slice is valid during the call.
func readLoop(read func([]byte) (int, error), handle func([]byte)) {
	buf := make([]byte, maxPacket)
	for faults := 0; faults < maxFaults; {
		n, err := read(buf)
		switch {
		case err == nil:
			faults = 0
			handle(buf[:n])
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrClosedPipe), errors.Is(err, net.ErrClosed):
			return
		default:
			faults++
		}
	}
}

// readRTCP gives compound packet after compound packet to handle until the
// stream has ended.
func readRTCP(read func([]byte) (int, error), handle func([]rtcp.Packet, time.Time)) {
	readLoop(read, func(raw []byte) {
		// A damaged packet was let pass by SRTCP, so it is the sender's own loss.
		if packets, err := parseRTCP(raw); err == nil {
			handle(packets, time.Now())
		}
	})
}

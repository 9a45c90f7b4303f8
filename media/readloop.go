package media

import (
	"errors"
	"io"
	"net"
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

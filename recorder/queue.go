package recorder

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
)

// Room in a Recording's queue, of all taps together: some 12 s of video at
// 2.5 Mbit/s while the disk stands still.
const (
	packetRoom = 4096
	reportRoom = 64
	// wakeRoom is how many wait until Recording.run is woken before its next look.
	wakeRoom = 256
)

type queuedPacket struct {
	tap *Tap
	Packet
}

type queuedReport struct {
	tap     *Tap
	ntp     uint64
	rtp     uint32
	arrival time.Time
}

// queue is between the taps of a Recording and its run, which takes what has
// gathered at its looks at the clock: waking it for each packet would cost more
// than all that is done with the packet. While somebody waits for a frame
// (hurry) it is woken for each.
type queue struct {
	hurry atomic.Bool
	wake  chan struct{} // room 1, never closed

	mu      sync.Mutex // guards what follows; held for a copy of a packet
	left    int        // packets that run hasn't done with
	packets []queuedPacket
	reports []queuedReport
	filling *chunk // nil before the first packet
}

func newQueue() queue { return queue{wake: make(chan struct{}, 1)} }

// packet takes a copy of one in; false when there is no room. dropped says that
// there was none for those before it.
func (q *queue) packet(t *Tap, pkt *rtp.Packet, arrival time.Time, dropped bool) bool {
	q.mu.Lock()
	if q.left >= packetRoom {
		q.mu.Unlock()
		return false
	}
	q.left++
	payload, home := q.keep(pkt.Payload)
	q.packets = append(q.packets, queuedPacket{t, Packet{
		Seq: pkt.SequenceNumber, Timestamp: pkt.Timestamp, Marker: pkt.Marker,
		Payload: payload, Arrival: arrival, Dropped: dropped, home: home,
	}})
	n := len(q.packets)
	q.mu.Unlock()
	if n == wakeRoom || q.hurry.Load() {
		select {
		case q.wake <- struct{}{}:
		default:
		}
	}
	return true
}

// keep copies a payload into the chunk that is being filled, which is held once
// more then; one that is larger than a chunk is the collector's.
func (q *queue) keep(payload []byte) ([]byte, *chunk) {
	n := len(payload)
	if n > chunkSize {
		return append([]byte(nil), payload...), nil
	}
	c := q.filling
	if c == nil || n > chunkSize-c.used {
		c.release()
		c = newChunk()
		q.filling = c
	}
	kept := c.bytes[c.used : c.used+n : c.used+n]
	copy(kept, payload)
	c.used += n
	c.holders.Add(1)
	return kept, c
}

// report takes one in; false when there is no room.
func (q *queue) report(r queuedReport) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.reports) >= reportRoom {
		return false
	}
	q.reports = append(q.reports, r)
	return true
}

// take gives what has gathered and leaves the emptied spare slices for what comes.
func (q *queue) take(spare []queuedPacket, spareReports []queuedReport) ([]queuedPacket, []queuedReport) {
	q.mu.Lock()
	defer q.mu.Unlock()
	got, reports := q.packets, q.reports
	q.packets, q.reports = spare[:0], spareReports[:0]
	return got, reports
}

// done says that run has done with n packets that it took.
func (q *queue) done(n int) {
	q.mu.Lock()
	q.left -= n
	q.mu.Unlock()
}

// waiting is how many packets run hasn't done with.
func (q *queue) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.left
}

// end gives back what the queue holds itself, when nothing more is taken from it.
func (q *queue) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.filling.release()
	q.filling = nil
}

// empty says whether run has done with everything.
func (q *queue) empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.left == 0 && len(q.reports) == 0
}

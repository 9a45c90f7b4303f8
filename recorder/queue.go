package recorder

import (
	"sync"
	"sync/atomic"
	"time"
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
	tap    *Tap
	packet *Packet
}

type queuedReport struct {
	tap     *Tap
	ntp     uint64
	rtp     uint32
	arrival time.Time
}

// packets are Packets with their buffers.
var packets = sync.Pool{New: func() any { return &Packet{Payload: make([]byte, 0, 1500)} }}

func freePacket(p *Packet) { packets.Put(p) }

// queue is between the taps of a Recording and its run, which takes what has
// gathered at its looks at the clock: waking it for each packet would cost more
// than all that is done with the packet. While somebody waits for a frame
// (hurry) it is woken for each.
type queue struct {
	hurry atomic.Bool
	wake  chan struct{} // room 1, never closed
	left  atomic.Int64  // packets that run hasn't done with

	mu      sync.Mutex // guards what follows; held for an append
	packets []queuedPacket
	reports []queuedReport
}

func newQueue() queue { return queue{wake: make(chan struct{}, 1)} }

// packet takes one in; false when there is no room.
func (q *queue) packet(t *Tap, p *Packet) bool {
	if q.left.Load() >= packetRoom {
		return false
	}
	q.left.Add(1)
	q.mu.Lock()
	q.packets = append(q.packets, queuedPacket{t, p})
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

// empty says whether run has done with everything.
func (q *queue) empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.left.Load() == 0 && len(q.reports) == 0
}

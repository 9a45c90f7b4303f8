package media

import (
	"maps"
	"slices"
	"time"
)

// beatsPerReport is how many beats lie between the reports to a participant.
const beatsPerReport = int(reportInterval / arrivalsInterval)

// beat wakes every Transport each arrivalsInterval until the Node closes. It is
// one clock for all: with a timer in each, a process that is idle between
// packets would be woken for every one of them.
func (n *Node) beat() {
	tick := time.NewTicker(arrivalsInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			for _, t := range n.open() {
				t.wake()
			}
		case <-n.closing:
			return
		}
	}
}

// open are the Transports that aren't closed.
func (n *Node) open() []*Transport {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Collect(maps.Keys(n.transports))
}

// wake makes run do what is due.
func (t *Transport) wake() {
	select {
	case t.beats <- struct{}{}:
	default: // busy with the beat before
	}
}

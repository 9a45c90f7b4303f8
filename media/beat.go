package media

import (
	"maps"
	"slices"
	"time"

	"github.com/pion/rtcp"

	"verifycall/media/bandwidth"
)

// reportInterval between the sender and receiver reports to a participant.
const reportInterval = time.Second

// beatsPerReport is how many beats lie between the reports to a participant.
const beatsPerReport = int(reportInterval / bandwidth.ReportInterval)

// beat wakes every Transport each bandwidth.ReportInterval until the Node closes. It is
// one clock for all: with a timer in each, a process that is idle between
// packets would be woken for every one of them.
func (n *Node) beat() {
	tick := time.NewTicker(bandwidth.ReportInterval)
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

// reportArrivals tells of them; on the lean path its loop does, and here only
// what came before the stream fell silent.
func (t *Transport) reportArrivals(now time.Time) {
	age := time.Duration(0)
	if t.lean != nil {
		age = 2 * bandwidth.ReportInterval
	}
	if raw := t.repairs.arrivals.Report(nil, age, now); len(raw) > 0 {
		report := rtcp.RawPacket(raw)
		t.send([]rtcp.Packet{&report})
	}
}

func (t *Transport) sendReports(now time.Time) {
	var reports []rtcp.Packet
	for _, d := range t.down {
		if sr := d.senderReport(now); sr != nil {
			reports = append(reports, sr)
		}
	}
	if len(reports) == 0 {
		t.measureRTT()
	}
	var blocks []rtcp.ReceptionReport
	for _, kind := range []Kind{Audio, Video} {
		if r := t.Receiver(kind); r != nil {
			if block, ok := r.reception(now); ok {
				blocks = append(blocks, block)
			}
		}
	}
	if len(blocks) > 0 {
		reports = append(reports, &rtcp.ReceiverReport{Reports: blocks})
	}
	t.send(reports)
}

// send reports; one that is lost is followed by the next.
func (t *Transport) send(reports []rtcp.Packet) {
	if len(reports) > 0 {
		_ = t.writeRTCP(reports)
	}
}

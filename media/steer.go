package media

import (
	"slices"
	"time"

	"github.com/pion/rtcp"

	"verifycall/media/bandwidth"
)

const (
	// firstNeed in bit/s is what a way is probed for before anything is played.
	firstNeed = 2_600_000
	// holdShare of a downlink is what its publisher may send, holdFirst while its
	// first key frame is on the way.
	holdShare, holdFirst = 0.95, 0.7
	// holdInterval between the limits sent; one that falls goes at once.
	holdInterval = time.Second
	// holdClose: a publisher that sends this share of its limit may want more.
	holdClose = 0.6
	probeStep = 5 * time.Millisecond
	// holdSettles is how long, beside the round trip, a publisher takes to keep
	// a limit that is below what it sends.
	holdSettles = 200 * time.Millisecond
	// settledFor after that holdFirst counts and nothing is probed.
	settledFor = 1500 * time.Millisecond
)

// steer fits what the participant gets to the downlink: the layer, or where
// there is one only and its publisher yields, the publisher's limit. It is
// called by run every bandwidth.ReportInterval.
func (t *Transport) steer(now time.Time) {
	bps := t.link.bps(now)
	need := t.down[Video].steer(bps, now)
	if probe, rate, ok := t.link.beginProbe(need, now); ok {
		t.probe(probe, rate)
	}
}

// probe sends its packets, paced, and returns when that is done.
func (t *Transport) probe(number, rate int) {
	defer t.link.endProbe()
	step := time.NewTicker(probeStep)
	defer step.Stop()
	begun := time.Now()
	for sent := 0; ; {
		since := time.Since(begun)
		for due := rate / 8 * int(since.Milliseconds()) / 1000; sent == 0 || sent < due; sent += paddingSize {
			if !t.down[Video].pad(number) {
				return
			}
		}
		if since >= bandwidth.ProbeSpan && sent >= (bandwidth.ProbeLeast+1)*paddingSize {
			return
		}
		select {
		case <-step.C:
		case <-t.closing:
			return
		}
	}
}

// pad sends one packet of a probe; false where the participant takes none.
func (d *downTrack) pad(probe int) bool {
	d.resending.Lock()
	defer d.resending.Unlock()
	d.mu.Lock()
	writer, as, timestamp := d.writer, d.as, d.fwd.lastTS
	ready := d.ready && writer != nil && as.rtxSSRC != 0 && as.rtxPayloadType != 0 && as.numberID != 0
	d.mu.Unlock()
	if !ready {
		return false
	}
	d.rtxSeq++
	padding(&d.again, as, d.rtxSeq, timestamp)
	d.link.number(&d.again, as.numberID, probe, time.Now())
	writer.writeRTP(&d.again)
	return true
}

// steer does a down track's part and says how many bit/s the downlink should
// be known to bear.
func (d *downTrack) steer(bps int, now time.Time) (need int) {
	d.switching.Lock()
	defer d.switching.Unlock()
	full := d.source
	if full == nil {
		return firstNeed
	}
	d.settled(full, now)
	rate := full.rate(now)
	low := full.io.layers.low()
	lowRate := 0
	if low != nil {
		lowRate = low.rate(now)
	}
	want := full
	if d.layer.choose(bps, rate, lowRate, now) {
		want = low
	}
	d.turnTo(want)
	switch {
	case lowRate > 0:
		return int((layerRoom + 0.1) * float64(rate+soundRate))
	case full.io.layers.yields():
		if now.Sub(d.settledAt) < settledFor {
			d.hold(full, int(holdFirst*float64(bps)), now)
			return 0
		}
		limit := int(holdShare * float64(bps))
		d.hold(full, limit, now)
		if float64(rate) >= holdClose*float64(limit) {
			return firstNeed
		}
	}
	return 0
}

// settleFirst holds the publisher of a video that begins to be played to what
// the way is thought to bear. Where it sends more, nothing goes on before it can
// have obeyed: its first key frame alone would fill the way's queue. The caller
// holds switching.
func (d *downTrack) settleFirst(r *Receiver, now time.Time) {
	if r == nil || d.kind != Video || !r.yields() {
		return
	}
	bps := d.link.bps(now)
	limit := int(holdShare * float64(bps))
	if rate := r.rate(now); bps >= firstNeed || rate > 0 && rate <= limit {
		d.hold(r, limit, now)
		return
	}
	d.hold(r, int(holdFirst*float64(bps)), now)
	d.settledAt = now.Add(holdSettles + r.io.rtt())
	d.mu.Lock()
	d.settle = true
	d.mu.Unlock()
}

func (d *downTrack) settles() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.settle
}

// settled begins what waited for its publisher. The caller holds switching.
func (d *downTrack) settled(full *Receiver, now time.Time) {
	if now.Before(d.settledAt) {
		return
	}
	d.mu.Lock()
	waited, ready := d.settle, d.ready
	d.settle = false
	d.mu.Unlock()
	if waited && ready {
		full.RequestKeyFrame()
	}
}

// yields says that the track's publisher may be held; a Receiver without
// publisher has none to ask.
func (r *Receiver) yields() bool { return r.io.layers != nil && r.io.layers.yields() }

// turnTo makes the layer to be sent from its next key frame on; until then the
// one before goes on. The caller holds switching.
func (d *downTrack) turnTo(want *Receiver) {
	d.mu.Lock()
	if d.from == want || d.from == nil {
		d.next = nil
	} else if d.next != want {
		d.next, d.passed = want, passed{}
	}
	from, next := d.from, d.next
	d.mu.Unlock()
	d.subscribeTo(from, next)
	if next != nil {
		next.RequestKeyFrame()
	}
}

// subscribeTo makes these, of which some may be nil, the Receivers that call
// forward. The caller holds switching.
func (d *downTrack) subscribeTo(wanted ...*Receiver) {
	for _, r := range wanted {
		if r != nil && !slices.Contains(d.subscribed, r) {
			d.subscribed = append(d.subscribed, r)
			r.subscribe(d)
		}
	}
	d.subscribed = slices.DeleteFunc(d.subscribed, func(r *Receiver) bool {
		if slices.Contains(wanted, r) {
			return false
		}
		r.unsubscribe(d)
		return true
	})
}

// hold tells full's publisher to send at most bps, all of its tracks together
// (draft-alvestrand-rmcat-remb-03). The caller holds switching.
func (d *downTrack) hold(full *Receiver, bps int, now time.Time) {
	if now.Sub(d.heldAt) < holdInterval && float64(bps) > 0.95*float64(d.held) {
		return
	}
	d.held, d.heldAt = bps, now
	full.hold(bps)
}

// hold sends the limit; one that is lost is followed by the next.
func (r *Receiver) hold(bps int) {
	_ = r.io.writeRTCP([]rtcp.Packet{&rtcp.ReceiverEstimatedMaximumBitrate{Bitrate: float32(bps), SSRCs: []uint32{r.ssrc}}})
}

// rate at which the track comes, in bit/s with overhead, over the last five
// seconds; 0 when it has stood still for one.
func (r *Receiver) rate(now time.Time) int {
	r.counting.Lock()
	defer r.counting.Unlock()
	if r.speed.Latest(now) == 0 {
		return 0
	}
	return r.speed.Mean(now)
}

package media

import "time"

// What a participant publishes twice (simulcast, RFC 8853) comes as rid
// LowLayer, a quarter of the width and height, and another one, the full
// picture. Recordings and captures see the full one; a subscriber gets what
// his downlink bears.
const LowLayer = "q"

// FullLayer is what Transport.Layer calls the other one.
const FullLayer = "f"

// Layer is the one that the participant is sent of a video that has two, empty
// otherwise.
func (t *Transport) Layer() string {
	d := t.down[Video]
	d.switching.Lock()
	source := d.source
	d.switching.Unlock()
	if source == nil {
		return ""
	}
	low := source.io.layers.low()
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case low == nil:
		return ""
	case d.from == low:
		return LowLayer
	default:
		return FullLayer
	}
}

const (
	soundRate = 60_000 // bit/s with its overhead; it goes on whatever the picture does

	// Shares of what the full picture needs, and for how long the estimate must
	// be beyond: a moment's stillness of a computer looks like a full way.
	layerLow, layerLowPatience = 0.6, 700 * time.Millisecond // below: go low
	layerTight                 = 0.95                        // below for layerPatience: go low
	layerRoom                  = 1.1                         // above for layerPatience: go full
	layerPatience              = 1500 * time.Millisecond

	// layerWait after going low, doubled each time that going full didn't last.
	layerWait, layerWaitMost = time.Second, 30 * time.Second
	layerLasts               = 15 * time.Second
)

// layerChoice says which of two layers to send. Pure: time comes as an
// argument. The zero value is ready, and full.
type layerChoice struct {
	low       bool
	doubt     time.Time // since when the other one looks better, zero when it doesn't
	bearable  time.Time // when the estimate was last at layerLow or above
	changedAt time.Time
	wait      time.Duration
}

// choose takes the estimate and the rates of both layers, in bit/s, 0 for one
// that isn't being sent. It says whether to send the low one.
func (c *layerChoice) choose(bps, full, low int, now time.Time) bool {
	share := float64(bps) / float64(full+soundRate)
	if share >= layerLow {
		c.bearable = now
	}
	switch {
	case low == 0, full == 0:
		c.low, c.doubt, c.bearable = low != 0, time.Time{}, now
	case !c.low && now.Sub(c.bearable) >= layerLowPatience:
		c.change(true, now)
	case !c.low && share < layerTight, c.low && share > layerRoom:
		if c.doubt.IsZero() {
			c.doubt = now
		}
		if now.Sub(c.doubt) >= layerPatience && (!c.low || now.Sub(c.changedAt) >= c.wait) {
			c.change(!c.low, now)
		}
	default:
		c.doubt = time.Time{}
	}
	return c.low
}

func (c *layerChoice) change(low bool, now time.Time) {
	if low {
		if c.changedAt.IsZero() || now.Sub(c.changedAt) > layerLasts {
			c.wait = layerWait
		} else {
			c.wait = min(2*c.wait, layerWaitMost)
		}
	}
	c.low, c.changedAt, c.doubt = low, now, time.Time{}
}

// layers is what a Receiver knows of its publisher.
type layers interface {
	// low is the low layer beside the full one, nil without any.
	low() *Receiver
	// yields says that the publisher may be held below a subscriber's downlink.
	yields() bool
}

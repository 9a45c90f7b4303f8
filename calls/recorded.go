package calls

import (
	"context"

	"verifycall/media"
	"verifycall/recorder"
)

// recorderEvent is called by the recorder's goroutines, which run waits for when
// it stops a recording; so a full inbox drops the event. A key frame is asked for
// again a second later, and a failing disk is in the recorder's light too.
func (c *Call) recorderEvent(e recorder.Event) {
	select {
	case c.inbox <- recorded{e}:
	default:
	}
}

// recorded is what a recording of this call tells.
type recorded struct{ event recorder.Event }

func (r recorded) apply(_ context.Context, c *Call) {
	switch e := r.event.(type) {
	case recorder.NeedKeyFrame:
		for _, s := range []*side{&c.seller, &c.manager} {
			if s.recording == e.Recording && s.tapped[media.Video] != nil {
				s.tapped[media.Video].RequestKeyFrame()
			}
		}
	case recorder.Failing:
		c.house.cfg.Metrics.failing.Inc()
		c.sendRecorder()
	case recorder.Working: // the recorder has logged it
		c.sendRecorder()
	}
}

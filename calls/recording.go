package calls

import (
	"context"
	"fmt"
	"time"

	"verifycall/media"
	"verifycall/recorder"
	"verifycall/rooms"
)

const (
	beginAgain = 2 * time.Second // after a disk that refused a recording's files
	beginSlow  = 3 * time.Second // what isn't recorded for so long is shown as failing

	// failingStore is why a recording doesn't begin without the store's keys, beside
	// what a recorder says of the disk.
	failingStore = "store_silent"
)

// record taps what this side publishes while the call is live and the person
// has agreed, and nothing else.
func (c *Call) record(s *side) {
	if c.room.State != rooms.StateLive || !c.room.Agreed(string(s.role)) || s.withdrawn {
		c.stopRecording(s, c.stopCause(s))
		return
	}
	if s.recording == nil {
		c.beginRecording(s, time.Now())
		return
	}
	for _, kind := range kinds {
		r := s.transport.Receiver(kind)
		if r == nil || s.tapped[kind] == r {
			continue
		}
		r.SetTap(s.recording.Tap(string(kind), r.ClockRate()))
		s.tapped[kind] = r
		if kind == media.Video {
			r.RequestKeyFrame()
		}
	}
}

// beginRecording makes the files of a recording beside the call, which a hanging
// disk must not hold up. Until they are there nothing is taken in, and the time
// counts as not covered, as that does in which this side has no connection.
func (c *Call) beginRecording(s *side, now time.Time) {
	if s.unrecorded.IsZero() {
		s.unrecorded = now
	}
	if s.transport == nil || c.recorder == nil || s.beginning || now.Before(s.beginAfter) { // see makeReady
		return
	}
	s.beginning = true
	r, role, since, conn := c.recorder, string(s.role), s.unrecorded, fmt.Sprintf("c%d", s.generation)
	c.job(func() event {
		rec, err := r.Begin(role, conn)
		return begun{s, since, rec, err}
	})
}

// begun brings a recording that has its files, or why it hasn't.
type begun struct {
	side      *side
	since     time.Time // what it was made for
	recording *recorder.Recording
	err       error
}

func (e begun) apply(ctx context.Context, c *Call) {
	s, rec := e.side, e.recording
	s.beginning = false
	switch {
	case e.err != nil:
		c.beginFailed(s, e.err)
	case !s.unrecorded.Equal(e.since): // connection, call or consent has ended meanwhile
		c.closeRecording(rec, c.stopCause(s))
	default:
		c.past = append(c.past, covered{string(s.role), rec.Began().Sub(e.since), nil})
		s.unrecorded, s.failing, c.dirty = noTime, "", true
		s.recording, s.begun, s.tapped = rec, rec.Began(), make(map[media.Kind]*media.Receiver, len(kinds))
		c.log.Info("recording begun", "role", s.role, "recording", rec.ID())
	}
	c.record(s)
	c.startSeal(ctx) // it waits for what is beginning
}

func (c *Call) beginFailed(s *side, err error) {
	s.beginAfter = time.Now().Add(beginAgain)
	if s.unrecorded.IsZero() { // what it was for has ended meanwhile
		return
	}
	why := recorder.FailingOf(err)
	if s.failing == why {
		return
	}
	s.failing = why
	c.log.Error("recording not begun, it will be tried again", "role", s.role, "err", err)
	c.house.cfg.Metrics.failing.Inc()
}

// tracks is how a side's recording goes. Where there should be one and is none,
// both tracks say why.
func (c *Call) tracks(s *side) []recorder.TrackStatus {
	if s.recording != nil {
		return s.recording.Status().Tracks
	}
	if s.unrecorded.IsZero() || s.failing == "" {
		return nil
	}
	return []recorder.TrackStatus{{Kind: recorder.Video, Failing: s.failing}, {Kind: recorder.Audio, Failing: s.failing}}
}

// watchBeginning says of a recording that takes long to begin what it waits for.
func (c *Call) watchBeginning(s *side, now time.Time) {
	if s.recording != nil || s.transport == nil || s.unrecorded.IsZero() || s.failing != "" || now.Sub(s.unrecorded) < beginSlow {
		return
	}
	if s.failing = recorder.FailingSilent; c.recorder == nil {
		s.failing = failingStore
	}
	c.log.Error("recording not begun, it waits", "role", s.role, "why", s.failing)
	c.house.cfg.Metrics.failing.Inc()
}

func (c *Call) stopCause(s *side) string {
	switch {
	case s.withdrawn, c.room.Notices[string(s.role)].Answer == rooms.NoticeWithdrawn:
		return causeWithdrawn
	case c.room.State == rooms.StateInterrupted:
		return causeInterrupted
	}
	return causeEnded
}

// stopRecording takes the taps away and closes the recording; after it returns
// nothing of the person is taken in any more, also by one that is only beginning.
func (c *Call) stopRecording(s *side, cause string) {
	c.endUnrecorded(s)
	rec := s.recording
	if rec == nil {
		return
	}
	for _, r := range s.tapped {
		r.SetTap(nil)
	}
	c.past = append(c.past, coveredNow(s, time.Now()))
	s.recording, s.tapped, c.dirty = nil, nil, true
	c.log.Info("recording ended", "role", s.role, "recording", rec.ID(), "cause", cause)
	c.closeRecording(rec, cause)
}

// endUnrecorded counts the time that was not recorded until now.
func (c *Call) endUnrecorded(s *side) {
	if !s.unrecorded.IsZero() {
		c.past = append(c.past, covered{string(s.role), time.Since(s.unrecorded), nil})
		s.unrecorded, s.failing = noTime, ""
	}
}

// closeRecording writes the last frames beside the call, which a hanging disk must
// not hold up.
func (c *Call) closeRecording(rec *recorder.Recording, cause string) {
	c.stopping.Add(1)
	c.job(func() event { // so the call isn't idle before the files are whole
		defer c.stopping.Done()
		if err := rec.Stop(cause); err != nil {
			c.log.Error("recording did not close cleanly", "recording", rec.ID(), "err", err)
		}
		return nil
	})
}

package calls

import (
	"context"
	"time"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/media"
	"verifycall/rooms"
)

var noTime time.Time

// answerTime bounds the making of an answer; it takes a few milliseconds.
const answerTime = 5 * time.Second

// onOffer makes a new transport for a side: an offer always comes from a new
// PeerConnection of the page. What was received on the old one ends.
func (c *Call) onOffer(ctx context.Context, s *side, msg *protocol.Offer) (protocol.ServerMessage, error) {
	if !c.callable() {
		return nil, protocol.Faultf(protocol.CodeWrongState, "There is no call to connect to.")
	}
	if !c.room.Agreed(string(s.role)) && !c.rehearses(s) {
		return nil, protocol.Faultf(protocol.CodeNeedsNotice, "First read the notice and agree to it.")
	}
	if !s.offers.Allow() {
		return nil, protocol.Faultf(protocol.CodeTooMany, "The connection was begun anew too often. Try again in a moment.")
	}
	if msg.Restart {
		return c.restartICE(ctx, s, msg.SDP)
	}
	c.dropTransport(s)
	s.generation++
	generation, role := s.generation, s.role
	t, err := c.house.cfg.Media.NewTransport(func(e media.Event) { c.post(mediaEvent{role, generation, e}) })
	if err != nil {
		return nil, &protocol.Fault{Code: protocol.CodeUnavailable, Message: "The media port can't take the call now. Try again.", Err: err}
	}
	if s == &c.manager {
		t.Yield() // the seller's picture is evidence and never held below what the manager's way bears
	}
	if s.uplink > 0 {
		t.StartAt(startKbps(s.uplink))
	}
	c.endUnrecorded(s) // what is so from now on is the recorder's
	s.transport, s.offered, s.connectedAt, s.measured = t, time.Now(), noTime, false
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	answer, err := t.Answer(ctx, msg.SDP)
	if err != nil {
		c.dropTransport(s)
		return nil, Fault(err)
	}
	c.reconcile()
	return &protocol.Answer{SDP: answer}, nil
}

// restartICE answers on the transport that a side has: its keys, tracks and
// recording go on.
func (c *Call) restartICE(ctx context.Context, s *side, offer string) (protocol.ServerMessage, error) {
	if s.transport == nil {
		return nil, protocol.Faultf(protocol.CodeWrongState, "There is no connection to restart. Begin a new one.")
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	answer, err := s.transport.Answer(ctx, offer)
	if err != nil {
		return nil, Fault(err)
	}
	c.log.Info("ICE restarted", "role", s.role)
	return &protocol.Answer{SDP: answer}, nil
}

// rehearses reports whether a side may try its media before the notice: a seller
// before the appointment. What comes is measured and dropped, since nothing is
// played or recorded but in a live call.
func (c *Call) rehearses(s *side) bool {
	return s == &c.seller && c.room.State == rooms.StateBooked && c.room.Notices[rooms.Seller].Answer == ""
}

// callable reports whether a call runs or can still come.
func (c *Call) callable() bool {
	switch c.room.State {
	case rooms.StateBooked, rooms.StateWaiting, rooms.StateLive, rooms.StateInterrupted:
		return true
	}
	return false
}

// dropTransport ends a side's media. Closing waits for pion's goroutines, which
// may be waiting for run's inbox; so it happens beside the call.
func (c *Call) dropTransport(s *side) {
	t := s.transport
	if t == nil {
		return
	}
	c.stopRecording(s, causeReconnect)
	if s.connected {
		s.mediaLost = time.Now() // until another is up; one that was lost before stays so
	}
	s.transport, s.connected, s.playing = nil, false, nil
	c.other(s).playing = nil // it plays again what comes next
	c.dirty = true
	c.jobs.Go(func() {
		if err := t.Close(); err != nil {
			c.log.Debug("transport did not close cleanly", "err", err)
		}
	})
}

// mediaEvent is an event of the transport of a side.
type mediaEvent struct {
	role       protocol.Role
	generation int
	event      media.Event
}

func (m mediaEvent) apply(ctx context.Context, c *Call) {
	s := c.side(m.role)
	if s.transport == nil || s.generation != m.generation {
		return
	}
	switch m.event.(type) {
	case media.Connected:
		s.connected, s.mediaLost, c.dirty = true, noTime, true
		if s.connectedAt.IsZero() {
			s.connectedAt = time.Now()
			c.house.cfg.Metrics.joins.WithLabelValues(string(s.role)).Observe(s.connectedAt.Sub(s.offered).Seconds())
		}
		c.log.Info("media connected", "role", s.role)
		c.resume(ctx)
	case media.Disconnected, media.Failed:
		if s.connected {
			s.connected, s.mediaLost, c.dirty = false, time.Now(), true
			c.log.Info("media lost", "role", s.role)
		}
	}
	c.reconcile()
}

// reconcile makes media and recorder do what the room's state and the notices
// ask for. It is idempotent and is called after whatever may have changed them.
func (c *Call) reconcile() {
	for _, s := range []*side{&c.seller, &c.manager} {
		c.forward(s)
		c.record(s)
		c.renewRelay(s, time.Now())
		if !c.callable() {
			c.dropTransport(s)
		}
	}
}

// forward plays to the other side what this side publishes, while the call is
// live.
func (c *Call) forward(s *side) {
	other := c.other(s)
	if other.transport == nil {
		return
	}
	for _, kind := range kinds {
		var want *media.Receiver
		if c.room.State == rooms.StateLive && s.transport != nil && c.hears(other, s) {
			want = s.transport.Receiver(kind)
		}
		if other.playing[kind] == want {
			continue
		}
		other.transport.Play(kind, want)
		if other.playing == nil {
			other.playing = make(map[media.Kind]*media.Receiver, len(kinds))
		}
		other.playing[kind] = want
	}
}

// hears asks the table of access whether who sits on one side may hear and see
// the other.
func (c *Call) hears(listener, speaker *side) bool {
	return c.may(speaker.who, access.SendMedia) == nil && c.may(listener.who, access.ReceiveMedia) == nil
}

package signaling

import (
	"context"
	"time"

	"verifycall/signaling/socket"
)

const (
	endedEvery = 2 * time.Second
	// A look goes back further than the last one: nodes' clocks differ, and a
	// connection may just have come in by a session that was ended.
	endedOverlap = time.Minute
)

// watchEnded ends the WebSockets of sessions that were ended on any node, until
// ctx ends.
func (s *Server) watchEnded(ctx context.Context) {
	tick := time.NewTicker(endedEvery)
	defer tick.Stop()
	for seen := time.Now(); ; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		now := time.Now()
		ended, err := s.cfg.Rooms.Tickets.Ended(ctx, seen.Add(-endedOverlap))
		if err != nil {
			continue // the store's own watch tells; the next look goes back as far
		}
		seen = now
		if len(ended) > 0 {
			s.conns.Refuse(unauthorized("You were signed out. Sign in again."), func(in socket.Session) bool { return ended.Has(in.Browser, "", 0) })
			s.conns.Refuse(linksEnded(), func(in socket.Session) bool { return in.Room != "" && ended.Has("", in.Room, in.Links) })
		}
	}
}

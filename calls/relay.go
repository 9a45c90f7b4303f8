package calls

import (
	"time"

	"verifycall/calls/protocol"
	"verifycall/media/relay"
)

// renewRelay keeps a side's credentials good for half their life at least. It
// gives them to one that may offer: who hasn't agreed has none but a rehearsal's to relay.
func (c *Call) renewRelay(s *side, now time.Time) {
	server := c.house.cfg.Relay
	if server == nil || s.seat == nil || !c.callable() || !c.room.Agreed(string(s.role)) && !c.rehearses(s) ||
		s.relay.Expires.Sub(now) > relay.Life/2 {
		return
	}
	s.relay, c.dirty = server.Credentials(c.id+" "+string(s.role), now), true
}

func (s *side) relayView() *protocol.Relay {
	if s.relay.Username == "" {
		return nil
	}
	return &protocol.Relay{URLs: s.relay.URLs, Username: s.relay.Username, Credential: s.relay.Password}
}

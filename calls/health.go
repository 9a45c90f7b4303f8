package calls

import (
	"time"

	"verifycall/calls/protocol"
	"verifycall/media"
)

// sampled is what a track's totals were at the last look.
type sampled struct {
	from  *media.Receiver
	stats media.Stats
	at    time.Time
	kbps  int // between the last two looks
}

// sendHealth shows the published tracks to the manager, counts them in the
// metrics, and keeps them each reportSpan in the record.
func (c *Call) sendHealth(now time.Time) {
	health := &protocol.Health{Tracks: []protocol.TrackHealth{}}
	coverage := c.coverage()
	for _, s := range []*side{&c.seller, &c.manager} {
		for _, kind := range kinds {
			if t, ok := s.health(kind, now); ok {
				t.Coverage = coverage[string(s.role)+"."+string(kind)]
				if other := c.other(s); kind == media.Video && other.transport != nil {
					t.Layer = other.transport.Layer()
				}
				health.Tracks = append(health.Tracks, t)
				c.house.cfg.Metrics.observe(t)
			}
		}
	}
	if c.manager.seat != nil {
		c.manager.seat.send("", health)
	}
	if (c.seller.recording != nil || c.manager.recording != nil) && now.Sub(c.figured) >= reportSpan {
		c.figured = now
		c.keep(qualityLine{At: now.UTC().Truncate(time.Millisecond), Who: "server", Tracks: health.Tracks})
	}
}

// health of a track since the last call; ok is false at its first second.
func (s *side) health(kind media.Kind, now time.Time) (t protocol.TrackHealth, ok bool) {
	var r *media.Receiver
	if s.transport != nil {
		r = s.transport.Receiver(kind)
	}
	if r == nil {
		delete(s.sampled, kind)
		return t, false
	}
	if s.sampled == nil {
		s.sampled = make(map[media.Kind]sampled, len(kinds))
	}
	before, stats := s.sampled[kind], r.Stats()
	s.sampled[kind] = sampled{from: r, stats: stats, at: now}
	if before.from != r || !now.After(before.at) {
		return t, false
	}
	t = healthOf(before.stats, stats, now.Sub(before.at))
	s.sampled[kind] = sampled{r, stats, now, t.Kbps}
	t.Participant, t.Kind = s.role, string(kind)
	return t, true
}

// healthOf gives the figures of a span out of the totals at its two ends. What was
// lost may come back as a repair in a later span, so a loss can be negative: none.
func healthOf(before, now media.Stats, span time.Duration) protocol.TrackHealth {
	seconds := span.Seconds()
	packets := now.Packets - before.Packets
	lost := max(0, int64(now.Lost)-int64(before.Lost))
	t := protocol.TrackHealth{
		Width: now.Width, Height: now.Height,
		FPS:    int(float64(now.Frames-before.Frames)/seconds + 0.5),
		Kbps:   int(float64(now.Bytes-before.Bytes) * 8 / 1000 / seconds),
		RTT:    int(now.RTT.Milliseconds()),
		Jitter: int(now.Jitter.Milliseconds()),
		Frozen: int((now.Frozen - before.Frozen).Milliseconds()),
	}
	if total := int64(packets) + lost; total > 0 {
		t.Loss = int(1000 * lost / total)
	}
	return t
}

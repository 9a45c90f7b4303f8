package calls

import (
	"context"
	"slices"
	"time"

	"verifycall/recorder"
	"verifycall/rooms"
)

// covered is how much of one recording's time each track covers; without tracks
// it is time that should have been recorded and wasn't.
type covered struct {
	participant string
	length      time.Duration
	tracks      []recorder.TrackStatus
}

func coveredNow(s *side, now time.Time) covered {
	return covered{string(s.role), now.Sub(s.begun), s.recording.Status().Tracks}
}

// coverage is the recorded time of each track ("seller.video") per mille of the
// time that was recorded or should have been; 0 while what was recorded earlier
// isn't known.
func (c *Call) coverage() map[string]int {
	all, now := slices.Clone(c.past), time.Now()
	for _, s := range []*side{&c.seller, &c.manager} {
		switch {
		case s.recording != nil:
			all = append(all, coveredNow(s, now))
		case !s.unrecorded.IsZero():
			all = append(all, covered{string(s.role), now.Sub(s.unrecorded), nil})
		}
	}
	have, want := map[string]float64{}, map[string]float64{}
	for _, part := range all {
		for _, kind := range kinds {
			want[part.participant+"."+string(kind)] += part.length.Seconds()
		}
		for _, t := range part.tracks {
			have[part.participant+"."+t.Kind] += part.length.Seconds() * float64(t.Coverage)
		}
	}
	shares := make(map[string]int, len(want))
	for track, seconds := range want {
		switch {
		case c.unread:
			shares[track] = 0
		case seconds > 0:
			shares[track] = min(1000, int(have[track]/seconds))
		}
	}
	return shares
}

// earlier gives the coverage until a moment, as an earlier Call of the room has made
// it: its recordings, and the live time that is in none. It writes nothing: the record
// may be being sealed beside it.
func (h *House) earlier(ctx context.Context, room string, before time.Time) ([]covered, error) {
	tapes, err := h.depot.Tapes(ctx, room)
	if err != nil {
		return nil, err
	}
	entries, err := h.cfg.Rooms.Record(ctx, room)
	if err != nil {
		return nil, err
	}
	var past []covered
	var made []recorder.Summary
	for _, t := range tapes {
		s := t.Summary
		if !s.Start.Before(before) {
			continue
		}
		made = append(made, s)
		part := covered{participant: s.Participant, length: lengthOf(s)}
		for _, t := range s.Tracks {
			part.tracks = append(part.tracks, recorder.TrackStatus{Kind: t.Kind, Bytes: t.Bytes, Coverage: t.Coverage})
		}
		past = append(past, part)
	}
	return append(past, unrecorded(rooms.LiveSpans(entries, before), made)...), nil
}

// unrecorded is the live time of each side that no recording has. Where a node was lost
// a call was live for as long as an entry or a recording tells, not until the next node
// began.
func unrecorded(spans []rooms.LiveSpan, made []recorder.Summary) []covered {
	var missed []covered
	for _, span := range spans {
		end := span.To
		if end.IsZero() || span.Cause == causeRestart || span.Cause == causeNodeLost {
			end = span.Last
			for _, s := range made {
				if over := s.Start.Add(lengthOf(s)); over.After(end) && (span.To.IsZero() || over.Before(span.To)) {
					end = over
				}
			}
		}
		for _, who := range []string{rooms.Seller, rooms.Manager} {
			length := end.Sub(span.From)
			missing := length
			for _, s := range made {
				if s.Participant == who {
					from := s.Start.Sub(span.From)
					missing -= max(0, min(from+lengthOf(s), length)-max(from, 0))
				}
			}
			missed = append(missed, covered{who, max(0, missing), nil})
		}
	}
	return missed
}

func lengthOf(s recorder.Summary) time.Duration {
	return time.Duration(s.DurationMS) * time.Millisecond
}

// recall reads what was recorded earlier, beside the call, where that failed when
// the call began.
func (c *Call) recall(now time.Time) {
	if !c.unread || c.recalling || now.Before(c.recallAt) {
		return
	}
	c.recalling = true
	h, id, ctx, before := c.house, c.id, c.ctx, c.started
	c.job(func() event {
		past, err := h.earlier(ctx, id, before)
		return recalled{past, err}
	})
}

type recalled struct {
	past []covered
	err  error
}

func (e recalled) apply(_ context.Context, c *Call) {
	c.recalling = false
	if e.err != nil {
		c.recallAt = time.Now().Add(keyAgain)
		return
	}
	c.past, c.unread, c.dirty = append(c.past, e.past...), false, true
}

package recorder

import "slices"

// summarize derives what the recording holds and lacks from its frames at
// their final times.
func (st *stored) summarize(frames []placed) Summary {
	b := st.birth
	s := Summary{ID: b.ID, Participant: b.Participant, Conn: b.Conn, Start: b.Start.UTC(), Cause: CauseCrash}
	if st.end != nil {
		s.DurationMS, s.Cause = st.end.US/1000, st.end.Cause
	}
	for _, f := range frames {
		s.DurationMS = max(s.DurationMS, f.ms+f.length)
	}
	for _, kind := range []string{Video, Audio} {
		if !st.has(kind) {
			continue
		}
		t, gaps := st.summarizeTrack(kind, frames, s.DurationMS)
		s.Tracks, s.Gaps = append(s.Tracks, t), append(s.Gaps, gaps...)
	}
	return s
}

// has says whether a kind was tapped, as far as is known.
func (st *stored) has(kind string) bool {
	return st.end != nil && slices.Contains(st.end.Tapped, kind) ||
		slices.ContainsFunc(st.streams, func(s streamNote) bool { return s.Kind == kind })
}

var codecNames = map[string]string{Video: "VP8", Audio: "Opus"}

func (st *stored) summarizeTrack(kind string, frames []placed, duration int64) (TrackSummary, []Gap) {
	t, cover := TrackSummary{Kind: kind, Codec: codecNames[kind]}, newCoverage(kind)
	for _, f := range frames {
		if f.track != trackNumber[kind] {
			continue
		}
		if t.Frames == 0 {
			t.FirstMS = f.ms
		}
		t.LastMS, t.Frames, t.Bytes = f.ms, t.Frames+1, t.Bytes+int64(f.size)
		if f.Break != "" {
			cover.interrupt(f.Break)
		}
		cover.frame(f.ms, f.length, f.Key)
	}
	if st.end != nil && st.end.Breaks[kind] != "" {
		cover.interrupt(st.end.Breaks[kind])
	}
	cover.finish(duration, st.end == nil || st.end.Cause == CauseCrash)
	t.Coverage = cover.share(duration, duration)
	return t, cover.gaps
}

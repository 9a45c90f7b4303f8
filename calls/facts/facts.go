// Package facts makes room.json of a bundle: what of a call was recorded and captured,
// and what is missing. Pure.
package facts

import (
	"slices"
	"time"

	"verifycall/calls/protocol"
	"verifycall/calls/views"
	"verifycall/recorder"
	"verifycall/rooms"
)

// Facts are room.json of the bundle: what was recorded when, and what is
// missing. It holds ids, codes, times and digests, no personal values.
type Facts struct {
	Room       string              `json:"room"`
	Test       bool                `json:"test"`
	Profile    string              `json:"profile"`
	Language   string              `json:"language"`
	Zone       string              `json:"zone"`
	At         time.Time           `json:"at"`
	Call       Span                `json:"call"`
	Verdict    string              `json:"verdict"`
	Reasons    []string            `json:"reasons"`
	Repeat     []string            `json:"repeat"`
	Recordings []Recording         `json:"recordings"` // oldest first
	Gaps       []Gap               `json:"gaps"`       // between recordings, by participant
	Captures   []Capture           `json:"captures"`
	Clips      []Clip              `json:"clips"`
	Crops      []protocol.CropView `json:"crops"`
	Photos     []Photo             `json:"photos"`
	Coverage   map[string]int      `json:"coverage"` // "seller.video" → ‰ of the time that the call was live
}

// Span is a stretch of time, UTC.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Recording describes one recording of one participant and connection.
type Recording struct {
	ID          string    `json:"id"`
	Participant string    `json:"participant"`
	File        string    `json:"file"`
	Frames      string    `json:"frames"`
	Start       time.Time `json:"start"`       // of the file's time 0
	OffsetMS    int64     `json:"offset_ms"`   // of start after the call's begin
	DurationMS  int64     `json:"duration_ms"` // from start to the end
	Cause       string    `json:"cause"`       // of its end
	Tracks      []Track   `json:"tracks"`
	Gaps        []Gap     `json:"gaps"` // within the recording, from its start
}

// Track describes one track of a recording.
type Track struct {
	Kind     string `json:"kind"`
	Codec    string `json:"codec"`
	FirstMS  int64  `json:"first_ms"`
	LastMS   int64  `json:"last_ms"`
	Frames   int64  `json:"frames"`
	Bytes    int64  `json:"bytes"`
	Coverage int    `json:"coverage"` // ‰ of the recording's time
}

// Gap is a stretch without frames. Of a recording its times count from the
// recording's start, between recordings from the call's begin.
type Gap struct {
	Participant string `json:"participant,omitempty"`
	Track       string `json:"track,omitempty"`
	FromMS      int64  `json:"from_ms"`
	ToMS        int64  `json:"to_ms"`
	Cause       string `json:"cause"`
}

// Capture ties a still to the frame of the recording that it is.
type Capture struct {
	Slot        string    `json:"slot"`
	Kind        string    `json:"kind"` // "frame"
	SHA256      string    `json:"sha256"`
	FrameSHA256 string    `json:"frame_sha256"`
	Width       int       `json:"width"`
	Height      int       `json:"height"`
	At          time.Time `json:"at"`
	Recording   string    `json:"recording"`
	Frame       int64     `json:"frame"`
}

// Causes by which recordings end, and so of the gaps behind them. A call has more, and a
// crash is recorder.CauseCrash.
const (
	GapReconnect = "reconnect"
	GapEnded     = "call_ended"
)

// Of makes them of a room that is over, how long it was live, and the recordings that
// hold a frame.
func Of(r *rooms.Room, live time.Duration, made []*recorder.Tape) Facts {
	f := Facts{
		Room: r.ID, Test: r.Test, Profile: r.Profile, Language: r.Language, Zone: r.Zone, At: r.At.UTC(),
		Call: Span{r.Admitted.UTC(), r.Ended.UTC()}, Verdict: r.Verdict, Reasons: append([]string{}, r.Reasons...), Repeat: append([]string{}, r.Repeat...),
		Recordings: []Recording{}, Captures: []Capture{}, Coverage: map[string]int{},
	}
	for _, a := range made {
		f.Recordings = append(f.Recordings, recordingFacts(r, a.Summary))
	}
	slices.SortStableFunc(f.Recordings, func(a, b Recording) int { return a.Start.Compare(b.Start) })
	for _, c := range r.Captures {
		f.Captures = append(f.Captures, Capture{c.Slot, "frame", c.SHA256, c.FrameSHA256, c.Width, c.Height,
			c.At.UTC(), c.Recording, c.Frame})
	}
	f.Clips, f.Photos, f.Crops = clipFacts(r), photoFacts(r), views.Crops(r)
	f.Gaps = f.between()
	f.cover(live)
	return f
}

func recordingFacts(r *rooms.Room, s recorder.Summary) Recording {
	f := Recording{ID: s.ID, Participant: s.Participant, File: "recording/" + s.ID + ".webm",
		Frames: "frames/" + s.ID + ".jsonl", Start: s.Start.UTC(), OffsetMS: s.Start.Sub(r.Admitted).Milliseconds(),
		DurationMS: s.DurationMS, Cause: s.Cause, Tracks: []Track{}, Gaps: []Gap{}}
	for _, t := range s.Tracks {
		f.Tracks = append(f.Tracks, Track{t.Kind, t.Codec, t.FirstMS, t.LastMS, t.Frames, t.Bytes, t.Coverage})
	}
	for _, g := range s.Gaps {
		f.Gaps = append(f.Gaps, Gap{"", g.Track, g.FromMS, g.ToMS, g.Cause})
	}
	return f
}

// between lists, for each participant, the stretches of the call that no
// recording spans: before the first, after the last and between two. The cause of one
// is that by which the recording before it ended.
func (f *Facts) between() []Gap {
	gaps := []Gap{}
	length := f.Call.To.Sub(f.Call.From).Milliseconds()
	for _, who := range []string{"seller", "manager"} {
		at, cause, recorded := int64(0), recorder.CauseLeadIn, false
		for _, r := range f.Recordings {
			if r.Participant != who {
				continue
			}
			recorded = true
			if r.OffsetMS > at {
				gaps = append(gaps, Gap{who, "", at, r.OffsetMS, cause})
			}
			if end := r.OffsetMS + r.DurationMS; end > at {
				at, cause = end, r.Cause
			}
		}
		if !recorded {
			cause = recorder.CauseNoPackets
		}
		if length > at {
			gaps = append(gaps, Gap{who, "", at, length, cause})
		}
	}
	return gaps
}

// cover fills the coverage of each track over the time that the call was live.
func (f *Facts) cover(live time.Duration) {
	length := float64(live.Milliseconds())
	if length <= 0 {
		return
	}
	have := map[string]float64{}
	for _, r := range f.Recordings {
		for _, t := range r.Tracks {
			have[r.Participant+"."+t.Kind] += float64(r.DurationMS) * float64(t.Coverage)
		}
	}
	for track, ms := range have {
		f.Coverage[track] = min(1000, int(ms/length))
	}
}

// ForLedger is the last entry of the record: what the recordings hold.
func (f *Facts) ForLedger() map[string]any {
	list := make([]any, 0, len(f.Recordings))
	for _, r := range f.Recordings {
		list = append(list, map[string]any{"id": r.ID, "participant": r.Participant,
			"offset_ms": r.OffsetMS, "duration_ms": r.DurationMS, "gaps": len(r.Gaps)})
	}
	return map[string]any{"recordings": list, "gaps": len(f.Gaps)}
}

// Stills lists the digests of a room's stills, each once.
func Stills(r *rooms.Room) []string {
	var digests []string
	for _, c := range r.Captures {
		if !slices.Contains(digests, c.SHA256) {
			digests = append(digests, c.SHA256)
		}
	}
	for _, p := range r.Photos { // the frames beside them
		if !slices.Contains(digests, p.Beside.SHA256) {
			digests = append(digests, p.Beside.SHA256)
		}
	}
	return digests
}

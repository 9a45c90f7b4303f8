package protocol

import (
	"errors"
	"fmt"
)

// Quality is how the media fare by the page's own figures (getStats), each 5 s
// while its media are up. Those of a live call are kept in the record.
type Quality struct {
	Path   string         `json:"path"`   // how the media go: "udp", "tcp", "relay", or "" while unknown
	Tracks []TrackQuality `json:"tracks"` // at most 6: in and out, picture and sound; out has one for each layer of the picture
}

// TrackQuality is one track as a page sees it, over the time since the last report.
type TrackQuality struct {
	Direction string `json:"direction"`       // "in" or "out"
	Kind      string `json:"kind"`            // "audio" or "video"
	Layer     string `json:"layer,omitempty"` // RTP stream id of a simulcast layer
	Width     int    `json:"width"`           // pixels; 0 of sound
	Height    int    `json:"height"`
	FPS       int    `json:"fps"`
	Kbps      int    `json:"kbps"`
	Loss      int    `json:"loss"`   // per mille of the packets
	RTT       int    `json:"rtt"`    // ms, 0 while unknown
	Jitter    int    `json:"jitter"` // ms
	Frozen    int    `json:"frozen"` // ms that the picture stood still
}

// Health is sent once a second to staff in a call: each published track as the
// server receives it.
type Health struct {
	Tracks []TrackHealth `json:"tracks"`
}

// TrackHealth is one published track, over the last second.
type TrackHealth struct {
	Participant Role   `json:"participant"`
	Kind        string `json:"kind"`  // "audio" or "video"
	Width       int    `json:"width"` // pixels; 0 of sound
	Height      int    `json:"height"`
	FPS         int    `json:"fps"`
	Kbps        int    `json:"kbps"`
	Loss        int    `json:"loss"`     // per mille of the packets, after repair
	RTT         int    `json:"rtt"`      // ms between server and participant, 0 while unknown
	Jitter      int    `json:"jitter"`   // ms
	Frozen      int    `json:"frozen"`   // ms that the picture stood still
	Coverage    int    `json:"coverage"` // recorded time per mille of live time, 0 while nothing is recorded
	Layer       string `json:"layer"`    // that the other side is sent: "f" full, "q" a quarter; empty where there is one only
}

func (*Health) serverType() string { return "health" }

// Bounds of what a page may say of a track; more is nonsense.
const (
	maxTracks = 6
	maxFigure = 1 << 20
)

// Check implements ClientMessage.
func (m *Quality) Check() error {
	if len(m.Tracks) > maxTracks {
		return errors.New("too many tracks")
	}
	faults := []error{word("path", m.Path, []string{"", "udp", "tcp", "relay"})}
	for _, t := range m.Tracks {
		faults = append(faults, word("direction", t.Direction, []string{"in", "out"}), word("kind", t.Kind, []string{"audio", "video"}),
			word("layer", t.Layer, []string{"", "f", "h", "q"}))
		for _, figure := range []int{t.Width, t.Height, t.FPS, t.Kbps, t.Loss, t.RTT, t.Jitter, t.Frozen} {
			if figure < 0 || figure > maxFigure {
				faults = append(faults, fmt.Errorf("a figure of %d", figure))
			}
		}
	}
	return errors.Join(faults...)
}

package recorder

import "time"

// Kinds of tracks.
const (
	Video = "video" // VP8
	Audio = "audio" // Opus
)

// Frame is one durable VP8 key frame of a recording.
type Frame struct {
	Data          []byte    // the VP8 frame; shared, read only
	Width, Height int       // in pixels
	RTP           uint32    // RTP timestamp
	At            time.Time // when its first packet arrived
	N             int64     // 1-based number within the track, as in the frame index
	SHA256        string    // hex digest of Data
}

// IndexLine is one line of the frame index: JSON, one for each block of the
// WebM file and in the same order.
type IndexLine struct {
	N      int64     `json:"n"`      // 1-based, per track
	Track  string    `json:"track"`  // "video" or "audio"
	RTP    uint32    `json:"rtp"`    // RTP timestamp
	MS     int64     `json:"ms"`     // time of the block in the WebM file, in step with the other track
	At     time.Time `json:"at"`     // arrival of the first packet, RFC 3339, UTC, microseconds
	Size   int       `json:"size"`   // bytes
	Key    bool      `json:"key"`    // VP8 key frame; true for each Opus packet
	SHA256 string    `json:"sha256"` // hex digest of the block's payload
}

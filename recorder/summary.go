package recorder

import "time"

// Summary is what a recording holds and what it lacks. Times are milliseconds
// from Start, which is also time zero of the WebM file.
type Summary struct {
	ID, Participant, Conn string
	Start                 time.Time // when the recording began, UTC
	DurationMS            int64     // to Stop, or after a crash to the last sign of life
	Cause                 string    // given to Stop, or CauseCrash
	Tracks                []TrackSummary
	Gaps                  []Gap // by track, then by time
}

// TrackSummary is one track. A track that was tapped but brought nothing
// usable has no frames and isn't in the WebM file.
type TrackSummary struct {
	Kind            string // "video" or "audio"
	Codec           string // "VP8" or "Opus"
	FirstMS, LastMS int64  // times of the first and the last frame
	Frames, Bytes   int64
	Coverage        int // ‰ of DurationMS without a gap
}

// Causes of gaps.
const (
	CauseLeadIn    = "lead_in"    // before the first frame that can be shown
	CauseLoss      = "loss"       // packets that never arrived
	CauseOverflow  = "overflow"   // packets that the recorder was too slow for
	CauseMalformed = "malformed"  // packets that made no frame
	CauseDisk      = "disk"       // frames that the disk refused
	CauseRestart   = "restart"    // the publisher began anew
	CauseNoPackets = "no_packets" // nothing was sent or nothing came through
	CauseCrash     = "crash"      // the end of the recording was lost
)

// Gap is a stretch of a track that is missing or, for video after a loss, that
// can't be decoded cleanly: it ends with the next key frame.
type Gap struct {
	Track        string // "video" or "audio"
	FromMS, ToMS int64
	Cause        string
}

package recorder

// Status is what the recorder's light shows.
type Status struct {
	Tracks []TrackStatus // one for each kind that had a tap, video first
}

// TrackStatus is one track of a recording so far.
type TrackStatus struct {
	Kind     string // "video" or "audio"
	Bytes    int64  // of durable frames
	Coverage int    // ‰ of the time since Begin that durable or just arriving frames cover
	Gaps     int    // so far, the lead-in among them
	Cause    string // of the newest gap; empty without one
	Failing  string // why frames are being lost now: FailingFull, …; empty if they aren't
}

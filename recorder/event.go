package recorder

// Event is what a Recording tells its call through Config.Post: NeedKeyFrame,
// Failing or Working.
type Event interface{ event() }

// Why a key frame is needed.
const (
	WhyLeadIn = "lead_in" // nothing is recorded before the next one: at the beginning, after a restart or a failure of the disk
	WhyGap    = "gap"     // frames were lost; what follows can't be decoded cleanly
	WhySeek   = "seek"    // the last one is long ago; a player needs them to seek
)

// NeedKeyFrame asks for a key frame of the video that the recording's newest
// video tap gets. It comes again every second while there is none (WhySeek
// every 20 s), since requests can be lost.
type NeedKeyFrame struct {
	Recording *Recording
	Why       string
}

// Failing says that the disk refuses the recording: from now on frames are
// lost. Cause is FailingFull or FailingBroken. Sent once until Working.
type Failing struct {
	Recording *Recording
	Cause     string
}

// Why nothing can be stored now.
const (
	FailingFull   = "disk_full"
	FailingBroken = "disk_fails"
	FailingSilent = "disk_silent" // a write takes seconds
)

// Working says that the disk takes the recording again after Failing.
type Working struct{ Recording *Recording }

func (NeedKeyFrame) event() {}
func (Failing) event()      {}
func (Working) event()      {}

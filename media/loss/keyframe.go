package loss

import "time"

// Spacing of key frame requests to one publisher: key frames are 5 to 10 times
// a delta frame, and a request takes 64 to 307 ms to be answered (measured at
// 720p), so asking more often costs pictures and gains nothing. Where one takes
// long to arrive, the next waits for twice that time: on a poor uplink each
// would push the one before it out of the way's queue, and sound with it.
const (
	KeyFrameSpacing     = 500 * time.Millisecond
	keyFrameSpacingMost = 5 * time.Second
	keyFrameTries       = 5 // then nobody answers: a camera that is off, an encoder that stands still
)

// KeyFrameWait is the spacing after a key frame that took so long to arrive.
func KeyFrameWait(took time.Duration) time.Duration {
	return min(max(KeyFrameSpacing, 2*took), keyFrameSpacingMost)
}

// KeyFrameRequests merges the wishes for a key frame of one track into few
// requests, at least a spacing apart, and repeats one that isn't answered
// (a PLI can be lost like any packet). Pure: time comes as an argument. The
// zero value is ready.
type KeyFrameRequests struct {
	open  bool      // a wish isn't served
	tries int       // requests sent for this wish
	last  time.Time // of any request
}

// Want notes a wish; wishes before the next key frame are one.
func (k *KeyFrameRequests) Want() {
	if !k.open {
		k.open, k.tries = true, 0
	}
}

// Wanted tells whether a wish isn't served yet.
func (k *KeyFrameRequests) Wanted() bool { return k.open }

// Arrived notes that a key frame has begun to arrive: it serves every wish.
func (k *KeyFrameRequests) Arrived() { k.open = false }

// Next says whether to send a request now, and after how long to call again;
// wait is negative when there is nothing to wait for.
func (k *KeyFrameRequests) Next(now time.Time, spacing time.Duration) (send bool, wait time.Duration) {
	if !k.open {
		return false, -1
	}
	if since := now.Sub(k.last); !k.last.IsZero() && since < spacing {
		return false, spacing - since
	}
	if k.tries == keyFrameTries {
		k.open = false
		return false, -1
	}
	k.tries++
	k.last = now
	return true, spacing
}

package media

import "time"

// Spacing of key frame requests to one publisher: key frames are 5 to 10 times
// a delta frame, and a request takes 64 to 307 ms to be answered (measured at
// 720p), so asking more often costs pictures and gains nothing. Where one takes
// long to arrive, the next waits for twice that time: on a poor uplink each
// would push the one before it out of the way's queue, and sound with it.
const (
	keyFrameSpacing     = 500 * time.Millisecond
	keyFrameSpacingMost = 5 * time.Second
	keyFrameTries       = 5 // then nobody answers: a camera that is off, an encoder that stands still
)

// keyFrameWait is the spacing after a key frame that took so long to arrive.
func keyFrameWait(took time.Duration) time.Duration {
	return min(max(keyFrameSpacing, 2*took), keyFrameSpacingMost)
}

// keyFrameRequests merges the wishes for a key frame of one track into few
// requests, at least a spacing apart, and repeats one that isn't answered
// (a PLI can be lost like any packet). Pure: time comes as an argument. The
// zero value is ready.
type keyFrameRequests struct {
	wanted bool
	tries  int       // requests sent for this wish
	last   time.Time // of any request
}

// want notes a wish; wishes before the next key frame are one.
func (k *keyFrameRequests) want() {
	if !k.wanted {
		k.wanted, k.tries = true, 0
	}
}

// arrived notes that a key frame has begun to arrive: it serves every wish.
func (k *keyFrameRequests) arrived() { k.wanted = false }

// next says whether to send a request now, and after how long to call again;
// wait is negative when there is nothing to wait for.
func (k *keyFrameRequests) next(now time.Time, spacing time.Duration) (send bool, wait time.Duration) {
	if !k.wanted {
		return false, -1
	}
	if since := now.Sub(k.last); !k.last.IsZero() && since < spacing {
		return false, spacing - since
	}
	if k.tries == keyFrameTries {
		k.wanted = false
		return false, -1
	}
	k.tries++
	k.last = now
	return true, spacing
}

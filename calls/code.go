package calls

import (
	"time"

	"verifycall/calls/protocol"
	"verifycall/rooms"
)

// codeAhead is how long before the appointment the call begins to want its code.
const codeAhead = 30 * time.Minute

// WantsCode says whether a seller has to enter a mailed code before joining: the
// room's profile says so, from half an hour before the appointment until the call
// is over. Not of test rooms, whose sellers are robots, and not where there is no
// address (a room is not made so with such a profile).
func (h *House) WantsCode(r *rooms.Room) bool { return h.wantsCode(r, time.Now()) }

func (h *House) wantsCode(r *rooms.Room, now time.Time) bool {
	profile, err := h.cfg.Plans.Profile(r.Profile)
	if err != nil || !profile.Code || r.Test || r.SellerMail == "" {
		return false
	}
	switch r.State {
	case rooms.StateBooked:
		return now.After(r.At.Add(-codeAhead))
	case rooms.StateWaiting, rooms.StateLive, rooms.StateInterrupted:
		return true
	}
	return false
}

// codeMissing says that a seller's seat has to bring a code first.
func (c *Call) codeMissing(j Join) bool {
	return j.Role == protocol.RoleSeller && !j.Proved && c.house.WantsCode(c.room)
}

// errNeedsCode is the refusal of a seller without the code.
func errNeedsCode() error {
	return protocol.Faultf(protocol.CodeNeedsCode, "Enter the six-digit code that is sent to your mail address first.")
}

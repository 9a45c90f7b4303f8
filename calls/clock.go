package calls

import "time"

// dueEvery is how often a node looks for what time alone brings: missed
// appointments, reminders, ended graces and invitations.
const dueEvery = time.Second

// keepTime has deadlines brought about, whichever node they were set on. It is
// House's goroutine and ends with its context.
func (h *House) keepTime() {
	h.every(dueEvery, func() {
		changed, err := h.cfg.Rooms.FireDue(h.ctx)
		if err != nil && h.ctx.Err() == nil {
			h.cfg.Log.Debug("not all deadlines were brought about, they are tried again", "err", err)
		}
		for _, room := range changed {
			h.Refresh(room)
		}
	})
}

// every does something each d until House's context ends.
func (h *House) every(d time.Duration, do func()) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			do()
		case <-h.ctx.Done():
			return
		}
	}
}

package calls

import (
	"cmp"
	"slices"
	"time"

	"verifycall/media"
	"verifycall/rooms"
)

// Glance is what an operator may see of a call: no name, no picture, no word of
// the two people in it.
type Glance struct {
	Room      string    `json:"room"`
	State     string    `json:"state"`   // "waiting", "live", "interrupted", …
	Since     time.Time `json:"since"`   // of the first admission; before it, of the state
	Manager   string    `json:"manager"` // staff id
	Step      int       `json:"step"`    // of the plan, from 1; 0 before the first
	Steps     int       `json:"steps"`
	Coverage  int       `json:"coverage"`  // ‰ recorded, the least of the tracks; 1000 before any
	Floor     int       `json:"floor"`     // ‰ that a pass needs
	Kbps      int       `json:"kbps"`      // of the seller's picture, as it arrives
	Returning string    `json:"returning"` // who is away: "seller", "manager", ""
	Failing   string    `json:"failing"`   // why nothing is recorded: "disk_full", "disk_fails", "disk_silent", "store_silent"; empty while it is
	Test      bool      `json:"test"`
}

// glance notes how the call stands, for Glances. Once a second.
func (c *Call) glance() {
	r := c.room
	g := &Glance{Room: r.ID, State: r.State, Since: r.Since, Manager: r.Manager, Steps: len(r.Steps), Coverage: 1000,
		Floor: c.house.floorOf(r), Test: r.Test}
	if !r.Admitted.IsZero() {
		g.Since = r.Admitted
	}
	g.Step = 1 + slices.IndexFunc(r.Steps, func(s rooms.Step) bool { return r.Step != "" && s.Code == r.Step })
	for _, share := range c.coverage() {
		g.Coverage = min(g.Coverage, share)
	}
	if before, known := c.seller.sampled[media.Video]; known {
		g.Kbps = before.kbps
	}
	for _, s := range []*side{&c.seller, &c.manager} {
		if g.Returning == "" && r.State == rooms.StateInterrupted && !s.connected {
			g.Returning = string(s.role)
		}
		for _, t := range c.tracks(s) {
			g.Failing = cmp.Or(g.Failing, t.Failing)
		}
	}
	c.seen.Store(g)
}

// Glances tells how the calls of this node stand, by room.
func (h *House) Glances() []Glance {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]Glance, 0, len(h.calls))
	for _, c := range h.calls {
		if g := c.seen.Load(); g != nil {
			list = append(list, *g)
		}
	}
	slices.SortFunc(list, func(a, b Glance) int { return cmp.Compare(a.Room, b.Room) })
	return list
}

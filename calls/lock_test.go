package calls

import (
	"log/slog"
	"testing"
	"time"

	"verifycall/calls/depot"
	"verifycall/calls/protocol"
	"verifycall/recorder"
	"verifycall/rooms"
	"verifycall/rooms/plan"
)

// shelf keeps the newest state.
type shelf struct{ state *protocol.State }

func (s *shelf) Send(_ string, m protocol.ServerMessage) bool {
	if state, ok := m.(*protocol.State); ok {
		s.state = state
	}
	return true
}

func (*shelf) Close(int, string) {}

// What locks a pass may come and go between the look at the clock and the state
// that is sent because of it: what is shown must be right by the next look.
func TestLockThatFlickers(t *testing.T) {
	page := &shelf{}
	h := &House{cfg: Config{Rooms: &rooms.Store{}, Plans: plan.Default(), Log: slog.New(slog.DiscardHandler)}, depot: depot.New(nil, t.TempDir(), false, false, nil)}
	c := &Call{house: h, log: h.cfg.Log, room: &rooms.Room{Profile: "marketplace", Admitted: time.Now(), Notices: map[string]rooms.Notice{}},
		seller: side{role: protocol.RoleSeller}, manager: side{role: protocol.RoleManager}}
	c.manager.seat = &Seat{call: c, join: Join{Role: protocol.RoleManager, Out: page}}
	cover := func(share int) {
		c.past = []covered{{"seller", time.Minute, []recorder.TrackStatus{{Kind: recorder.Video, Coverage: share}, {Kind: recorder.Audio, Coverage: 1000}}}}
	}
	locked := func() bool {
		return len(page.state.Staff.Missing) > 0 && page.state.Staff.Missing[len(page.state.Staff.Missing)-1].Code == "coverage"
	}

	cover(500)
	c.watchLock()
	c.flush()
	if !locked() {
		t.Fatal("half a call is enough")
	}
	cover(1000)
	c.watchLock() // sees enough
	cover(500)
	c.flush() // sends that it isn't
	if !locked() {
		t.Fatal("half a call is enough")
	}
	cover(1000)
	c.watchLock()
	c.flush()
	if locked() {
		t.Fatal("the whole call is recorded, and pass is shown as locked")
	}
}

package calls

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/prometheus/client_golang/prometheus"

	"verifycall/calls/depot"
	"verifycall/calls/protocol"
	"verifycall/media"
	"verifycall/recorder"
	"verifycall/rooms"
	"verifycall/rooms/plan"
	"verifycall/rooms/redistest"
	"verifycall/rooms/tickets"
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

// lockable is a call that was admitted, on a node that nobody is connected to.
func lockable(t *testing.T) *Call {
	t.Helper()
	store, err := rooms.Open(t.Context(), rooms.Options{Dir: t.TempDir(), Keys: redistest.OneKey{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	room, err := store.Create(t.Context(), "api:test", rooms.CreateRoom{SellerName: "Anna", Language: "en", Zone: "UTC", At: time.Now(), Manager: "jonas",
		Link: rooms.Link{Hash: tickets.HashToken(tickets.NewToken()), Expires: time.Now().Add(time.Hour)}})
	for _, next := range []rooms.Command{
		rooms.GiveNotice{Who: rooms.Seller, Version: "2026-11", Language: "en", Agree: true}, rooms.GiveNotice{Who: rooms.Manager, Version: "2026-11", Language: "en", Agree: true},
		rooms.EnterWaiting{}, rooms.Admit{},
	} {
		if err == nil {
			room, err = store.Do(t.Context(), room.ID, "system", next)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	h := &House{cfg: Config{Rooms: store, Plans: plan.Default(), Metrics: NewMetrics(prometheus.NewRegistry()), Log: slog.New(slog.DiscardHandler)},
		ctx: t.Context(), depot: depot.New(nil, t.TempDir(), false, false, nil)}
	return newCall(t.Context(), h, room, rooms.Lease{})
}

// What locks a pass may come and go between the look at the clock and the state
// that is sent because of it: what is shown must be right by the next look.
func TestLockThatFlickers(t *testing.T) {
	page := &shelf{}
	c := lockable(t)
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

// What was recorded earlier and can't be read locks a pass until it can.
func TestEarlierRecordingsAreReadAgain(t *testing.T) {
	c := lockable(t)
	folder := c.house.depot.Folder(c.id)
	if err := os.WriteFile(folder, nil, 0o600); err != nil { // no folder
		t.Fatal(err)
	}
	c = newCall(t.Context(), c.house, c.room, rooms.Lease{})
	c.past = []covered{{"seller", time.Minute, []recorder.TrackStatus{{Kind: recorder.Video, Coverage: 1000}, {Kind: recorder.Audio, Coverage: 1000}}}}
	locked := func() bool {
		return slices.ContainsFunc(c.missing(), func(m protocol.Missing) bool { return m.Code == "coverage" })
	}
	recall := func(now time.Time) {
		c.recall(now)
		(<-c.inbox).apply(t.Context(), c)
	}
	recall(time.Now())
	if !locked() {
		t.Error("pass is open without what was recorded earlier")
	}
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	recall(time.Now().Add(keyAgain))
	if locked() {
		t.Error("pass is locked though all is known")
	}
}

// Who withdraws while the files of a recording are made is not recorded in them.
func TestWithdrawnWhileARecordingBegins(t *testing.T) {
	c := lockable(t)
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	c.recorder, err = recorder.New(recorder.Config{Dir: c.house.depot.Folder(c.id), Room: c.id, Key: key.Recipient(), Log: c.log})
	if err != nil {
		t.Fatal(err)
	}
	defer c.recorder.Close()
	c.seller.transport = new(media.Transport)
	c.beginRecording(&c.seller, time.Now())
	c.jobs.Wait()
	c.seller.withdrawn = true
	c.stopRecording(&c.seller, causeWithdrawn)
	(<-c.inbox).apply(t.Context(), c)
	c.jobs.Wait()
	if c.seller.recording != nil || c.seller.beginning {
		t.Error("recorded")
	}
	made, err := recorder.Read(filepath.Join(c.house.depot.Folder(c.id), "seller-1"), key)
	if err != nil || len(made.Summary.Tracks) > 0 || made.Summary.Cause != causeWithdrawn {
		t.Errorf("%+v, %v", made, err)
	}
}

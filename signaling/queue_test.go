package signaling

import (
	"net/http"
	"testing"
	"time"

	"verifycall/calls/protocol"
	"verifycall/rooms"
	"verifycall/rooms/tickets"
)

// invited is a room whose seller may choose when.
func (s *site) invited(language string) (id string, seller *browser) {
	s.t.Helper()
	token := tickets.NewToken()
	room, err := s.rooms.Create(s.t.Context(), "system", rooms.CreateRoom{SellerName: "Anna Maria Eriksson", Language: language,
		Zone: "America/Toronto", Link: rooms.Link{Hash: tickets.HashToken(token), Expires: time.Now().Add(time.Hour)}})
	if err != nil {
		s.t.Fatal(err)
	}
	return room.ID, s.seller("/j/" + token)
}

// TestQueueByTheLink has two sellers join, one step away and come back, and a
// manager go online: the pages are told what happens, each only the own.
func TestQueueByTheLink(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	m.post("/api/manager/availability", hours()).into(http.StatusOK, nil)
	var place QueueView
	var desk DeskView
	one, first := s.invited("de")
	two, second := s.invited("de-AT")
	first.get("/api/seller/queue").into(http.StatusOK, fresh(&place))
	if place.Open || place.Joined || place.Minutes != -1 || place.Keeps != 15 {
		t.Errorf("nobody is there: %+v", place)
	}
	m.get("/api/manager/desk").into(http.StatusOK, fresh(&desk))
	if desk.Status != "offline" || len(desk.Waiting) != 0 {
		t.Errorf("%+v", desk)
	}
	m.post("/api/manager/desk", `{"status":"asleep"}`).refused(protocol.CodeMalformed)
	m.post("/api/manager/desk", `{"status":"break"}`).into(http.StatusOK, fresh(&desk))
	first.post("/api/seller/queue/away", `{}`).refused(protocol.CodeWrongState)

	first.post("/api/seller/queue", `{}`).into(http.StatusOK, fresh(&place))
	second.post("/api/seller/queue", `{}`).into(http.StatusOK, fresh(&place))
	if !place.Joined || place.Place != 2 || !place.Break || !place.Open || place.Minutes != -1 {
		t.Errorf("the second, during a break: %+v", place)
	}
	first.post("/api/seller/queue/away", `{}`).into(http.StatusOK, fresh(&place))
	if place.Away == nil || time.Until(*place.Away) < 14*time.Minute || place.Place != 1 {
		t.Errorf("stepped away: %+v", place)
	}
	m.get("/api/manager/desk").into(http.StatusOK, fresh(&desk))
	if len(desk.Waiting) != 2 || desk.Waiting[0].Room != one || !desk.Waiting[0].Away || !desk.Waiting[1].Yours {
		t.Errorf("%+v", desk)
	}
	s.signedIn("manager", "sabine").get("/api/manager/desk").into(http.StatusOK, fresh(&desk))
	if desk.Status != "offline" || len(desk.Waiting) != 2 || desk.Waiting[0].Yours {
		t.Errorf("of one who speaks nothing: %+v", desk)
	}

	m.post("/api/manager/desk", `{"status":"online"}`).into(http.StatusOK, fresh(&desk))
	s.turn(two)
	second.get("/api/seller/queue").into(http.StatusOK, fresh(&place))
	if !place.Ready || place.ManagerName != "Jonas Weber" || place.ComeBy == nil || time.Until(*place.ComeBy) > rooms.InstantGrace {
		t.Errorf("its turn: %+v", place)
	}
	second.post("/api/seller/queue/away", `{}`).into(http.StatusOK, fresh(&place)) // in the same moment
	if !place.Ready {
		t.Errorf("%+v", place)
	}
	m.get("/api/manager/desk").into(http.StatusOK, fresh(&desk))
	if desk.Room != two || !desk.Turn || len(desk.Waiting) != 1 {
		t.Errorf("%+v", desk)
	}
	first.post("/api/seller/queue", `{}`).into(http.StatusOK, fresh(&place))
	if !place.Joined || place.Away != nil || place.Place != 1 || place.Minutes != 8 {
		t.Errorf("back: %+v", place)
	}
	s.turn() // the desk is taken
	first.post("/api/seller/queue/leave", `{}`).into(http.StatusOK, fresh(&place))
	if place.Joined || place.Place != 1 {
		t.Errorf("left: %+v", place)
	}
	var all struct{ Rooms []RoomRow }
	m.get("/api/manager/rooms").into(http.StatusOK, &all)
	if len(all.Rooms) != 1 || all.Rooms[0].ID != two || all.Rooms[0].State != rooms.StateBooked {
		t.Errorf("the manager's rooms: %+v", all.Rooms)
	}
}

// turn has the queue's turns given, and wants these rooms to have changed.
func (s *site) turn(want ...string) {
	s.t.Helper()
	list, err := s.server.cfg.Queue.Turn(s.t.Context())
	if err != nil || len(list) != len(want) || len(want) > 0 && list[0] != want[0] {
		s.t.Fatalf("%v: %v changed, want %v", err, list, want)
	}
}

// TestQueueIsNotForRobots: a test room is nobody's to take, and its manager's
// link has no desk.
func TestQueueIsNotForRobots(t *testing.T) {
	s := openSite(t, nil)
	token := tickets.NewToken()
	_, err := s.rooms.Create(t.Context(), "system", rooms.CreateRoom{SellerName: "Robot", Language: "de", Zone: "UTC", Test: true,
		Link: rooms.Link{Hash: tickets.HashToken(token), Expires: time.Now().Add(time.Hour)}})
	if err != nil {
		t.Fatal(err)
	}
	b := s.seller("/j/" + token)
	b.post("/api/seller/queue", `{}`).refused(protocol.CodeWrongState)
	s.browser().post("/api/seller/queue", `{}`).refused(protocol.CodeUnauthorized)
	b.post("/api/manager/desk", `{"status":"online"}`).refused(protocol.CodeUnauthorized)
	s.signedIn("auditor", "ruth").post("/api/manager/desk", `{"status":"online"}`).refused(protocol.CodeUnauthorized)
}

// fresh empties what an answer is read into.
func fresh[T any](v *T) *T {
	*v = *new(T)
	return v
}

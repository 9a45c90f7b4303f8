package signaling

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/rooms"
	"verifycall/rooms/calendar"
)

const bookRoom = `{"language":"de","zone":"America/Toronto","application":{"surname":"Eriksson","given_names":"Anna Maria"},"book":true}`

// always open, calls in German.
func hours() string {
	a := calendar.Default("Europe/Berlin")
	a.Languages = []string{"de"}
	for day := range 7 {
		a.Hours = append(a.Hours, calendar.Span{Day: day, From: 0, To: 1440})
	}
	text, _ := json.Marshal(a) // of plain values
	return string(text)
}

func (b *browser) slots() []SlotView {
	b.t.Helper()
	var list struct{ Slots []SlotView }
	b.get("/api/seller/slots").into(http.StatusOK, &list)
	return list.Slots
}

func book(at time.Time) string {
	return `{"at":"` + at.Format(time.RFC3339) + `","zone":"Asia/Shanghai"}`
}

// TestSellerBooks has a seller book by the link, another come too late, and the
// first move and cancel.
func TestSellerBooks(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	var terms calendar.Availability
	m.get("/api/manager/availability").into(http.StatusOK, &terms)
	if len(terms.Hours) != 0 || terms.Zone != "Europe/Berlin" {
		t.Errorf("before any were set: %+v", terms)
	}
	m.post("/api/manager/availability", hours()).into(http.StatusOK, nil)
	m.post("/api/manager/availability", strings.Replace(hours(), "Europe/Berlin", "Mars", 1)).refused(protocol.CodeMalformed)

	key := s.integrator(access.ScopeRooms)
	var one, two MadeRoom
	key.restMake(bookRoom, "").into(http.StatusCreated, &one)
	key.restMake(bookRoom, "").into(http.StatusCreated, &two)
	key.restMake(strings.Replace(bookRoom, `"book"`, `"at":"2030-01-01T00:00:00Z","book"`, 1), "").refused(protocol.CodeMalformed)
	first, second := s.seller(one.SellerLink), s.seller(two.SellerLink)

	var a AppointmentView
	first.get("/api/seller/appointment").into(http.StatusOK, &a)
	if a.State != rooms.StateInvited || a.At != nil || !a.Books || a.ManagerName != "" {
		t.Errorf("before booking: %+v", a)
	}
	s.isNow(a.Now)
	slots := first.slots()
	if len(slots) < 500 || slots[0].At.Before(time.Now().Add(calendar.Lead)) || slots[0].Zone != "Europe/Berlin" {
		t.Fatalf("%d slots", len(slots))
	}
	wanted := slots[10].At
	first.post("/api/seller/appointment", book(wanted)).into(http.StatusOK, &a)
	if a.State != rooms.StateBooked || !a.At.Equal(wanted) || a.ManagerName != "Jonas Weber" || a.ManagerZone != "Europe/Berlin" || a.Zone != "Asia/Shanghai" {
		t.Errorf("booked: %+v", a)
	}
	first.post("/api/seller/appointment", book(wanted)).into(http.StatusOK, nil) // its answer was lost
	file := first.get("/api/seller/appointment.ics").into(http.StatusOK, nil)
	if !strings.Contains(string(file.body), "DTSTART;TZID=Asia/Shanghai:") || !strings.HasPrefix(file.header.Get("Content-Type"), "text/calendar") {
		t.Errorf("%v\n%s", file.header, file.body)
	}

	var p Problem
	refusal := second.post("/api/seller/appointment", book(wanted))
	refusal.refused(protocol.CodeSlotTaken)
	refusal.into(http.StatusConflict, &p)
	if len(p.Nearest) != 6 || p.Nearest[2].At.After(wanted) || p.Nearest[3].At.Before(wanted) {
		t.Errorf("nearest to %s: %v", wanted, p.Nearest)
	}
	second.post("/api/seller/appointment", book(p.Nearest[0].At)).into(http.StatusOK, nil)
	first.post("/api/seller/appointment", book(slots[20].At)).into(http.StatusOK, &a)
	if !a.At.Equal(slots[20].At) {
		t.Errorf("moved to %s", a.At)
	}
	second.post("/api/seller/appointment", book(wanted)).into(http.StatusOK, nil) // it is free again

	var list struct{ Rooms []RoomRow }
	m.get("/api/manager/rooms").into(http.StatusOK, &list)
	if len(list.Rooms) != 2 {
		t.Errorf("the manager sees %d", len(list.Rooms))
	}
	for range 2 { // the answer may have been lost
		first.post("/api/seller/cancel", "{}").into(http.StatusOK, &a)
		if a.State != rooms.StateCancelled || !a.Books || a.Cancels {
			t.Errorf("called off: %+v", a)
		}
	}
	first.get("/ws/seller").refused(protocol.CodeRoomCancelled)
	again := s.seller(one.SellerLink) // the link goes on
	again.post("/api/seller/appointment", book(again.slots()[2].At)).into(http.StatusOK, &a)
	if a.State != rooms.StateBooked || !a.Books || !a.Cancels {
		t.Errorf("booked again: %+v", a)
	}
	m.post("/api/manager/rooms/"+one.ID+"/cancel", "{}").into(http.StatusOK, nil)
	again.get("/api/seller/appointment").refused(protocol.CodeRoomCancelled) // not what the manager called off
	for _, body := range []string{`{"at":"2026-01-01T00:00:00Z","zone":"Mars"}`, `{"at":"soon"}`, `{}`} {
		if got := second.post("/api/seller/appointment", body); got.status < 400 || got.status >= 500 {
			t.Errorf("%s is answered %d", body, got.status)
		}
	}
}

// TestCalendarByKey has an integrator set a manager's hours.
func TestCalendarByKey(t *testing.T) {
	s := openSite(t, nil)
	s.integrator(access.ScopeRooms).get("/api/v1/managers/jonas/calendar").refused(protocol.CodeForbidden)
	key := s.integrator(access.ScopeCalendar)
	key.do("PUT", "/api/v1/managers/jonas/calendar", hours()).into(http.StatusOK, nil)
	var terms calendar.Availability
	key.get("/api/v1/managers/jonas/calendar").into(http.StatusOK, &terms)
	if len(terms.Hours) != 7 {
		t.Errorf("%+v", terms)
	}
	certified := strings.Replace(hours(), `"certified":""`, `"certified":"2026-12-31"`, 1)
	key.do("PUT", "/api/v1/managers/jonas/calendar", certified).into(http.StatusOK, nil)
	own := strings.Replace(hours(), `"certified":""`, `"certified":"2099-12-31"`, 1)
	s.signedIn("manager", "jonas").post("/api/manager/availability", own).into(http.StatusOK, &terms)
	if terms.Certified != "2026-12-31" {
		t.Errorf("a manager is certified until %s by the own word", terms.Certified)
	}
	key.do("PUT", "/api/v1/managers/nobody/calendar", hours()).refused(protocol.CodeNotFound)
}

// TestRoomForNowStays has a room without a time be for now, and its seller keep
// to that.
func TestRoomForNowStays(t *testing.T) {
	s := openSite(t, nil)
	_, link := s.signedIn("manager", "jonas").makeRoom(plainRoom)
	var a AppointmentView
	b := s.seller(link)
	b.get("/api/seller/appointment").into(http.StatusOK, &a)
	if a.State != rooms.StateBooked || a.Books || a.At.After(time.Now()) {
		t.Errorf("%+v", a)
	}
	b.post("/api/seller/appointment", book(time.Now().Add(5*time.Hour))).refused(protocol.CodeWrongState)
}

// TestRoomsAtOneTime: two rooms for one time and nobody's in particular go to two
// managers; a third one to somebody all the same, since that is when it was wanted.
func TestRoomsAtOneTime(t *testing.T) {
	s := openSite(t, nil)
	key := s.integrator(access.ScopeRooms)
	body := `{"seller":{"name":"Anna Maria Eriksson"},"language":"en","zone":"America/Toronto","at":"` + time.Now().Add(50*time.Hour).UTC().Format(time.RFC3339) + `"}`
	has := map[string]int{}
	for range 3 {
		var made MadeRoom
		key.restMake(body, "").into(http.StatusCreated, &made)
		r, err := s.rooms.Load(t.Context(), made.ID)
		if err != nil {
			t.Fatal(err)
		}
		has[r.Manager]++
	}
	if len(has) != 2 {
		t.Errorf("whose they are: %v", has)
	}
}

package signaling

import (
	"net/http"
	"strings"
	"testing"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/rooms"
)

// A seller asks for another look at a failed outcome, an auditor who didn't hold the
// call takes it back, and the seller has another call by the same link and a code.
func TestAppeal(t *testing.T) {
	s := openSite(t, nil)
	ruth := s.signedIn(access.Auditor, "ruth")
	id, link := s.signedIn("manager", "jonas").makeRoom(`{"seller":{"name":"Anna Maria Eriksson","mail":"anna@example.org"},"language":"en",
		"zone":"America/Toronto","application":{"surname":"Eriksson"},"manager":"jonas"}`)
	seller := s.seller(link)
	seller.post("/api/seller/appeal", `{"text":"Too early"}`).refused(protocol.CodeWrongState)
	s.decide(id)
	s.seal(id)

	var view AppealView
	seller.get("/api/seller/appeal").into(http.StatusOK, &view)
	if !view.Able || view.Until == nil || view.Asked != nil || view.Again {
		t.Errorf("before %+v", view)
	}
	seller.post("/api/seller/appeal", `{"text":" "}`).refused(protocol.CodeMalformed)
	seller.post("/api/seller/appeal", `{"text":"`+strings.Repeat("x", rooms.MaxAppealText+1)+`"}`).refused(protocol.CodeMalformed)
	seller.post("/api/seller/again", `{}`).refused(protocol.CodeWrongState)
	s.browser().post("/api/seller/appeal", `{"text":"Please"}`).refused(protocol.CodeUnauthorized)
	words := `{"text":"The name on the card is my maiden name."}`
	seller.post("/api/seller/appeal", words).into(http.StatusCreated, &view)
	if view.Able || view.Asked == nil || view.Answer != "" {
		t.Errorf("asked %+v", view)
	}
	seller.post("/api/seller/appeal", words).into(http.StatusCreated, nil) // a second click

	var list struct{ Rooms []AuditRow }
	text := string(ruth.get("/api/audit/rooms?part=appeals").into(http.StatusOK, &list).body)
	if len(list.Rooms) != 1 || list.Rooms[0].Appeal != "open" || strings.Contains(text, "maiden") {
		t.Errorf("listed %s", text)
	}
	path := "/api/audit/rooms/" + id
	var opened AuditRoom
	ruth.get(path).into(http.StatusOK, &opened)
	if a := opened.Review.Appeal; a == nil || !a.Open || a.Text != "The name on the card is my maiden name." {
		t.Errorf("opened %+v", a)
	}
	if text := string(ruth.get(path+"/custody.jsonl").into(http.StatusOK, nil).body); strings.Contains(text, "maiden") || !strings.Contains(text, `"appealed"`) {
		t.Errorf("custody %s", text)
	}
	seller.post(path+"/appeal", `{"answer":"overturned","line":"Mine"}`).refused(protocol.CodeUnauthorized)
	s.signedIn("manager", "jonas").post(path+"/appeal", `{"answer":"overturned","line":"Mine"}`).refused(protocol.CodeUnauthorized)
	ruth.post(path+"/appeal", `{"answer":"perhaps","line":"x"}`).refused(protocol.CodeMalformed)
	ruth.post(path+"/appeal", `{"answer":"overturned","line":""}`).refused(protocol.CodeMalformed)
	var review ReviewView
	ruth.post(path+"/appeal", `{"answer":"overturned","line":"The certificate explains it."}`).into(http.StatusOK, &review)
	if review.Outcome != "recapture" || review.Appeal == nil || review.Appeal.By != "ruth" || review.Appeal.Open {
		t.Errorf("answered %+v", review)
	}
	ruth.post(path+"/appeal", `{"answer":"upheld","line":"x"}`).refused(protocol.CodeWrongState)

	seller.get("/api/seller/appeal").into(http.StatusOK, &view)
	if view.Answer != rooms.AppealOverturned || view.Line != "The certificate explains it." || !view.Again {
		t.Errorf("seen %+v", view)
	}
	seller.post("/api/seller/again", `{}`).refused(protocol.CodeNeedsCode)
	seller.enter(seller.codeMail(id)).into(http.StatusOK, nil)
	var next, same struct{ Link string }
	seller.post("/api/seller/again", `{}`).into(http.StatusOK, &next)
	seller.post("/api/seller/again", `{}`).into(http.StatusOK, &same)
	if next.Link == "" || next.Link != same.Link {
		t.Errorf("links %q, %q", next.Link, same.Link)
	}
	var now AppointmentView
	s.seller(next.Link).get("/api/seller/appointment").into(http.StatusOK, &now)
	if now.State != rooms.StateInvited || !now.Books || now.SellerName != "Anna Maria Eriksson" {
		t.Errorf("the other call %+v", now)
	}
	var status RoomStatus
	s.integrator(access.ScopeRooms).get("/api/v1/rooms/"+id).into(http.StatusOK, &status)
	if status.Appeal != "overturned" || status.Next == "" || status.Outcome.Verdict != "recapture" || status.Outcome.By != "auditor" {
		t.Errorf("status %+v", status)
	}
}

// While a review is blind, that there is an appeal is told by nothing: it would tell the verdict.
func TestAppealInABlindReview(t *testing.T) {
	s := openSite(t, nil)
	ruth := s.signedIn(access.Auditor, "ruth")
	id, link := s.drawn(ruth)
	s.seller(link).post("/api/seller/appeal", `{"text":"Please look again."}`).into(http.StatusCreated, nil)
	var list struct{ Rooms []AuditRow }
	if ruth.get("/api/audit/rooms?part=appeals").into(http.StatusOK, &list); len(list.Rooms) != 0 {
		t.Error("the list tells of it")
	}
	if ruth.get("/api/audit/rooms?part=queue").into(http.StatusOK, &list); len(list.Rooms) != 1 || list.Rooms[0].Appeal != "" {
		t.Errorf("the row tells of it: %+v", list.Rooms)
	}
	path := "/api/audit/rooms/" + id
	if text := string(ruth.get(path).into(http.StatusOK, nil).body); strings.Contains(text, "appealed") || strings.Contains(text, "look again") {
		t.Error("the record tells of it")
	}
	ruth.post(path+"/appeal", `{"answer":"upheld","line":"x"}`).refused(protocol.CodeWrongState)
	ruth.post(path+"/decision", `{"decision":"reject","reasons":["M_NAME"]}`).into(http.StatusOK, nil)
	ruth.post(path+"/appeal", `{"answer":"upheld","line":"x"}`).refused(protocol.CodeWrongState) // an own decision
	s.second().post(path+"/appeal", `{"answer":"upheld","line":"We looked."}`).into(http.StatusOK, nil)
}

// Asking is limited by room, whatever browser asks.
func TestAppealsAreLimited(t *testing.T) {
	s := openSite(t, nil)
	id, link := s.signedIn("manager", "jonas").makeRoom(plainRoom)
	s.decide(id)
	s.seal(id)
	refused := 0
	for range limitAppeals.Burst + 2 {
		if codeOf(s.seller(link).post("/api/seller/appeal", `{"text":" "}`)) == protocol.CodeTooMany {
			refused++
		}
	}
	if refused == 0 {
		t.Error("nothing was refused")
	}
}

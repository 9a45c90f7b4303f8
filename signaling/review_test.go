package signaling

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/rooms"
	"verifycall/rooms/staff"
)

// second is another auditor.
func (s *site) second() *browser {
	s.t.Helper()
	if err := s.rooms.Accounts.Put(s.t.Context(), "system", staff.Account{ID: "amir", Name: "Amir Osman", Role: "auditor", Zone: "UTC"}); err != nil {
		s.t.Fatal(err)
	}
	return s.signedIn(access.Auditor, "amir")
}

// drawn is a decided and sealed room that stands in a sample.
func (s *site) drawn(auditor *browser) (id, link string) {
	s.t.Helper()
	id, link = s.signedIn("manager", "jonas").makeRoom(plainRoom)
	s.decide(id)
	s.seal(id)
	var drawn rooms.Sample
	auditor.post("/api/audit/samples", `{"percent":100}`).into(http.StatusCreated, &drawn)
	if !slices.Contains(drawn.Rooms, id) {
		s.t.Fatalf("the sample %+v has no %s", drawn, id)
	}
	return id, link
}

// What the manager thought of the seller is in no answer to a blind auditor, by
// whatever door; after the decision all of it is, and the outcome is the auditor's.
func TestBlindReview(t *testing.T) {
	s := openSite(t, nil)
	ruth, amir := s.signedIn("auditor", "ruth"), s.second()
	id, link := s.drawn(ruth)
	path := "/api/audit/rooms/" + id

	var view AuditRoom
	body := string(ruth.get(path).into(http.StatusOK, &view).body)
	for _, word := range []string{"M_NAME", "Seems nervous", `"fail"`, `"verdict":"f`} {
		if strings.Contains(body, word) {
			t.Errorf("a blind auditor reads %s", word)
		}
	}
	if !view.Review.Blind || !view.Review.Open || view.Review.Why != rooms.WhySample || !strings.Contains(body, "Eriksson") || view.Review.Outcome != "" {
		t.Errorf("review %+v", view.Review)
	}
	for _, file := range []string{"data/ledger.jsonl", "data/private.jsonl", "data/room.json", "manifest-sha256.txt"} {
		ruth.get(path + "/files/" + file).refused(protocol.CodeWrongState)
	}
	ruth.get(path + "/bundle.zip").refused(protocol.CodeWrongState)
	ruth.get(path + "/custody.jsonl").refused(protocol.CodeWrongState)
	ruth.get(path+"/verify").into(http.StatusOK, nil)
	var list struct{ Rooms []AuditRow }
	list1 := string(ruth.get("/api/audit/rooms").into(http.StatusOK, &list).body)
	if len(list.Rooms) != 1 || !list.Rooms[0].Blind || list.Rooms[0].Verdict != "" || strings.Contains(list1, "M_NAME") {
		t.Errorf("row %+v", list.Rooms)
	}
	// Nor can it be learnt from which list the room is on.
	for _, filter := range []string{"verdict=fail", "verdict=pass", "reason=M_NAME", "flag=S_FRAUD"} {
		if ruth.get("/api/audit/rooms?"+filter).into(http.StatusOK, &list); len(list.Rooms) != 0 {
			t.Errorf("%s lists a blind room", filter)
		}
	}

	ruth.post(path+"/decision", `{"decision":"reject","reasons":[]}`).refused(protocol.CodeMalformed)
	ruth.post(path+"/decision", `{"decision":"reject","reasons":["S_FRAUD"]}`).refused(protocol.CodeMalformed)
	var now ReviewView
	ruth.post(path+"/decision", `{"decision":"escalate","reasons":["M_FACE_DOUBT"],"note":"Look at the ear"}`).into(http.StatusOK, &now)
	if now.Blind || now.Open || len(now.Opinions) != 1 || now.Opinions[0].Note != "Look at the ear" || !now.Opinions[0].Blind || now.Outcome != "fail" {
		t.Errorf("after the decision %+v", now)
	}
	body = string(ruth.get(path).into(http.StatusOK, &view).body)
	for _, word := range []string{"M_NAME", "Seems nervous"} {
		if !strings.Contains(body, word) {
			t.Errorf("after the decision there is no %s", word)
		}
	}
	ruth.post(path+"/decision", `{"decision":"approve"}`).refused(protocol.CodeWrongState)

	// The second auditor is blind to the first, too.
	body = string(amir.get(path).into(http.StatusOK, &view).body)
	if !view.Review.Blind || strings.Contains(body, "Look at the ear") || strings.Contains(body, "M_FACE_DOUBT") || view.Review.Why != rooms.WhyEscalate {
		t.Errorf("the second auditor reads the first: %+v", view.Review)
	}
	amir.post(path+"/decision", `{"decision":"recapture","reasons":["Q_GLARE"],"repeat":["DOC_FRONT"],"checks":{"FACE":"same"}}`).into(http.StatusOK, &now)
	if now.Outcome != "recapture" || len(now.Opinions) != 2 || now.Opinions[1].Agrees != rooms.AgreesDifferent || now.Opinions[1].Checks["FACE"] != "same" {
		t.Errorf("after the second decision %+v", now)
	}
	room, err := s.rooms.Load(t.Context(), id)
	if err != nil || room.State != rooms.StateClosed || room.Verdict != "fail" {
		t.Errorf("room %s %s, %v", room.State, room.Verdict, err)
	}
	key := s.integrator(access.ScopeRooms)
	var status RoomStatus
	key.get("/api/v1/rooms/"+id).into(http.StatusOK, &status)
	if status.Verdict != "fail" || status.Outcome.Verdict != "recapture" || status.Outcome.By != "auditor" || !slices.Equal(status.Outcome.Repeat, []string{"DOC_FRONT"}) {
		t.Errorf("status %+v", status)
	}
	if said := s.seller(link).get("/api/seller/receipt"); strings.Contains(string(said.body), "ear") {
		t.Error("the auditor's note is on the seller's receipt")
	}
	if n := s.custody(id, "reviewed"); n != 2 {
		t.Errorf("%d opinions in the custody ledger", n)
	}
}

// A profile's share of the decided rooms is drawn by the seal.
func TestTheSealDrawsByLot(t *testing.T) {
	s := openSite(t, nil)
	id, _ := s.signedIn("manager", "jonas").makeRoom(plainRoom)
	s.decide(id)
	s.seal(id)
	var list struct{ Rooms []AuditRow }
	ruth := s.signedIn("auditor", "ruth")
	if ruth.get("/api/audit/rooms?part=queue").into(http.StatusOK, &list); len(list.Rooms) != 0 {
		t.Errorf("a share of none has drawn %+v", list.Rooms)
	}
	flagged, _ := s.signedIn("manager", "jonas").makeRoom(plainRoom)
	s.command(flagged, "manager:jonas", rooms.WriteNote{Code: "S_COERCION", Text: "somebody whispers"})
	s.decide(flagged)
	s.seal(flagged)
	ruth.get("/api/audit/rooms?part=queue").into(http.StatusOK, &list)
	if len(list.Rooms) != 1 || list.Rooms[0].Why != rooms.WhyFlag || list.Rooms[0].Blind || !slices.Equal(list.Rooms[0].Flags, []string{"S_COERCION"}) {
		t.Errorf("queue %+v", list.Rooms)
	}
	if ruth.get("/api/audit/rooms?flag=S_COERCION").into(http.StatusOK, &list); len(list.Rooms) != 1 {
		t.Errorf("with the flag %+v", list.Rooms)
	}
	ruth.post("/api/audit/find", `{"seller":"ANNA@example.org"}`).into(http.StatusOK, &list)
	if len(list.Rooms) != 2 {
		t.Errorf("of the seller %+v", list.Rooms)
	}
	if ruth.post("/api/audit/find", `{"seller":"else@example.org"}`).into(http.StatusOK, &list); len(list.Rooms) != 0 {
		t.Errorf("of another %+v", list.Rooms)
	}
}

func TestSavedViews(t *testing.T) {
	s := openSite(t, nil)
	ruth := s.signedIn("auditor", "ruth")
	var kept struct{ Views []SavedView }
	if ruth.get("/api/audit/views").into(http.StatusOK, &kept); len(kept.Views) != 0 {
		t.Errorf("views %+v", kept)
	}
	ruth.do("PUT", "/api/audit/views", `{"views":[{"name":"New managers","query":"part=queue&manager=jonas"}]}`).into(http.StatusOK, nil)
	ruth.get("/api/audit/views").into(http.StatusOK, &kept)
	if len(kept.Views) != 1 || kept.Views[0].Name != "New managers" {
		t.Errorf("views %+v", kept)
	}
	if s.second().get("/api/audit/views").into(http.StatusOK, &kept); len(kept.Views) != 0 {
		t.Errorf("another auditor has %+v", kept)
	}
	many := `{"views":[` + strings.TrimSuffix(strings.Repeat(`{"name":"a","query":""},`, 21), ",") + `]}`
	ruth.do("PUT", "/api/audit/views", many).refused(protocol.CodeMalformed)
	ruth.do("PUT", "/api/audit/views", `{"views":[{"name":"","query":""}]}`).refused(protocol.CodeMalformed)
}

func TestAgreementOfAuditors(t *testing.T) {
	s := openSite(t, nil)
	ruth := s.signedIn("auditor", "ruth")
	for i, decision := range []string{`"reject","reasons":["M_NAME"]`, `"reject","reasons":["M_DOB"]`, `"approve"`} {
		id, _ := s.drawn(ruth)
		ruth.post("/api/audit/rooms/"+id+"/decision", `{"decision":`+decision+`}`).into(http.StatusOK, nil)
		var view AgreementView
		ruth.get("/api/audit/agreement").into(http.StatusOK, &view)
		if view.Of != i+1 || view.Blind != i+1 || view.Same != min(i+1, 2) || view.Kappa != nil || !view.Whole || view.Names["jonas"] != "Jonas Weber" {
			t.Errorf("after %d: %+v", i+1, view)
		}
	}
	s.drawn(ruth) // waits
	var view AgreementView
	s.signedIn("operator", "olga").get("/api/audit/agreement").into(http.StatusOK, &view)
	if view.Of != 3 || len(view.Weeks) != 1 || len(view.Managers) != 1 || view.Managers[0].Of != 3 || view.Reasons[0].Name != "M_NAME" {
		t.Errorf("%+v", view)
	}
	ruth.get("/api/audit/agreement?from=2020-01-01T00:00:00Z").refused(protocol.CodeMalformed)
	old := time.Now().UTC().AddDate(0, -6, 0).Format(time.RFC3339)
	if ruth.get("/api/audit/agreement?to="+old).into(http.StatusOK, &view); view.Of != 0 {
		t.Errorf("half a year ago: %+v", view)
	}
}

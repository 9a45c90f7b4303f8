package signaling

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/rooms"
	"verifycall/rooms/ledger"
)

const testRoom = `{"language":"en","zone":"UTC","application":{"surname":"Eriksson","given_names":"Anna Maria"},"test":true}`

func (b *browser) restMake(body, idem string) answer {
	b.t.Helper()
	if idem == "" {
		return b.do("POST", "/api/v1/rooms", body)
	}
	return b.do("POST", "/api/v1/rooms", body, "Idempotency-Key", idem)
}

func TestTestRoom(t *testing.T) {
	s := openSite(t, nil)
	key := s.integrator(access.ScopeRooms, access.ScopeTest)
	var made MadeRoom
	key.restMake(testRoom, "").into(http.StatusCreated, &made)
	var status RoomStatus
	key.get("/api/v1/rooms/"+made.ID).into(http.StatusOK, &status)
	if status.State != rooms.StateBooked || !status.Test || status.Verdict != "" || status.Reasons == nil {
		t.Errorf("room %+v", status)
	}
	s.seller(made.SellerLink)
	// The manager's link is good once, for that room alone.
	robot := s.browser()
	robot.post("/api/signin", tokenBody(made.ManagerLink)).into(http.StatusOK, nil)
	s.browser().post("/api/signin", tokenBody(made.ManagerLink)).refused(protocol.CodeLinkUnknown)
	var list struct{ Rooms []RoomRow }
	robot.get("/api/manager/rooms").into(http.StatusOK, &list)
	if len(list.Rooms) != 1 || list.Rooms[0].ID != made.ID || list.Rooms[0].SellerName != "Anna Maria Eriksson" {
		t.Errorf("lists %+v", list.Rooms)
	}
	var second MadeRoom
	key.restMake(testRoom, "").into(http.StatusCreated, &second)
	robot.get("/api/manager/rooms/" + second.ID).refused(protocol.CodeNotFound)
	robot.post("/api/manager/rooms", plainRoom).refused(protocol.CodeForbidden)
	// No manager's calendar shows it.
	s.signedIn("manager", "jonas").get("/api/manager/rooms").into(http.StatusOK, &list)
	if len(list.Rooms) != 0 {
		t.Errorf("a manager is offered %+v", list.Rooms)
	}
}

func TestScopes(t *testing.T) {
	s := openSite(t, nil)
	s.integrator(access.ScopeEvidence).restMake(plainRoom, "").refused(protocol.CodeForbidden)
	key := s.integrator(access.ScopeRooms)
	key.restMake(testRoom, "").refused(protocol.CodeForbidden)
	var made MadeRoom
	key.restMake(plainRoom, "").into(http.StatusCreated, &made)
	if made.ManagerLink != "" {
		t.Error("a real room has a manager's link")
	}
	var d RoomDetail
	s.signedIn("manager", "jonas").get("/api/manager/rooms/"+made.ID).into(http.StatusOK, &d) // the first by id
	key.get("/api/v1/rooms/" + made.ID + "/bundle.zip").refused(protocol.CodeForbidden)
	s.integrator(access.ScopeEvidence).get("/api/v1/rooms/" + made.ID + "/bundle.zip").refused(protocol.CodeNotFound)
	key.get("/api/v1/rooms/R-NOTTHERE").refused(protocol.CodeNotFound)
	key.get("/api/v1/rooms/R-NOTTHERE/ledger").refused(protocol.CodeNotFound)
	key.restMake(strings.Replace(plainRoom, `"language"`, `"manager":"ruth","language"`, 1), "").refused(protocol.CodeMalformed)
	key.key += "x"
	key.get("/api/v1/rooms/" + made.ID).refused(protocol.CodeUnauthorized)
}

func TestIdempotency(t *testing.T) {
	s := openSite(t, nil)
	key := s.integrator(access.ScopeRooms, access.ScopeTest)
	first := key.restMake(testRoom, "order-1").into(http.StatusCreated, nil)
	again := key.restMake(testRoom, "order-1").into(http.StatusCreated, nil)
	if !bytes.Equal(first.body, again.body) || first.header.Get("Idempotent-Replayed") != "" || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("first %s, again %s", first.body, again.body)
	}
	key.restMake(plainRoom, "order-1").refused(protocol.CodeConflict)
	other := key.restMake(testRoom, "order-2").into(http.StatusCreated, nil)
	if bytes.Equal(first.body, other.body) {
		t.Error("two keys gave one room")
	}
	if stranger := s.integrator(access.ScopeRooms, access.ScopeTest).restMake(testRoom, "order-1"); bytes.Equal(first.body, stranger.body) {
		t.Error("two integrators share an idempotency key")
	}
	key.restMake(testRoom, strings.Repeat("k", maxIdemKey+1)).refused(protocol.CodeMalformed)
	// A used manager's link stays used.
	var made MadeRoom
	first.into(http.StatusCreated, &made)
	s.browser().post("/api/signin", tokenBody(made.ManagerLink)).into(http.StatusOK, nil)
	key.restMake(testRoom, "order-1").into(http.StatusCreated, nil)
	s.browser().post("/api/signin", tokenBody(made.ManagerLink)).refused(protocol.CodeLinkUnknown)
}

func TestIdempotencyOfRequestsAtTheSameMoment(t *testing.T) {
	s := openSite(t, nil)
	key := s.integrator(access.ScopeRooms, access.ScopeTest)
	var wg sync.WaitGroup
	answers := make([]answer, 4)
	for i := range answers {
		wg.Go(func() { answers[i] = key.restMake(testRoom, "order") })
	}
	wg.Wait()
	ids := map[string]bool{}
	for _, a := range answers {
		var made MadeRoom
		if a.status == http.StatusCreated && json.Unmarshal(a.body, &made) == nil {
			ids[made.ID] = true
		} else if a.status != http.StatusConflict {
			t.Errorf("status %d: %s", a.status, a.body)
		}
	}
	page, err := s.rooms.List(t.Context(), rooms.Query{})
	if err != nil || len(page.Rooms) != 1 || len(ids) != 1 || !ids[page.Rooms[0].ID] {
		t.Errorf("answered %v, made %v (%v)", ids, page.Rooms, err)
	}
}

// A crash between two steps of the making: the request that comes again goes on
// with the same room.
func TestIdempotencyAfterACrash(t *testing.T) {
	s := openSite(t, nil)
	key := s.integrator(access.ScopeRooms, access.ScopeTest)
	var made MadeRoom
	key.restMake(testRoom, "order").into(http.StatusCreated, &made)
	ticket := key.key + "\x00order"
	kept, err := s.rooms.Tickets.Get(t.Context(), kindIdem, ticket)
	if err != nil {
		t.Fatal(err)
	}
	kept.Name = "" // as it was before the last step
	if err := s.rooms.Tickets.Put(t.Context(), kindIdem, ticket, kept, time.Hour); err != nil {
		t.Fatal(err)
	}
	var again MadeRoom
	key.restMake(testRoom, "order").into(http.StatusCreated, &again)
	if again != made {
		t.Errorf("made %+v, then %+v", made, again)
	}
	page, err := s.rooms.List(t.Context(), rooms.Query{})
	if err != nil || len(page.Rooms) != 1 {
		t.Errorf("rooms %v (%v)", page.Rooms, err)
	}
	s.browser().post("/api/signin", tokenBody(again.ManagerLink)).into(http.StatusOK, nil)
}

// A refused request frees its key: the mended one may use it.
func TestIdempotencyOfARefusedRequest(t *testing.T) {
	s := openSite(t, nil)
	key := s.integrator(access.ScopeRooms)
	broken := strings.Replace(plainRoom, `"language"`, `"documents":[{"kind":"other","data":"QUJD"}],"language"`, 1)
	key.restMake(broken, "order").refused(protocol.CodeNotPicture)
	key.restMake(plainRoom, "order").into(http.StatusCreated, nil)
}

func TestLedgerHoldsHashedEntriesOnly(t *testing.T) {
	s := openSite(t, nil)
	key := s.integrator(access.ScopeRooms)
	var made MadeRoom
	key.restMake(plainRoom, "").into(http.StatusCreated, &made)
	a := key.get("/api/v1/rooms/"+made.ID+"/ledger").into(http.StatusOK, nil)
	if got := a.header.Get("Content-Type"); got != "application/jsonl" {
		t.Errorf("Content-Type %q", got)
	}
	var entries []ledger.Entry
	for line := range bytes.Lines(a.body) {
		e, err := ledger.Parse(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	if err := ledger.Verify(entries); err != nil || len(entries) < 2 {
		t.Errorf("%d entries: %v", len(entries), err)
	}
	for _, personal := range []string{"Eriksson", "Anna", "example.org"} {
		if bytes.Contains(a.body, []byte(personal)) {
			t.Errorf("the ledger holds %q", personal)
		}
	}
}

// The description names each route and nothing else.
func TestOpenAPINamesEachRoute(t *testing.T) {
	s := openSite(t, nil)
	var doc struct {
		OpenAPI    string
		Paths      map[string]map[string]any
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct{ Enum []string }
			}
		}
	}
	s.browser().get("/api/v1/openapi.json").into(http.StatusOK, &doc)
	var described, served []string
	for path, methods := range doc.Paths {
		for method := range methods {
			described = append(described, strings.ToUpper(method)+" "+path)
		}
	}
	for route := range s.server.doors { // all that the mux has
		if method, path, found := strings.Cut(route, " "); !found || strings.HasPrefix(path, "/api/v1/") {
			served = append(served, method+" "+path)
		}
	}
	served = slices.DeleteFunc(served, func(route string) bool { return route == "/ " }) // what is nowhere
	slices.Sort(described)
	slices.Sort(served)
	if !strings.HasPrefix(doc.OpenAPI, "3.1.") || !slices.Equal(described, served) {
		t.Errorf("OpenAPI %s describes %v, served are %v", doc.OpenAPI, described, served)
	}
	codes := doc.Components.Schemas["Problem"].Properties["code"].Enum
	for code := range protocol.Table {
		if !slices.Contains(codes, string(code)) {
			t.Errorf("code %s is not described", code)
		}
	}
	if len(codes) != len(protocol.Table) {
		t.Errorf("%d codes described, %d exist", len(codes), len(protocol.Table))
	}
	for _, state := range rooms.States {
		if !slices.Contains(doc.Components.Schemas["RoomStatus"].Properties["state"].Enum, state) {
			t.Errorf("state %s is not described", state)
		}
	}
	if fmt.Sprint(doc.Components.Schemas["RoomStatus"].Properties["verdict"].Enum[1:]) != fmt.Sprint(protocol.Verdicts) {
		t.Error("verdicts differ")
	}
}

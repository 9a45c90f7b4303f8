package signaling

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/rooms/staff"
	"verifycall/rooms/tickets"
)

// visitor is somebody who tries every door.
type visitor struct {
	*browser
	name   string
	person access.Person
}

// street is a site with a room of jonas and everybody who may come by.
type street struct {
	*site
	id       string // the room, decided and sealed, so that nothing is refused for its state alone
	place    access.Place
	visitors []visitor
}

func openStreet(t *testing.T) *street {
	s := openSite(t, nil)
	jonas := s.signedIn("manager", "jonas")
	id, link := jonas.makeRoom(plainRoom)
	_, other := jonas.makeRoom(plainRoom)
	s.decide(id)
	s.seal(id)
	staff := func(role access.Role, subject string) visitor {
		return visitor{s.signedIn(role, subject), string(role) + " " + subject, access.Person{Role: role, ID: subject}}
	}
	bound := func(room string) visitor {
		t.Helper()
		link, err := NewSignInLink(t.Context(), s.rooms, s.server.cfg.Public, tickets.Ticket{Role: "manager", Subject: "jonas", Room: room}, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		b := s.browser()
		b.post("/api/signin", tokenBody(link)).into(http.StatusOK, nil)
		return visitor{b, "test manager of " + room, access.Person{Role: access.TestManager, ID: "jonas", Room: room}}
	}
	st := &street{site: s, id: id, place: access.Place{Room: id, Manager: "jonas"}}
	st.visitors = []visitor{
		{s.browser(), "nobody", access.Person{}},
		{s.seller(link), "seller", access.Person{Role: access.Seller, ID: "seller", Room: id}},
		{s.seller(other), "another seller", access.Person{Role: access.Seller, ID: "seller", Room: "R-OTHER000"}},
		staff(access.Manager, "jonas"), staff(access.Manager, "sabine"), bound(id), bound("R-OTHER000"),
		staff(access.Auditor, "ruth"), staff(access.Operator, "olga"),
	}
	for _, scopes := range [][]string{{}, {access.ScopeRooms}, {access.ScopeEvidence}, {access.ScopeTest}, {access.ScopeCalendar}} {
		st.visitors = append(st.visitors, visitor{s.integrator(scopes...), "key " + strings.Join(scopes, " "),
			access.Person{Role: access.Integrator, ID: "shop", Scopes: scopes}})
	}
	return st
}

var pathValue = regexp.MustCompile(`\{[a-z]+(\.\.\.)?\}|\{\$\}`)

// request is the method and path of a route's pattern, with the street's room in it.
func (st *street) request(pattern string) (method, path string) {
	method, path, found := strings.Cut(pattern, " ")
	if !found {
		return http.MethodGet, "/no-such-page"
	}
	path = pathValue.ReplaceAllStringFunc(path, func(name string) string {
		switch {
		case name == "{$}":
			return ""
		case name == "{id}" && strings.Contains(path, "/managers/"):
			return "jonas"
		case name == "{id}":
			return st.id
		}
		return "x"
	})
	if path == "/ws/manager" {
		path += "?room=" + st.id
	}
	return method, path
}

// at is the place that a visitor's request is about.
func (st *street) at(who visitor, path string) access.Place {
	switch {
	case who.person.Role == access.Seller: // a seller's requests are about the link's room
		return access.Place{Room: who.person.Room}
	case strings.Contains(path, st.id):
		return st.place
	}
	return access.Place{}
}

// codeOf gives the code of a problem, empty for an answer.
func codeOf(a answer) protocol.Code {
	var p Problem
	if a.header.Get("Content-Type") == "application/problem+json" && json.Unmarshal(a.body, &p) == nil {
		return p.Code
	}
	return ""
}

// refusals are how a door looks that stays shut.
var refusals = map[access.Why]protocol.Code{access.WhySignIn: protocol.CodeUnauthorized, access.WhyRole: protocol.CodeUnauthorized,
	access.WhyHidden: protocol.CodeNotFound, access.WhyScope: protocol.CodeForbidden, access.WhyReason: protocol.CodeForbidden}

// Every route is tried as everybody, and opens as the table says.
func TestEveryDoorWithEveryRole(t *testing.T) {
	st := openStreet(t)
	st.server.guesses.Burst = 1e6 // all come from one address
	record := st.length(st.id)
	tried, refused := 0, 0
	for _, pattern := range slices.Sorted(maps.Keys(st.server.doors)) {
		action := st.server.doors[pattern]
		if pattern == "POST /api/signout" { // open to all, and would end the visitors' sessions
			continue
		}
		for _, who := range st.visitors {
			for _, reason := range []string{"", "complaint", "curious"} {
				if reason != "" && who.person.Role != access.Operator {
					continue
				}
				method, path := st.request(pattern)
				person := who.person
				if person.Reason = reason; reason != "" {
					path += "?reason=" + reason
				}
				a := who.do(method, path, map[string]string{"POST": "{}", "PUT": "{}"}[method])
				tried++
				err := access.Check(person, action, st.at(who, path))
				if !st.opensAs(pattern, action, who, a, err) {
					t.Errorf("%s as %s %s: status %d %s, the table says: %v", pattern, who.name, reason, a.status, codeOf(a), err)
				}
				if err != nil {
					refused++
				}
			}
		}
	}
	if after := st.length(st.id); after != record {
		t.Errorf("the record grew from %d to %d entries", record, after)
	}
	t.Logf("%d tried, %d refused", tried, refused)
	if tried < 400 || refused < 300 {
		t.Errorf("only %d tried and %d refused: who makes the routes of this test?", tried, refused)
	}
}

// opensAs tells whether an answer is what the table says. A door that opens may
// lead to nothing, a wrong state or a malformed request; one that doesn't gives
// the refusal's code and nothing else.
func (st *street) opensAs(pattern string, action access.Action, who visitor, a answer, err error) bool {
	code := codeOf(a)
	why := access.Refused(err)
	if why == nil {
		shut := code == protocol.CodeUnauthorized || code == protocol.CodeForbidden
		return !shut
	}
	want := refusals[why.Why]
	if why.Why == access.WhyRole && who.person.Role == access.TestManager && slices.Contains(access.RolesOf(action), access.Manager) {
		want = protocol.CodeForbidden // has a manager's cookie
	}
	return code == want && !strings.Contains(string(a.body), "Eriksson")
}

// An account that has hosted a room never opens it as an auditor, nor sees it on
// the list, even where one account has both roles.
func TestNobodyAuditsOwnRooms(t *testing.T) {
	st := openStreet(t)
	if err := st.rooms.Accounts.Put(t.Context(), "system", staff.Account{ID: "jonas", Name: "Jonas Weber", Role: "auditor", Zone: "UTC"}); err != nil {
		t.Fatal(err)
	}
	own, other := st.signedIn("auditor", "jonas"), st.signedIn("auditor", "ruth")
	for _, path := range []string{"", "/verify", "/bundle.zip", "/custody.jsonl", "/files/data/room.json", "/clips/1.webm"} {
		own.get("/api/audit/rooms/" + st.id + path).refused(protocol.CodeNotFound)
	}
	for b, want := range map[*browser]bool{own: false, other: true} {
		if got := strings.Contains(string(b.get("/api/audit/rooms").body), st.id); got != want {
			t.Errorf("on the list: %v, want %v", got, want)
		}
	}
}

// Why an operator looks stands in the custody ledger before the view.
func TestAnOperatorsReasonIsLogged(t *testing.T) {
	st := openStreet(t)
	b := st.signedIn("operator", "olga")
	b.get("/api/audit/rooms/" + st.id + "/files/data/room.json").refused(protocol.CodeForbidden)
	b.get("/api/audit/rooms/" + st.id + "/bundle.zip?reason=because").refused(protocol.CodeForbidden)
	for range 2 {
		b.get("/api/audit/rooms/"+st.id+"/files/data/room.json?reason=legal_request").into(http.StatusOK, nil)
	}
	entries, err := st.rooms.CustodyLog(t.Context(), st.id)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		if e.Actor == "operator:olga" {
			reason, _ := e.Body["reason"].(string)
			got = append(got, strings.TrimSpace(e.Type+" "+reason))
		}
	}
	if want := []string{"reasoned legal_request", "viewed"}; !slices.Equal(got, want) {
		t.Errorf("custody %q, want %q", got, want)
	}
}

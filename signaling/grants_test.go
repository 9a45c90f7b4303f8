package signaling

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"verifycall/access"
	"verifycall/calls/protocol"
)

func TestOperatorRevokes(t *testing.T) {
	s := openSite(t, nil)
	olga, key := s.signedIn("operator", "olga"), s.integrator(access.ScopeRooms)
	key.get("/api/v1/rooms/R-00000000").refused(protocol.CodeNotFound)
	grants, err := s.rooms.Tickets.Grants(t.Context(), GrantAPIKey)
	if err != nil || len(grants) != 1 {
		t.Fatalf("keys %+v (%v)", grants, err)
	}
	page := string(olga.get("/operate/access").into(http.StatusOK, nil).body)
	for _, want := range []string{"Olga Brandt", "shop", grants[0].ID} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(page, key.key) {
		t.Error("the page shows a key")
	}
	form := url.Values{"kind": {GrantAPIKey}, "grant": {grants[0].ID}}.Encode()
	send := func(b *browser, body string, headers ...string) answer {
		return b.do("POST", "/operate/access/revoke", body, append(headers, "Content-Type", "application/x-www-form-urlencoded")...)
	}
	send(olga, form, "Sec-Fetch-Site", "cross-site").refused(protocol.CodeForbidden)
	send(s.signedIn("manager", "jonas"), form).refused(protocol.CodeUnauthorized)
	send(olga, "kind=room&grant=x").refused(protocol.CodeMalformed)
	key.get("/api/v1/rooms/R-00000000").refused(protocol.CodeNotFound) // works still
	send(olga, form).into(http.StatusOK, nil)                          // and shows the page
	key.get("/api/v1/rooms/R-00000000").refused(protocol.CodeUnauthorized)
	send(olga, form).refused(protocol.CodeNotFound)
}

package signaling

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"
	"time"

	"verifycall/calls/protocol"
)

// cookie is the value of a browser's session of a role.
func (b *browser) cookie(name string) string {
	u, _ := url.Parse(b.url)
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// withCookie is another browser with a stolen token.
func (s *site) withCookie(name, value string) *browser {
	b := s.browser()
	b.client.Jar, _ = cookiejar.New(nil)
	u, _ := url.Parse(s.url)
	b.client.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value}})
	return b
}

func TestSessionsChangeTheirTokens(t *testing.T) {
	s := openSite(t, nil)
	now := time.Now()
	s.server.now = func() time.Time { return now }
	m := s.signedIn("manager", "jonas")
	first := m.cookie("vc_manager")
	m.get("/api/manager/me").into(http.StatusOK, nil)
	if m.cookie("vc_manager") != first {
		t.Error("a fresh token was replaced")
	}
	now = now.Add(tokenLife)
	m.get("/api/manager/me").into(http.StatusOK, nil)
	second := m.cookie("vc_manager")
	if second == first || second == "" {
		t.Fatalf("the token is %q after %v", second, tokenLife)
	}
	old := s.withCookie("vc_manager", first)
	old.get("/api/manager/me").into(http.StatusOK, nil) // was on its way
	now = now.Add(tokenGrace)
	old.get("/api/manager/me").refused(protocol.CodeUnauthorized)
	m.get("/api/manager/me").into(http.StatusOK, nil)
	for now.Before(time.Now().Add(staffSession)) {
		now = now.Add(tokenLife)
		m.get("/api/manager/me")
	}
	m.get("/api/manager/me").refused(protocol.CodeUnauthorized) // however busy it was
}

func TestASessionCanBeRevoked(t *testing.T) {
	s := openSite(t, nil)
	now := time.Now()
	s.server.now = func() time.Time { return now }
	lost, kept := s.signedIn("auditor", "ruth"), s.signedIn("auditor", "ruth")
	now = now.Add(tokenLife)
	first := lost.cookie("vc_auditor")
	lost.get("/api/audit/me").into(http.StatusOK, nil)
	grants, err := s.rooms.Tickets.Grants(t.Context(), GrantSession)
	if err != nil || len(grants) != 3 {
		t.Fatalf("listed %+v (%v)", grants, err)
	}
	for _, g := range grants {
		if g.Ticket.Browser == fingerprint(first) {
			if err := s.rooms.Tickets.Revoke(t.Context(), GrantSession, g.ID); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	lost.get("/api/audit/me").refused(protocol.CodeUnauthorized)
	s.withCookie("vc_auditor", first).get("/api/audit/me").refused(protocol.CodeUnauthorized)
	kept.get("/api/audit/me").into(http.StatusOK, nil)
}

// A session of a test room's link and of a seller isn't on the operator's list.
func TestOnlySessionsOfStaffAreListed(t *testing.T) {
	s := openSite(t, nil)
	_, link := s.signedIn("manager", "jonas").makeRoom(plainRoom)
	s.seller(link)
	grants, err := s.rooms.Tickets.Grants(t.Context(), GrantSession)
	if err != nil || len(grants) != 1 || grants[0].Ticket.Subject != "jonas" {
		t.Errorf("listed %+v (%v)", grants, err)
	}
}

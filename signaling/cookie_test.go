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
	m.get("/api/manager/me").into(http.StatusOK, nil) // by the second
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

// Answers that are lost, and the new token with them, sign nobody out; what was used
// after one that arrived ends the one before.
func TestALostAnswerSignsNobodyOut(t *testing.T) {
	s := openSite(t, nil)
	now := time.Now()
	s.server.now = func() time.Time { return now }
	first := s.signedIn("manager", "jonas").cookie("vc_manager")
	lost := func() answer { return s.withCookie("vc_manager", first).get("/api/manager/me") } // what it sets is thrown away
	for now = now.Add(tokenLife); now.Before(time.Now().Add(tokenLife + 2*tokenGrace)); now = now.Add(tokenGrace / 2) {
		lost().into(http.StatusOK, nil)
	}
	if grants, err := s.rooms.Tickets.Grants(t.Context(), GrantSession); err != nil || len(grants) != 2 {
		t.Errorf("%d tokens, want the old one and the last that follows it (%v)", len(grants), err)
	}
	now = now.Add(tokenGrace)
	b := s.withCookie("vc_manager", first)
	b.get("/api/manager/me").into(http.StatusOK, nil)
	if b.cookie("vc_manager") == first {
		t.Fatal("a token is followed no more after a lost answer")
	}
	lost().into(http.StatusOK, nil)
	b.get("/api/manager/me").into(http.StatusOK, nil) // by the new one
	lost().into(http.StatusOK, nil)
	now = now.Add(tokenGrace)
	lost().refused(protocol.CodeUnauthorized)
	b.get("/api/manager/me").into(http.StatusOK, nil)
}

// Whenever a session is ended while its token changes, nothing of it is left.
func TestNoTokenFollowsTheEndOfItsSession(t *testing.T) {
	s := openSite(t, nil)
	for at := 1; ; at++ {
		s.server.now = time.Now
		m := s.signedIn("manager", "jonas")
		first, asked, later := m.cookie("vc_manager"), 0, time.Now().Add(tokenLife)
		s.server.now = func() time.Time {
			if asked++; asked == at {
				if err := s.rooms.Tickets.EndSession(t.Context(), kindSession, fingerprint(first)); err != nil {
					t.Error(err)
				}
			}
			return later
		}
		m.get("/api/manager/me")
		if asked < at {
			break
		}
		m.get("/api/manager/me").refused(protocol.CodeUnauthorized)
		grants, err := s.rooms.Tickets.Grants(t.Context(), GrantSession)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range grants {
			if g.Ticket.Browser == fingerprint(first) {
				t.Errorf("ended at step %d, a token is left", at)
			}
		}
	}
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

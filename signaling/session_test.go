package signaling

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"verifycall/calls/protocol"
	"verifycall/rooms"
	"verifycall/rooms/tickets"
	"verifycall/signaling/intake"
)

func TestOpeningALinkChangesNothing(t *testing.T) {
	s := openSite(t, nil)
	id, link := s.signedIn("manager", "jonas").makeRoom(plainRoom)
	before := s.length(id)
	b := s.browser()
	for range 3 {
		a := b.get("/j/"+link[strings.LastIndex(link, "/")+1:]).into(http.StatusOK, nil)
		if len(a.header.Values("Set-Cookie")) != 0 || !strings.Contains(string(a.body), "seller") {
			t.Errorf("page %s with cookies %v", a.body, a.header.Values("Set-Cookie"))
		}
	}
	if after := s.length(id); after != before {
		t.Errorf("the record grew from %d to %d entries", before, after)
	}
	b.post("/api/link", tokenBody(link)).into(http.StatusOK, nil)
	if after := s.length(id); after != before {
		t.Errorf("the exchange made the record grow from %d to %d entries", before, after)
	}
}

func TestSessionCookie(t *testing.T) {
	for _, test := range []struct {
		public, name string
		secure       bool
	}{{"", "vc_seller", false}, {"https://calls.example.org", "__Host-vc_seller", true}} {
		s := openSite(t, func(c *Config) {
			if test.public != "" {
				c.Public, _ = url.Parse(test.public)
			}
		})
		room, err := s.server.CreateRoom(t.Context(), "system", intake.Request{Seller: intake.Seller{Name: "A"}, Language: "en", Zone: "UTC", Manager: "jonas"})
		if err != nil {
			t.Fatal(err)
		}
		link, err := s.server.SellerLink(t.Context(), "system", room)
		if err != nil {
			t.Fatal(err)
		}
		a := s.browser().post("/api/link", tokenBody(link)).into(http.StatusOK, nil)
		cookies := (&http.Response{Header: a.header}).Cookies()
		if len(cookies) != 1 {
			t.Fatalf("cookies %v", cookies)
		}
		c := cookies[0]
		if c.Name != test.name || !c.HttpOnly || c.Secure != test.secure || c.SameSite != http.SameSiteStrictMode || c.Path != "/" ||
			c.Domain != "" || len(c.Value) < 22 {
			t.Errorf("cookie %+v", c)
		}
		if hsts := a.header.Get("Strict-Transport-Security"); (hsts != "") != test.secure {
			t.Errorf("Strict-Transport-Security %q", hsts)
		}
	}
}

// A second tab has to be known as the same browser, another room's link not.
func TestExchangeKeepsTheSessionOfTheSameRoom(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	_, one := m.makeRoom(plainRoom)
	_, two := m.makeRoom(plainRoom)
	b := s.seller(one)
	if a := b.post("/api/link", tokenBody(one)); len(a.header.Values("Set-Cookie")) != 0 {
		t.Error("the same link gave a new session")
	}
	if a := b.post("/api/link", tokenBody(two)); len(a.header.Values("Set-Cookie")) != 1 {
		t.Error("another room's link kept the session")
	}
}

func TestLinkRefusals(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	id, link := m.makeRoom(plainRoom)
	expired := tickets.NewToken()
	s.command(id, "system", rooms.AddLink{Link: rooms.Link{Hash: tickets.HashToken(expired), Expires: time.Now().Add(-time.Minute)}})
	cancelled, cancelledLink := m.makeRoom(plainRoom)
	m.post("/api/manager/rooms/"+cancelled+"/cancel", "{}").into(http.StatusOK, nil)
	for name, test := range map[string]struct {
		body    string
		headers []string
		code    protocol.Code
	}{
		"unknown":        {`{"token":"` + tickets.NewToken() + `"}`, nil, protocol.CodeLinkUnknown},
		"empty":          {`{"token":""}`, nil, protocol.CodeLinkUnknown},
		"expired":        {`{"token":"` + expired + `"}`, nil, protocol.CodeLinkExpired},
		"cancelled":      {tokenBody(cancelledLink), nil, protocol.CodeRoomCancelled},
		"malformed":      {`{"token":`, nil, protocol.CodeMalformed},
		"unknown field":  {`{"token":"x","more":1}`, nil, protocol.CodeMalformed},
		"trailing":       {`{"token":"x"} {}`, nil, protocol.CodeMalformed},
		"oversized":      {`{"token":"` + strings.Repeat("x", smallBody) + `"}`, nil, protocol.CodeTooLarge},
		"form":           {"token=x", []string{"Content-Type", "application/x-www-form-urlencoded"}, protocol.CodeMalformed},
		"another site":   {tokenBody(link), []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, protocol.CodeForbidden},
		"another origin": {tokenBody(link), []string{"Origin", "https://evil.example"}, protocol.CodeForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			b := s.browser()
			a := b.do("POST", "/api/link", test.body, test.headers...)
			a.t = t
			a.refused(test.code)
			if len(a.header.Values("Set-Cookie")) != 0 {
				t.Error("a refusal set a cookie")
			}
		})
	}
}

func TestTooManyUnknownLinks(t *testing.T) {
	s := openSite(t, nil)
	_, link := s.signedIn("manager", "jonas").makeRoom(plainRoom)
	b := s.browser()
	for range limitGuesses.Burst {
		b.post("/api/link", `{"token":"nope"}`).refused(protocol.CodeLinkUnknown)
	}
	b.post("/api/link", tokenBody(link)).refused(protocol.CodeTooMany)
	b.key = "guess"
	b.get("/api/v1/rooms/R-00000000").refused(protocol.CodeTooMany)
}

func TestGoodExchangesAreNotLimited(t *testing.T) {
	s := openSite(t, nil)
	_, link := s.signedIn("manager", "jonas").makeRoom(plainRoom)
	for range 2 * limitGuesses.Burst {
		s.seller(link)
	}
}

func TestSignInLinks(t *testing.T) {
	s := openSite(t, nil)
	once, err := NewSignInLink(t.Context(), s.rooms, s.server.cfg.Public, tickets.Ticket{Role: "manager", Subject: "jonas"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	again, err := NewSignInLink(t.Context(), s.rooms, s.server.cfg.Public, tickets.Ticket{Role: "auditor", Subject: "ruth", Scope: ScopeAgain}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	var in struct{ Role, Name, Home string }
	s.browser().post("/api/signin", tokenBody(once)).into(http.StatusOK, &in)
	if in.Role != "manager" || in.Name != "Jonas Weber" || in.Home != "/manager" {
		t.Errorf("signed in as %+v", in)
	}
	s.browser().post("/api/signin", tokenBody(once)).refused(protocol.CodeLinkUnknown)
	for range 2 {
		s.browser().post("/api/signin", tokenBody(again)).into(http.StatusOK, &in)
	}
	if in.Role != "auditor" || in.Home != "/audit" {
		t.Errorf("signed in as %+v", in)
	}
	// A seller's link opens no staff door and the other way round.
	_, seller := s.signedIn("manager", "jonas").makeRoom(plainRoom)
	s.browser().post("/api/signin", tokenBody(seller)).refused(protocol.CodeLinkUnknown)
	s.browser().post("/api/link", tokenBody(again)).refused(protocol.CodeLinkUnknown)
}

func TestSignOut(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	stolen := s.browser()
	u, _ := url.Parse(s.url)
	stolen.client.Jar.SetCookies(u, m.client.Jar.Cookies(u))
	m.post("/api/signout", `{"role":"manager"}`).into(http.StatusOK, nil)
	m.get("/api/manager/me").refused(protocol.CodeUnauthorized)
	stolen.get("/api/manager/me").refused(protocol.CodeUnauthorized)
	m.post("/api/signout", `{"role":"manager"}`).into(http.StatusOK, nil)
	m.post("/api/signout", `{"role":"king"}`).refused(protocol.CodeMalformed)
}

// Behind https every answer says so for a year, refusals and files too.
func TestEveryAnswerKeepsHTTPS(t *testing.T) {
	s := openSite(t, func(c *Config) { c.Public, _ = url.Parse("https://calls.example.org") })
	for _, path := range []string{"/", "/signin", "/j/AAAAAAAAAAAAAAAAAAAAAA", "/api/manager/me", "/api/v1/openapi.json", "/healthz", "/nowhere", "/assets/none.js"} {
		if got := s.browser().get(path).header.Get("Strict-Transport-Security"); got != "max-age=31536000" {
			t.Errorf("%s: Strict-Transport-Security %q", path, got)
		}
	}
}

// No answer leads to the host that a client names.
func TestTheHostOfARequestLeadsNowhere(t *testing.T) {
	s := openSite(t, nil)
	for _, path := range []string{"/", "/manager", "/signin", "/audit", "/operate", "/j/AAAAAAAAAAAAAAAAAAAAAA", "/oidc/start", "/account"} {
		req, err := http.NewRequest(http.MethodGet, s.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "evil.example"
		req.Header.Set("X-Forwarded-Host", "evil.example")
		client := *s.browser().client
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		for name, values := range res.Header {
			if strings.Contains(strings.Join(values, " "), "evil.example") {
				t.Errorf("%s: the header %s has the host of the request", path, name)
			}
		}
		if strings.Contains(string(text), "evil.example") {
			t.Errorf("%s: the page has the host of the request", path)
		}
	}
}

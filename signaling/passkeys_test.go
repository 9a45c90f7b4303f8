package signaling

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"verifycall/access"
	"verifycall/calls/protocol"
	"verifycall/rooms/tickets"
	"verifycall/signin/softkey"
)

// named is a site that people reach by a name, so that it has passkeys.
func named(t *testing.T) *site {
	t.Helper()
	return openSite(t, func(c *Config) {
		public, err := url.Parse("http://localhost:" + c.Public.Port())
		if err != nil {
			t.Fatal(err)
		}
		c.Public = public
	})
}

func (s *site) softkey() *softkey.Key {
	s.t.Helper()
	k, err := softkey.New(s.server.origin(), "localhost")
	if err != nil {
		s.t.Fatal(err)
	}
	return k
}

func (s *site) invitation(account string) string {
	s.t.Helper()
	staff, err := s.rooms.Accounts.Get(s.t.Context(), account)
	if err != nil {
		s.t.Fatal(err)
	}
	link, err := NewInvitation(s.t.Context(), s.rooms, s.server.cfg.Public, staff, time.Hour)
	if err != nil {
		s.t.Fatal(err)
	}
	return link
}

// step is what a page does with a ceremony: do is the key's part.
func (b *browser) step(begin, body string, do func([]byte) ([]byte, error)) ceremonyAnswer {
	b.t.Helper()
	var c ceremony
	b.post(begin, body).into(http.StatusOK, &c)
	answer, err := do(c.Options)
	if err != nil {
		b.t.Fatal(err)
	}
	return ceremonyAnswer{Ceremony: c.Ceremony, Credential: answer}
}

func (b *browser) send(path string, v any) answer {
	b.t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.post(path, string(body))
}

// accept makes a passkey by an invitation.
func (b *browser) accept(link string, k *softkey.Key) answer {
	b.t.Helper()
	made := b.step("/api/passkeys/invited/begin", tokenBody(link), k.Create)
	made.Token, made.Name = link[strings.LastIndex(link, "/")+1:], "Laptop"
	return b.send("/api/passkeys/invited/finish", made)
}

// use signs in with a passkey.
func (b *browser) use(k *softkey.Key) answer {
	b.t.Helper()
	return b.send("/api/passkeys/finish", b.step("/api/passkeys/begin", "{}", k.Use))
}

func TestInvitationAndPasskey(t *testing.T) {
	s := named(t)
	link, k := s.invitation("jonas"), s.softkey()
	b := s.browser()
	for range 2 { // looking at an invitation uses nothing up and signs nobody in
		var seen struct {
			Name    string
			Passkey bool
		}
		a := b.post("/api/signin", tokenBody(link)).into(http.StatusOK, &seen)
		if !seen.Passkey || seen.Name != "Jonas Weber" || len(a.header.Values("Set-Cookie")) != 0 {
			t.Fatalf("%+v with cookies %v", seen, a.header.Values("Set-Cookie"))
		}
	}
	b.get("/api/account").refused(protocol.CodeUnauthorized)
	var home struct{ Home, Role string }
	b.accept(link, k).into(http.StatusOK, &home)
	if home.Home != "/manager" || home.Role != "manager" {
		t.Errorf("welcomed to %+v", home)
	}
	b.get("/api/manager/me").into(http.StatusOK, nil)
	s.browser().post("/api/passkeys/invited/begin", tokenBody(link)).refused(protocol.CodeLinkUnknown)
	s.browser().post("/api/signin", tokenBody(link)).refused(protocol.CodeLinkUnknown)

	b.post("/api/signout", `{"role":"manager"}`).into(http.StatusOK, nil)
	b.get("/api/manager/me").refused(protocol.CodeUnauthorized)
	b.use(k).into(http.StatusOK, &home)
	b.get("/api/manager/me").into(http.StatusOK, nil)
	var a AccountView
	b.get("/api/account").into(http.StatusOK, &a)
	if len(a.Passkeys) != 1 || a.Passkeys[0].Name != "Laptop" || a.Passkeys[0].Used == nil || !a.Makes || len(a.Sessions) != 1 ||
		a.Sessions[0].How != "passkey" || !a.Sessions[0].This {
		t.Errorf("account %+v", a)
	}
	if text := s.log.String(); strings.Contains(text, "Jonas") || strings.Contains(text, "Laptop") {
		t.Errorf("personal values in the log: %s", text)
	}
}

// Of two who answer the same invitation at the same time one gets it, and the
// other's passkey opens nothing.
func TestInvitationRace(t *testing.T) {
	s := named(t)
	link := s.invitation("jonas")
	one, two := s.browser(), s.browser()
	k1, k2 := s.softkey(), s.softkey()
	late := two.step("/api/passkeys/invited/begin", tokenBody(link), k2.Create)
	late.Token, late.Name = link[strings.LastIndex(link, "/")+1:], "Thief"
	one.accept(link, k1).into(http.StatusOK, nil)
	two.send("/api/passkeys/invited/finish", late).refused(protocol.CodeLinkUnknown)
	two.use(k2).refused(protocol.CodeUnauthorized)
	two.get("/api/manager/me").refused(protocol.CodeUnauthorized)
}

func TestInvitationKeepsItsAccount(t *testing.T) {
	s := named(t)
	jonas, ruth := s.invitation("jonas"), s.invitation("ruth")
	b, k := s.browser(), s.softkey()
	made := b.step("/api/passkeys/invited/begin", tokenBody(jonas), k.Create)
	made.Token, made.Name = ruth[strings.LastIndex(ruth, "/")+1:], "Laptop"
	b.send("/api/passkeys/invited/finish", made).refused(protocol.CodeLinkExpired) // begun for another account
	made = b.step("/api/passkeys/invited/begin", tokenBody(jonas), k.Create)
	made.Token = jonas[strings.LastIndex(jonas, "/")+1:]
	for _, name := range []string{"", "  ", "a\nb", strings.Repeat("x", 61)} {
		made.Name = name
		b.send("/api/passkeys/invited/finish", made).refused(protocol.CodeMalformed)
	}
	b.accept(jonas, k).into(http.StatusOK, nil) // what failed used no invitation up
}

func TestPasskeySignInRefusals(t *testing.T) {
	s := named(t)
	k := s.softkey()
	b := s.browser()
	b.accept(s.invitation("jonas"), k).into(http.StatusOK, nil)
	stranger := s.softkey()
	stranger.Handle = []byte("jonas")
	c := s.browser()
	a := c.use(stranger)
	a.refused(protocol.CodeUnauthorized)
	if len(a.header.Values("Set-Cookie")) != 0 {
		t.Error("a refusal set a cookie")
	}
	answer := c.step("/api/passkeys/begin", "{}", k.Use)
	c.send("/api/passkeys/finish", answer).into(http.StatusOK, nil)
	s.browser().send("/api/passkeys/finish", answer).refused(protocol.CodeLinkExpired) // replayed
	answer = c.step("/api/passkeys/begin", "{}", k.Use)
	answer.Ceremony = tickets.NewToken()
	c.send("/api/passkeys/finish", answer).refused(protocol.CodeLinkExpired)
	c.do("POST", "/api/passkeys/finish", "{}", "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example").refused(protocol.CodeForbidden)
	c.post("/api/passkeys/finish", `{"ceremony":"`+strings.Repeat("x", maxAnswer)+`"}`).refused(protocol.CodeTooLarge)
}

func TestAccountPasskeysAndSessions(t *testing.T) {
	s := named(t)
	first, second := s.softkey(), s.softkey()
	b := s.browser()
	b.accept(s.invitation("jonas"), first).into(http.StatusOK, nil)
	add := b.step("/api/account/passkeys/begin", "{}", second.Create)
	add.Name = "Phone"
	var a AccountView
	b.send("/api/account/passkeys", add).into(http.StatusOK, &a)
	if len(a.Passkeys) != 2 {
		t.Fatalf("%d passkeys", len(a.Passkeys))
	}
	c := s.browser()
	c.use(second).into(http.StatusOK, nil)
	a = AccountView{} // what is absent would stay
	b.get("/api/account").into(http.StatusOK, &a)
	if len(a.Sessions) != 2 {
		t.Fatalf("%d sessions, want 2", len(a.Sessions))
	}
	for _, v := range a.Sessions {
		if !v.This {
			b.post("/api/account/sessions/"+v.ID+"/revoke", "{}").into(http.StatusOK, nil)
		}
	}
	c.get("/api/manager/me").refused(protocol.CodeUnauthorized)
	b.get("/api/manager/me").into(http.StatusOK, nil)
	b.post("/api/account/passkeys/"+a.Passkeys[0].ID+"/remove", "{}").into(http.StatusOK, nil)
	c.use(first).refused(protocol.CodeUnauthorized)
	b.post("/api/account/passkeys/"+a.Passkeys[1].ID+"/remove", "{}").refused(protocol.CodeWrongState) // the last one

	// Another account's session and passkey are not there.
	ruth := s.signedIn(access.Auditor, "ruth")
	b.get("/api/account").into(http.StatusOK, &a)
	ruth.post("/api/account/sessions/"+a.Sessions[0].ID+"/revoke", "{}").refused(protocol.CodeNotFound)
	ruth.post("/api/account/passkeys/"+a.Passkeys[0].ID+"/remove", "{}").refused(protocol.CodeNotFound)

	// An open page of yesterday can't get itself a passkey.
	s.server.now = func() time.Time { return time.Now().Add(freshSignIn + time.Minute) }
	b.post("/api/account/passkeys/begin", "{}").refused(protocol.CodeForbidden)
	b.post("/api/account/passkeys/"+a.Passkeys[0].ID+"/remove", "{}").refused(protocol.CodeForbidden)
	b.use(second).into(http.StatusOK, nil)
	b.post("/api/account/passkeys/begin", "{}").into(http.StatusOK, nil)
}

// A browser with sessions of two roles says which account it means.
func TestAccountOfARole(t *testing.T) {
	s := named(t)
	b := s.signedIn(access.Manager, "jonas")
	link, err := NewSignInLink(t.Context(), s.rooms, s.server.cfg.Public, tickets.Ticket{Role: "auditor", Subject: "ruth"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	b.post("/api/signin", tokenBody(link)).into(http.StatusOK, nil)
	var a AccountView
	for role, id := range map[string]string{"manager": "jonas", "auditor": "ruth"} {
		b.get("/api/account?role="+role).into(http.StatusOK, &a)
		if a.ID != id {
			t.Errorf("%s is %s", role, a.ID)
		}
	}
	b.get("/api/account?role=operator").refused(protocol.CodeUnauthorized)
}

func TestNoPasskeysOnAnAddress(t *testing.T) {
	s := openSite(t, nil) // by 127.0.0.1
	var ways struct{ Passkeys bool }
	s.browser().get("/api/signin").into(http.StatusOK, &ways)
	if ways.Passkeys {
		t.Error("passkeys are offered")
	}
	s.browser().post("/api/passkeys/begin", "{}").refused(protocol.CodeWrongState)
}

func TestAgent(t *testing.T) {
	for header, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0": "Edge, Windows",
		"Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0":                                                        "Firefox, Linux",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile Safari/604.1":                  "Safari, iPhone",
		"curl/8": "", "<script>": "",
	} {
		if got := agentOf(header); got != want {
			t.Errorf("%q is %q, want %q", header, got, want)
		}
	}
}

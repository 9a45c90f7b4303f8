package signaling

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"verifycall/calls/protocol"
	"verifycall/signin/openid"
	"verifycall/signin/openid/oidctest"
)

// company is a site whose staff sign in at a real provider.
func company(t *testing.T, env ...string) *site {
	t.Helper()
	var provider *oidctest.Server
	s := openSite(t, func(c *Config) {
		public, err := url.Parse("http://localhost:" + c.Public.Port())
		if err != nil {
			t.Fatal(err)
		}
		c.Public = public
		provider, err = oidctest.Start(t.TempDir(), originOf(public), env...)
		if errors.Is(err, oidctest.ErrMissing) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := provider.Close(); err != nil {
				t.Error(err)
			}
		})
		dir := t.TempDir()
		secret, file := filepath.Join(dir, "secret"), filepath.Join(dir, "oidc.json")
		text, err := json.Marshal(map[string]any{"issuer": provider.Issuer, "client_id": oidctest.ClientID, "client_secret_file": secret, "label": "Example Ltd",
			"claim": "groups", "zone": "Europe/Berlin", "roles": []map[string]string{{"value": "vc-operators", "role": "operator"}, {"value": "vc-managers", "role": "manager"}}})
		if err != nil {
			t.Fatal(err)
		}
		for path, content := range map[string][]byte{secret: []byte(oidctest.Secret), file: text} {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		settings, err := openid.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		c.OpenID = openid.New(settings, originOf(public)+CallbackPath)
	})
	s.url = s.server.origin() // cookies are the name's
	return s
}

// walk follows redirects until one goes where stop says, and gives that address
// without asking for it.
func (b *browser) walk(from string, stop func(*url.URL) bool) *url.URL {
	b.t.Helper()
	var end *url.URL
	stopped := errors.New("stop")
	client := *b.client
	client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if stop(r.URL) {
			end = r.URL
			return stopped
		}
		return nil
	}
	res, err := client.Get(from)
	if err == nil {
		res.Body.Close()
		return res.Request.URL
	}
	if !errors.Is(err, stopped) {
		b.t.Fatal(err)
	}
	return end
}

var loginID = regexp.MustCompile(`name="id" value="([^"]+)"`)

// atProvider begins a sign-in, fills in the provider's form and gives the address
// of the callback, not asked for yet.
func (b *browser) atProvider(user string) *url.URL {
	b.t.Helper()
	page := b.walk(b.url+"/oidc/start", func(*url.URL) bool { return false })
	res, err := b.client.Get(page.String())
	if err != nil {
		b.t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil {
		b.t.Fatal(err)
	}
	id := loginID.FindSubmatch(text)
	if id == nil {
		b.t.Fatalf("no form at %s: %s", page, text)
	}
	client := *b.client
	client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == CallbackPath {
			return http.ErrUseLastResponse
		}
		return nil
	}
	res, err = client.PostForm(page.Scheme+"://"+page.Host+page.Path, url.Values{"username": {user}, "password": {oidctest.Password}, "id": {string(id[1])}})
	if err != nil {
		b.t.Fatal(err)
	}
	res.Body.Close()
	to, err := res.Location()
	if err != nil {
		b.t.Fatalf("status %d: %v", res.StatusCode, err)
	}
	return to
}

// comeBack asks for an address and gives where it leads.
func (b *browser) comeBack(to *url.URL) string {
	b.t.Helper()
	client := *b.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Get(to.String())
	if err != nil {
		b.t.Fatal(err)
	}
	res.Body.Close()
	return res.Header.Get("Location")
}

func TestOpenIDSignsIn(t *testing.T) {
	s := company(t)
	_, entrances := s.keepAccess()
	b := s.browser()
	var ways struct{ OpenID string }
	b.get("/api/signin").into(http.StatusOK, &ways)
	if ways.OpenID != "Example Ltd" {
		t.Errorf("offered as %q", ways.OpenID)
	}
	back := b.atProvider(oidctest.Operator)
	if to := b.comeBack(back); to != "/operate" {
		t.Fatalf("leads to %q: %s", to, s.log)
	}
	var a AccountView
	b.get("/api/account").into(http.StatusOK, &a)
	if a.Name != "Olga Brandt" || a.Role != "operator" || a.Zone != "Europe/Berlin" || !openid.IsAccount(a.ID) || a.Makes || a.Sessions[0].How != "oidc" {
		t.Errorf("account %+v", a)
	}
	b.post("/api/account/passkeys/begin", "{}").refused(protocol.CodeWrongState)

	// The same answer again, in the same browser and in another.
	if to := b.comeBack(back); to != "/signin?failed=late" {
		t.Errorf("a replayed state leads to %q", to)
	}
	if to := s.browser().comeBack(back); to != "/signin?failed=late" {
		t.Errorf("another browser's answer leads to %q", to)
	}

	var out struct{ Next string }
	b.post("/api/signout", `{"role":"operator"}`).into(http.StatusOK, &out)
	b.get("/api/account").refused(protocol.CodeUnauthorized)
	next, err := url.Parse(out.Next)
	if err != nil || next.Path != "/end_session" {
		t.Fatalf("next %q (%v)", out.Next, err)
	}
	if to := b.walk(out.Next, func(u *url.URL) bool { return u.Path == "/signin" }); to.String() != s.url+"/signin" {
		t.Errorf("the provider's logout leads to %s", to)
	}
	role := "role_set system map[account:" + a.ID + " by:oidc role:operator]"
	if text := entrances(); strings.Count(text, role) != 1 || strings.Index(text, role) > strings.Index(text, "signed_in operator:"+a.ID) {
		t.Errorf("the access ledger has %s", text)
	}
	if text := s.log.String(); strings.Contains(text, "Olga") || strings.Contains(text, "id1") {
		t.Errorf("personal values in the log: %s", text)
	}
}

// Where the ID token doesn't say the groups, UserInfo does.
func TestOpenIDByUserInfo(t *testing.T) {
	s := company(t, "USERINFO_ONLY=1")
	b := s.browser()
	if to := b.comeBack(b.atProvider(oidctest.Manager)); to != "/manager" {
		t.Fatalf("leads to %q: %s", to, s.log)
	}
	b.get("/api/manager/me").into(http.StatusOK, nil)
}

func TestOpenIDRefusals(t *testing.T) {
	s := company(t)
	b := s.browser()
	if to := b.comeBack(b.atProvider(oidctest.Nobody)); to != "/signin?failed=no_role" {
		t.Errorf("without a role: %q", to)
	}
	for name, change := range map[string]func(url.Values){
		"another state": func(q url.Values) { q.Set("state", "AAAAAAAAAAAAAAAAAAAAAA") },
		"no state":      func(q url.Values) { q.Del("state") },
		"another code":  func(q url.Values) { q.Set("code", "AAAA") },
		"no code":       func(q url.Values) { q.Del("code") },
		"an error":      func(q url.Values) { q.Set("error", "access_denied") },
		"another iss":   func(q url.Values) { q.Set("iss", "https://evil.example") },
	} {
		b := s.browser()
		back := b.atProvider(oidctest.Operator)
		q := back.Query()
		change(q)
		back.RawQuery = q.Encode()
		if to := b.comeBack(back); !slices.Contains([]string{"/signin?failed=late", "/signin?failed=refused"}, to) {
			t.Errorf("%s leads to %q", name, to)
		}
		b.get("/api/account").refused(protocol.CodeUnauthorized)
	}
	// One person's code in another's browser: state, verifier and nonce are of the browser.
	thief, victim := s.browser(), s.browser()
	stolen, own := thief.atProvider(oidctest.Operator), victim.atProvider(oidctest.Manager)
	q := own.Query()
	q.Set("code", stolen.Query().Get("code"))
	own.RawQuery = q.Encode()
	if to := victim.comeBack(own); to != "/signin?failed=refused" {
		t.Errorf("another's code leads to %q", to)
	}
	if to := s.browser().comeBack(&url.URL{Scheme: "http", Host: s.server.cfg.Public.Host, Path: CallbackPath}); to != "/signin?failed=late" {
		t.Errorf("nothing begun leads to %q", to)
	}
}

package signaling

import (
	"net/http"
	"strings"
	"testing"

	"verifycall/signaling/privacy"
)

// Nobody has to sign in to read what is kept; the language is the one asked for.
func TestPrivacyPage(t *testing.T) {
	s := openSite(t, func(c *Config) {
		c.Privacy = privacy.Facts{Remote: true, Place: "s3.example.org (eu-1)", Recovery: 3, BackupDays: 21}
	})
	b := s.browser()
	a := b.get("/privacy").into(http.StatusOK, nil)
	for _, want := range []string{`<html lang="en">`, "1826 days, about 5 years after the call", "24 hours after its end", "s3.example.org (eu-1)",
		"3 recovery keys", "for 21 days unless", "sends no mails"} {
		if !strings.Contains(string(a.body), want) {
			t.Errorf("no %q in\n%s", want, a.body)
		}
	}
	if csp := a.header.Get("Content-Security-Policy"); csp != policy(s.server.cfg.Public, true) {
		t.Errorf("policy %q", csp)
	}
	if a.header.Get("Vary") != "Accept-Language" || a.header.Get("Set-Cookie") != "" || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
		t.Errorf("headers %v", a.header)
	}
	for _, c := range []struct{ path, accept, want string }{
		{"/privacy", "de-AT,en;q=0.5", "de"}, {"/privacy?lang=es", "de", "es"}, {"/privacy?lang=zh", "", "zh-Hans"}, {"/privacy?lang=tlh", "", "en"},
	} {
		page := b.do("GET", c.path, "", "Accept-Language", c.accept).into(http.StatusOK, nil)
		if !strings.Contains(string(page.body), `<html lang="`+c.want+`">`) {
			t.Errorf("%s for %q is not in %s", c.path, c.accept, c.want)
		}
	}
	style := b.get("/privacy.css").into(http.StatusOK, nil)
	if !strings.HasPrefix(style.header.Get("Content-Type"), "text/css") || len(style.body) == 0 {
		t.Errorf("style %v", style.header)
	}
}

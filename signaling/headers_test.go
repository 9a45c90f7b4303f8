package signaling

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// Every answer of every route, also a refusal, carries the headers.
func TestEveryRouteHasTheHeaders(t *testing.T) {
	st := openStreet(t)
	st.server.guesses.Burst = 1e6 // all come from one address
	for _, pattern := range slices.Sorted(maps.Keys(st.server.doors)) {
		for _, who := range st.visitors {
			method, path := st.request(pattern)
			a := who.do(method, path, map[string]string{"POST": "{}", "PUT": "{}"}[method])
			for header, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
				"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"} {
				if got := a.header.Get(header); got != want {
					t.Errorf("%s as %s: %s %q", pattern, who.name, header, got)
				}
			}
			csp := a.header.Get("Content-Security-Policy")
			for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'"} {
				if !strings.Contains(csp, want) {
					t.Errorf("%s as %s: no %s in %q", pattern, who.name, want, csp)
				}
			}
			if strings.Contains(csp, "unsafe") || strings.Contains(csp, "*") {
				t.Errorf("%s as %s: %q", pattern, who.name, csp)
			}
			typed := strings.Contains(csp, trustedTypes) || strings.Contains(csp, "sandbox")
			if !typed && a.header.Get("Content-Security-Policy-Report-Only") != trustedTypes {
				t.Errorf("%s as %s: no Trusted Types in %q", pattern, who.name, csp)
			}
			if !strings.Contains(a.header.Get("Permissions-Policy"), "geolocation=()") {
				t.Errorf("%s as %s: Permissions-Policy %q", pattern, who.name, a.header.Get("Permissions-Policy"))
			}
			if a.status == http.StatusTooManyRequests && a.header.Get("Retry-After") == "" {
				t.Errorf("%s as %s: 429 without Retry-After", pattern, who.name)
			}
		}
	}
}

func TestPolicyOfASecureSite(t *testing.T) {
	public, _ := url.Parse("https://calls.example.org")
	if csp := policy(public, true); !strings.Contains(csp, "connect-src 'self' wss://calls.example.org;") || strings.Contains(csp, "ws://calls") {
		t.Error(csp)
	}
}

package signaling

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"verifycall/calls/protocol"
)

func TestForwarded(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::/48")}
	for _, c := range []struct {
		from string
		list []string
		want string
	}{
		{"10.1.2.3:5", []string{"203.0.113.9"}, "203.0.113.9"},
		{"[::ffff:10.1.2.3]:5", []string{"203.0.113.9"}, "203.0.113.9"},
		{"10.1.2.3:5", []string{"1.1.1.1, 203.0.113.9, 10.9.9.9"}, "203.0.113.9"}, // the client's own words are before it
		{"10.1.2.3:5", []string{"1.1.1.1", "203.0.113.9"}, "203.0.113.9"},
		{"[2001:db8:1::7]:5", []string{"2001:db8:2:3:4::9"}, "2001:db8:2:3::"}, // of IPv6 the /64
		{"10.1.2.3:5", nil, "10.1.2.3"},
		{"10.1.2.3:5", []string{"unknown"}, "10.1.2.3"},
		{"10.1.2.3:5", []string{"203.0.113.9, evil"}, "10.1.2.3"},
		{"10.1.2.3:5", []string{"203.0.113.9:443"}, "10.1.2.3"},
		{"10.1.2.3:5", []string{"fe80::1%eth0"}, "10.1.2.3"},
		{"10.1.2.3:5", []string{"203.0.113.9" + strings.Repeat(",10.0.0.1", maxHops)}, "10.0.0.1"},
		{"203.0.113.5:5", []string{"1.1.1.1"}, "203.0.113.5"}, // a stranger
		{"not an address", []string{"1.1.1.1"}, "not an address"},
	} {
		var got string
		h := behind(proxies, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = address(r) }))
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr, r.Header["X-Forwarded-For"] = c.from, c.list
		h.ServeHTTP(httptest.NewRecorder(), r)
		if got != c.want {
			t.Errorf("%s with %q is %s, want %s", c.from, c.list, got, c.want)
		}
	}
}

// Guesses are counted by the client behind a trusted proxy; a header of a stranger
// evades no limit.
func TestGuessesBehindAProxy(t *testing.T) {
	guess := func(s *site, client string) answer {
		return s.browser().do("POST", "/api/link", `{"token":"nobodys"}`, "X-Forwarded-For", client)
	}
	shut := func(s *site, client string) bool {
		for range limitGuesses.Burst + 5 {
			if a := guess(s, client); a.status == http.StatusTooManyRequests {
				return true
			}
		}
		return false
	}
	s := openSite(t, func(c *Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	if !shut(s, "203.0.113.1") {
		t.Fatal("a client behind the proxy may guess for ever")
	}
	guess(s, "203.0.113.2").refused(protocol.CodeLinkUnknown)
	guess(s, "198.51.100.7, 203.0.113.1").refused(protocol.CodeTooMany)
	s = openSite(t, nil)
	for i := range limitGuesses.Burst {
		guess(s, netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}).String()).refused(protocol.CodeLinkUnknown)
	}
	if !shut(s, "203.0.113.200") {
		t.Error("a header evades the limit")
	}
}

func FuzzForwarded(f *testing.F) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	peer := netip.MustParseAddr("10.0.0.1")
	for _, text := range []string{"", "203.0.113.9", "1.1.1.1, 203.0.113.9, 10.9.9.9", "::1", ",,,", "fe80::1%eth0", "[::1]:443"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at := clientOf(proxies, peer, []string{text})
		if !at.IsValid() || at.Is4In6() || at.Zone() != "" {
			t.Errorf("%q gives %v", text, at)
		}
		if at != peer && !strings.Contains(text, ".") && !strings.Contains(text, ":") {
			t.Errorf("%q gives %v, which it doesn't name", text, at)
		}
	})
}

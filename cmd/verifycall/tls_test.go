package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func TestWhereTLSEnds(t *testing.T) {
	for args, want := range map[string]string{
		"--tls-cert acme --public-url https://calls.example":                             "",
		"--tls-cert acme:https://ca.example/dir --public-url https://calls.example:8443": "",
		"--tls-cert proxy:10.0.0.0/8,::1 --public-url https://calls.example":             "",
		"--tls-cert acme": "--public-url",
		"--tls-cert acme --public-url http://calls.example":                              "--public-url",
		"--tls-cert acme --public-url https://192.0.2.1":                                 "--public-url",
		"--tls-cert acme --public-url https://localhost":                                 "--public-url",
		"--tls-cert acme:http://ca.example --public-url https://calls.example":           "--tls-cert",
		"--tls-cert acme --tls-key k.pem --public-url https://calls.example":             "--tls-key",
		"--tls-cert proxy: --public-url https://calls.example":                           "names no network",
		"--tls-cert proxy:everybody --public-url https://calls.example":                  "--tls-cert",
		"--tls-cert proxy:0.0.0.0/0 --public-url https://calls.example":                  "everybody",
		"--tls-cert proxy:10.0.0.0/8":                                                    "--public-url",
		"--tls-cert proxy:10.0.0.0/8 --tls-key k.pem --public-url https://calls.example": "--tls-key",
		"--tls-cert cert.pem": "only one of them",
	} {
		c, err := parseSettings(strings.Fields(args), func(string) (string, bool) { return "", false }, io.Discard)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
		if proxied := strings.Contains(args, "proxy:10"); want == "" && (c.encrypted() == proxied || (len(c.proxies()) == 2) != proxied) {
			t.Errorf("%s: encrypted %v, proxies %v", args, c.encrypted(), c.proxies())
		}
	}
}

// Operators' own listener has metrics and profiles; none of them shows what the
// program was started with, and the pages' listener has none (TestEveryDoorWithEveryRole).
func TestProfiles(t *testing.T) {
	n := &node{registry: prometheus.NewRegistry()}
	server := httptest.NewServer(n.opsHandler())
	defer server.Close()
	for path, want := range map[string]int{"/metrics": 200, "/debug/pprof/goroutine": 200, "/debug/pprof/heap": 200, "/debug/pprof/mutex?debug=1": 200,
		"/debug/pprof/profile?seconds=1": 200, "/debug/pprof/cmdline": 404, "/debug/pprof/": 404, "/debug/pprof/trace": 404, "/debug/vars": 404} {
		res, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != want || want == 200 && path != "/metrics" && len(body) == 0 {
			t.Errorf("%s: %s, %d bytes, %v", path, res.Status, len(body), err)
		}
	}
}

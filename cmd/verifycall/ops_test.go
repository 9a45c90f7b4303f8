package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

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

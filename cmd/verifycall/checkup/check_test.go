package checkup

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"verifycall/cmd/verifycall/settings"
	"verifycall/doctor"
)

// A helper's datagrams are strangers' ones: what participants send, or what of theirs
// is dropped, says nothing of the way in from outside.
func TestRefusedCountsStrangers(t *testing.T) {
	taken, strangers := 100, 3
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `# TYPE verifycall_media_packets_received_total counter
verifycall_media_packets_received_total{result="taken"} %d
verifycall_media_packets_received_total{result="strange"} %d
# TYPE verifycall_media_refused_total counter
verifycall_media_refused_total{cause="excess"} %d
verifycall_media_refused_total{cause="stranger"} %d
`, taken, taken, taken, strangers)
	}))
	defer server.Close()
	c := checkup{Settings: settings.Settings{OpsListen: strings.TrimPrefix(server.URL, "http://")}}
	for range 2 {
		if n, err := c.refused(t.Context()); err != nil || n != 3 {
			t.Errorf("%v, %v", n, err)
		}
		taken += 1000
	}
	strangers += 5
	if n, err := c.refused(t.Context()); err != nil || n != 8 {
		t.Errorf("%v, %v", n, err)
	}
}

func TestCheckWarnsWhereNoProxyIsNamed(t *testing.T) {
	for cert, warned := range map[string]bool{"": true, "proxy:127.0.0.1": false} {
		var c checkup
		f := c.Flags()
		if err := f.Parse([]string{"--data", t.TempDir(), "--listen", "127.0.0.1:0", "--media-listen", "127.0.0.1:0", "--ops-listen", "",
			"--public-url", "https://calls.example", "--tls-cert", cert}); err != nil {
			t.Fatal(err)
		}
		c.Complete()
		found := false
		for _, f := range c.findings(t.Context(), c.Settings.Check()) {
			found = found || f.Level == doctor.Warning && strings.Contains(f.Remedy, "proxy:127.0.0.1")
		}
		if found != warned {
			t.Errorf("--tls-cert %q: warned %v", cert, found)
		}
	}
}

package doctor

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"verifycall/bench/robot"
)

// freePort is a port of this machine that nobody has, TCP and UDP.
func freePort(t *testing.T) string {
	t.Helper()
	free, err := robot.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	return free[0]
}

func TestReached(t *testing.T) {
	helper := httptest.NewServer(Helper())
	defer helper.Close()
	d := Doors{Helper: helper.URL, Pages: freePort(t), Media: freePort(t)}
	t.Run("before the server runs", func(t *testing.T) {
		found := Reached(t.Context(), http.DefaultClient, d)
		if len(found) != 3 || Faulty(found) {
			t.Errorf("%+v", found)
		}
	})
	t.Run("another address", func(t *testing.T) {
		d := d
		d.Public = []string{"203.0.113.7"}
		want(t, Reached(t.Context(), http.DefaultClient, d), Warning, "seen from outside as 127.0.0.1")
	})
	t.Run("closed doors of a server that runs", func(t *testing.T) {
		d := d
		d.Refused = func(context.Context) (float64, error) { return 3, nil }
		found := Reached(t.Context(), http.DefaultClient, d)
		want(t, found, Fault, "(pages) can't be reached")
		want(t, found, Fault, "udp")
	})
	t.Run("a server that counts", func(t *testing.T) {
		d := d
		count := 0.0
		d.Refused = func(context.Context) (float64, error) { count += knocks; return count, nil }
		want(t, Reached(t.Context(), http.DefaultClient, d), Fine, "udp")
	})
	t.Run("no helper", func(t *testing.T) {
		d := d
		d.Helper = "http://" + freePort(t)
		want(t, Reached(t.Context(), http.DefaultClient, d), Fault, "helper")
	})
}

// A helper is open to everybody: what it does is bounded, and for who asks alone.
func TestHelperRefuses(t *testing.T) {
	helper := httptest.NewServer(Helper())
	defer helper.Close()
	token := strings.Repeat("0", 32)
	for name, text := range map[string]string{
		"nonsense":   "{",
		"long":       `{"token":"` + strings.Repeat("0", 2000) + `"}`,
		"no token":   `{"tcp":[80]}`,
		"no port":    `{"tcp":[0],"token":"` + token + `"}`,
		"high port":  `{"udp":[65536],"token":"` + token + `"}`,
		"many ports": `{"tcp":[1,2,3,4,5],"token":"` + token + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			res, err := http.Post(helper.URL+"/knock", "application/json", strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if body, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusBadRequest {
				t.Errorf("%s: %s", res.Status, body)
			}
		})
	}
}

func FuzzQuestion(f *testing.F) {
	f.Add(`{"tcp":[443,7000],"udp":[7000],"token":"00000000000000000000000000000000"}`)
	f.Add(`{"tcp":[99999999999999999999]}`)
	f.Fuzz(func(t *testing.T, text string) {
		q, err := readQuestion(strings.NewReader(text))
		if err == nil && (len(q.TCP)+len(q.UDP) > maxPorts || len(q.Token) != 32) {
			t.Errorf("accepted: %+v", q)
		}
	})
}

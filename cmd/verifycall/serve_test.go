package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"verifycall/bench/robot"
	"verifycall/web"
)

// demo is a server that runs in this process.
type demo struct {
	t      *testing.T
	base   string
	lines  map[string]string
	client *http.Client
	ended  chan error   // gets serve's answer
	stop   func() error // asks it to end and gives serve's answer
}

const demoLines = 6 // manager, auditor, operator, seller, apikey, mail

func startDemo(t *testing.T, dir string, args ...string) *demo {
	t.Helper()
	if len(args) == 0 {
		args = []string{"--demo", "--listen", "127.0.0.1:0"}
	}
	d, out := launch(t, dir, args...)
	scanner := bufio.NewScanner(out)
	for len(d.lines) < demoLines && scanner.Scan() {
		name, value, found := strings.Cut(scanner.Text(), " ")
		if !found {
			t.Errorf("line %q", scanner.Text())
		}
		d.lines[name] = value
	}
	if len(d.lines) < demoLines {
		t.Fatalf("printed %v, ended with %v", d.lines, d.stop())
	}
	d.base, _, _ = strings.Cut(d.lines["manager"], "/in/")
	return d
}

// startServer starts one without a demo, which prints nothing.
func startServer(t *testing.T, dir string) *demo {
	t.Helper()
	address := freeAddress(t)
	d, _ := launch(t, dir, "--listen", address)
	d.base = "http://" + address
	for { // ends with the test's time
		res, err := d.client.Get(d.base + "/healthz")
		if err == nil {
			res.Body.Close()
			return d
		}
		select {
		case err := <-d.ended:
			t.Fatalf("ended with %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// freeAddress is one that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	free, err := robot.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	return free[0]
}

// launch serves with these flags, on free ports. It gives what serve prints.
func launch(t *testing.T, dir string, args ...string) (*demo, io.Reader) {
	t.Helper()
	return launchLogged(t, slog.New(slog.DiscardHandler), dir, args...)
}

func launchLogged(t *testing.T, log *slog.Logger, dir string, args ...string) (*demo, io.Reader) {
	t.Helper()
	c, err := readSettings(append([]string{"--media-listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0",
		"--data", filepath.Join(dir, "data")}, args...), noEnv, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	d := &demo{t: t, lines: map[string]string{}, client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		ended: make(chan error, 1)}
	d.stop = func() error { cancel(); return <-d.ended }
	go func() {
		err := serve(ctx, c, log, in)
		in.CloseWithError(io.EOF)
		d.ended <- err
	}()
	return d, out
}

// make asks for a room by an API key.
func (d *demo) make(key, room string) int {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), "POST", d.base+"/api/v1/rooms", strings.NewReader(room))
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+key)
	res, err := d.client.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

func (d *demo) post(path, link string) int {
	d.t.Helper()
	res, err := d.client.Post(d.base+path, "application/json", strings.NewReader(`{"token":"`+link[strings.LastIndex(link, "/")+1:]+`"}`))
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

func TestDemoIsTakenUpAgain(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir := t.TempDir()
	first := startDemo(t, dir)
	for path, name := range map[string]string{"/api/link": "seller", "/api/signin": "manager"} {
		if status := first.post(path, first.lines[name]); status != http.StatusOK {
			t.Errorf("%s link: status %d", name, status)
		}
	}
	if status := first.post("/api/signin", first.lines["auditor"]); status != http.StatusOK {
		t.Errorf("auditor link: status %d", status)
	}
	room := roomsOf(t, first)
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	second := startDemo(t, dir)
	if again := roomsOf(t, second); again != room || !strings.Contains(room, "Anna Maria Eriksson") {
		t.Errorf("made room %s, after a restart %s", room, again)
	}
	for _, link := range []string{first.lines["seller"], second.lines["seller"]} {
		if status := second.post("/api/link", link); status != http.StatusOK {
			t.Errorf("seller link %s: status %d", link, status)
		}
	}
	if err := second.stop(); err != nil {
		t.Fatal(err)
	}
}

// roomsOf gives the demo manager's list of rooms.
func roomsOf(t *testing.T, d *demo) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	d.client.Jar = jar
	defer func() { d.client.Jar = nil }()
	d.post("/api/signin", d.lines["manager"])
	res, err := d.client.Get(d.base + "/api/manager/rooms")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var list struct {
		Rooms []struct{ ID, SellerName string }
	}
	if err := json.NewDecoder(res.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(list.Rooms)
}

func TestEveryPageIsBuilt(t *testing.T) {
	for _, page := range []string{"index", "seller", "signin", "manager", "audit"} {
		html, err := fs.ReadFile(web.Files, "dist/"+page+".html")
		if err != nil {
			t.Error(err)
			continue
		}
		if strings.Contains(string(html), "<script>") || strings.Contains(string(html), "style=") {
			t.Errorf("%s.html holds what the content policy forbids", page)
		}
	}
}

// TestShutdownCutsALongAnswer: a download that doesn't end can't hold up or
// spoil the end of the server.
func TestShutdownCutsALongAnswer(t *testing.T) {
	began, cut := make(chan struct{}), make(chan struct{})
	s := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(began)
		<-r.Context().Done()
		close(cut)
	})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l) // gives http.ErrServerClosed
	go http.Get("http://" + l.Addr().String())
	<-began
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := shutdown(ctx, s); err != nil {
		t.Error(err)
	}
	<-cut
}

func noEnv(string) (string, bool) { return "", false }

//go:build fault

package deploy

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"verifycall/bench/robot"
	"verifycall/calls/protocol"
	"verifycall/test/certtest"
)

// certificate writes one for the loopback address into dir.
func certificate(t *testing.T, dir string) (certFile, keyFile string, trust *tls.Config) {
	t.Helper()
	made, err := certtest.Make(time.Now().Add(time.Hour), "127.0.0.1")
	must(t, err)
	certFile, keyFile = filepath.Join(dir, "fullchain.pem"), filepath.Join(dir, "privkey.pem")
	must(t, made.Write(certFile, keyFile))
	return certFile, keyFile, made.Trust()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// build builds the program into a file.
func build(t *testing.T, program string, env ...string) {
	t.Helper()
	compile := exec.Command("go", "build", "-trimpath", "-o", program, "./cmd/verifycall")
	compile.Dir, compile.Env = "../..", append(os.Environ(), env...)
	if text, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, text)
	}
}

// free gives addresses of the loopback interface that nobody listens on.
func free(t *testing.T, n int) []string {
	t.Helper()
	all, err := robot.FreePorts(n)
	must(t, err)
	return all
}

// edited is a file of deploy/ with what a deployment edits in it; each must be there.
func edited(t *testing.T, name string, pairs ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../deploy", name))
	must(t, err)
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(string(text), pairs[i]) {
			t.Fatalf("%s has no %q", name, pairs[i])
		}
		text = []byte(strings.ReplaceAll(string(text), pairs[i], pairs[i+1]))
	}
	return string(text)
}

// nginx runs the example before a server.
func nginx(t *testing.T, dir, listen, server string) *tls.Config {
	cert, key, trust := certificate(t, dir)
	other := free(t, 1)[0]
	conf := edited(t, "nginx.conf", "server 127.0.0.1:8080;", "server "+server+";",
		"listen 443 ssl;", "listen "+listen+" ssl;", "    listen [::]:443 ssl;\n", "", "listen 80;", "listen "+other+";", "    listen [::]:80;\n", "",
		"/etc/ssl/calls.example/fullchain.pem", cert, "/etc/ssl/calls.example/privkey.pem", key,
		"/var/log/nginx/verifycall.log", filepath.Join(dir, "access.log"), "/var/log/nginx/verifycall-errors.log", filepath.Join(dir, "errors.log"))
	main := filepath.Join(dir, "nginx.conf")
	must(t, os.WriteFile(main, []byte("daemon off; pid "+dir+"/pid; error_log stderr; worker_processes 1;\nevents {}\nhttp {\n"+
		"client_body_temp_path "+dir+"/body; proxy_temp_path "+dir+"/proxy; fastcgi_temp_path "+dir+"/fastcgi; uwsgi_temp_path "+dir+"/uwsgi; scgi_temp_path "+dir+"/scgi;\n"+
		conf+"}\n"), 0o600))
	start(t, dir, "nginx", "-e", "stderr", "-c", main)
	return trust
}

// caddy runs the example before a server, with a certificate of the test's.
func caddy(t *testing.T, dir, listen, server string) *tls.Config {
	cert, key, trust := certificate(t, dir)
	conf := edited(t, "Caddyfile", "calls.example {", "https://"+listen+" {\n\ttls "+cert+" "+key, "127.0.0.1:8080", server)
	file := filepath.Join(dir, "Caddyfile")
	must(t, os.WriteFile(file, []byte("{\n\tadmin off\n\tauto_https disable_redirects\n}\n"+conf), 0o600))
	start(t, dir, "caddy", "run", "--adapter", "caddyfile", "--config", file)
	return trust
}

// start runs a program until the test ends; one that isn't installed skips it.
func start(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skip(name + " is not installed")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	must(t, cmd.Start())
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // ended by us
		if t.Failed() {
			t.Log(said.String())
		}
	})
}

// TestProxies: sign-in, WebSocket, call, an upload and the reading of a record, through
// each example, which says who comes.
func TestProxies(t *testing.T) {
	program := filepath.Join(t.TempDir(), "verifycall")
	build(t, program)
	for name, proxy := range map[string]func(t *testing.T, dir, listen, server string) *tls.Config{"nginx": nginx, "caddy": caddy} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			at, dir := free(t, 4), t.TempDir()
			trust := proxy(t, dir, at[0], at[1])
			s, err := robot.Start(ctx, robot.Run{Program: program, Dir: dir, Listen: at[1:], URL: "https://" + at[0],
				Place: robot.Place{TLS: trust}, Args: []string{"--public-url", "https://" + at[0], "--tls-cert", "proxy:127.0.0.1"}})
			must(t, err)
			t.Cleanup(s.Kill)
			hold(ctx, t, s)
			apart(ctx, t, s, trust)
			upload(ctx, t, s, trust)
			plain(t, at[1])
			drained(ctx, t, s, trust)
			if log, err := os.ReadFile(filepath.Join(dir, "access.log")); err == nil && (len(log) == 0 || strings.Contains(string(log), "/j/")) {
				t.Errorf("the proxy's log: %s", log)
			}
		})
	}
}

// apart locks out one address by links that aren't there, and comes by another.
func apart(ctx context.Context, t *testing.T, s *robot.Server, trust *tls.Config) {
	t.Helper()
	room, err := s.NewRoom(ctx)
	must(t, err)
	good := room.SellerLink[strings.LastIndexByte(room.SellerLink, '/')+1:]
	try := func(from, token string) int {
		t.Helper()
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		client := http.Client{Transport: &http.Transport{DialContext: d.DialContext, TLSClientConfig: trust, DisableKeepAlives: true}}
		return post(ctx, t, &client, s, "/api/link", map[string]string{"token": token})
	}
	status := 0
	for n := 0; n < 60 && status != http.StatusTooManyRequests; n++ {
		status = try("127.0.0.2", strings.Repeat("A", len(good)))
	}
	if status != http.StatusTooManyRequests {
		t.Errorf("links that aren't there: %d", status)
	}
	if status := try("127.0.0.3", good); status != http.StatusOK {
		t.Errorf("a good link by another address: %d", status)
	}
}

// upload makes a room with a document of some megabytes.
func upload(ctx context.Context, t *testing.T, s *robot.Server, trust *tls.Config) {
	t.Helper()
	noise := image.NewRGBA(image.Rect(0, 0, 1000, 1000))
	random := rand.NewChaCha8([32]byte{})
	_, _ = random.Read(noise.Pix) // never fails
	for i := 3; i < len(noise.Pix); i += 4 {
		noise.Pix[i] = 255
	}
	var picture bytes.Buffer
	must(t, png.Encode(&picture, noise))
	client := http.Client{Transport: &http.Transport{TLSClientConfig: trust, DisableKeepAlives: true}}
	status := post(ctx, t, &client, s, "/api/v1/rooms", map[string]any{"seller": map[string]string{"name": "Anna"}, "language": "en", "zone": "UTC", "test": true,
		"application": map[string]string{}, "documents": []map[string]any{{"kind": "id_front", "data": picture.Bytes()}}})
	if status != http.StatusCreated {
		t.Errorf("a room with a document of %d bytes: %d", picture.Len(), status)
	}
}

// drained has the server drain: its calls go on, so the proxy has to go on too, also
// when it has looked at the server's health twice.
func drained(ctx context.Context, t *testing.T, s *robot.Server, trust *tls.Config) {
	t.Helper()
	must(t, s.Drain(ctx))
	client := http.Client{Transport: &http.Transport{TLSClientConfig: trust, DisableKeepAlives: true}}
	for range 10 {
		time.Sleep(500 * time.Millisecond)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/healthz", nil)
		must(t, err)
		res, err := client.Do(req)
		must(t, err)
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Fatalf("while it drains: %s", res.Status)
		}
	}
}

func post(ctx context.Context, t *testing.T, client *http.Client, s *robot.Server, path string, body any) (status int) {
	t.Helper()
	text, err := json.Marshal(body)
	must(t, err)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+path, bytes.NewReader(text))
	must(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", s.URL)
	req.Header.Set("Authorization", "Bearer "+s.Key)
	res, err := client.Do(req)
	must(t, err)
	defer res.Body.Close()
	return res.StatusCode
}

// hold has two robots hold a call to its end.
func hold(ctx context.Context, t *testing.T, s *robot.Server) {
	t.Helper()
	film, err := robot.OpenFilm("../../bench/testdata/card.ivf")
	must(t, err)
	call, err := s.Wait(ctx, film)
	must(t, err)
	must(t, call.Admit(ctx))
	for who, r := range map[string]*robot.Robot{"seller": call.S, "manager": call.M} {
		select {
		case <-r.FirstFrame():
		case <-ctx.Done():
			t.Fatalf("no picture reached the %s", who)
		}
	}
	_, err = call.S.Wait(ctx, func(s *protocol.State) bool { return s.Recording }) // it begins beside the call
	must(t, err)
	must(t, call.M.Do(ctx, &protocol.Capture{Slot: protocol.SlotFace}))
	must(t, call.Finish(ctx))
	body, err := s.Get(ctx, "/api/v1/rooms/"+call.Room.ID+"/ledger")
	must(t, err)
	text, err := io.ReadAll(body)
	must(t, err)
	must(t, body.Close())
	if !strings.Contains(string(text), `"capture"`) {
		t.Errorf("the ledger read through the proxy tells of no capture: %.300s", text)
	}
}

// plain asks the server without the proxy, as its health check does.
func plain(t *testing.T, address string) {
	t.Helper()
	res, err := http.Get("http://" + address + "/readyz")
	must(t, err)
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("/readyz: %s", res.Status)
	}
}

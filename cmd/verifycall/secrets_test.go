package main

import (
	"bufio"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// lockedText is a log that is read while it is written.
type lockedText struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (l *lockedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Nothing that lets somebody in, and nobody's name, stands in the log at its most
// talkative, in answers that refuse, in the metrics or in the profiles.
func TestNothingSecretIsShown(t *testing.T) {
	dir, ops := t.TempDir(), freeAddress(t)
	log := &lockedText{}
	pages := freeAddress(t)
	d, out := launchLogged(t, slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})), dir, "--demo", "--listen", pages, "--ops-listen", ops)
	d.base = "http://" + pages
	lines := map[string]string{}
	for scanner := bufio.NewScanner(out); len(lines) < demoLines && scanner.Scan(); {
		name, value, _ := strings.Cut(scanner.Text(), " ")
		lines[name] = value
	}
	fetch := func(at string) string {
		t.Helper()
		res, err := d.client.Get(at)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	secrets := map[string]string{"guess": "aGuessedToken4711", "bearer": "aGuessedKey4711", "name": "Eriksson", "mail": "anna@example.org", "birth date": "1974-08-12"}
	for _, name := range []string{"manager", "auditor", "operator", "seller", "apikey"} {
		secrets[name] = lines[name][strings.LastIndexByte(lines[name], '/')+1:]
	}
	for _, name := range []string{"verifycall.key", "verifycall.agekey"} {
		text, err := os.ReadFile(filepath.Join(dir, "data", "keys", name))
		if err != nil {
			t.Fatal(err)
		}
		all := strings.Fields(string(text))
		secrets[name] = all[len(all)-1]
	}
	var refusals strings.Builder
	ask := func(jar http.CookieJar, method, path, body, key string) {
		t.Helper()
		req, err := http.NewRequest(method, d.base+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		if key != "" {
			req.Header.Set("Authorization", "Bearer "+key)
		}
		res, err := (&http.Client{Jar: jar, Transport: d.client.Transport}).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode >= 400 {
			refusals.Write(text)
		}
	}
	at, _ := url.Parse(d.base)
	for name, exchange := range map[string]string{"manager": "/api/signin", "auditor": "/api/signin", "operator": "/api/signin", "seller": "/api/link"} {
		jar, _ := cookiejar.New(nil)
		ask(jar, "POST", exchange, `{"token":"`+secrets[name]+`"}`, "")
		for _, c := range jar.Cookies(at) {
			secrets["session of "+name] = c.Value
		}
		for _, path := range []string{"/api/manager/rooms", "/api/manager/me", "/api/audit/rooms", "/operate/access", "/operate/access/log", "/api/seller/documents", "/nowhere/" + secrets[name]} {
			ask(jar, "GET", path, "", "")
		}
		ask(jar, "POST", exchange, `{"token":"`+secrets["guess"]+`"}`, "")
		ask(jar, "POST", exchange, `{"token":"`+secrets[name]+`",`, "")
	}
	ask(nil, "GET", "/j/"+secrets["guess"], "", "")
	ask(nil, "GET", "/api/v1/rooms/R-00000000", "", secrets["apikey"])
	ask(nil, "GET", "/api/v1/rooms/"+secrets["guess"], "", secrets["bearer"])
	ask(nil, "POST", "/api/v1/rooms", `{"seller":{"name":"Eriksson","mail":"anna@example.org"},"application":{"birth_date":"1974-08-12"},"test":1}`, secrets["apikey"])
	shown := map[string]string{"refusals": refusals.String(), "metrics": fetch("http://" + ops + "/metrics"),
		"goroutines": fetch("http://" + ops + "/debug/pprof/goroutine?debug=2"), "heap": fetch("http://" + ops + "/debug/pprof/heap?debug=1")}
	if err := d.stop(); err != nil {
		t.Error(err)
	}
	shown["log"] = log.String()
	if len(secrets) < 15 {
		t.Fatalf("only %d secrets are known", len(secrets))
	}
	for where, text := range shown {
		if len(text) < 200 {
			t.Errorf("%s: only %q", where, text)
		}
		for name, secret := range secrets {
			if len(secret) < 5 {
				t.Fatalf("%s is %q", name, secret)
			}
			if strings.Contains(text, secret) {
				t.Errorf("%s stands in the %s", name, where)
			}
		}
	}
	lastLine := strings.TrimSpace(shown["log"][strings.LastIndexByte(strings.TrimSpace(shown["log"]), '\n')+1:])
	if !json.Valid([]byte(lastLine)) {
		t.Errorf("the log's last line is %q", lastLine)
	}
}

func TestKeysThatOthersCanReadAreRefused(t *testing.T) {
	dir := t.TempDir()
	if code := run([]string{"keys", "list", "--data", dir}, io.Discard, io.Discard); code != 0 {
		t.Fatalf("code %d", code)
	}
	for _, name := range []string{"verifycall.key", "verifycall.agekey"} {
		file := filepath.Join(dir, "keys", name)
		if err := os.Chmod(file, 0o640); err != nil {
			t.Fatal(err)
		}
		var errOut strings.Builder
		if code := run([]string{"keys", "list", "--data", dir}, io.Discard, &errOut); code != 1 || !strings.Contains(errOut.String(), "chmod 600") {
			t.Errorf("%s with mode 0640: code %d, %s", name, code, errOut.String())
		}
		if err := os.Chmod(file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

package doctor

import (
	"bytes"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"verifycall/recorder/evidence/objects"
	"verifycall/rooms/db"
	"verifycall/test/certtest"
)

// want compares the worst level of some findings.
func want(t *testing.T, found []Finding, level Level, says string) {
	t.Helper()
	for _, f := range found {
		if f.Level == level && strings.Contains(f.Says, says) {
			if (level == Warning || level == Fault) && f.Remedy == "" {
				t.Errorf("%q says not what to do", f.Says)
			}
			return
		}
	}
	t.Errorf("no %s that says %q in %+v", level, says, found)
}

func TestPorts(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	used := Port{"pages", "tcp", l.Addr().String()}
	want(t, Ports(t.Context(), false, used), Fault, "used by another program")
	want(t, Ports(t.Context(), true, used), Fine, "the server runs")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	want(t, Ports(t.Context(), false, used), Fine, "is free")
	want(t, Ports(t.Context(), true, used), Fault, "although the server runs")
	want(t, Ports(t.Context(), false, Port{"media", "udp", "127.0.0.1:0"}), Fine, "udp")
	want(t, Ports(t.Context(), false, Port{"media", "udp", "203.0.113.7:0"}), Fault, "isn't on this machine")
}

// pair writes a certificate for seller.example with its key.
func pair(t *testing.T, until time.Time) (cert, key string, roots *x509.CertPool) {
	t.Helper()
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	made, err := certtest.Make(until, "seller.example")
	if err == nil {
		err = made.Write(cert, key)
	}
	if err != nil {
		t.Fatal(err)
	}
	return cert, key, made.Roots()
}

func TestCertificate(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	cert, key, roots := pair(t, now.Add(100*24*time.Hour))
	for _, c := range []struct {
		name, host string
		roots      *x509.CertPool
		now        time.Time
		level      Level
		says       string
	}{
		{"good", "seller.example", roots, now, Fine, "until 2027-03-04"},
		{"soon", "seller.example", roots, now.Add(90 * 24 * time.Hour), Warning, "ends on 2027-03-04"},
		{"ended", "seller.example", roots, now.Add(101 * 24 * time.Hour), Fault, "ended on 2027-03-04"},
		{"other name", "buyer.example", roots, now, Fault, "isn't for buyer.example"},
		{"unknown issuer", "seller.example", x509.NewCertPool(), now, Warning, "doesn't trust"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want(t, []Finding{Certificate(cert, key, c.host, c.roots, c.now)}, c.level, c.says)
		})
	}
	want(t, []Finding{Certificate(cert, cert, "seller.example", roots, now)}, Fault, "key")
	want(t, []Finding{Certificate("", "", "seller.example", roots, now)}, Warning, "without TLS")
}

func TestRedis(t *testing.T) {
	good := db.Server{Address: "10.0.0.1:6379", Version: "7.0.15", AppendOnly: true, Sync: "always", Eviction: "noeviction"}
	for _, c := range []struct {
		name   string
		change func(*db.Server)
		level  Level
		says   string
	}{
		{"good", func(*db.Server) {}, Fine, "7.0.15"},
		{"old", func(s *db.Server) { s.Version = "6.0.16" }, Fault, "version"},
		{"oldest", func(s *db.Server) { s.Version = "6.2.0" }, Fine, "6.2.0"},
		{"two digits", func(s *db.Server) { s.Version = "6.10" }, Fine, "6.10"},
		{"none", func(s *db.Server) { s.Version = "" }, Fault, "version"},
		{"forgets", func(s *db.Server) { s.AppendOnly = false }, Fault, "keeps nothing"},
		{"each second", func(s *db.Server) { s.Sync = "everysec" }, Warning, "power cut"},
		{"evicts", func(s *db.Server) { s.Eviction = "allkeys-lru" }, Fault, "evicts"},
		{"far", func(s *db.Server) { s.RoundTrip = 200 * time.Millisecond }, Warning, "200 ms"},
		{"other time", func(s *db.Server) { s.Offset = -90 * time.Second }, Fault, "1m30s apart"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := good
			c.change(&s)
			found := judge(s)
			want(t, found, c.level, c.says)
			if Faulty(found) != (c.level == Fault) {
				t.Errorf("faulty: %v", found)
			}
		})
	}
	url := "redis://:hunter2@127.0.0.1:1/0"
	found := Redis(t.Context(), url)
	want(t, found, Fault, "redis")
	if strings.Contains(found[0].Says, "hunter2") {
		t.Errorf("the password is told: %v", found)
	}
}

func TestStore(t *testing.T) {
	dir := t.TempDir()
	s, err := objects.OpenFS(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	want(t, Store(t.Context(), s, dir), Fine, "written, read back and deleted")
	want(t, Store(t.Context(), s, dir), Warning, "aren't locked")
	want(t, Store(t.Context(), s, dir), Fine, "within two seconds of the store's")
	at := time.Now()
	for written, level := range map[time.Time]Level{at.Add(-time.Second): Fine, at.Add(2 * time.Second): Fine, at.Add(-time.Minute): Fault, at.Add(time.Hour): Fault} {
		if f := storeClock(at, at.Add(time.Second), written); f.Level != level {
			t.Errorf("%v after: %v", written.Sub(at), f)
		}
	}
	if names, err := s.List(t.Context(), ""); err != nil || len(names) != 0 {
		t.Errorf("left over: %v, %v", names, err)
	}
	if _, err := s.Put(t.Context(), "check/x", strings.NewReader("other")); err != nil {
		t.Fatal(err)
	}
	if err := readBack(t.Context(), s, "check/x", []byte("these")); err == nil {
		t.Error("other bytes than were written are accepted")
	}
	want(t, []Finding{Space("space", filepath.Join(dir, "none"))}, Fault, "none")
}

func TestSecrets(t *testing.T) {
	dir := t.TempDir()
	private, shared, open := filepath.Join(dir, "private"), filepath.Join(dir, "shared"), filepath.Join(dir, "open")
	if err := errors.Join(os.WriteFile(private, []byte("x"), 0o600), os.WriteFile(shared, []byte("x"), 0o640), os.WriteFile(open, []byte("x"), 0o644)); err != nil {
		t.Fatal(err)
	}
	want(t, Secrets(Secret{"a", private, false}), Fine, "private")
	want(t, Secrets(Secret{"a", open, false}), Fault, "read by others (0644)")
	want(t, Secrets(Secret{"a", shared, false}), Fine, "is there") // as serve takes it
	want(t, Secrets(Secret{"a", shared, true}), Fault, "read by others (0640)")
	want(t, Secrets(Secret{"a", filepath.Join(dir, "none"), false}), Fault, "none")
	want(t, Secrets(Secret{"a", filepath.Join(dir, "none"), true}), Fine, "first start")
}

func TestPublished(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/keys.json" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(`{"keys":[{"id":"0123456789ABCDEF"}]}`))
	}))
	defer server.Close()
	end := server.Certificate().NotAfter
	asked := func(path, id string, now time.Time) []Finding {
		return Published(t.Context(), server.Client(), server.URL+path, id, now)
	}
	good := asked("/keys.json", "0123456789ABCDEF", end.Add(-soon))
	want(t, good, Fine, "0123456789ABCDEF")
	if len(good) != 1 {
		t.Errorf("%+v", good)
	}
	want(t, asked("/keys.json", "0123456789ABCDEF", end.Add(-soon+time.Second)), Warning, "ends on "+end.UTC().Format(time.DateOnly))
	want(t, asked("/keys.json", "0000000000000000", end), Fault, "doesn't name")
	want(t, asked("/other", "0123456789ABCDEF", end), Fault, "404")
}

func TestMail(t *testing.T) {
	want(t, []Finding{Mail(t.Context(), "")}, Warning, "no mails are sent")
	found := []Finding{Mail(t.Context(), "smtp+plain://user:hunter2@127.0.0.1:1")}
	want(t, found, Fault, "")
	if strings.Contains(found[0].Says, "hunter2") {
		t.Errorf("the password is told: %v", found)
	}
}

func TestPrint(t *testing.T) {
	var text, raw bytes.Buffer
	all := []Finding{fine("a", "is %d", 1), fault("b", "do that", "isn't"), NotAsked("c", "no time")}
	if err := errors.Join(Print(&text, all), PrintJSON(&raw, all)); err != nil {
		t.Fatal(err)
	}
	if got, want := text.String(), "✓ a            is 1\n✗ b            isn't → do that\n– c            no time\n"; got != want {
		t.Errorf("%q instead of %q", got, want)
	}
	if got, want := raw.String(), `[{"check":"a","level":"fine","says":"is 1"},{"check":"b","level":"fault","says":"isn't","remedy":"do that"},{"check":"c","level":"skipped","says":"no time"}]`+"\n"; got != want {
		t.Errorf("%s instead of %s", got, want)
	}
}

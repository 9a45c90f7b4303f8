package signaling

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"verifycall/access"
	"verifycall/calls"
	"verifycall/calls/protocol"
	"verifycall/media"
	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
	"verifycall/rooms/plan"
	"verifycall/rooms/staff"
	"verifycall/rooms/tickets"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is the whole edge on a port of the loopback interface, with a store, a
// House and an evidence store of its own.
type site struct {
	t        *testing.T
	url      string
	server   *Server
	rooms    *rooms.Store
	house    *calls.House
	evidence *objects.FS
	vault    *vault.Vault
	log      *bytes.Buffer // only to be read after the requests
}

var testPages = fstest.MapFS{
	"index.html":      {Data: []byte("<!doctype html>landing")},
	"seller.html":     {Data: []byte("<!doctype html>seller")},
	"signin.html":     {Data: []byte("<!doctype html>signin")},
	"manager.html":    {Data: []byte("<!doctype html>manager")},
	"audit.html":      {Data: []byte("<!doctype html>audit")},
	"assets/app-1.js": {Data: []byte("export {}")},
}

func openSite(t *testing.T, change func(*Config)) *site {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	s := &site{t: t, log: &bytes.Buffer{}}
	log := slog.New(slog.NewTextHandler(s.log, nil))
	var err error
	s.evidence, err = objects.OpenFS(t.TempDir())
	must(err)
	s.vault, err = vault.Open(s.evidence, t.TempDir())
	must(err)
	keys, err := evidence.LoadOrCreateKeys(t.TempDir())
	must(err)
	s.rooms, err = rooms.Open(t.Context(), rooms.Options{Dir: t.TempDir(), Keys: s.vault, Signer: keys, Mirror: evidence.Mirror{Store: s.evidence}})
	must(err)
	node, err := media.NewNode(media.Config{Listen: "127.0.0.1:0"})
	must(err)
	web := httptest.NewUnstartedServer(nil)
	s.url = "http://" + web.Listener.Addr().String()
	public, err := url.Parse(s.url)
	must(err)
	cfg := Config{Rooms: s.rooms, Evidence: s.vault, Keys: keys, Pages: testPages, Public: public, Log: log,
		Metrics: NewMetrics(prometheus.NewRegistry())}
	if change != nil {
		change(&cfg)
	}
	s.house = calls.NewHouse(calls.Config{Rooms: s.rooms, Media: node, Evidence: s.vault, Keys: cfg.Keys, Scratch: t.TempDir(),
		Plans: plansWith(t, 0), Log: slog.New(slog.DiscardHandler)})
	cfg.House = s.house
	s.server, err = New(cfg)
	must(err)
	web.Config.Handler, err = s.server.Handler()
	must(err)
	web.Start()
	for _, account := range []staff.Account{
		{ID: "jonas", Name: "Jonas Weber", Role: "manager", Zone: "Europe/Berlin"},
		{ID: "sabine", Name: "Sabine Kowal", Role: "manager", Zone: "Europe/Berlin"},
		{ID: "ruth", Name: "Ruth Adler", Role: "auditor", Zone: "Europe/Berlin"},
		{ID: "olga", Name: "Olga Brandt", Role: "operator", Zone: "Europe/Berlin"},
	} {
		must(s.rooms.Accounts.Put(t.Context(), "system", account))
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		s.server.Drain()
		for _, err := range []error{s.house.Close(ctx), s.server.Close(ctx)} {
			if err != nil {
				t.Error(err)
			}
		}
		web.Close()
		for _, c := range []io.Closer{node, s.rooms, s.evidence} {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return s
}

// plansWith are the rule sets with another share of rooms (‰) that is drawn for
// review by lot: chance has no place in the other tests.
func plansWith(t *testing.T, share int) *plan.Library {
	t.Helper()
	files, data := fstest.MapFS{}, os.DirFS("../rooms/plan/data")
	err := fs.WalkDir(data, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(data, name)
		files[name] = &fstest.MapFile{Data: shareOf.ReplaceAll(text, fmt.Appendf(nil, `"share": %d`, share))}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	library, err := plan.Read(files)
	if err != nil {
		t.Fatal(err)
	}
	return library
}

var shareOf = regexp.MustCompile(`"share": [0-9]+`)

// browser is a client with its own cookies.
type browser struct {
	*site
	client *http.Client
	key    string // bearer, if not empty
}

func (s *site) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	transport := &http.Transport{}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &browser{site: s, client: &http.Client{Jar: jar, Transport: transport}}
}

// answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

func (b *browser) do(method, path, body string, headers ...string) answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if b.key != "" {
		req.Header.Set("Authorization", "Bearer "+b.key)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{b.t, res.StatusCode, res.Header, data}
}

func (b *browser) get(path string) answer        { b.t.Helper(); return b.do("GET", path, "") }
func (b *browser) post(path, body string) answer { b.t.Helper(); return b.do("POST", path, body) }

// into wants a status and decodes the body.
func (a answer) into(status int, v any) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	if v != nil {
		if err := json.Unmarshal(a.body, v); err != nil {
			a.t.Fatalf("%v: %s", err, a.body)
		}
	}
	return a
}

// refused wants a problem with a code, as the table has it.
func (a answer) refused(code protocol.Code) {
	a.t.Helper()
	var p Problem
	a.into(protocol.Table[code].Status, &p)
	if p.Code != code || p.Status != a.status || p.Detail == "" || p.Retryable != protocol.Table[code].Retryable {
		a.t.Fatalf("problem %+v, want code %s", p, code)
	}
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		a.t.Fatalf("Content-Type %q", got)
	}
}

// signedIn is a browser with the session of a staff account.
func (s *site) signedIn(role access.Role, id string) *browser {
	s.t.Helper()
	link, err := NewSignInLink(s.t.Context(), s.rooms, s.server.cfg.Public, tickets.Ticket{Role: string(role), Subject: id}, time.Hour)
	if err != nil {
		s.t.Fatal(err)
	}
	b := s.browser()
	b.post("/api/signin", tokenBody(link)).into(http.StatusOK, nil)
	return b
}

// tokenBody is the request that a page makes of its address.
func tokenBody(link string) string {
	return `{"token":"` + link[strings.LastIndex(link, "/")+1:] + `"}`
}

const plainRoom = `{"seller":{"name":"Anna Maria Eriksson","mail":"anna@example.org"},"language":"en","zone":"America/Toronto",
	"application":{"surname":"Eriksson","given_names":"Anna Maria"}}`

// roomOf makes a room by a manager's page.
func (b *browser) makeRoom(body string) (id, link string) {
	b.t.Helper()
	var made MadeRoom
	b.post("/api/manager/rooms", body).into(http.StatusCreated, &made)
	return made.ID, made.SellerLink
}

// seller is a browser that has opened a seller's link.
func (s *site) seller(link string) *browser {
	s.t.Helper()
	b := s.browser()
	b.post("/api/link", tokenBody(link)).into(http.StatusOK, nil)
	return b
}

// integrator is a client with an API key.
func (s *site) integrator(scopes ...string) *browser {
	s.t.Helper()
	key, err := NewAPIKey(s.t.Context(), s.rooms, "shop", scopes, time.Hour)
	if err != nil {
		s.t.Fatal(err)
	}
	b := s.browser()
	b.key = key
	return b
}

func jpegOf(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, width, height)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// isNow wants a time that was said a moment ago: pages count by the server's clock.
func (s *site) isNow(at time.Time) {
	s.t.Helper()
	if ago := time.Since(at); ago < 0 || ago > time.Minute {
		s.t.Errorf("said %v, %v ago", at, ago)
	}
}

// length is the number of entries of a room's record.
func (s *site) length(id string) int {
	s.t.Helper()
	entries, err := s.rooms.Record(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return len(entries)
}

func (s *site) command(id, actor string, commands ...rooms.Command) *rooms.Room {
	s.t.Helper()
	var room *rooms.Room
	for _, c := range commands {
		var err error
		if room, err = s.rooms.Do(s.t.Context(), id, actor, c); err != nil {
			s.t.Fatal(err)
		}
	}
	return room
}

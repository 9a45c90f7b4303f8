package signaling

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"verifycall/calls/protocol"
	"verifycall/rooms/limits"
	"verifycall/signaling/intake"
	"verifycall/signin/openid"
)

func TestTooManySaysWhenToComeAgain(t *testing.T) {
	s := openSite(t, nil)
	_, link := s.signedIn("manager", "jonas").makeRoom(plainRoom)
	b := s.browser()
	for range limitLinks.Burst {
		b.post("/api/link", tokenBody(link)).into(http.StatusOK, nil)
	}
	a := b.post("/api/link", tokenBody(link))
	a.refused(protocol.CodeTooMany)
	if wait, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || wait < 1 {
		t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
	}
	// One room's link is over its limit; others are not.
	_, other := s.signedIn("manager", "jonas").makeRoom(plainRoom)
	b.post("/api/link", tokenBody(other)).into(http.StatusOK, nil)
}

// What any site's page can have a browser ask for is no guess at a secret: it locks
// nobody out who comes from the same address.
func TestPlainRequestsAreNoGuesses(t *testing.T) {
	s := openSite(t, func(c *Config) { c.OpenID = openid.New(openid.Settings{}, c.Public.String()+CallbackPath) })
	_, link := s.signedIn("manager", "jonas").makeRoom(plainRoom)
	b := s.browser()
	for range 2 * limitGuesses.Burst {
		a := b.get("/api/v1/rooms")
		if a.refused(protocol.CodeUnauthorized); a.header.Get("WWW-Authenticate") != "Bearer" {
			t.Fatalf("without a key: %v", a.header)
		}
		for _, query := range []string{"", "?state=x", "?state=&code=x"} {
			if a := b.get(CallbackPath + query); a.status != http.StatusOK || string(a.body) != "<!doctype html>signin" {
				t.Fatalf("%s leads to %d %s", query, a.status, a.body)
			}
		}
	}
	b.post("/api/link", tokenBody(link)).into(http.StatusOK, nil)
}

// Each limit answers with 429 and when to come again, to whom has used it up and
// to nobody else.
func TestEveryLimit(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	id, link := m.makeRoom(plainRoom)
	_, other := m.makeRoom(plainRoom)
	done, _ := m.makeRoom(plainRoom)
	s.decide(done)
	s.seal(done)
	seller, stranger, key, auditor := s.seller(link), s.seller(other), s.integrator("rooms", "calendar"), s.signedIn("auditor", "ruth")
	sabine := s.signedIn("manager", "sabine")
	picture := `{"kind":"id_front","data":"` + base64.StdEncoding.EncodeToString(jpegOf(t, 8, 8)) + `"}`
	join := func(b *browser) answer {
		ws, res, err := b.tryDial("/ws/seller", s.url)
		if err != nil && res == nil {
			t.Fatal(err)
		}
		if ws != nil {
			_ = ws.Close()
		}
		return answer{t: t, status: res.StatusCode, header: res.Header}
	}
	// The last two are by address, which all browsers here share.
	for _, c := range []struct {
		limit       limits.Limit
		who         string
		ask, others func() answer
	}{
		{limitLinks, id, func() answer { return s.browser().post("/api/link", tokenBody(link)) }, func() answer { return s.browser().post("/api/link", tokenBody(other)) }},
		{limitJoins, id + " seller", func() answer { return join(seller) }, func() answer { return join(stranger) }},
		{limitMakes, "manager:jonas", func() answer { return m.post("/api/manager/rooms", plainRoom) }, func() answer { return sabine.post("/api/manager/rooms", plainRoom) }},
		{limitMakes, "key:shop", func() answer { return key.post("/api/v1/rooms", plainRoom) }, func() answer { return key.get("/api/v1/managers/jonas/calendar") }},
		{limitUploads, id, func() answer { return seller.post("/api/seller/photo/0", "x") }, func() answer { return stranger.post("/api/seller/photo/0", "x") }},
		{limitDownlinks, id, func() answer { return seller.get("/api/seller/downlink") }, func() answer { return stranger.get("/api/seller/downlink") }},
		{limitFiles, id, func() answer { return seller.post("/api/seller/documents", picture) }, func() answer { return stranger.post("/api/seller/documents", picture) }},
		{limitDownloads, "auditor:ruth", func() answer { return auditor.get("/api/audit/rooms/" + done + "/bundle.zip") }, func() answer { return auditor.get("/api/audit/rooms") }},
		{limitDownloads, "auditor:ruth", func() answer { return auditor.get("/api/audit/rooms/" + done + "/verify") }, func() answer { return auditor.get("/api/audit/rooms") }},
		{limitSignIns, "127.0.0.1", func() answer { return s.browser().post("/api/signin", `{"token":"a"}`) }, func() answer { return m.get("/api/manager/rooms") }},
		{limitGuesses, "127.0.0.1", func() answer { return s.browser().post("/api/link", tokenBody(other)) }, func() answer { return m.get("/api/manager/rooms") }},
	} {
		var a answer
		for range 50 { // a bucket may have got one back before it is asked for
			for wait := time.Duration(0); wait == 0; {
				wait = s.rooms.Limits.Take(t.Context(), c.limit, c.who, 1)
			}
			if a = c.ask(); a.status == http.StatusTooManyRequests {
				break
			}
		}
		if wait, err := strconv.Atoi(a.header.Get("Retry-After")); a.status != http.StatusTooManyRequests || err != nil || wait < 1 {
			t.Errorf("%s: status %d, Retry-After %q: %s", c.limit.Name, a.status, a.header.Get("Retry-After"), a.body)
		}
		if a := c.others(); a.status == http.StatusTooManyRequests {
			t.Errorf("%s: others are refused too: %s", c.limit.Name, a.body)
		}
	}
}

// Few documents, but large ones.
func TestBytesOfDocumentsAreLimited(t *testing.T) {
	s := openSite(t, nil)
	_, link := s.signedIn("manager", "jonas").makeRoom(plainRoom)
	seller := s.seller(link)
	large := `{"kind":"other","data":"` + strings.Repeat("A", 4<<20) + `"}`
	for i := range limitFiles.Burst {
		a := seller.post("/api/seller/documents", large)
		if a.status == http.StatusTooManyRequests {
			if mib := 4 * i; mib < 60 || a.header.Get("Retry-After") == "" {
				t.Errorf("refused after %d MiB, Retry-After %q", mib, a.header.Get("Retry-After"))
			}
			return
		}
		a.refused(protocol.CodeNotPicture)
	}
	t.Error("120 MiB were taken")
}

// A seller can't fill the store with documents that nobody will look at.
func TestDocumentsBeyondTheirNumberAreNotStored(t *testing.T) {
	s := openSite(t, nil)
	_, link := s.signedIn("manager", "jonas").makeRoom(plainRoom)
	seller := s.seller(link)
	file := func(i int) answer {
		return seller.post("/api/seller/documents", `{"kind":"other","data":"`+base64.StdEncoding.EncodeToString(jpegOf(t, 8+i, 8))+`"}`)
	}
	for i := range 12 {
		file(i).into(http.StatusCreated, nil)
	}
	count := func() int {
		names, err := s.evidence.List(t.Context(), "rooms/")
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	before := count()
	if before < 12 {
		t.Fatalf("%d objects", before)
	}
	file(13).refused(protocol.CodeWrongState)
	if n := count(); n != before {
		t.Errorf("%d objects, %d before", n, before)
	}
}

func TestCrowd(t *testing.T) {
	c := newCrowd(2)
	first, second, third, another := c.enter("a"), c.enter("a"), c.enter("a"), c.enter("b")
	if !first || !second || third || !another {
		t.Error("wrong number of places, or one address takes another's")
	}
	c.leave("a")
	if !c.enter("a") {
		t.Error("a place that was left is not free")
	}
	for _, from := range []string{"a", "a", "b"} {
		c.leave(from)
	}
	if len(c.by) != 0 {
		t.Errorf("%d addresses are kept", len(c.by))
	}
}

// Who asks for another protocol where there is none is counted all the same.
func TestCrowdCountsUpgrades(t *testing.T) {
	s := &Server{crowd: newCrowd(1)}
	s.crowd.enter("192.0.2.1")
	h := s.bounded(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for path, want := range map[string]int{"/api/link": http.StatusTooManyRequests, "/": http.StatusTooManyRequests, "/ws/seller": http.StatusOK} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.RemoteAddr = "192.0.2.1:4711"
		r.Header.Set("Upgrade", "x")
		r.Header.Set("Connection", "Upgrade")
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != want {
			t.Errorf("%s: status %d, want %d", path, w.Code, want)
		}
	}
}

// What is no picture doesn't get in, whatever it calls itself; what is one and
// something else besides is shown as a picture alone.
func TestTricksOfUploads(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	with := func(data []byte) string {
		return strings.Replace(plainRoom, `"application"`,
			`"documents":[{"kind":"id_front","data":"`+base64.StdEncoding.EncodeToString(data)+`"}],"application"`, 1)
	}
	zip, script := "PK\x03\x04\x14\x00\x00\x00\x08\x00", "<script>alert(1)</script>"
	for name, data := range map[string]string{
		"svg": `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`, "svg with xml head": `<?xml version="1.0"?><svg/>`,
		"html": "<!doctype html>" + script, "zip": zip, "gzip": "\x1f\x8b\x08\x00", "gif": "GIF89a\x01\x00\x01\x00",
		"jpeg's beginning and html": "\xff\xd8\xff" + script, "pdf": "%PDF-1.7",
		"png of 2^31 pixels": "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x01\x00\x00\x00\x01\x00\x00\x08\x06\x00\x00\x00",
	} {
		if a := m.post("/api/manager/rooms", with([]byte(data))); codeOf(a) != protocol.CodeNotPicture {
			t.Errorf("%s: status %d %s", name, a.status, codeOf(a))
		}
	}
	id, _ := m.makeRoom(with(append(jpegOf(t, 8, 8), zip+script...)))
	room, err := s.rooms.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	a := m.get("/api/manager/rooms/"+id+"/documents/"+room.Documents[0].SHA256).into(http.StatusOK, nil)
	if strings.Contains(string(a.body), "PK\x03\x04") || strings.Contains(string(a.body), "script") {
		t.Error("what lies behind the picture is shown too")
	}
	if _, err := intake.CheckPicture(a.body); err != nil {
		t.Errorf("the copy is no picture: %v", err)
	}
	if csp := a.header.Get("Content-Security-Policy"); csp != filePolicy || a.header.Get("Content-Type") != "image/jpeg" {
		t.Errorf("served as %s with %q", a.header.Get("Content-Type"), csp)
	}
}

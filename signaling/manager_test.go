package signaling

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"verifycall/access"
	"verifycall/calls/depot"
	"verifycall/calls/protocol"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
	"verifycall/signaling/intake"
)

func TestManagerRooms(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	picture := jpegOf(t, 160, 100)
	at := time.Now().Add(2 * time.Hour).UTC().Truncate(time.Second)
	body := fmt.Sprintf(`{"seller":{"name":"Anna Maria Eriksson","mail":"anna@example.org"},"language":"en","zone":"America/Toronto","at":%q,
		"application":{"surname":"Eriksson","document_number":"D23145890"},"documents":[{"kind":"id_front","data":%q}]}`,
		at.Format(time.RFC3339), base64.StdEncoding.EncodeToString(picture))
	id, link := m.makeRoom(body)
	if !strings.HasPrefix(link, s.url+"/j/") {
		t.Errorf("link %s", link)
	}
	var d RoomDetail
	m.get("/api/manager/rooms/"+id).into(http.StatusOK, &d)
	if d.ID != id || d.State != rooms.StateBooked || !d.At.Equal(at) || d.SellerName != "Anna Maria Eriksson" || d.SellerMail != "anna@example.org" ||
		d.Application["document_number"] != "D23145890" || d.Manager != "jonas" || len(d.Documents) != 1 || d.Documents[0].Width != 160 {
		t.Fatalf("room %+v", d)
	}
	a := m.get("/api/manager/rooms/"+id+"/documents/"+d.Documents[0].SHA256).into(http.StatusOK, nil)
	if !bytes.Equal(a.body, picture) || a.header.Get("Content-Type") != "image/jpeg" ||
		a.header.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("document of %d bytes with %v", len(a.body), a.header)
	}
	m.get("/api/manager/rooms/" + id + "/documents/" + strings.Repeat("0", 64)).refused(protocol.CodeNotFound)
	m.get("/api/manager/rooms/" + id + "/stills/" + d.Documents[0].SHA256 + ".webp").refused(protocol.CodeNotFound)

	for _, test := range []struct {
		query string
		rooms int
	}{
		{"", 1},
		{"?from=" + at.Format(time.RFC3339) + "&to=" + at.Add(time.Second).Format(time.RFC3339), 1},
		{"?to=" + at.Format(time.RFC3339), 0},
	} {
		var list struct{ Rooms []RoomRow }
		m.get("/api/manager/rooms"+test.query).into(http.StatusOK, &list)
		if len(list.Rooms) != test.rooms || test.rooms == 1 && (list.Rooms[0].ID != id || list.Rooms[0].SellerName == "") {
			t.Errorf("%q lists %+v", test.query, list.Rooms)
		}
	}
	m.get("/api/manager/rooms?from=today").refused(protocol.CodeMalformed)
	m.get("/api/manager/rooms?cursor=!!").refused(protocol.CodeMalformed)

	later := at.Add(time.Hour)
	m.post("/api/manager/rooms/"+id+"/reschedule", `{"at":"`+later.Format(time.RFC3339)+`"}`).into(http.StatusOK, &d)
	if !d.At.Equal(later) {
		t.Errorf("rescheduled to %s, want %s", d.At, later)
	}
	m.post("/api/manager/rooms/"+id+"/reschedule", `{"at":"1999-01-01T00:00:00Z"}`).refused(protocol.CodeMalformed)
	var more MadeRoom
	m.post("/api/manager/rooms/"+id+"/link", "{}").into(http.StatusCreated, &more)
	s.seller(link)
	s.seller(more.SellerLink)
	m.post("/api/manager/rooms/"+id+"/cancel", "{}").into(http.StatusOK, &d)
	if d.State != rooms.StateCancelled {
		t.Errorf("state %s", d.State)
	}
	length := s.length(id)
	m.post("/api/manager/rooms/"+id+"/cancel", "{}").into(http.StatusOK, &d) // done is done
	if d.State != rooms.StateCancelled || s.length(id) != length {
		t.Errorf("cancelled again: state %s, %d entries of %d", d.State, s.length(id), length)
	}
}

// What shows a person is asked for each time, and a browser forgets it at the end.
func TestPicturesAreAskedForEachTime(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	id, _ := m.makeRoom(strings.Replace(plainRoom, `"application"`, `"documents":[{"kind":"id_front","data":"`+
		base64.StdEncoding.EncodeToString(jpegOf(t, 8, 8))+`"}],"application"`, 1))
	still := []byte("a still")
	sum := sha256.Sum256(still)
	digest := hex.EncodeToString(sum[:])
	if _, err := s.vault.Put(t.Context(), vault.Room(id), vault.Stills, depot.StillName(id, digest), bytes.NewReader(still)); err != nil {
		t.Fatal(err)
	}
	s.command(id, "seller", rooms.GiveNotice{Who: "seller", Version: "1", Language: "en", Agree: true}, rooms.EnterWaiting{})
	s.command(id, "manager:jonas", rooms.GiveNotice{Who: "manager", Version: "1", Language: "en", Agree: true}, rooms.Admit{},
		rooms.TakeCapture{Capture: rooms.Capture{Slot: rooms.Slots[0], SHA256: digest, FrameSHA256: digest, Width: 8, Height: 8, Recording: "r1"}})
	var d RoomDetail
	m.get("/api/manager/rooms/"+id).into(http.StatusOK, &d)
	done, _ := m.makeRoom(plainRoom)
	s.decide(done)
	s.seal(done)
	auditor := s.signedIn("auditor", "ruth")
	for path, b := range map[string]*browser{
		"/api/manager/rooms/" + id + "/documents/" + d.Documents[0].SHA256: m,
		"/api/manager/rooms/" + id + "/stills/" + digest + ".webp":         m,
		"/api/audit/rooms/" + done + "/files/data/ledger.jsonl":            auditor,
	} {
		a := b.get(path).into(http.StatusOK, nil)
		if a.header.Get("Cache-Control") != "private, no-cache" || a.header.Get("ETag") == "" {
			t.Errorf("%s has %v", path, a.header)
		}
		if again := b.do("GET", path, "", "If-None-Match", a.header.Get("ETag")); again.status != http.StatusNotModified {
			t.Errorf("%s asked again: %d", path, again.status)
		}
	}
	for role, b := range map[string]*browser{"manager": m, "auditor": auditor} {
		if a := b.post("/api/signout", `{"role":"`+role+`"}`).into(http.StatusOK, nil); a.header.Get("Clear-Site-Data") != `"cache"` {
			t.Errorf("the sign-out has %v", a.header)
		}
	}
}

// Somebody else's room looks as if it weren't there.
func TestOthersRooms(t *testing.T) {
	s := openSite(t, nil)
	id, _ := s.signedIn("manager", "jonas").makeRoom(plainRoom)
	before := s.length(id)
	other := s.signedIn("manager", "sabine")
	for _, path := range []string{"", "/documents/x", "/stills/x.webp"} {
		other.get("/api/manager/rooms/" + id + path).refused(protocol.CodeNotFound)
	}
	for _, path := range []string{"/link", "/cancel", "/reschedule"} {
		other.post("/api/manager/rooms/"+id+path, `{"at":"`+time.Now().Format(time.RFC3339)+`"}`).refused(protocol.CodeNotFound)
	}
	other.get("/ws/manager?room=" + id).refused(protocol.CodeNotFound)
	other.get("/api/manager/rooms/R-NOTTHERE").refused(protocol.CodeNotFound)
	var list struct{ Rooms []RoomRow }
	other.get("/api/manager/rooms").into(http.StatusOK, &list)
	if len(list.Rooms) != 0 {
		t.Errorf("lists %v", list.Rooms)
	}
	if after := s.length(id); after != before {
		t.Errorf("the record grew from %d to %d entries", before, after)
	}
}

func TestRefusedPicturesLeaveNoRoom(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	good := jpegOf(t, 64, 64)
	for name, test := range map[string]struct {
		data []byte
		code protocol.Code
	}{
		"text":      {[]byte("this is no picture"), protocol.CodeNotPicture},
		"cut off":   {good[:len(good)/2], protocol.CodeNotPicture},
		"too large": {append(bytes.Clone(good), make([]byte, intake.MaxPictureBytes)...), protocol.CodeTooLarge},
	} {
		body := fmt.Sprintf(`{"seller":{"name":"A"},"language":"en","zone":"UTC","application":{},"documents":[{"kind":"id_front","data":%q},{"kind":"id_back","data":%q}]}`,
			base64.StdEncoding.EncodeToString(good), base64.StdEncoding.EncodeToString(test.data))
		t.Run(name, func(t *testing.T) {
			a := m.post("/api/manager/rooms", body)
			a.t = t
			a.refused(test.code)
		})
	}
	var list struct{ Rooms []RoomRow }
	m.get("/api/manager/rooms").into(http.StatusOK, &list)
	stored, err := s.evidence.List(t.Context(), "rooms/")
	if err != nil || len(list.Rooms) != 0 || len(stored) != 0 {
		t.Errorf("left rooms %v, objects %v (%v)", list.Rooms, stored, err)
	}
}

func TestManagersMakeRoomsForThemselvesOnly(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	m.post("/api/manager/rooms", strings.Replace(plainRoom, `"language"`, `"manager":"sabine","language"`, 1)).refused(protocol.CodeForbidden)
	m.post("/api/manager/rooms", strings.Replace(plainRoom, `"language"`, `"test":true,"language"`, 1)).refused(protocol.CodeForbidden)
	m.post("/api/manager/rooms", `{"seller":{"name":"A"}}`).refused(protocol.CodeMalformed)
}

// A manager's request that comes again makes no second room: its answer was lost, or the key was held.
func TestManagersRequestTwice(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	send := func(m *browser, body string) answer {
		return m.do("POST", "/api/manager/rooms", body, "Idempotency-Key", "k1")
	}
	var first, again MadeRoom
	send(m, plainRoom).into(http.StatusCreated, &first)
	if a := send(m, plainRoom).into(http.StatusCreated, &again); again.ID != first.ID || a.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("made %s, then %s", first.ID, again.ID)
	}
	s.seller(first.SellerLink)
	s.seller(again.SellerLink)
	send(m, strings.Replace(plainRoom, `"language"`, `"book":true,"language"`, 1)).refused(protocol.CodeConflict)
	var list struct{ Rooms []RoomRow }
	m.get("/api/manager/rooms").into(http.StatusOK, &list)
	if len(list.Rooms) != 1 {
		t.Errorf("rooms %+v", list.Rooms)
	}
	var other MadeRoom
	send(s.signedIn("manager", "sabine"), plainRoom).into(http.StatusCreated, &other)
	if other.ID == first.ID {
		t.Error("two managers share a key")
	}
}

// What a screening hints at and who helps is for the account manager; nothing of it is in what the seller gets.
func TestHintsAreForTheManagerAlone(t *testing.T) {
	s := openSite(t, nil)
	key := s.integrator(access.ScopeRooms)
	var made MadeRoom
	key.restMake(strings.Replace(plainRoom, `"language"`, `"hints":["new_bank_account","shop_9"],"helper":"sign_language","manager":"jonas","language"`, 1), "").into(http.StatusCreated, &made)
	m := s.signedIn("manager", "jonas")
	var brief RoomBrief
	m.get("/api/manager/rooms/"+made.ID).into(http.StatusOK, &brief)
	if !slices.Equal(brief.Hints, []string{"new_bank_account", "shop_9"}) || brief.Helper != "sign_language" || len(brief.Earlier) != 0 {
		t.Errorf("brief %+v", brief)
	}
	seller := s.seller(made.SellerLink)
	state, err := json.Marshal(seller.dial("/ws/seller").hello(strings.Repeat("0a", 16)))
	if err != nil {
		t.Fatal(err)
	}
	told := []string{string(state)}
	for _, path := range []string{"appointment", "slots", "queue", "documents", "code", "kept", "appeal", "receipt", "appointment.ics"} {
		told = append(told, string(seller.get("/api/seller/"+path).body))
	}
	told = append(told, string(key.get("/api/v1/rooms/"+made.ID).body), string(key.get("/api/v1/rooms/"+made.ID+"/ledger").body))
	for _, text := range told {
		for _, code := range []string{"new_bank_account", "shop_9", "sign_language"} {
			if strings.Contains(text, code) {
				t.Errorf("%s is told: %.300s", code, text)
			}
		}
	}
}

// The brief of a room that goes on from another tells of that one's outcome.
func TestEarlierAttempts(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	id, _ := m.makeRoom(plainRoom)
	s.command(id, "manager:jonas", rooms.Cancel{By: "manager"})
	prev := id
	for range maxEarlier + 1 {
		room, err := s.rooms.Create(t.Context(), "seller", rooms.CreateRoom{Prev: prev, SellerName: "A", Language: "en", Zone: "UTC", Manager: "jonas", Helper: "interpreter"})
		if err != nil {
			t.Fatal(err)
		}
		prev = room.ID
	}
	var brief RoomBrief
	m.get("/api/manager/rooms/"+prev).into(http.StatusOK, &brief)
	if len(brief.Earlier) != maxEarlier || brief.Helper != "interpreter" || brief.Earlier[0].ID == brief.ID {
		t.Errorf("brief %+v", brief)
	}
}

func TestLogsHoldNoPersonsAndTokens(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	_, link := m.makeRoom(plainRoom)
	s.seller(link)
	s.browser().post("/api/link", `{"token":"wrong"}`).refused(protocol.CodeLinkUnknown)
	u, _ := url.Parse(s.url)
	secrets := []string{link[strings.LastIndex(link, "/")+1:], "Eriksson", "anna@", "Jonas", "127.0.0.1", m.client.Jar.Cookies(u)[0].Value}
	text := s.log.String()
	if !strings.Contains(text, "room made") {
		t.Fatalf("the log says nothing: %q", text)
	}
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("the log holds %q:\n%s", secret, text)
		}
	}
}

func TestPagesAndHeaders(t *testing.T) {
	s := openSite(t, nil)
	b := s.browser()
	for path, want := range map[string]string{"/": "landing", "/j": "seller", "/j/abc": "seller", "/in/abc": "signin", "/manager": "manager",
		"/manager/rooms/R-1": "manager", "/audit": "audit", "/audit/rooms/R-1": "audit"} {
		a := b.get(path).into(http.StatusOK, nil)
		if string(a.body) != "<!doctype html>"+want {
			t.Errorf("%s gives %s", path, a.body)
		}
		csp := a.header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("%s has the policy %q", path, csp)
		}
		if a.header.Get("Referrer-Policy") != "no-referrer" || a.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s has %v", path, a.header)
		}
	}
	a := b.get("/assets/app-1.js").into(http.StatusOK, nil)
	if !strings.Contains(a.header.Get("Cache-Control"), "immutable") || !strings.HasPrefix(a.header.Get("Content-Type"), "text/javascript") {
		t.Errorf("asset has %v", a.header)
	}
	for _, path := range []string{"/assets/none.js", "/assets/", "/nowhere", "/seller.html", "/assets/..%2findex.html"} {
		b.get(path).refused(protocol.CodeNotFound)
	}
	b.get("/healthz").into(http.StatusOK, nil)
	if keys := b.get("/.well-known/verifycall-keys.json").into(http.StatusOK, nil); !bytes.Contains(keys.body, []byte(`"RW`)) {
		t.Errorf("keys %s", keys.body)
	}
}

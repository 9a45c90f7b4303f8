package signaling

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"verifycall/calls/protocol"
	"verifycall/signaling/intake"
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

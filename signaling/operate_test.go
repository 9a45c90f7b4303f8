package signaling

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"verifycall/calls/protocol"
	"verifycall/rooms"
)

func TestOperatorsWall(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	at := time.Now().Add(-time.Minute).UTC().Format(time.RFC3339)
	one := `{"seller":{"name":"Anna Maria Eriksson"},"language":"en","zone":"America/Toronto","at":"` + at + `"}`
	live, _ := m.makeRoom(one)
	waits, _ := m.makeRoom(one)
	missed, _ := m.makeRoom(one)
	m.makeRoom(one) // booked, and nobody has come yet
	for _, id := range []string{live, waits} {
		s.command(id, "seller", rooms.GiveNotice{Who: rooms.Seller, Version: "2026-11", Language: "en", Agree: true},
			rooms.GiveNotice{Who: rooms.Manager, Version: "2026-11", Language: "en", Agree: true}, rooms.EnterWaiting{})
	}
	s.command(live, "manager:jonas", rooms.Admit{})
	s.command(missed, "system", rooms.NoShow{Who: rooms.Seller})

	o := s.signedIn("operator", "olga")
	var wall WallView
	a := o.get("/api/operate/wall").into(http.StatusOK, &wall)
	if len(wall.Calls) != 1 || wall.Calls[0].Room != live || wall.Calls[0].State != rooms.StateLive || wall.Calls[0].Manager != "jonas" {
		t.Errorf("calls %+v", wall.Calls)
	}
	if len(wall.Waiting) != 1 || wall.Waiting[0].Room != waits || wall.Waiting[0].Language != "en" {
		t.Errorf("waiting %+v", wall.Waiting)
	}
	if len(wall.Managers) != 2 || wall.Managers[0].Room != live || wall.NoShows[rooms.Seller] != 1 || wall.Booked != 4 || len(wall.Spans) != 1 || len(wall.Nodes) != 1 {
		t.Errorf("wall %+v", wall)
	}
	if wall.Spool.Limit <= 0 || wall.Spool.Behind != 0 || wall.Spool.Alarm == "full" {
		t.Errorf("spool %+v", wall.Spool)
	}
	if bytes.Contains(a.body, []byte("Eriksson")) {
		t.Error("the wall names a seller")
	}
	var list struct {
		Profiles []struct{ ID, SHA256 string }
	}
	o.get("/api/operate/profiles").into(http.StatusOK, &list)
	if len(list.Profiles) == 0 || len(list.Profiles[0].SHA256) != 64 {
		t.Errorf("profiles %+v", list)
	}
	for _, path := range []string{"/api/operate/me", "/api/operate/wall", "/api/operate/profiles"} {
		m.get(path).refused(protocol.CodeUnauthorized)
	}
	o.get("/api/manager/rooms").refused(protocol.CodeUnauthorized)
	o.get("/api/audit/rooms").refused(protocol.CodeUnauthorized)
}

func TestSellerFilesDocuments(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	id, link := m.makeRoom(`{"seller":{"name":"Anna"},"language":"en","zone":"UTC","at":"` + time.Now().Add(time.Hour).UTC().Format(time.RFC3339) + `"}`)
	seller := s.seller(link)
	var list struct {
		Documents []DocumentView
		Open      bool
	}
	seller.get("/api/seller/documents").into(http.StatusOK, &list)
	if len(list.Documents) != 0 || !list.Open {
		t.Errorf("before any: %+v", list)
	}
	file := func(kind string, data []byte) string {
		return `{"kind":"` + kind + `","data":"` + base64.StdEncoding.EncodeToString(data) + `"}`
	}
	blurred, sharp := jpegOf(t, 160, 100), jpegOf(t, 320, 200)
	seller.post("/api/seller/documents", file("id_front", blurred)).into(http.StatusCreated, nil)
	seller.post("/api/seller/documents", file("id_front", sharp)).into(http.StatusCreated, nil)
	seller.post("/api/seller/documents", file("id_front", sharp)).into(http.StatusCreated, &list) // its answer was lost
	if len(list.Documents) != 1 || list.Documents[0].Width != 320 {
		t.Errorf("the newest counts: %+v", list)
	}
	var d RoomDetail
	m.get("/api/manager/rooms/"+id).into(http.StatusOK, &d)
	if len(d.Documents) != 2 {
		t.Errorf("the manager sees %+v", d.Documents)
	}
	m.get("/api/manager/rooms/"+id+"/documents/"+d.Documents[1].SHA256).into(http.StatusOK, nil)
	pdf := []byte("%PDF-1.7\n1 0 obj\n<< /OpenAction << /S /JavaScript /JS (app.alert(1)) >> >>\nendobj\n%%EOF\n")
	seller.post("/api/seller/documents", file("other", pdf)).into(http.StatusCreated, &list)
	m.get("/api/manager/rooms/"+id).into(http.StatusOK, &d)
	last := d.Documents[len(d.Documents)-1]
	a := m.get("/api/manager/rooms/"+id+"/documents/"+last.SHA256).into(http.StatusOK, nil)
	if last.Mime != "application/pdf" || !bytes.Equal(a.body, pdf) || a.header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment") ||
		a.header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(a.header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%+v is served with %v", last, a.header)
	}
	seller.post("/api/seller/documents", file("id_back", pdf)).refused(protocol.CodeNotPicture) // the ID has to be looked at
	seller.post("/api/seller/documents", file("other", pdf[:30])).refused(protocol.CodeNotPicture)
	seller.post("/api/seller/documents", file("id_front", []byte("%PDF-1.7"))).refused(protocol.CodeNotPicture)
	seller.post("/api/seller/documents", file("passport", sharp)).refused(protocol.CodeMalformed)
	seller.post("/api/seller/documents", file("other", []byte(strings.Repeat("x", 6<<20)))).refused(protocol.CodeTooLarge)
	m.get("/api/seller/documents").refused(protocol.CodeUnauthorized)
	s.command(id, "system", rooms.Cancel{By: rooms.Manager})
	seller.post("/api/seller/documents", file("id_back", sharp)).refused(protocol.CodeRoomCancelled)
}

package signaling

import (
	"net/http"
	"testing"

	"verifycall/calls/protocol"
)

// A link in the wrong hands is ended by a new one: earlier links are unknown, the
// sessions that began by them are out with their WebSockets, and mails carry another.
func TestReplacedLinksLetNobodyIn(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	id, first := m.makeRoom(plainRoom)
	other, otherLink := m.makeRoom(plainRoom)
	var second, third struct{ SellerLink string }
	m.post("/api/manager/rooms/"+id+"/link", "{}").into(http.StatusCreated, &second)
	mailed, err := s.rooms.MailLink(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	thief, bystander := s.seller(first), s.seller(otherLink)
	inside, beside := thief.dial("/ws/seller"), bystander.dial("/ws/seller")
	inside.hello("tab-of-the-thief")
	beside.hello("tab-of-another")

	m.post("/api/manager/rooms/"+id+"/link/replace", "{}").into(http.StatusCreated, &third)
	inside.closed(protocol.CodeUnauthorized)
	for _, link := range []string{first, second.SellerLink, mailed} {
		if link == "" {
			continue // this deployment has no key for mails' links
		}
		s.browser().post("/api/link", tokenBody(link)).refused(protocol.CodeLinkUnknown)
	}
	thief.get("/api/seller/appointment").refused(protocol.CodeUnauthorized)
	thief.post("/api/seller/cancel", "{}").refused(protocol.CodeUnauthorized)
	thief.get("/ws/seller").refused(protocol.CodeUnauthorized)

	again, err := s.rooms.MailLink(t.Context(), id)
	if err != nil || again == mailed {
		t.Errorf("the next mail has the link %q, before %q, %v", again, mailed, err)
	}
	for range 2 {
		if a, err := s.rooms.MailLink(t.Context(), id); err != nil || a != again {
			t.Errorf("mails differ: %q, %q, %v", a, again, err)
		}
	}
	s.seller("/"+again).get("/api/seller/appointment").into(http.StatusOK, nil)
	thief.post("/api/link", tokenBody(third.SellerLink)).into(http.StatusOK, nil) // a browser comes in again
	thief.get("/api/seller/appointment").into(http.StatusOK, nil)
	fresh := thief.dial("/ws/seller")
	fresh.hello("tab-of-the-seller")
	for _, p := range []*peer{fresh, beside} {
		p.send("m1", &protocol.Mute{Kind: "audio", Off: true})
		p.until("ok", func(re string, m protocol.ServerMessage) bool {
			_, is := m.(*protocol.OK)
			return is && re == "m1"
		})
	}
	if room, err := s.rooms.Load(t.Context(), other); err != nil || room.LinksFrom != 0 {
		t.Errorf("the other room: %v", err)
	}
}

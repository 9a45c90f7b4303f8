package signaling

import (
	"net/http"
	"testing"

	"verifycall/calls/protocol"
	"verifycall/rooms/tickets"
)

// A session that is revoked, or signed out of, takes its WebSockets along, and no
// others.
func TestEndedSessionTakesItsWebSocketsAlong(t *testing.T) {
	s := openSite(t, nil)
	lost, here := s.signedIn("manager", "jonas"), s.signedIn("manager", "jonas")
	theirs, link := lost.makeRoom(plainRoom)
	own, _ := here.makeRoom(plainRoom)
	stolen, kept, seller := lost.dial("/ws/manager?room="+theirs), here.dial("/ws/manager?room="+own), s.seller(link).dial("/ws/seller")
	stolen.hello("tab-that-was-left")
	kept.hello("tab-at-home")
	seller.hello("tab-of-seller")

	var account AccountView
	here.get("/api/account").into(http.StatusOK, &account)
	for _, each := range account.Sessions {
		if !each.This {
			here.post("/api/account/sessions/"+each.ID+"/revoke", "{}").into(http.StatusOK, nil)
		}
	}
	stolen.closed(protocol.CodeUnauthorized)
	for _, p := range []*peer{kept, seller} {
		p.send("m1", &protocol.Mute{Kind: "audio", Off: true})
		p.until("ok", func(re string, m protocol.ServerMessage) bool {
			_, is := m.(*protocol.OK)
			return is && re == "m1"
		})
	}
	here.post("/api/signout", `{"role":"manager"}`).into(http.StatusOK, nil)
	kept.closed(protocol.CodeUnauthorized)
}

// The token before the last one ends with its session too.
func TestSigningOutEndsEveryToken(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	grants, err := s.rooms.Tickets.Grants(t.Context(), kindSession)
	if err != nil || len(grants) != 1 {
		t.Fatalf("%d sessions, %v", len(grants), err)
	}
	older := tickets.NewToken()
	if err := s.rooms.Tickets.PutGrant(t.Context(), kindSession, older, grants[0].Ticket, tokenGrace); err != nil {
		t.Fatal(err)
	}
	m.post("/api/signout", `{"role":"manager"}`).into(http.StatusOK, nil)
	if grants, err = s.rooms.Tickets.Grants(t.Context(), kindSession); err != nil || len(grants) > 0 {
		t.Errorf("%d tokens are left, %v", len(grants), err)
	}
	if _, err := s.rooms.Tickets.Get(t.Context(), kindSession, older); err == nil {
		t.Error("the token before the last one works still")
	}
}

package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"verifycall/calls/protocol"
)

// page is where cookies belong.
func (t *target) page() *url.URL { return &url.URL{Scheme: "https", Host: t.at, Path: "/"} }

// intruders are browsers with a session that is not for the room of the call.
func (t *target) intruders(ctx context.Context, y *tally) map[string]*client {
	room, err := t.server.NewRoom(ctx)
	if y.failed("room", err) {
		return nil
	}
	who := map[string]*client{"nobody": t.attacker()}
	for name, in := range map[string][2]string{"seller": {"/api/link", room.SellerLink}, "test manager": {"/api/signin", room.ManagerLink},
		"manager": {"/api/signin", t.server.Lines["manager"]}, "auditor": {"/api/signin", t.server.Lines["auditor"]},
		"operator": {"/api/signin", t.server.Lines["operator"]}} {
		c := t.attacker()
		if !y.failed(name, c.signedIn(ctx, in[0], in[1])) {
			who[name] = c
		}
	}
	return who
}

// othersRooms asks for a live call's room at each door, as each of those that it
// isn't for.
func othersRooms(ctx context.Context, t *target, y *tally) {
	victim := t.live.Room.ID
	sum := strings.Repeat("0", 64)
	gets := []string{"/api/manager/rooms/" + victim, "/api/manager/rooms/" + victim + "/documents/" + sum, "/api/manager/rooms/" + victim + "/stills/" + sum + ".webp",
		"/api/manager/rooms/" + victim + "/photos/" + sum, "/api/audit/rooms/" + victim, "/api/audit/rooms/" + victim + "/files/data/room.json",
		"/api/audit/rooms/" + victim + "/clips/1.webm", "/api/audit/rooms/" + victim + "/verify", "/api/audit/rooms/" + victim + "/bundle.zip",
		"/api/audit/rooms/" + victim + "/custody.jsonl", "/api/v1/rooms/" + victim, "/api/v1/rooms/" + victim + "/ledger", "/api/v1/rooms/" + victim + "/bundle.zip",
		"/api/seller/photo/" + sum[:32]}
	posts := []string{"link", "cancel", "reschedule"}
	for name, c := range t.intruders(ctx, y) {
		for _, path := range gets {
			c.refused(ctx, y, http.MethodGet, path, "")
		}
		for _, what := range posts {
			c.refused(ctx, y, http.MethodPost, "/api/manager/rooms/"+victim+"/"+what, `{"at":"2031-01-01T10:00:00Z"}`)
		}
		c.noSocket(ctx, y, "/ws/manager?room="+victim, t.server.URL)
		c.noSocket(ctx, y, "/ws/manager?room="+url.QueryEscape("*"), t.server.URL)
		if name != "seller" {
			c.noSocket(ctx, y, "/ws/seller?room="+victim, t.server.URL)
		}
	}
}

// recordWithoutReason is curiosity: an operator without a reason, a manager and a
// seller, at a record that is sealed.
func recordWithoutReason(ctx context.Context, t *target, y *tally) {
	paths := []string{"", "/files/data/room.json", "/files/data/private.jsonl", "/clips/1.webm", "/bundle.zip", "/custody.jsonl"}
	for name, c := range t.intruders(ctx, y) {
		if name == "auditor" {
			continue // it is the auditor's work
		}
		for _, path := range paths {
			c.refused(ctx, y, http.MethodGet, "/api/audit/rooms/"+t.done+path, "")
			c.refused(ctx, y, http.MethodGet, "/api/audit/rooms/"+t.done+path+"?reason=", "")
			c.refused(ctx, y, http.MethodGet, "/api/audit/rooms/"+t.done+path+"?reason=curiosity", "")
		}
	}
}

// replayedSockets sends again what somebody has recorded of a WebSocket.
func replayedSockets(ctx context.Context, t *target, y *tally) {
	room, session, err := t.signedIn(ctx, protocol.RoleSeller)
	if y.failed("seller", err) {
		return
	}
	victim, err := session.Connect(ctx, nil)
	if y.failed("connect", err) {
		return
	}
	defer victim.Close()
	offer, err := json.Marshal(map[string]any{"t": "offer", "id": "9", "d": map[string]string{"sdp": "v=0\r\n"}})
	if y.failed("offer", err) {
		return
	}
	recorded := []string{fmt.Sprintf(`{"t":"hello","id":"1","d":{"tab":"robot-seller-%s"}}`, room.ID),
		`{"t":"notice","id":"2","d":{"version":"2026-11","language":"en","agree":true}}`, `{"t":"chat","id":"3","d":{"text":"again"}}`, string(offer)}

	a := t.attacker()
	handshake := "GET /ws/seller HTTP/1.1\r\nHost: " + t.at + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: " + t.server.URL + "\r\nCookie: "
	for _, cookie := range []string{"", "__Host-vc_seller=" + base64.RawURLEncoding.EncodeToString([]byte(room.ID)), "__Host-vc_seller=" + room.ID,
		"vc_seller=" + room.SellerLink[strings.LastIndexByte(room.SellerLink, '/')+1:]} {
		answer, err := a.said(ctx, handshake+cookie+"\r\n\r\n")
		y.want(err == nil && !strings.HasPrefix(string(answer), "HTTP/1.1 101"), "handshake with cookie %.30q: %.40q", cookie, answer)
	}
	// In another seller's room what was recorded is that seller's own words.
	other, err := t.server.NewRoom(ctx)
	if y.failed("room", err) || y.failed("seller", a.signedIn(ctx, "/api/link", other.SellerLink)) {
		return
	}
	ws, _, err := a.socket(ctx, "/ws/seller", t.server.URL)
	if y.failed("WebSocket", err) {
		return
	}
	defer ws.Close()
	for _, frame := range recorded {
		_ = ws.WriteMessage(1, []byte(frame)) // it may be closed already
	}
	sleep(ctx, time.Second)
	select {
	case <-victim.Ended():
		y.want(false, "the replay has thrown the seller out")
	default:
		y.refusals(1)
	}
	state, err := victim.Wait(ctx, func(*protocol.State) bool { return true })
	y.want(err == nil && len(state.Chat) == 0 && state.You.Notice == "", "the replay spoke for the seller: %v", err)
	a.replayAfterTheEnd(ctx, y, other.ID)
}

// replayAfterTheEnd signs out and tries the cookie that it had.
func (c *client) replayAfterTheEnd(ctx context.Context, y *tally, room string) {
	kept := c.http.Jar.Cookies(c.t.page())
	_, err := c.send(ctx, http.MethodPost, "/api/signout", `{"role":"seller"}`)
	if y.failed("sign out", err) {
		return
	}
	again := c.t.attacker()
	again.http.Jar.SetCookies(c.t.page(), kept)
	for range 3 {
		again.noSocket(ctx, y, "/ws/seller", c.t.server.URL)
		again.noSocket(ctx, y, "/ws/manager?room="+room, c.t.server.URL)
	}
}

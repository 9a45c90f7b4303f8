package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"verifycall/calls/protocol"
)

var exchanges = []string{"/api/link", "/api/signin"}

// unknownLinks tries tokens that were never given, and what is none.
func unknownLinks(ctx context.Context, t *target, y *tally) {
	a := t.attacker()
	for _, exchange := range exchanges {
		for _, token := range []string{rand.Text(), rand.Text(), strings.Repeat("a", 22), "..", "%00", "*", "vc:{main}:link:*", `' OR '1'='1`} {
			body, _ := json.Marshal(map[string]string{"token": token}) // of strings
			a.refused(ctx, y, http.MethodPost, exchange, string(body))
		}
		for _, body := range []string{`{}`, `{"token":null}`, `{"token":["a"]}`, `{"token":{"$ne":""}}`, `{"token":""}`, `[]`, `nul`, `{"token":"a","token":"b"}`} {
			a.refused(ctx, y, http.MethodPost, exchange, body)
		}
	}
	for _, key := range []string{rand.Text(), "", "null", strings.Repeat("k", 4000)} {
		a.refused(ctx, y, http.MethodGet, "/api/v1/rooms/"+t.live.Room.ID, "", "Authorization", "Bearer "+key)
	}
}

// deadLinks tries what has let somebody in before.
func deadLinks(ctx context.Context, t *target, y *tally) {
	a := t.attacker()
	no := func(what, exchange, token string) {
		r, err := a.take(ctx, exchange, token)
		y.want(err == nil && r.refused(), "%s: status %d %v", what, r.status, err)
	}
	sleep(ctx, time.Second) // what was made for a second
	no("expired link", "/api/link", t.expired.link)
	no("expired sign-in link", "/api/signin", t.expired.signIn)
	a.refused(ctx, y, http.MethodGet, "/api/v1/rooms/"+t.live.Room.ID, "", "Authorization", "Bearer "+t.expired.key)
	no("sign-in link used before", "/api/signin", t.live.Room.ManagerLink)
	no("seller's link as staff's", "/api/signin", t.live.Room.SellerLink)
	no("staff's link as seller's", "/api/link", t.server.Lines["auditor"])

	room, err := t.server.NewRoom(ctx)
	if y.failed("room", err) || y.failed("manager", a.signedIn(ctx, "/api/signin", room.ManagerLink)) {
		return
	}
	revoked := t.attacker()
	if y.failed("seller", revoked.signedIn(ctx, "/api/link", room.SellerLink)) {
		return
	}
	r, err := a.send(ctx, http.MethodPost, "/api/manager/rooms/"+room.ID+"/link/replace", `{}`)
	if y.failed("replace the link", err) || r.status >= 300 && y.failed("replace the link", fmt.Errorf("status %d %s", r.status, r.code)) {
		return
	}
	no("link that was replaced", "/api/link", room.SellerLink)
	revoked.refused(ctx, y, http.MethodGet, "/api/seller/appointment", "")
	revoked.noSocket(ctx, y, "/ws/seller", t.server.URL)

	var renewed struct{ SellerLink string }
	if y.failed("the new link", json.Unmarshal(r.body, &renewed)) {
		return
	}
	r, err = a.send(ctx, http.MethodPost, "/api/manager/rooms/"+room.ID+"/cancel", `{}`)
	if y.failed("cancel", err) || r.status >= 300 && y.failed("cancel", fmt.Errorf("status %d %s", r.status, r.code)) {
		return
	}
	no("link of a cancelled room", "/api/link", renewed.SellerLink)

	stale := t.attacker()
	stale.http.Jar.SetCookies(t.page(), a.http.Jar.Cookies(t.page())) // somebody has copied it
	_, err = a.send(ctx, http.MethodPost, "/api/signout", `{"role":"manager"}`)
	if !y.failed("sign out", err) {
		stale.refused(ctx, y, http.MethodGet, "/api/manager/me", "")
		stale.noSocket(ctx, y, "/ws/manager?room="+room.ID, t.server.URL)
	}
}

// stolenLink is a seller's link in somebody else's hands while the call goes on.
func stolenLink(ctx context.Context, t *target, y *tally) {
	a := t.attacker()
	if y.failed("the link alone", a.signedIn(ctx, "/api/link", t.live.Room.SellerLink)) {
		return
	}
	y.harmless(1) // a link is a key: what it opens is looked at
	ws, _, err := a.socket(ctx, "/ws/seller", t.server.URL)
	if y.failed("WebSocket", err) {
		return
	}
	defer ws.Close()
	frame, err := protocol.EncodeClient("1", &protocol.Hello{Tab: "robot-seller-" + t.live.Room.ID}) // the victim's own tab
	if y.failed("hello", err) {
		return
	}
	for _, message := range []string{string(frame), `{"t":"chat","id":"2","d":{"text":"it is me"}}`, `{"t":"withdraw","id":"3"}`, `{"t":"end","id":"4"}`} {
		_ = ws.WriteMessage(1, []byte(message)) // it may be closed already
	}
	_ = ws.SetReadDeadline(time.Now().Add(3 * time.Second))
	for {
		_, frame, err := ws.ReadMessage()
		if err != nil {
			break
		}
		to, m, err := protocol.DecodeServer(frame)
		if err != nil {
			continue
		}
		switch m := m.(type) {
		case *protocol.Error:
			y.want(true, "")
		case *protocol.OK:
			y.want(to == "1", "the thief's message %s was done", to) // the hello brings it to where it waits
		case *protocol.State, *protocol.Answer:
			y.want(false, "the thief was answered with %T", m)
		}
	}
	a.refused(ctx, y, http.MethodPost, "/api/seller/cancel", `{}`)
	at := time.Now().Add(24 * time.Hour).UTC().Truncate(time.Hour).Format(time.RFC3339)
	a.refused(ctx, y, http.MethodPost, "/api/seller/appointment", `{"at":"`+at+`"}`)
	a.refused(ctx, y, http.MethodPost, "/api/seller/code/check", `{"code":"000000"}`) // one in a million, where one was sent at all
	a.refused(ctx, y, http.MethodGet, "/api/manager/rooms/"+t.live.Room.ID, "")
}

// guessedLinks guesses until the address is shut out, under many names.
func guessedLinks(ctx context.Context, t *target, y *tally) {
	a := t.attacker()
	shut := 0
	for i := range 200 {
		r, err := a.send(ctx, http.MethodPost, exchanges[i%2], `{"token":"`+rand.Text()+`"}`,
			"X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i), "Forwarded", fmt.Sprintf("for=198.51.100.%d", i), "X-Real-IP", fmt.Sprintf("192.0.2.%d", i))
		y.want(err == nil && r.refused(), "guess %d: status %d %v", i, r.status, err)
		if wait, _ := strconv.Atoi(r.header.Get("Retry-After")); r.status == http.StatusTooManyRequests && wait > 0 {
			shut++
		}
	}
	y.want(shut >= 150, "only %d of 200 guesses were shut out", shut)
	r, err := a.take(ctx, "/api/link", t.live.Room.SellerLink)
	y.want(err == nil && r.status == http.StatusTooManyRequests, "the right one among guesses: status %d %v", r.status, err)
}

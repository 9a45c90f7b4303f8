package signaling

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"verifycall/calls/protocol"
	"verifycall/rooms"
)

// peer is the page's end of a WebSocket.
type peer struct {
	t  *testing.T
	ws *websocket.Conn
}

// dial opens a WebSocket with a browser's cookies.
func (b *browser) dial(path string) *peer {
	b.t.Helper()
	ws, res, err := b.tryDial(path, b.url)
	if err != nil {
		b.t.Fatalf("dial %s: %v (%v)", path, err, res)
	}
	b.t.Cleanup(func() { ws.Close() })
	return &peer{b.t, ws}
}

func (b *browser) tryDial(path, origin string) (*websocket.Conn, *http.Response, error) {
	u, err := url.Parse(b.url)
	if err != nil {
		b.t.Fatal(err)
	}
	head := http.Header{}
	if origin != "" {
		head.Set("Origin", origin)
	}
	d := websocket.Dialer{Jar: b.client.Jar, HandshakeTimeout: 10 * time.Second}
	ws, res, err := d.Dial("ws://"+u.Host+path, head)
	if ws != nil {
		// Bounds a test that would hang; no test waits for it.
		_ = ws.SetReadDeadline(time.Now().Add(20 * time.Second))
	}
	return ws, res, err
}

func (p *peer) send(id string, m protocol.ClientMessage) {
	p.t.Helper()
	frame, err := protocol.EncodeClient(id, m)
	if err != nil {
		p.t.Fatal(err)
	}
	p.raw(websocket.TextMessage, string(frame))
}

func (p *peer) raw(kind int, frame string) {
	p.t.Helper()
	if err := p.ws.WriteMessage(kind, []byte(frame)); err != nil {
		p.t.Fatal(err)
	}
}

// until reads messages until one is as wanted.
func (p *peer) until(what string, wanted func(re string, m protocol.ServerMessage) bool) {
	p.t.Helper()
	for {
		_, frame, err := p.ws.ReadMessage()
		if err != nil {
			p.t.Fatalf("waiting for %s: %v", what, err)
		}
		re, m, err := protocol.DecodeServer(frame)
		if err != nil {
			p.t.Fatal(err)
		}
		if wanted(re, m) {
			return
		}
	}
}

func (p *peer) hello(tab string) *protocol.State {
	p.t.Helper()
	p.send("h", &protocol.Hello{Tab: tab})
	var state *protocol.State
	answered := false
	p.until("state and ok", func(re string, m protocol.ServerMessage) bool {
		switch m := m.(type) {
		case *protocol.State:
			state = m
		case *protocol.OK:
			answered = answered || re == "h"
		}
		return state != nil && answered
	})
	return state
}

// closed wants an error message with a code and then the table's close code.
func (p *peer) closed(code protocol.Code) {
	p.t.Helper()
	p.until("error "+string(code), func(re string, m protocol.ServerMessage) bool {
		e, is := m.(*protocol.Error)
		if is && (re != "" || e.Code != code || e.Message == "" || e.Retryable != protocol.Table[code].Retryable) {
			p.t.Fatalf("error %+v, want %s", e, code)
		}
		return is
	})
	p.closedWith(protocol.Table[code].Close)
}

func (p *peer) closedWith(code int) {
	p.t.Helper()
	for {
		_, frame, err := p.ws.ReadMessage()
		if err == nil {
			if _, m, err := protocol.DecodeServer(frame); err == nil {
				if _, is := m.(*protocol.State); is {
					continue // one that was on its way
				}
				if _, is := m.(*protocol.Bye); is {
					continue
				}
			}
			p.t.Fatalf("another message instead of the end: %s", frame)
		}
		var end *websocket.CloseError
		if !errors.As(err, &end) || end.Code != code {
			p.t.Fatalf("ended with %v, want %d", err, code)
		}
		return
	}
}

func TestSocketJoinsTheCall(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	id, link := m.makeRoom(strings.Replace(plainRoom, `"surname"`, `"document_type":"passport","surname"`, 1))
	seller := s.seller(link).dial("/ws/seller")
	state := seller.hello("tab-of-seller")
	if state.Room.ID != id || state.You.Role != protocol.RoleSeller || state.Staff != nil {
		t.Errorf("the seller sees %+v", state)
	}
	s.isNow(state.Now)
	if state.Room.Document != "passport" || state.Room.Format != "ID-3" {
		t.Errorf("the seller's document is %q, %q", state.Room.Document, state.Room.Format)
	}
	manager := m.dial("/ws/manager?room=" + id)
	state = manager.hello("tab-of-manager")
	if state.Room.ID != id || state.You.Role != protocol.RoleManager || state.You.Name != "Jonas Weber" || state.You.Zone != "Europe/Berlin" ||
		state.Staff == nil || state.Peer == nil || state.Peer.Name != "Anna Maria Eriksson" {
		t.Errorf("the manager sees %+v", state)
	}
	// What a seller may not send is answered and changes nothing.
	before := s.length(id)
	seller.send("f1", &protocol.Flag{Code: "S_FRAUD"})
	seller.until("forbidden", func(re string, m protocol.ServerMessage) bool {
		e, is := m.(*protocol.Error)
		return is && re == "f1" && e.Code == protocol.CodeForbidden
	})
	if after := s.length(id); after != before {
		t.Errorf("the record grew from %d to %d entries", before, after)
	}
}

// Whatever a page does wrong ends its own connection and nobody else's.
func TestWrongMessagesEndTheirConnectionOnly(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	id, link := m.makeRoom(plainRoom)
	manager := m.dial("/ws/manager?room=" + id)
	manager.hello("tab-of-manager")
	b := s.seller(link)
	for name, test := range map[string]struct {
		do   func(*peer)
		code protocol.Code
	}{
		"no JSON":       {func(p *peer) { p.raw(websocket.TextMessage, "hello?") }, protocol.CodeMalformed},
		"unknown type":  {func(p *peer) { p.raw(websocket.TextMessage, `{"t":"sing"}`) }, protocol.CodeMalformed},
		"unknown field": {func(p *peer) { p.raw(websocket.TextMessage, `{"t":"chat","d":{"text":"x","html":"y"}}`) }, protocol.CodeMalformed},
		"long chat":     {func(p *peer) { p.send("c1", &protocol.Chat{Text: strings.Repeat("x", protocol.MaxChat+1)}) }, protocol.CodeMalformed},
		"not UTF-8":     {func(p *peer) { p.raw(websocket.TextMessage, "\xff\xfe") }, protocol.CodeMalformed},
		"binary":        {func(p *peer) { p.raw(websocket.BinaryMessage, `{"t":"end"}`) }, protocol.CodeMalformed},
		"oversized":     {func(p *peer) { p.raw(websocket.TextMessage, strings.Repeat(" ", protocol.MaxFrame+1)) }, protocol.CodeTooLarge},
		"too many": {func(p *peer) {
			for range 3 * 60 {
				if p.ws.WriteMessage(websocket.TextMessage, []byte(`{"t":"mute","d":{"kind":"audio","off":true}}`)) != nil {
					return // closed already
				}
			}
		}, protocol.CodeTooMany},
	} {
		t.Run(name, func(t *testing.T) {
			p := b.dial("/ws/seller")
			p.t = t
			p.hello("tab-of-seller")
			test.do(p)
			p.closed(test.code)
		})
	}
	manager.send("m1", &protocol.Mute{Kind: "audio", Off: true})
	manager.until("ok", func(re string, m protocol.ServerMessage) bool {
		_, is := m.(*protocol.OK)
		return is && re == "m1"
	})
	b.dial("/ws/seller").hello("tab-of-seller")
}

func TestSocketRefusals(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	id, link := m.makeRoom(plainRoom)
	cancelled, cancelledLink := m.makeRoom(plainRoom)
	late := s.seller(cancelledLink)
	s.command(cancelled, "system", rooms.Cancel{By: "manager"})
	for name, test := range map[string]struct {
		b            *browser
		path, origin string
		code         protocol.Code
	}{
		"no session":      {s.browser(), "/ws/seller", s.url, protocol.CodeUnauthorized},
		"seller's cookie": {s.seller(link), "/ws/manager?room=" + id, s.url, protocol.CodeUnauthorized},
		"another's room":  {s.signedIn("manager", "sabine"), "/ws/manager?room=" + id, s.url, protocol.CodeNotFound},
		"no room":         {m, "/ws/manager", s.url, protocol.CodeNotFound},
		"cancelled":       {late, "/ws/seller", s.url, protocol.CodeRoomCancelled},
		"another site":    {s.seller(link), "/ws/seller", "https://evil.example", protocol.CodeForbidden},
		"null origin":     {s.seller(link), "/ws/seller", "null", protocol.CodeForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			ws, res, err := test.b.tryDial(test.path, test.origin)
			if err == nil {
				ws.Close()
				t.Fatal("opened")
			}
			if res == nil || res.StatusCode != protocol.Table[test.code].Status || res.Header.Get("Content-Type") != "application/problem+json" {
				t.Fatalf("answered %+v", res)
			}
			// A page asks the same address again to learn why.
			a := test.b.do("GET", test.path, "", "Origin", test.origin)
			a.t = t
			a.refused(test.code)
		})
	}
	s.seller(link).get("/ws/seller").refused(protocol.CodeMalformed)
	if ws, _, err := s.seller(link).tryDial("/ws/seller", ""); err != nil {
		t.Errorf("a client that is no browser: %v", err)
	} else {
		ws.Close()
	}
}

func TestFirstMessageMustBeHello(t *testing.T) {
	s := openSite(t, nil)
	_, link := s.signedIn("manager", "jonas").makeRoom(plainRoom)
	p := s.seller(link).dial("/ws/seller")
	p.send("", &protocol.End{})
	p.closed(protocol.CodeMalformed)
}

func TestHelloInTime(t *testing.T) {
	s := openSite(t, func(c *Config) { c.Times.Hello = 50 * time.Millisecond })
	_, link := s.signedIn("manager", "jonas").makeRoom(plainRoom)
	s.seller(link).dial("/ws/seller").closed(protocol.CodeMalformed)
}

// A page that answers pings stays, one that is silent goes.
func TestSilentConnectionEnds(t *testing.T) {
	s := openSite(t, func(c *Config) { c.Times.Ping, c.Times.Dead = 50*time.Millisecond, 2*time.Second })
	m := s.signedIn("manager", "jonas")
	id, link := m.makeRoom(plainRoom)
	manager := m.dial("/ws/manager?room=" + id)
	manager.hello("tab-of-manager")
	b := s.seller(link)
	p := b.dial("/ws/seller")
	p.hello("tab-of-seller")
	// The manager's end answers, because it is read from.
	manager.until("the seller's leaving", func(_ string, m protocol.ServerMessage) bool {
		state, is := m.(*protocol.State)
		return is && state.Peer != nil && !state.Peer.Connected
	})
	p.ws.SetPingHandler(func(string) error { return nil }) // those that came are too old to answer
	p.closedWith(websocket.CloseNormalClosure)
}

func TestConnectionsOfOneAddressAreBounded(t *testing.T) {
	s := openSite(t, func(c *Config) { c.ConnsPerIP = 2 })
	m := s.signedIn("manager", "jonas")
	id, link := m.makeRoom(plainRoom)
	first := m.dial("/ws/manager?room=" + id)
	first.hello("tab-of-manager")
	b := s.seller(link)
	b.dial("/ws/seller").hello("tab-of-seller")
	_, res, err := b.tryDial("/ws/seller", s.url)
	if err == nil || res == nil || res.StatusCode != http.StatusTooManyRequests {
		t.Fatalf("the third connection: %v, %+v", err, res)
	}
	first.send("m1", &protocol.Mute{Kind: "video", Off: true})
	first.until("ok", func(re string, _ protocol.ServerMessage) bool { return re == "m1" })
}

func TestCloseTellsTheParticipants(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	id, link := m.makeRoom(plainRoom)
	manager := m.dial("/ws/manager?room=" + id)
	manager.hello("tab-of-manager")
	silent := s.seller(link).dial("/ws/seller") // has not said hello, so no call knows it
	s.server.Drain()
	if _, res, err := m.tryDial("/ws/manager?room="+id, s.url); err == nil || res == nil || res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a new connection while stopping: %v, %+v", err, res)
	}
	if err := s.house.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	manager.until("bye", func(_ string, m protocol.ServerMessage) bool {
		bye, is := m.(*protocol.Bye)
		return is && bye.Cause == "server_stopping"
	})
	var reading sync.WaitGroup
	reading.Go(func() { silent.closedWith(websocket.CloseGoingAway) })
	reading.Go(func() { _, _, _ = manager.ws.ReadMessage() })
	if err := s.server.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	reading.Wait()
}

func TestAddress(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.1:5000":                 "192.0.2.1",
		"[2001:db8:1:2:3:4:5:6]:5000":    "2001:db8:1:2::",
		"[2001:db8:1:2:ffff:4:5:6]:5001": "2001:db8:1:2::",
		"[::ffff:192.0.2.1]:5000":        "::ffff:192.0.2.1",
		"@":                              "@",
	} {
		if got := address(&http.Request{RemoteAddr: remote}); got != want && net.ParseIP(got).String() != net.ParseIP(want).String() {
			t.Errorf("%s is counted as %s, want %s", remote, got, want)
		}
	}
}

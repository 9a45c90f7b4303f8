package main

import (
	"context"
	"crypto/rand"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pion/stun/v4"

	"verifycall/calls/protocol"
)

// floods are more messages than people send, and datagrams of nobody.
func floods(ctx context.Context, t *target, y *tally) {
	_, session, err := t.signedIn(ctx, protocol.RoleSeller)
	if y.failed("seller", err) {
		return
	}
	r, err := session.Connect(ctx, nil)
	if y.failed("connect", err) {
		return
	}
	defer r.Close()
	for range 2000 {
		if r.Raw(websocket.TextMessage, []byte(`{"t":"mute","d":{"kind":"audio","off":true}}`)) != nil {
			break // it is closed already
		}
	}
	y.want(ended(ctx, r.Ended()), "2000 messages in a row were taken")
	t.datagrams(ctx, y)
	t.relayForNobody(ctx, y)
}

// datagrams of strangers at the media's port, some like checks and some like media.
func (t *target) datagrams(ctx context.Context, y *tally) {
	conn, err := net.Dial("udp4", t.server.Media())
	if y.failed("media's port", err) {
		return
	}
	defer conn.Close()
	check, err := stun.Build(stun.BindingRequest, stun.TransactionID, stun.NewUsername("nobody:nobody"), stun.NewShortTermIntegrity("guess"), stun.Fingerprint)
	if y.failed("check", err) {
		return
	}
	noise := make([]byte, 1200)
	_, _ = rand.Read(noise) // never fails
	const each = 5000
	for i := range each {
		noise[0] = byte(i) // STUN, DTLS, SRTP and nothing in turn
		_, _ = conn.Write(check.Raw)
		_, _ = conn.Write(noise)
		if i%100 == 0 {
			sleep(ctx, 2*time.Millisecond)
		}
	}
	_ = conn.SetReadDeadline(time.Now().Add(time.Second))
	answers, part := 0, make([]byte, 2000)
	for {
		if _, err := conn.Read(part); err != nil {
			break
		}
		answers++
	}
	y.refusals(2*each - answers)
	y.want(answers < each/10, "%d of %d strange datagrams were answered", answers, 2*each)
}

// relayForNobody asks the TURN server to relay for who has no credentials.
func (t *target) relayForNobody(ctx context.Context, y *tally) {
	a := t.attacker()
	for _, attributes := range [][]stun.Setter{
		{stun.RawAttribute{Type: 0x0019, Value: []byte{17, 0, 0, 0}}},
		{stun.RawAttribute{Type: 0x0019, Value: []byte{17, 0, 0, 0}}, stun.NewUsername("1:x"), stun.NewRealm("verifycall"), stun.NewNonce("n"),
			stun.NewLongTermIntegrity("1:x", "verifycall", "guess")},
	} {
		request, err := stun.Build(append([]stun.Setter{stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest)}, attributes...)...)
		if y.failed("allocate", err) {
			return
		}
		conn, err := a.raw(ctx)
		if y.failed("relay's port", err) {
			return
		}
		_, _ = conn.Write(request.Raw)
		_ = conn.SetReadDeadline(time.Now().Add(2 * time.Second))
		part := make([]byte, 2000)
		n, _ := conn.Read(part) // nothing where it was closed
		answer := stun.Message{Raw: part[:n]}
		y.want(n == 0 || answer.Decode() != nil || answer.Type.Class != stun.ClassSuccessResponse, "the relay serves a stranger")
		_ = conn.Close()
	}
}

// slowly holds connections that go on so slowly that they never come to an end.
func slowly(ctx context.Context, t *target, y *tally) {
	a := t.attacker()
	head := "POST /api/v1/rooms HTTP/1.1\r\nHost: " + t.at + "\r\n"
	ways := map[string]func(){
		"no handshake": func() { a.drip(ctx, y, "no handshake", false, "", "\x16") },
		"headers":      func() { a.drip(ctx, y, "headers", true, head, "X-A: b\r\n") },
		"nothing said": func() { a.drip(ctx, y, "nothing said", true, "", "") },
	}
	if !t.set.short { // these end after half a minute and after two
		ways["body"] = func() {
			a.drip(ctx, y, "body", true, head+"Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n", " ")
		}
		ways["chunks"] = func() { a.drip(ctx, y, "chunks", true, head+"Transfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n") }
		ways["reading"] = func() {
			a.drip(ctx, y, "reading", true, strings.Repeat("GET /api/v1/openapi.json HTTP/1.1\r\nHost: "+t.at+"\r\n\r\n", 400), "")
		}
	}
	var all sync.WaitGroup
	for _, way := range ways {
		for range t.set.slow {
			all.Go(way)
		}
	}
	all.Wait()
}

// slowest is how long a connection that never comes to an end may be held.
const slowest = 150 * time.Second

// drip sends a beginning and then a bit each second, reads nothing, and wants the
// server to end it.
func (c *client) drip(ctx context.Context, y *tally, name string, secure bool, begin, bit string) {
	conn, err := c.open(ctx, secure)
	if err != nil {
		y.want(cut(err), "%s: no connection: %v", name, err) // no room for more of one address
		return
	}
	defer conn.Close()
	_ = conn.SetWriteDeadline(time.Now().Add(slowest))
	_, err = io.WriteString(conn, begin)
	for began := time.Now(); err == nil && time.Since(began) < slowest && ctx.Err() == nil; {
		if _, err = io.WriteString(conn, bit); err == nil {
			err = gone(conn)
		}
	}
	y.want(err != nil, "%s: held for %s", name, slowest)
}

// open opens a connection, with or without its handshake.
func (c *client) open(ctx context.Context, secure bool) (net.Conn, error) {
	if secure {
		return c.raw(ctx)
	}
	return c.dialer().DialContext(ctx, "tcp", c.t.at)
}

// gone waits a second for the server's end, an error.
func gone(conn net.Conn) error {
	_ = conn.SetReadDeadline(time.Now().Add(time.Second))
	_, err := conn.Read(make([]byte, 16))
	if e, ok := err.(net.Error); ok && e.Timeout() {
		return nil
	}
	return err
}

// crowd opens as many connections as it can: half from one address, which may
// have some, half from many addresses, which all may. Then the good client must
// still be served.
func crowd(ctx context.Context, t *target, y *tally) {
	half := t.set.conns / 2
	var mu sync.Mutex
	var held []net.Conn
	var all sync.WaitGroup
	next := make(chan int)
	for range 64 {
		all.Go(func() {
			for i := range next {
				c := t.attacker()
				if i >= half {
					c = t.from(1000 + i%64)
				}
				conn, err := c.open(ctx, i%4 == 0)
				if err != nil {
					y.refusals(1)
					continue
				}
				mu.Lock()
				held = append(held, conn)
				mu.Unlock()
			}
		})
	}
	for i := range t.set.conns {
		next <- i
	}
	close(next)
	all.Wait()
	for range 10 {
		began := time.Now()
		r, err := t.good.send(ctx, http.MethodGet, "/healthz", "")
		y.want(err == nil && r.status == http.StatusOK, "the good client beside %d connections, after %s: status %d %v", len(held), time.Since(began), r.status, err)
	}
	ends := 0
	for _, conn := range held {
		_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
		if e, ok := read(conn).(net.Error); !ok || !e.Timeout() {
			ends++
		}
		_ = conn.Close()
	}
	y.refusals(ends)
	y.harmless(len(held) - ends)
}

func read(conn net.Conn) error {
	_, err := conn.Read(make([]byte, 1))
	return err
}

package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// client is a program or browser with an address of its own: all of 127.0.0.0/8
// is this machine.
type client struct {
	t    *target
	ip   net.IP
	http *http.Client
}

// from is a new one, without cookies, at the n-th address.
func (t *target) from(n int) *client {
	c := &client{t: t, ip: net.IPv4(127, 0, byte(n>>8), byte(n))}
	jar, _ := cookiejar.New(nil) // without options it can't fail
	c.http = &http.Client{Jar: jar, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DialContext: c.dialer().DialContext, TLSClientConfig: t.trusted, DisableKeepAlives: true, DisableCompression: true}}
	return c
}

func (c *client) dialer() *net.Dialer {
	return &net.Dialer{LocalAddr: &net.TCPAddr{IP: c.ip}, Timeout: 15 * time.Second}
}

// reply is what the server has answered.
type reply struct {
	status int
	code   string // of a problem
	body   []byte
	header http.Header
}

func (r reply) refused() bool { return r.status >= 400 && r.status < 500 }

const maxReply = 1 << 20 // bytes that are read of an answer

// send makes a request from the server's own pages, unless pairs of header names
// and values say another. An empty body is none.
func (c *client) send(ctx context.Context, method, path, body string, pairs ...string) (reply, error) {
	return c.stream(ctx, method, path, strings.NewReader(body), int64(len(body)), pairs...)
}

func (c *client) stream(ctx context.Context, method, path string, body io.Reader, size int64, pairs ...string) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.t.server.URL+path, body)
	if err != nil {
		return reply{}, err
	}
	req.ContentLength = size
	req.Header.Set("Origin", c.t.server.URL)
	if size != 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		req.Header.Set(pairs[i], pairs[i+1])
	}
	res, err := c.http.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	r := reply{status: res.StatusCode, header: res.Header}
	if r.body, err = io.ReadAll(io.LimitReader(res.Body, maxReply)); err != nil {
		return r, err
	}
	var problem struct{ Code string }
	if json.Unmarshal(r.body, &problem) == nil {
		r.code = problem.Code
	}
	return r, nil
}

// refused tries a request that must be refused as one that can't be done, or by
// the end of the connection.
func (c *client) refused(ctx context.Context, t *tally, method, path, body string, pairs ...string) {
	r, err := c.send(ctx, method, path, body, pairs...)
	if err != nil && cut(err) {
		t.want(true, "")
		return
	}
	t.want(err == nil && r.refused(), "%s %.80s: status %d %s %v", method, path, r.status, r.code, err)
}

// cut says whether an error is the server's end of the connection, and not that
// it doesn't answer.
func cut(err error) bool {
	return !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, context.DeadlineExceeded)
}

// take exchanges a token for a session's cookie.
func (c *client) take(ctx context.Context, exchange, token string) (reply, error) {
	body, err := json.Marshal(map[string]string{"token": token[strings.LastIndexByte(token, '/')+1:]})
	if err != nil {
		return reply{}, err
	}
	return c.send(ctx, http.MethodPost, exchange, string(body))
}

// signedIn is take that must succeed.
func (c *client) signedIn(ctx context.Context, exchange, link string) error {
	r, err := c.take(ctx, exchange, link)
	if err == nil && r.status != http.StatusOK {
		err = fmt.Errorf("%s: status %d %s", exchange, r.status, r.code)
	}
	return err
}

// socket opens a WebSocket with the client's cookies.
func (c *client) socket(ctx context.Context, path, origin string) (*websocket.Conn, *http.Response, error) {
	d := websocket.Dialer{Jar: c.http.Jar, HandshakeTimeout: 15 * time.Second, NetDialContext: c.dialer().DialContext, TLSClientConfig: c.t.trusted}
	header := http.Header{}
	if origin != "" {
		header.Set("Origin", origin)
	}
	return d.DialContext(ctx, "wss://"+c.t.at+path, header)
}

// noSocket tries one that must be refused.
func (c *client) noSocket(ctx context.Context, t *tally, path, origin string) {
	ws, res, err := c.socket(ctx, path, origin)
	if err == nil {
		_ = ws.Close()
	}
	t.want(err != nil && (res == nil || res.StatusCode >= 400), "WebSocket %.80s from %q was opened", path, origin)
}

// raw opens a TLS connection and speaks HTTP/1.1 by hand.
func (c *client) raw(ctx context.Context) (*tls.Conn, error) {
	conn, err := c.dialer().DialContext(ctx, "tcp", c.t.at)
	if err != nil {
		return nil, err
	}
	config := c.t.trusted.Clone()
	config.ServerName, config.NextProtos = "127.0.0.1", []string{"http/1.1"}
	secure := tls.Client(conn, config)
	within, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	if err := secure.HandshakeContext(within); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return secure, nil
}

// said sends bytes and gives all that is answered until the server closes, or
// nothing comes for a while.
func (c *client) said(ctx context.Context, text string) ([]byte, error) {
	conn, err := c.raw(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		return nil, nil // closed while we spoke
	}
	var all bytes.Buffer
	part := make([]byte, 32<<10)
	for all.Len() < maxReply {
		_ = conn.SetReadDeadline(time.Now().Add(700 * time.Millisecond))
		n, err := conn.Read(part)
		all.Write(part[:n])
		if err != nil {
			break
		}
	}
	return all.Bytes(), nil
}

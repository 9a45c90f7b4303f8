// Package socket is the server's end of the pages' WebSockets: their goroutines,
// bounds and ends. It knows nothing of rooms and roles.
//
// Who closes whom: Run returns when both goroutines of a Conn have ended;
// Set.Wait when every Conn has.
package socket

import (
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"

	"verifycall/calls/protocol"
)

const (
	outboxSize = 256             // messages; a state of a call has some 2 kB
	writeWait  = 5 * time.Second // for one frame
	lingerWait = time.Second     // for the peer's close frame after ours

	closeTooSlow = websocket.CloseTryAgainLater
)

// Messages that one connection may send.
const (
	messageRate  = rate.Limit(30) // a second
	messageBurst = 60
)

// Upgrader makes Conns of HTTP requests whose Origin was checked before.
type Upgrader struct{ ws websocket.Upgrader }

// NewUpgrader makes an Upgrader that answers wrong handshakes by refuse.
func NewUpgrader(refuse func(http.ResponseWriter, *protocol.Fault)) *Upgrader {
	return &Upgrader{websocket.Upgrader{
		HandshakeTimeout: 5 * time.Second,
		ReadBufferSize:   4 << 10,
		WriteBufferSize:  4 << 10,
		CheckOrigin:      func(*http.Request) bool { return true },
		Error: func(w http.ResponseWriter, _ *http.Request, _ int, why error) {
			refuse(w, protocol.Faultf(protocol.CodeMalformed, "The WebSocket handshake is wrong: "+why.Error()+"."))
		},
	}}
}

// Upgrade makes the Conn of a request. False: the request was refused.
func (u *Upgrader) Upgrade(w http.ResponseWriter, r *http.Request, t Times) (*Conn, bool) {
	ws, err := u.ws.Upgrade(w, r, nil)
	if err != nil {
		return nil, false // answered by Error
	}
	return newConn(ws, t), true
}

// IsUpgrade tells whether a request asks for a WebSocket.
func IsUpgrade(r *http.Request) bool { return websocket.IsWebSocketUpgrade(r) }

// Times of a Conn.
type Times struct {
	Hello time.Duration // for the first message
	Ping  time.Duration // between two pings
	Dead  time.Duration // silence that ends the connection
}

// Conn is one WebSocket: a reader, which is the handler's goroutine, and a
// writer. Each ends the other. It implements calls.Outbox.
type Conn struct {
	ws *websocket.Conn
	// out is filled by Send from any goroutine and emptied by the writer. Never
	// closed. When it is full the connection ends, and its page comes back for
	// the whole state.
	out   chan []byte
	quit  chan struct{} // closed by the first Close
	times Times
	limit *rate.Limiter // of the reader

	mu      sync.Mutex // guards what follows
	closing bool
	code    int
	why     string
}

func newConn(ws *websocket.Conn, t Times) *Conn {
	return &Conn{ws: ws, out: make(chan []byte, outboxSize), quit: make(chan struct{}), times: t,
		limit: rate.NewLimiter(messageRate, messageBurst)}
}

// Send implements calls.Outbox.
func (c *Conn) Send(re string, m protocol.ServerMessage) bool {
	frame, err := protocol.Encode(re, m)
	if err != nil { // only a message that JSON can't hold: a programmer's error
		c.Close(protocol.Table[protocol.CodeInternal].Close, "internal")
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return false
	}
	select {
	case c.out <- frame:
		return true
	default:
		c.shut(closeTooSlow, "too slow")
		return false
	}
}

// Close implements calls.Outbox.
func (c *Conn) Close(code int, why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shut(code, why)
}

// shut is Close with mu held.
func (c *Conn) shut(code int, why string) {
	if c.closing {
		return
	}
	c.closing, c.code, c.why = true, code, why
	close(c.quit)
}

// Refuse tells the page why its connection ends, and closes it. The error answers
// no message: it is about the connection.
func (c *Conn) Refuse(f *protocol.Fault) {
	kind := protocol.Table[f.Code]
	c.Send("", &protocol.Error{Code: f.Code, Message: f.Message, Retryable: kind.Retryable})
	c.Close(kind.Close, string(f.Code))
}

// Run writes until the connection closes, while read runs; read must return when
// Hello or Next fails.
func (c *Conn) Run(read func()) {
	var writer sync.WaitGroup
	writer.Go(c.write)
	read()
	c.Close(websocket.CloseNormalClosure, "")
	writer.Wait()
	for { // until the peer's close frame, an error or lingerWait
		if _, _, err := c.ws.NextReader(); err != nil {
			break
		}
	}
	_ = c.ws.Close() // nothing is left to be lost
}

// write is the writer's life.
func (c *Conn) write() {
	ping := time.NewTicker(c.times.Ping)
	defer ping.Stop()
	for {
		var err error
		select {
		case frame := <-c.out:
			err = c.frame(frame)
		case <-ping.C:
			err = c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeWait))
		case <-c.quit:
			c.finish()
			return
		}
		if err != nil {
			c.Close(websocket.CloseAbnormalClosure, "")
			_ = c.ws.Close() // ends the reader too
			return
		}
	}
}

func (c *Conn) frame(frame []byte) error {
	if err := c.ws.SetWriteDeadline(time.Now().Add(writeWait)); err != nil {
		return err
	}
	return c.ws.WriteMessage(websocket.TextMessage, frame)
}

// finish writes what is queued and the close frame, and gives the peer a moment
// to answer it.
func (c *Conn) finish() {
	for {
		select {
		case frame := <-c.out:
			if c.frame(frame) != nil {
				_ = c.ws.Close()
				return
			}
			continue
		default:
		}
		break
	}
	c.mu.Lock()
	message := websocket.FormatCloseMessage(c.code, c.why)
	c.mu.Unlock()
	err := c.ws.WriteControl(websocket.CloseMessage, message, time.Now().Add(writeWait))
	if err != nil || c.ws.SetReadDeadline(time.Now().Add(lingerWait)) != nil {
		_ = c.ws.Close()
	}
}

// alive puts the read deadline off, unless the connection is closing already.
func (c *Conn) alive() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return nil
	}
	return c.ws.SetReadDeadline(time.Now().Add(c.times.Dead))
}

// frameIn reads one text frame. A *protocol.Fault says what is wrong with it; any
// other error means that the connection has ended.
func (c *Conn) frameIn() ([]byte, error) {
	kind, r, err := c.ws.NextReader()
	if err != nil {
		return nil, err
	}
	if kind != websocket.TextMessage {
		return nil, protocol.Faultf(protocol.CodeMalformed, "A message must be text.")
	}
	frame, err := io.ReadAll(io.LimitReader(r, protocol.MaxFrame+1))
	if err != nil {
		return nil, err
	}
	if len(frame) > protocol.MaxFrame {
		return nil, protocol.Faultf(protocol.CodeTooLarge, "A message was too long.")
	}
	return frame, nil
}

func (c *Conn) message() (string, protocol.ClientMessage, error) {
	frame, err := c.frameIn()
	if err != nil {
		return "", nil, err
	}
	if !c.limit.Allow() {
		return "", nil, protocol.Faultf(protocol.CodeTooMany, "Too many messages came at once.")
	}
	id, m, err := protocol.Decode(frame)
	if err != nil {
		return "", nil, &protocol.Fault{Code: protocol.CodeMalformed, Message: "A message could not be read.", Err: err}
	}
	return id, m, nil
}

// Hello awaits the first message. Pongs don't put its deadline off. Errors are
// as those of Next.
func (c *Conn) Hello() (string, *protocol.Hello, error) {
	if err := c.ws.SetReadDeadline(time.Now().Add(c.times.Hello)); err != nil {
		return "", nil, err
	}
	id, m, err := c.message()
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return "", nil, protocol.Faultf(protocol.CodeMalformed, "The first message, hello, did not come in time.")
	}
	if err != nil {
		return "", nil, err
	}
	hello, ok := m.(*protocol.Hello)
	if !ok {
		return "", nil, protocol.Faultf(protocol.CodeMalformed, "The first message must be hello.")
	}
	c.ws.SetPongHandler(func(string) error { return c.alive() })
	return id, hello, nil
}

// Next reads the next message. A *protocol.Fault says what is wrong with it, and
// must end the connection; any other error means that it has ended.
func (c *Conn) Next() (string, protocol.ClientMessage, error) {
	if err := c.alive(); err != nil {
		return "", nil, err
	}
	return c.message()
}

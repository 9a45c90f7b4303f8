package signaling

import (
	"errors"
	"io"
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

	closeGoingAway = websocket.CloseGoingAway
	closeTooSlow   = websocket.CloseTryAgainLater
)

// conn is one WebSocket: a reader, which is the handler's goroutine, and a
// writer. Each ends the other; run returns when both have ended. It implements
// calls.Outbox.
type conn struct {
	ws *websocket.Conn
	// out is filled by Send from any goroutine and emptied by the writer. Never
	// closed. When it is full the connection ends, and its page comes back for
	// the whole state.
	out  chan []byte
	quit chan struct{} // closed by the first Close
	dead time.Duration // silence that ends the connection

	mu      sync.Mutex // guards what follows
	closing bool
	code    int
	why     string
}

func newConn(ws *websocket.Conn, dead time.Duration) *conn {
	return &conn{ws: ws, out: make(chan []byte, outboxSize), quit: make(chan struct{}), dead: dead}
}

// Send implements calls.Outbox.
func (c *conn) Send(re string, m protocol.ServerMessage) bool {
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
func (c *conn) Close(code int, why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shut(code, why)
}

// shut is Close with mu held.
func (c *conn) shut(code int, why string) {
	if c.closing {
		return
	}
	c.closing, c.code, c.why = true, code, why
	close(c.quit)
}

// refuse tells the page what is wrong and closes.
func (c *conn) refuse(id string, f *protocol.Fault) {
	kind := protocol.Table[f.Code]
	c.Send(id, &protocol.Error{Code: f.Code, Message: f.Message, Retryable: kind.Retryable})
	c.Close(kind.Close, string(f.Code))
}

// run writes until the connection closes, while read runs; read must return
// when c.next fails.
func (c *conn) run(pingEvery time.Duration, read func()) {
	var writer sync.WaitGroup
	writer.Go(func() { c.write(pingEvery) })
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
func (c *conn) write(pingEvery time.Duration) {
	ping := time.NewTicker(pingEvery)
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

func (c *conn) frame(frame []byte) error {
	if err := c.ws.SetWriteDeadline(time.Now().Add(writeWait)); err != nil {
		return err
	}
	return c.ws.WriteMessage(websocket.TextMessage, frame)
}

// finish writes what is queued and the close frame, and gives the peer a moment
// to answer it.
func (c *conn) finish() {
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
func (c *conn) alive() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return nil
	}
	return c.ws.SetReadDeadline(time.Now().Add(c.dead))
}

// next reads one text frame. A *protocol.Fault says what is wrong with it; any
// other error means that the connection has ended.
func (c *conn) next() ([]byte, error) {
	kind, r, err := c.ws.NextReader()
	if err != nil {
		return nil, err
	}
	if kind != websocket.TextMessage {
		return nil, malformed("A message must be text.")
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

// message reads one message of a page. A *protocol.Fault says what is wrong with
// it, with its id where that could be read; any other error means that the
// connection has ended.
func (c *conn) message(limit *rate.Limiter) (string, protocol.ClientMessage, error) {
	frame, err := c.next()
	if err != nil {
		return "", nil, err
	}
	if !limit.Allow() {
		return "", nil, protocol.Faultf(protocol.CodeTooMany, "Too many messages came at once.")
	}
	id, m, err := protocol.Decode(frame)
	if err != nil {
		return id, nil, &protocol.Fault{Code: protocol.CodeMalformed, Message: "A message could not be read.", Err: err}
	}
	return id, m, nil
}

// asFault gives the fault in err, or nil.
func asFault(err error) *protocol.Fault {
	var f *protocol.Fault
	if errors.As(err, &f) {
		return f
	}
	return nil
}

package robot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pion/webrtc/v4"

	"verifycall/calls/protocol"
)

// ErrClosed is the cause when a connection ended before an answer came.
var ErrClosed = errors.New("robot: the connection ended")

// Robot is one connection of a session to a call: a WebSocket, and media after
// Publish. Its methods may be called from several goroutines.
type Robot struct {
	session *Session
	ws      *websocket.Conn
	pc      *webrtc.PeerConnection
	film    *Film
	first   chan time.Time // capacity 1: when the first picture of the other side was complete
	stop    chan struct{}  // closed by Close; ends publishing
	ended   chan struct{}  // closed by read, when the WebSocket has ended
	jobs    sync.WaitGroup

	mu      sync.Mutex
	next    int
	waiting map[string]chan protocol.ServerMessage // each of capacity 1
	state   *protocol.State
	changed chan struct{}   // closed and replaced at each new state
	cause   error           // of the end
	refusal *protocol.Error // the last that answered no request of ours
}

// Connect opens the WebSocket and says hello.
func (s *Session) Connect(ctx context.Context, film *Film) (*Robot, error) {
	dialer := websocket.Dialer{Jar: s.client.Jar, HandshakeTimeout: 10 * time.Second}
	ws, res, err := dialer.DialContext(ctx, "ws"+s.server.URL[len("http"):]+s.path, http.Header{"Origin": {s.server.URL}})
	if err != nil {
		if res != nil {
			return nil, refusal(s.path, res)
		}
		return nil, fmt.Errorf("%s: %w", s.path, err)
	}
	r := &Robot{session: s, ws: ws, film: film, first: make(chan time.Time, 1), stop: make(chan struct{}),
		ended: make(chan struct{}), waiting: make(map[string]chan protocol.ServerMessage), changed: make(chan struct{})}
	r.jobs.Go(r.read)
	if err := r.send("", &protocol.Hello{Tab: s.tab}); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// Do sends a message and waits until the server has done it.
func (r *Robot) Do(ctx context.Context, msg protocol.ClientMessage) error {
	_, err := r.request(ctx, msg)
	return err
}

func (r *Robot) request(ctx context.Context, msg protocol.ClientMessage) (protocol.ServerMessage, error) {
	answer := make(chan protocol.ServerMessage, 1)
	r.mu.Lock()
	r.next++
	id := strconv.Itoa(r.next)
	r.waiting[id] = answer
	r.mu.Unlock()
	if err := r.send(id, msg); err != nil {
		return nil, err
	}
	select {
	case got := <-answer:
		if refused, ok := got.(*protocol.Error); ok {
			return nil, fmt.Errorf("%T: %w", msg, protocol.Faultf(refused.Code, refused.Message))
		}
		return got, nil
	case <-r.ended:
		return nil, fmt.Errorf("%T: %w", msg, r.Cause())
	case <-ctx.Done():
		return nil, fmt.Errorf("%T: %w", msg, context.Cause(ctx))
	}
}

func (r *Robot) send(id string, msg protocol.ClientMessage) error {
	frame, err := protocol.EncodeClient(id, msg)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock() // gorilla allows one writer; a frame is small
	if err := r.ws.WriteMessage(websocket.TextMessage, frame); err != nil {
		return fmt.Errorf("%T: %w", msg, errors.Join(ErrClosed, err))
	}
	return nil
}

// read takes the server's messages in until the connection ends.
func (r *Robot) read() {
	defer close(r.ended)
	for {
		_, frame, err := r.ws.ReadMessage()
		if err != nil {
			r.mu.Lock()
			r.cause = errors.Join(ErrClosed, err)
			r.mu.Unlock()
			return
		}
		re, msg, err := protocol.DecodeServer(frame)
		if err != nil {
			continue // a later server may say more
		}
		r.take(re, msg)
	}
}

func (r *Robot) take(re string, msg protocol.ServerMessage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if state, ok := msg.(*protocol.State); ok {
		r.state = state
		close(r.changed)
		r.changed = make(chan struct{})
		return
	}
	if answer := r.waiting[re]; answer != nil {
		delete(r.waiting, re)
		answer <- msg
		return
	}
	if refused, ok := msg.(*protocol.Error); ok {
		r.refusal = refused
		close(r.changed)
		r.changed = make(chan struct{})
	}
}

// Wait gives the first state that satisfies is, which may be the current one.
func (r *Robot) Wait(ctx context.Context, is func(*protocol.State) bool) (*protocol.State, error) {
	for {
		r.mu.Lock()
		state, changed := r.state, r.changed
		r.mu.Unlock()
		if state != nil && is(state) {
			return state, nil
		}
		select {
		case <-changed:
		case <-r.ended:
			return state, r.Cause()
		case <-ctx.Done():
			return state, context.Cause(ctx)
		}
	}
}

// Ended is closed when the server has ended the connection.
func (r *Robot) Ended() <-chan struct{} { return r.ended }

// Cause says why the connection has ended; nil before.
func (r *Robot) Cause() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cause
}

// Raw sends a frame as it is, for tests of what the server refuses.
func (r *Robot) Raw(kind int, frame []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ws.WriteMessage(kind, frame)
}

// Refusal waits for an error message that answers no request of Do, and gives it
// as a *protocol.Fault.
func (r *Robot) Refusal(ctx context.Context) error {
	for {
		r.mu.Lock()
		refused, changed, cause := r.refusal, r.changed, r.cause
		r.mu.Unlock()
		if refused != nil {
			return protocol.Faultf(refused.Code, refused.Message)
		}
		if cause != nil {
			return cause
		}
		select {
		case <-changed:
		case <-r.ended:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Close ends the connection and returns when all of its goroutines have ended.
func (r *Robot) Close() error {
	close(r.stop)
	err := r.ws.Close()
	if r.pc != nil {
		err = errors.Join(err, r.pc.Close())
	}
	r.jobs.Wait()
	return err
}

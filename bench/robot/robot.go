package robot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
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
	pc      *webrtc.PeerConnection
	film    *Film
	first   chan time.Time // capacity 1: when the first picture of the other side was complete
	lost    chan struct{}  // capacity 1: the media connection has lost its way
	packets atomic.Int64   // of the other side's video
	stop    chan struct{}  // closed by Close; ends publishing
	jobs    sync.WaitGroup

	mu      sync.Mutex // guards what follows
	ws      *websocket.Conn
	ended   chan struct{} // closed by ws's reader
	next    int
	waiting map[string]chan protocol.ServerMessage // each of capacity 1
	state   *protocol.State
	changed chan struct{}   // closed and replaced at each new state
	cause   error           // of the end
	refusal *protocol.Error // the last that answered no request of ours

	pictured time.Time       // when the last picture was complete
	gaps     []time.Duration // between pictures, see PictureGaps

	counted    bool // a packet has come
	highest    uint16
	came, span int64 // packets, and how far their numbers went on, see Loss
}

// Connect opens the WebSocket and says hello.
func (s *Session) Connect(ctx context.Context, film *Film) (*Robot, error) {
	ws, err := s.dial(ctx)
	if err != nil {
		return nil, err
	}
	r := &Robot{session: s, film: film, first: make(chan time.Time, 1), lost: make(chan struct{}, 1), stop: make(chan struct{}),
		waiting: make(map[string]chan protocol.ServerMessage), changed: make(chan struct{})}
	if err := r.greet(ws); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (s *Session) dial(ctx context.Context) (*websocket.Conn, error) {
	dialer := websocket.Dialer{Jar: s.client.Jar, HandshakeTimeout: 10 * time.Second,
		NetDialContext: s.server.Place.Dial, TLSClientConfig: s.server.Place.TLS}
	ws, res, err := dialer.DialContext(ctx, "ws"+s.server.URL[len("http"):]+s.path, http.Header{"Origin": {s.server.URL}})
	if err != nil {
		if res != nil {
			return nil, refusal(s.path, res)
		}
		return nil, fmt.Errorf("%s: %w", s.path, err)
	}
	return ws, nil
}

// greet takes a WebSocket into use.
func (r *Robot) greet(ws *websocket.Conn) error {
	ended := make(chan struct{}) // closed by this socket's reader
	r.mu.Lock()
	r.ws, r.ended, r.state, r.cause = ws, ended, nil, nil
	r.mu.Unlock()
	r.jobs.Go(func() { r.read(ws, ended) })
	return r.send("", &protocol.Hello{Tab: r.session.tab})
}

// Reconnect opens another WebSocket as the same tab, after the one before was
// lost; the media aren't touched.
func (r *Robot) Reconnect(ctx context.Context) error {
	ws, err := r.session.dial(ctx)
	if err != nil {
		return err
	}
	r.mu.Lock()
	old := r.ws
	r.mu.Unlock()
	_ = old.Close() // it may be gone
	return r.greet(ws)
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
	case <-r.Ended():
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

// read takes the server's messages in until the socket ends.
func (r *Robot) read(ws *websocket.Conn, ended chan struct{}) {
	defer close(ended)
	for {
		_, frame, err := ws.ReadMessage()
		if err != nil {
			r.mu.Lock()
			if r.ws == ws {
				r.cause = errors.Join(ErrClosed, err)
			}
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
		case <-r.Ended():
			return state, r.Cause()
		case <-ctx.Done():
			return state, context.Cause(ctx)
		}
	}
}

// Ended is closed when the WebSocket in use has ended.
func (r *Robot) Ended() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ended
}

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
		case <-r.Ended():
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Close ends the connection and returns when all of its goroutines have ended.
func (r *Robot) Close() error {
	close(r.stop)
	r.mu.Lock()
	err := r.ws.Close()
	r.mu.Unlock()
	if r.pc != nil {
		err = errors.Join(err, r.pc.Close())
	}
	r.jobs.Wait()
	return err
}

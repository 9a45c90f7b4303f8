package socket

import (
	"context"
	"fmt"
	"sync"

	"github.com/gorilla/websocket"

	"verifycall/calls/protocol"
)

// Set counts and keeps the open Conns of a server.
type Set struct {
	most int // of one address

	mu       sync.Mutex // guards the rest; never held while calling a conn
	by       map[string]int
	open     map[*Conn]Session
	draining bool
	empty    chan struct{} // closed when draining and the last has left
}

// Session is what a Conn came in by.
type Session struct {
	Browser, Room string
	Links         int64
}

// NewSet makes a Set that takes so many Conns of one address.
func NewSet(mostOfOne int) *Set {
	return &Set{most: mostOfOne, by: make(map[string]int), open: make(map[*Conn]Session), empty: make(chan struct{})}
}

// Enter takes a place for an address. False: it has too many, or the server
// drains (draining is true then).
func (cs *Set) Enter(from string) (ok, draining bool) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.draining || cs.by[from] >= cs.most {
		return false, cs.draining
	}
	cs.by[from]++
	return true, false
}

// Leave gives the place back.
func (cs *Set) Leave(from string) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.by[from]--; cs.by[from] == 0 {
		delete(cs.by, from)
	}
	cs.signal()
}

// Add registers an open conn of a session; while draining it is closed at once.
func (cs *Set) Add(c *Conn, session Session) {
	cs.mu.Lock()
	cs.open[c] = session
	draining := cs.draining
	cs.mu.Unlock()
	if draining {
		c.Close(websocket.CloseGoingAway, "server stopping")
	}
}

// Remove forgets a Conn that has ended.
func (cs *Set) Remove(c *Conn) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	delete(cs.open, c)
}

// Drain lets nobody in from now on.
func (cs *Set) Drain() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if !cs.draining {
		cs.draining = true
		cs.signal()
	}
}

// signal closes empty once, after drain.
func (cs *Set) signal() {
	if !cs.draining || len(cs.by) > 0 {
		return
	}
	select {
	case <-cs.empty:
	default:
		close(cs.empty)
	}
}

// CloseAll asks every open Conn to end.
func (cs *Set) CloseAll() {
	for _, c := range cs.of(func(Session) bool { return true }) {
		c.Close(websocket.CloseGoingAway, "server stopping")
	}
}

// Refuse ends the open Conns of some sessions with a fault.
func (cs *Set) Refuse(f *protocol.Fault, is func(Session) bool) {
	for _, c := range cs.of(is) {
		c.Refuse(f)
	}
}

func (cs *Set) of(is func(Session) bool) []*Conn {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	var list []*Conn
	for c, session := range cs.open {
		if is(session) {
			list = append(list, c)
		}
	}
	return list
}

// Wait returns when all have left after Drain, or with ctx's error.
func (cs *Set) Wait(ctx context.Context) error {
	select {
	case <-cs.empty:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close connections: %w", ctx.Err())
	}
}

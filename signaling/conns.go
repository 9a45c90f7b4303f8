package signaling

import (
	"context"
	"fmt"
	"sync"
)

// conns counts and keeps the open WebSockets.
type conns struct {
	most int // of one address

	mu       sync.Mutex // guards the rest; never held while calling a conn
	by       map[string]int
	open     map[*conn]struct{}
	draining bool
	empty    chan struct{} // closed when draining and the last has left
}

func (cs *conns) init(most int) {
	cs.most, cs.by, cs.open, cs.empty = most, make(map[string]int), make(map[*conn]struct{}), make(chan struct{})
}

// enter takes a place for an address. False: it has too many, or the server
// drains (draining is true then).
func (cs *conns) enter(from string) (ok, draining bool) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.draining || cs.by[from] >= cs.most {
		return false, cs.draining
	}
	cs.by[from]++
	return true, false
}

func (cs *conns) leave(from string) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.by[from]--; cs.by[from] == 0 {
		delete(cs.by, from)
	}
	cs.signal()
}

// add registers an open conn; while draining it is closed at once.
func (cs *conns) add(c *conn) {
	cs.mu.Lock()
	cs.open[c] = struct{}{}
	draining := cs.draining
	cs.mu.Unlock()
	if draining {
		c.Close(closeGoingAway, "server stopping")
	}
}

func (cs *conns) remove(c *conn) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	delete(cs.open, c)
}

func (cs *conns) drain() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if !cs.draining {
		cs.draining = true
		cs.signal()
	}
}

// signal closes empty once, after drain.
func (cs *conns) signal() {
	if !cs.draining || len(cs.by) > 0 {
		return
	}
	select {
	case <-cs.empty:
	default:
		close(cs.empty)
	}
}

func (cs *conns) closeAll() {
	cs.mu.Lock()
	all := make([]*conn, 0, len(cs.open))
	for c := range cs.open {
		all = append(all, c)
	}
	cs.mu.Unlock()
	for _, c := range all {
		c.Close(closeGoingAway, "server stopping")
	}
}

func (cs *conns) wait(ctx context.Context) error {
	select {
	case <-cs.empty:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close connections: %w", ctx.Err())
	}
}

package embedded

import (
	"errors"
	"maps"
	"net"
	"slices"
	"sync"
	"time"
)

// pumped is one end of a net.Pipe whose writes return at once. A pipe has no
// buffer: without it, a client that writes many commands before it reads and a
// server that answers each would wait for each other for ever.
type pumped struct {
	net.Conn
	mu     sync.Mutex
	wake   *sync.Cond
	queue  []byte // not yet taken by the server; bounded by what a client pipelines
	failed error
}

// conns are the open connections of a Server. The zero value is ready.
type conns struct {
	running sync.WaitGroup
	mu      sync.Mutex
	open    map[*pumped]bool
	closed  bool
}

// start gives a connection whose pump runs.
func (c *conns) start(conn net.Conn) (net.Conn, error) {
	p := &pumped{Conn: conn}
	p.wake = sync.NewCond(&p.mu)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errors.Join(ErrClosed, conn.Close())
	}
	if c.open == nil {
		c.open = map[*pumped]bool{}
	}
	c.open[p] = true
	c.running.Go(func() {
		p.pump()
		c.mu.Lock()
		delete(c.open, p)
		c.mu.Unlock()
	})
	return p, nil
}

// close ends all connections and returns when their pumps have ended.
func (c *conns) close() {
	c.mu.Lock()
	c.closed = true
	left := slices.Collect(maps.Keys(c.open))
	c.mu.Unlock()
	for _, p := range left {
		_ = p.Close() // a pipe's Close gives no error
	}
	c.running.Wait()
}

// Write queues b.
func (p *pumped) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed != nil {
		return 0, p.failed
	}
	p.queue = append(p.queue, b...)
	p.wake.Signal()
	return len(b), nil
}

// pump moves the queue on until the connection ends.
func (p *pumped) pump() {
	for {
		p.mu.Lock()
		for len(p.queue) == 0 && p.failed == nil {
			p.wake.Wait()
		}
		part, err := p.queue, p.failed
		p.queue = nil
		p.mu.Unlock()
		if err != nil {
			return
		}
		if _, err := p.Conn.Write(part); err != nil {
			p.fail(err)
		}
	}
}

func (p *pumped) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed == nil {
		p.failed = err
	}
	p.wake.Signal()
}

// Close ends the connection and the pump.
func (p *pumped) Close() error {
	p.fail(net.ErrClosed)
	return p.Conn.Close()
}

// SetDeadline bounds reads; writes don't wait.
func (p *pumped) SetDeadline(t time.Time) error { return p.SetReadDeadline(t) }

// SetWriteDeadline has nothing to bound.
func (p *pumped) SetWriteDeadline(time.Time) error { return nil }

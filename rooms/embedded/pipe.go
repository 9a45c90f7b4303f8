package embedded

import (
	"net"
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

func newPumped(conn net.Conn, running *sync.WaitGroup) *pumped {
	p := &pumped{Conn: conn}
	p.wake = sync.NewCond(&p.mu)
	running.Go(p.pump)
	return p
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

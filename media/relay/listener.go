package relay

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// listener knows the connections that it has accepted.
type listener struct {
	net.Listener
	open  sync.WaitGroup
	begun queue // those without an allocation

	mu     sync.Mutex // guards what follows; a leaf
	conns  map[string]*frameConn
	closed bool
}

func newListener(l net.Listener) *listener {
	return &listener{Listener: l, begun: queue{most: maxConns}, conns: map[string]*frameConn{}}
}

// Accept implements net.Listener. It fails when the listener is closed, and only
// then: pion asks no more after an error.
func (l *listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	for ; err != nil; conn, err = l.Listener.Accept() {
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		time.Sleep(acceptPause)
	}
	c := &frameConn{Conn: conn, from: conn.RemoteAddr().String(), r: newReader(conn), of: l, shown: l.begun.enter(conn)}
	_ = conn.SetDeadline(time.Now().Add(beginTime)) // one that fails shows at the first read
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, errors.Join(net.ErrClosed, conn.Close())
	}
	l.conns[c.from] = c
	l.open.Add(1)
	return c, nil
}

// allocated gives the connection its longer time.
func (l *listener) allocated(from net.Addr) {
	l.mu.Lock()
	c := l.conns[from.String()]
	l.mu.Unlock()
	if c != nil {
		c.shown()
		c.mu.Lock()
		c.allocated = true
		c.mu.Unlock()
	}
}

// Close implements net.Listener: it also cuts what was accepted.
func (l *listener) Close() error {
	err := l.Listener.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, c := range l.conns {
		_ = c.Conn.Close() // its reader ends and closes c
	}
	return err
}

// wait returns when all connections have ended, after Close.
func (l *listener) wait() { l.open.Wait() }

// frameConn reads whole TURN messages. Its one reader ends it.
type frameConn struct {
	net.Conn
	from string
	r    *bufio.Reader
	of   *listener
	once sync.Once

	shown func() // it has its allocation, or ends

	mu        sync.Mutex // guards allocated; a leaf
	allocated bool
}

// Read implements net.Conn: it gives one whole message at a time, so that one
// that comes byte by byte costs its reader nothing, and no more than maxFrame.
func (c *frameConn) Read(b []byte) (int, error) {
	c.mu.Lock()
	allocated := c.allocated
	c.mu.Unlock()
	if allocated {
		if err := c.SetReadDeadline(time.Now().Add(idleTime)); err != nil {
			return 0, err
		}
	}
	return readFrame(c.r, b)
}

// Write implements net.Conn.
func (c *frameConn) Write(b []byte) (int, error) {
	err := c.SetWriteDeadline(time.Now().Add(writeTime))
	n := 0
	if err == nil {
		n, err = c.Conn.Write(b)
	}
	if err != nil {
		_ = c.Conn.Close() // half a message is out: nothing behind it could be read
	}
	return n, err
}

// Close implements net.Conn.
func (c *frameConn) Close() error {
	err := c.Conn.Close()
	c.shown()
	c.once.Do(func() {
		c.of.mu.Lock()
		delete(c.of.conns, c.from)
		c.of.mu.Unlock()
		c.of.open.Done()
	})
	return err
}

func newReader(from io.Reader) *bufio.Reader { return bufio.NewReaderSize(from, maxFrame) }

var errFrame = errors.New("relay: not a TURN message, or too long")

// readFrame reads one STUN message or one ChannelData message with its padding
// (RFC 8656 sections 3.3 and 12.5) into b.
func readFrame(r *bufio.Reader, b []byte) (int, error) {
	head, err := r.Peek(4)
	if err != nil {
		return 0, err
	}
	size := int(binary.BigEndian.Uint16(head[2:]))
	switch head[0] >> 6 {
	case 0:
		size += 20
	case 1:
		size = 4 + (size+3)&^3
	default:
		return 0, errFrame
	}
	if size > min(len(b), maxFrame) {
		return 0, errFrame
	}
	return io.ReadFull(r, b[:size])
}

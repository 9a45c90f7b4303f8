package relay

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"sync"
	"time"
)

const (
	// alpnTURN is the protocol of clients that say so, RFC 7443 section 3. Most
	// browsers don't.
	alpnTURN = "stun.turn"
	// greetTime is how long a connection may take to show what it speaks.
	greetTime = 10 * time.Second
	// maxGreeting connections at once; for one more, that which has taken longest is
	// closed. Who is honest is through in a few round trips.
	maxGreeting = 2048
	// acceptPause after what keeps a connection from being accepted, as too many open
	// files: it may pass.
	acceptPause = 5 * time.Millisecond
)

// Door shares one TLS port between the pages and the relay. A connection is the
// relay's if it says so by ALPN, or says nothing there and begins like a STUN
// message, whose first two bits are zero, as no HTTP request's are.
type Door struct {
	base     net.Listener
	config   *tls.Config
	pages    hall
	relay    hall
	greeting queue
	running  sync.WaitGroup
	ctx      context.Context
	cancel   context.CancelFunc
}

// NewDoor begins to accept. config needs certificates; its protocols are those
// of the pages.
func NewDoor(base net.Listener, config *tls.Config) *Door {
	config = config.Clone()
	if !slices.Contains(config.NextProtos, alpnTURN) {
		config.NextProtos = append(slices.Clone(config.NextProtos), alpnTURN)
	}
	d := &Door{base: base, config: config, greeting: queue{most: maxGreeting}}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	d.pages, d.relay = newHall(d), newHall(d)
	d.running.Go(d.accept)
	return d
}

// Pages gives the connections that speak HTTP: *tls.Conn where ALPN was used.
// Its Close closes nothing but itself.
func (d *Door) Pages() net.Listener { return &d.pages }

// Relay gives the connections that speak TURN.
func (d *Door) Relay() net.Listener { return &d.relay }

// Close stops to accept and returns when the goroutines of the Door have ended.
// Connections that were given out go on.
func (d *Door) Close() error {
	d.cancel()
	err := d.base.Close()
	d.running.Wait()
	return err
}

func (d *Door) accept() {
	defer d.cancel()
	for {
		conn, err := d.base.Accept()
		if err != nil {
			if d.ctx.Err() == nil && !errors.Is(err, net.ErrClosed) {
				time.Sleep(acceptPause)
				continue
			}
			return
		}
		leave := d.greeting.enter(conn)
		d.running.Go(func() {
			defer leave()
			d.greet(conn)
		})
	}
}

// greet does the handshake and gives the connection to whom it wants.
func (d *Door) greet(raw net.Conn) {
	stop := context.AfterFunc(d.ctx, func() { _ = raw.Close() })
	conn := tls.Server(raw, d.config)
	_ = conn.SetDeadline(time.Now().Add(greetTime)) // one that fails shows at the handshake
	to, given, err := d.choose(conn)
	if err == nil {
		err = conn.SetDeadline(time.Time{})
	}
	if !stop() || err != nil || !to.give(given) {
		_ = raw.Close() // a stranger's own end
	}
}

func (d *Door) choose(conn *tls.Conn) (*hall, net.Conn, error) {
	if err := conn.HandshakeContext(d.ctx); err != nil {
		return nil, nil, err
	}
	switch conn.ConnectionState().NegotiatedProtocol {
	case alpnTURN:
		return &d.relay, conn, nil
	case "":
		first := make([]byte, 1)
		if _, err := conn.Read(first); err != nil {
			return nil, nil, err
		}
		given := &begun{Conn: conn, first: first}
		if first[0] < 0x40 {
			return &d.relay, given, nil
		}
		return &d.pages, given, nil
	}
	return &d.pages, conn, nil
}

// hall is where the connections for one of the two wait to be accepted. It
// implements net.Listener.
type hall struct {
	door   *Door
	conns  chan net.Conn // no room, never closed
	closed chan struct{} // closed by the first Close
	once   *sync.Once
}

func newHall(d *Door) hall {
	return hall{door: d, conns: make(chan net.Conn), closed: make(chan struct{}), once: &sync.Once{}}
}

// give is false when nobody will take the connection.
func (h *hall) give(conn net.Conn) bool {
	select {
	case h.conns <- conn:
		return true
	case <-h.closed:
	case <-h.door.ctx.Done():
	}
	return false
}

// Accept implements net.Listener.
func (h *hall) Accept() (net.Conn, error) {
	select {
	case conn := <-h.conns:
		return conn, nil
	case <-h.closed:
	case <-h.door.ctx.Done():
	}
	return nil, net.ErrClosed
}

// Close implements net.Listener.
func (h *hall) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

// Addr implements net.Listener.
func (h *hall) Addr() net.Addr { return h.door.base.Addr() }

// begun is a connection of which the first byte was read; its one reader gets
// it again.
type begun struct {
	net.Conn
	first []byte
}

// Read implements net.Conn.
func (b *begun) Read(p []byte) (int, error) {
	if len(b.first) == 0 {
		return b.Conn.Read(p)
	}
	n := copy(p, b.first)
	b.first = b.first[n:]
	return n, nil
}

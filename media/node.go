package media

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"

	"github.com/pion/ice/v4"
	"github.com/pion/transport/v5"

	"verifycall/media/lean"
)

// socketBuffer is asked of the system for each direction of the UDP socket, in
// bytes: some 20 ms of a hundred calls. The system may give less.
const socketBuffer = 4 << 20

// Config of a Node.
type Config struct {
	// Listen is the host:port of the one UDP socket and of the TCP listener
	// beside it, for clients whose network lets no UDP out; port 0 picks a free
	// one. An unspecified host (0.0.0.0, ::) listens on every interface and
	// announces all but loopback, unless there is nothing else.
	Listen string
	// PublicIPs are announced instead of the socket's own addresses, with the
	// socket's port.
	PublicIPs []string
	Log       *slog.Logger
	// StartKbps is the bitrate at which publishers are told to start video,
	// 0 meaning DefaultStartKbps.
	StartKbps int
	// Path is the way that media take, "" meaning PathLean.
	Path Path
	// Net replaces the operating system's network, for tests; nil for real.
	Net transport.Net
}

// Path is the way that media take between the socket and a Receiver or down
// track.
type Path string

// The paths: package lean's, and pion's own, which costs more.
const (
	PathLean Path = "lean"
	PathPion Path = "pion"
)

// Node is the media side of one server: a port, UDP and TCP, and the
// Transports on it.
type Node struct {
	cfg    Config
	conn   net.PacketConn
	port   *lean.Port // conn on the lean path, else nil
	door   *door
	mux    *ice.UDPMuxDefault
	tcp    ice.TCPMux // nil on a test's network
	engine *engine

	closing chan struct{} // closed by the first Close
	beating sync.WaitGroup

	mu         sync.Mutex // guards what follows; a leaf
	transports map[*Transport]struct{}
	closed     bool
}

// NewNode opens the port.
func NewNode(cfg Config) (*Node, error) {
	if cfg.StartKbps == 0 {
		cfg.StartKbps = DefaultStartKbps
	}
	if cfg.Path == "" {
		cfg.Path = PathLean
	}
	if cfg.Path != PathPion && cfg.Path != PathLean {
		return nil, fmt.Errorf("media: no path %q", cfg.Path)
	}
	conn, listener, err := listen(cfg)
	if err != nil {
		return nil, fmt.Errorf("media: listen on %s: %w", cfg.Listen, err)
	}
	return newNodeOn(cfg, conn, listener)
}

// newNodeOn makes one of an open socket, and a listener or nil.
func newNodeOn(cfg Config, conn net.PacketConn, listener net.Listener) (*Node, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	n := &Node{cfg: cfg, conn: conn, door: newDoor(), closing: make(chan struct{}), transports: map[*Transport]struct{}{}}
	n.port, _ = conn.(*lean.Port)
	n.mux = ice.NewUDPMuxDefault(ice.UDPMuxParams{
		Logger:  pionLog{log: cfg.Log}.NewLogger("mux"),
		UDPConn: n.door.guard(conn),
		Net:     cfg.Net,
	})
	if listener != nil {
		tcp := newTCPMux(cfg, newTCPDoor(listener, n.door))
		n.tcp = tcp
		if n.port != nil {
			n.tcp = lean.TCP{TCPMuxDefault: tcp, Port: n.port}
		}
	}
	var err error
	if n.engine, err = newEngine(cfg, n.mux, n.tcp, onlyLoopback(n.mux.GetListenAddresses())); err != nil {
		return nil, errors.Join(err, n.closePort())
	}
	n.beating.Go(n.beat)
	return n, nil
}

// listen opens the socket and the listener, or on a test's network the former.
func listen(cfg Config) (net.PacketConn, net.Listener, error) {
	for _, ip := range cfg.PublicIPs {
		if net.ParseIP(ip) == nil {
			return nil, nil, fmt.Errorf("public address %q isn't an IP address", ip)
		}
	}
	if cfg.Net != nil {
		conn, err := cfg.Net.ListenPacket("udp4", cfg.Listen)
		if err == nil && cfg.Path == PathLean {
			conn = lean.On(conn)
		}
		return conn, nil, err
	}
	if cfg.Path == PathLean {
		return listenBoth(cfg.Listen, func(network string, addr *net.UDPAddr) (net.PacketConn, error) {
			return lean.Listen(network, addr, socketBuffer)
		})
	}
	return listenBoth(cfg.Listen, func(network string, addr *net.UDPAddr) (net.PacketConn, error) {
		conn, err := net.ListenUDP(network, addr)
		if err != nil {
			return nil, err
		}
		// A smaller buffer than asked for costs packets at peaks, nothing else.
		_ = conn.SetReadBuffer(socketBuffer)
		_ = conn.SetWriteBuffer(socketBuffer)
		return newBatchConn(conn), nil
	})
}

func (n *Node) closePort() error {
	err := n.mux.Close()
	if n.tcp == nil {
		return err
	}
	if closed := n.tcp.Close(); !errors.Is(closed, net.ErrClosed) { // by an earlier Close
		err = errors.Join(err, closed)
	}
	return err
}

func onlyLoopback(addrs []net.Addr) bool {
	return !slices.ContainsFunc(addrs, func(a net.Addr) bool {
		udp, ok := a.(*net.UDPAddr)
		return ok && !udp.IP.IsLoopback()
	})
}

// Addr is the address the UDP socket is bound to; TCP has the same port.
func (n *Node) Addr() net.Addr { return n.conn.LocalAddr() }

// Close closes every Transport and then the port. It returns when all their
// goroutines have ended.
func (n *Node) Close() error {
	n.mu.Lock()
	if !n.closed {
		close(n.closing)
	}
	n.closed = true
	n.mu.Unlock()
	open := n.open()
	errs := make([]error, len(open)+1)
	var closing sync.WaitGroup
	for i, t := range open {
		closing.Go(func() { errs[i] = t.Close() })
	}
	closing.Wait()
	errs[len(open)] = n.closePort()
	n.beating.Wait()
	return errors.Join(errs...)
}

// NewTransport makes the server's end of one participant's connection. post is
// called from the transport's goroutines; it must return quickly, never call
// into the transport, and isn't called any more when Close has returned.
// Error: ErrClosed.
func (n *Node) NewTransport(post func(Event)) (*Transport, error) {
	t, err := newTransport(n, post)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	closed := n.closed
	if !closed {
		n.transports[t] = struct{}{}
	}
	n.mu.Unlock()
	if closed {
		return nil, errors.Join(ErrClosed, t.Close())
	}
	return t, nil
}

func (n *Node) forget(t *Transport) {
	n.mu.Lock()
	delete(n.transports, t)
	n.mu.Unlock()
}

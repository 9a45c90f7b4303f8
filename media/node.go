package media

import (
	"log/slog"
	"net"

	"github.com/pion/transport/v5"
)

// Config of a Node.
type Config struct {
	// Listen is the host:port of the one UDP socket; port 0 picks a free one.
	Listen string
	// PublicIPs are announced instead of the socket's own addresses.
	PublicIPs []string
	Log       *slog.Logger
	// StartKbps is the bitrate at which publishers are told to start video,
	// 0 meaning DefaultStartKbps.
	StartKbps int
	// Net replaces the operating system's network, for tests; nil for real.
	Net transport.Net
}

// Node is the media side of one server: a UDP port and the Transports on it.
type Node struct{ cfg Config }

// NewNode opens the UDP port.
func NewNode(cfg Config) (*Node, error) { return &Node{cfg: cfg}, nil }

// Addr is the address the UDP socket is bound to.
func (n *Node) Addr() net.Addr { return &net.UDPAddr{} }

// Close closes every Transport and then the port.
func (n *Node) Close() error { return nil }

// NewTransport makes the server's end of one participant's connection. post is
// called from the transport's goroutines and must return quickly; it isn't
// called any more when Close has returned.
func (n *Node) NewTransport(post func(Event)) (*Transport, error) { return nil, ErrClosed }

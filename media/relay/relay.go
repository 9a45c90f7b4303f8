// Package relay lets participants whose network passes nothing but TLS reach
// the media port: a TURN server (RFC 8656) over TCP or TLS that relays to that
// port and to nothing else, for those who were given credentials.
//
// Who closes whom: Server owns its listener and the connections that it has
// accepted; a connection owns its allocation, and that its socket. Close
// returns when all connections have ended.
package relay

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/pion/logging"
	"github.com/pion/turn/v5"
)

// Bounds of what clients may take.
const (
	// maxConns without an allocation; for one more the oldest is closed. Who is honest
	// has one in a few round trips.
	maxConns = 1000
	// maxAllocations at once, and of one participant: one in use, one that
	// replaces it, and two that a lost network left behind.
	maxAllocations, maxOfOne = 500, 4
	// maxFrame is the longest TURN message that is read, in bytes: a media
	// packet and its headers. Requests are shorter.
	maxFrame = 2048
	// beginTime is how long a connection may take to get its allocation,
	// idleTime how long it may be silent then: ICE's checks come each few
	// seconds.
	beginTime, idleTime = 10 * time.Second, 30 * time.Second
	// writeTime after which a client that doesn't read is given up. Until then
	// what is for it is dropped by its own socket.
	writeTime = 5 * time.Second
)

const realm = "verifycall"

// Config of a Server. All fields are needed.
type Config struct {
	// Listener gives connections that speak TURN; TLS may be done already, or
	// is done by its connections themselves.
	Listener net.Listener
	// Media is where this machine reaches the media port, UDP.
	Media netip.AddrPort
	// Announced are the media port's addresses as clients know them, UDP. The
	// first of each family can be reached through the relay.
	Announced []netip.AddrPort
	// URLs name this server to clients, RFC 7065.
	URLs []string
}

// Server relays. Make it with New.
type Server struct {
	urls     []string
	secret   [32]byte
	peers    *peers
	listener *listener
	turn     *turn.Server
}

// New begins to serve.
func New(cfg Config) (*Server, error) {
	if cfg.Listener == nil || !cfg.Media.IsValid() || len(cfg.Announced) == 0 || len(cfg.URLs) == 0 {
		return nil, errors.New("relay: incomplete config")
	}
	s := &Server{urls: cfg.URLs, peers: newPeers(cfg.Media, cfg.Announced), listener: newListener(cfg.Listener)}
	if _, err := rand.Read(s.secret[:]); err != nil {
		return nil, fmt.Errorf("relay: secret: %w", err)
	}
	var err error
	s.turn, err = turn.NewServer(turn.ServerConfig{
		Realm:       realm,
		AuthHandler: s.authenticate,
		QuotaHandler: func(user, _ string, _ net.Addr) bool {
			return s.peers.room(user)
		},
		EventHandler: turn.EventHandler{
			OnAllocationCreated: func(from, _ net.Addr, _, _, _ string, _ net.Addr, _ int) { s.listener.allocated(from) },
		},
		ListenerConfigs: []turn.ListenerConfig{{
			Listener:              s.listener,
			RelayAddressGenerator: s.peers,
			PermissionHandler:     func(_ net.Addr, peer net.IP) bool { return s.peers.known(peer) },
		}},
		InboundMTU: maxFrame + 1, // pion drops what fills its buffer
		// Its lines name addresses and come one per packet in places.
		LoggerFactory: &logging.DefaultLoggerFactory{DefaultLogLevel: logging.LogLevelDisabled},
	})
	if err != nil {
		return nil, fmt.Errorf("relay: %w", err)
	}
	return s, nil
}

// Allocations counts those that exist.
func (s *Server) Allocations() int { return s.peers.count() }

// Close ends every connection and returns when they have ended.
func (s *Server) Close() error {
	err := s.turn.Close()
	s.listener.wait()
	if err != nil {
		return fmt.Errorf("relay: %w", err)
	}
	return nil
}

package media

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/pion/ice/v4"
)

// The TCP side of the media port, for clients whose network lets no UDP out.
const (
	// tcpFirst is how long a new connection may take to say whose it is, and
	// tcpUnused how long one may live whose transport isn't known yet.
	tcpFirst, tcpUnused = 5 * time.Second, 10 * time.Second
	// tcpReads is how many packets of a connection wait for their transport.
	tcpReads = 64
	// tcpWriteBuffer in bytes per connection: a second and a half of video. A
	// write never waits; what doesn't fit is dropped, for a participant that
	// doesn't read must not hold up the other.
	tcpWriteBuffer = 256 << 10
	// samePortTries to find a port that is free for both, where any will do.
	samePortTries = 16
)

// listenBoth opens a UDP port and a TCP listener on the same port number.
func listenBoth(host string, listenUDP func(network string, addr *net.UDPAddr) (net.PacketConn, error)) (net.PacketConn, net.Listener, error) {
	addr, err := net.ResolveUDPAddr("udp", host)
	if err != nil {
		return nil, nil, err
	}
	version := ""
	if addr.IP.To4() != nil {
		version = "4" // "udp" with 0.0.0.0 would take IPv6 too
	}
	var errs []error
	for range samePortTries {
		conn, err := listenUDP("udp"+version, addr)
		if err != nil {
			return nil, nil, err
		}
		bound, ok := conn.LocalAddr().(*net.UDPAddr)
		if !ok {
			return nil, nil, errors.Join(fmt.Errorf("bound to %v", conn.LocalAddr()), conn.Close())
		}
		listener, err := net.ListenTCP("tcp"+version, &net.TCPAddr{IP: bound.IP, Port: bound.Port, Zone: bound.Zone})
		if err == nil {
			return conn, listener, nil
		}
		errs = append(errs, err, conn.Close())
		if addr.Port != 0 {
			break
		}
	}
	return nil, nil, errors.Join(errs...)
}

func newTCPMux(cfg Config, listener net.Listener) *ice.TCPMuxDefault {
	return ice.NewTCPMuxDefault(ice.TCPMuxParams{
		Listener:                     listener,
		Logger:                       pionLog{log: cfg.Log}.NewLogger("tcpmux"),
		ReadBufferSize:               tcpReads,
		WriteBufferSize:              tcpWriteBuffer,
		FirstStunBindTimeout:         tcpFirst,
		AliveDurationForConnFromStun: tcpUnused,
	})
}

package main

import (
	"net"
	"net/netip"
	"slices"
	"sync"
)

// gate lets one address, of IPv6 the /64 that one subscriber holds, have so many TCP
// connections; what is more is closed at once. HTTP's own times end those that say nothing.
type gate struct {
	net.Listener
	most   int
	spared []netip.Prefix // proxies, which bring everybody

	mu sync.Mutex // guards by
	by map[string]int
}

// connsPerWebSocket is how many connections an address may have for each
// WebSocket that --conns-per-ip lets it have.
const connsPerWebSocket = 4

func newGate(l net.Listener, conns int, spared []netip.Prefix) *gate {
	return &gate{Listener: l, most: conns * connsPerWebSocket, spared: spared, by: map[string]int{}}
}

// Accept implements net.Listener.
func (g *gate) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from, _, err := net.SplitHostPort(c.RemoteAddr().String())
		if err != nil {
			from = c.RemoteAddr().String()
		}
		if at, err := netip.ParseAddr(from); err == nil {
			if at = at.Unmap(); slices.ContainsFunc(g.spared, func(p netip.Prefix) bool { return p.Contains(at) }) {
				return c, nil
			}
			from = subscriber(at)
		}
		if g.enter(from) {
			return &gatedConn{Conn: c, leave: sync.OnceFunc(func() { g.leave(from) })}, nil
		}
		_ = c.Close() // the peer learns it by that
	}
}

// subscriber stands for all addresses of whoever has this one.
func subscriber(at netip.Addr) string {
	if at.Is4() {
		return at.String()
	}
	network, _ := at.WithZone("").Prefix(64) // of a length that it has
	return network.String()
}

func (g *gate) enter(from string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.by[from] >= g.most {
		return false
	}
	g.by[from]++
	return true
}

func (g *gate) leave(from string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.by[from]--; g.by[from] <= 0 {
		delete(g.by, from)
	}
}

// gatedConn gives its place back when it is closed.
type gatedConn struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (c *gatedConn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// CloseWrite ends one direction, as net/http does before it closes.
func (c *gatedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

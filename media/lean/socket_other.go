//go:build !linux

package lean

import "net"

// listen opens one socket: other systems spread peers in ways of their own.
func listen(network string, addr *net.UDPAddr, _, buffer int) ([]socket, error) {
	conn, err := net.ListenUDP(network, addr)
	if err != nil {
		return nil, err
	}
	// Smaller buffers than asked for cost packets at peaks, nothing else.
	_ = conn.SetReadBuffer(buffer)
	_ = conn.SetWriteBuffer(buffer)
	return []socket{&plainSocket{conn: conn}}, nil
}

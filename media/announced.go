package media

import (
	"net"
	"net/netip"
)

// Announced are the UDP addresses of the media port that answers name.
func (n *Node) Announced() []netip.AddrPort {
	var all []netip.AddrPort
	port := n.Local().Port()
	for _, ip := range n.cfg.PublicIPs {
		if addr, err := netip.ParseAddr(ip); err == nil {
			all = append(all, netip.AddrPortFrom(addr.Unmap(), port))
		}
	}
	if len(all) > 0 {
		return all
	}
	for _, a := range n.mux.GetListenAddresses() {
		if udp, ok := a.(*net.UDPAddr); ok && (!udp.IP.IsLoopback() || n.Local().Addr().IsLoopback()) {
			all = append(all, netip.AddrPortFrom(udp.AddrPort().Addr().Unmap(), port))
		}
	}
	if len(all) == 0 {
		all = append(all, n.Local())
	}
	return all
}

// Local is where this machine itself reaches the media port by UDP.
func (n *Node) Local() netip.AddrPort {
	udp, ok := n.Addr().(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	addr := udp.AddrPort().Addr().Unmap()
	switch {
	case addr.Is4() && addr.IsUnspecified():
		addr = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case addr.IsUnspecified():
		addr = netip.IPv6Loopback()
	}
	return netip.AddrPortFrom(addr, udp.AddrPort().Port())
}

package signaling

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// maxHops bounds what is read of an X-Forwarded-For.
const maxHops = 16

// behind gives requests that come through a trusted proxy the address of its
// client; what others say of themselves counts for nothing. A proxy appends the
// address that it sees, so the list is read from its end: the first address that is
// no trusted proxy's is the client's.
func behind(proxies []netip.Prefix, next http.Handler) http.Handler {
	if len(proxies) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		if err == nil && trusts(proxies, peer.Addr()) {
			r = r.Clone(r.Context())
			r.RemoteAddr = net.JoinHostPort(clientOf(proxies, peer.Addr(), r.Header.Values("X-Forwarded-For")).String(), "0")
		}
		next.ServeHTTP(w, r)
	})
}

func trusts(proxies []netip.Prefix, at netip.Addr) bool {
	return slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(at.Unmap()) })
}

// clientOf is the last address of the list that isn't a proxy's; where there is none
// that can be read, the last proxy that could.
func clientOf(proxies []netip.Prefix, peer netip.Addr, lines []string) netip.Addr {
	hops := strings.Split(strings.Join(lines, ","), ",")
	at := peer.Unmap()
	for i, hop := range slices.Backward(hops) {
		next, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil || len(hops)-i > maxHops || next.Zone() != "" {
			return at
		}
		if at = next.Unmap(); !trusts(proxies, at) {
			return at
		}
	}
	return at
}

package doctor

import (
	"context"
	"errors"
	"net"
	"syscall"
)

// Port is one that the server listens on.
type Port struct {
	Check   string // "pages", "media", …
	Network string // "tcp" or "udp"
	Address string // host:port
}

// Ports says whether the ports can be had. Where the server runs it is the one
// that has them.
func Ports(ctx context.Context, running bool, ports ...Port) []Finding {
	var all []Finding
	for _, p := range ports {
		all = append(all, p.find(ctx, running))
	}
	return all
}

func (p Port) find(ctx context.Context, running bool) Finding {
	err := p.listen(ctx)
	switch {
	case err == nil && !running:
		return fine(p.Check, "%s %s is free", p.Network, p.Address)
	case err == nil && portOf(p.Address) == 0:
		return fine(p.Check, "%s %s: any free port", p.Network, p.Address)
	case err == nil:
		return fault(p.Check, "restart the server", "%s %s is free although the server runs", p.Network, p.Address)
	case errors.Is(err, syscall.EADDRINUSE) && running:
		return fine(p.Check, "%s %s is in use, the server runs", p.Network, p.Address)
	case errors.Is(err, syscall.EADDRINUSE):
		return fault(p.Check, "stop what uses it or choose another port", "%s %s is used by another program", p.Network, p.Address)
	case errors.Is(err, syscall.EACCES):
		return fault(p.Check, "give the service CAP_NET_BIND_SERVICE or choose a port above 1023", "%s %s isn't allowed", p.Network, p.Address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fault(p.Check, "use an address of this machine, or 0.0.0.0", "%s %s isn't on this machine", p.Network, p.Address)
	}
	return fault(p.Check, "choose another address", "%s %s: %v", p.Network, p.Address, err)
}

func (p Port) listen(ctx context.Context) error {
	var l net.ListenConfig
	if p.Network == "udp" {
		conn, err := l.ListenPacket(ctx, "udp", p.Address)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	listener, err := l.Listen(ctx, "tcp", p.Address)
	if err != nil {
		return err
	}
	return listener.Close()
}

package nodes

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Announcement is what a node says of itself.
type Announcement struct {
	ID       string         `json:"id"`      // random, anew at each start
	Addr     netip.AddrPort `json:"addr"`    // where other nodes reach it; zero: it takes nothing from others
	Cert     string         `json:"cert"`    // SHA-256 of its certificate, hex; empty: without TLS
	Version  string         `json:"version"` // of the program
	Format   int            `json:"format"`  // rooms.Format of the program; absent in those before there was one
	Load     int            `json:"load"`    // calls that run there
	Draining bool           `json:"draining"`
	At       time.Time      `json:"at"`
}

// Announcements that are further from now than maxAge are no news: somebody has
// kept one. Nodes' clocks may differ by as much.
const maxAge = time.Minute

const maxAnnouncement = 4 << 10 // bytes

// ErrAddress says that a node is announced at an address outside the networks in
// which nodes may be.
var ErrAddress = errors.New("the address is outside --node-cidr")

// Announce signs an announcement.
func (s Secret) Announce(a Announcement) (string, error) {
	body, err := json.Marshal(a)
	if err != nil {
		return "", fmt.Errorf("announcement: %w", err)
	}
	return sign(s.announcements, body), nil
}

// Announced reads an announcement that stood in Redis under id. It is refused
// unless it was signed with the secret, is of that node and of this minute, and
// its address lies in one of the networks.
func (s Secret) Announced(id, text string, now time.Time, allowed []netip.Prefix) (Announcement, error) {
	if len(text) > maxAnnouncement {
		return Announcement{}, fmt.Errorf("announcement of %d bytes", len(text))
	}
	body, err := opened(s.announcements, text)
	if err != nil {
		return Announcement{}, fmt.Errorf("announcement: %w", err)
	}
	var a Announcement
	if err := json.Unmarshal(body, &a); err != nil {
		return Announcement{}, fmt.Errorf("announcement: %w", err)
	}
	if age := now.Sub(a.At).Abs(); a.ID != id || age > maxAge {
		return Announcement{}, fmt.Errorf("announcement: of node %.40q, %s old", a.ID, age.Round(time.Second))
	}
	if a.Addr.IsValid() && !within(a.Addr.Addr(), allowed) {
		return Announcement{}, fmt.Errorf("announcement: %w", ErrAddress)
	}
	return a, nil
}

func within(ip netip.Addr, networks []netip.Prefix) bool {
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(ip.Unmap()) })
}

// ParseNetworks reads networks such as "10.0.0.0/8, fd00::/8"; a single address
// is a network of its own.
func ParseNetworks(list []string) ([]netip.Prefix, error) {
	networks := make([]netip.Prefix, 0, len(list))
	for _, text := range list {
		network, err := netip.ParsePrefix(text)
		if ip, notPrefix := netip.ParseAddr(text); err != nil && notPrefix == nil {
			network, err = ip.Prefix(ip.BitLen())
		}
		if err != nil {
			return nil, fmt.Errorf("%q is no network such as 10.0.0.0/8", text)
		}
		networks = append(networks, network.Masked())
	}
	return networks, nil
}

// Least gives the node that a room is placed on: of those that don't drain, one
// with the least load, the preferred one if it is among them, else the one with
// the first id. False: there is none.
func Least(all []Announcement, prefer string) (Announcement, bool) {
	var best Announcement
	found := false
	for _, a := range all {
		switch {
		case a.Draining:
		case !found, a.Load < best.Load, a.Load == best.Load && best.ID != prefer && (a.ID == prefer || a.ID < best.ID):
			best, found = a, true
		}
	}
	return best, found
}

package settings

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
)

// PagesURL is where people reach the pages: --public-url, or made of the
// address that is listened on.
func (c *Settings) PagesURL(bound net.Addr) (*url.URL, error) {
	if c.PublicURL != "" {
		return ParsePublicURL(c.PublicURL)
	}
	scheme := "http"
	if c.Encrypted() {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(bound.String())
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	if asked, _, _ := net.SplitHostPort(c.Listen); asked == "localhost" {
		host = asked
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		host = "localhost"
		if c.LANAddress.IsValid() {
			host = c.LANAddress.String()
		}
	}
	return &url.URL{Scheme: scheme, Host: net.JoinHostPort(host, port)}, nil
}

// OnLAN opens the demo to the local network: every interface is listened on,
// and links and media name this machine's address there.
func (c *Settings) OnLAN() error {
	ip, err := lanAddress()
	if err != nil {
		return err
	}
	_, pages, _ := net.SplitHostPort(c.Listen)
	_, media, _ := net.SplitHostPort(c.MediaListen)
	c.Listen, c.MediaListen = net.JoinHostPort("0.0.0.0", pages), net.JoinHostPort("0.0.0.0", media)
	if c.PublicIPs == "" {
		c.PublicIPs = ip.String()
	}
	c.LANAddress = ip
	return nil
}

// OwnAuthority says whether the demo signs its certificate by an authority of its
// own: on the local network, with neither a certificate nor another way to it given.
func (c *Settings) OwnAuthority() bool {
	return c.LANAddress.IsValid() && c.TLSCert == "" && c.PublicURL == ""
}

// lanAddress finds this machine's IPv4 address on its local network.
func lanAddress() (netip.Addr, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Addr{}, fmt.Errorf("--lan: %w", err)
	}
	var found netip.Addr
	for _, a := range all {
		network, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		ip, ok := netip.AddrFromSlice(network.IP)
		if ip = ip.Unmap(); !ok || !ip.Is4() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
			continue
		}
		if ip.IsPrivate() {
			return ip, nil
		}
		found = ip
	}
	if !found.IsValid() {
		return netip.Addr{}, errors.New("--lan: this machine has no address on a local network")
	}
	return found, nil
}

// ParsePublicURL reads the URL that people reach the pages by: scheme, host and port alone.
func ParsePublicURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is no http:// or https:// URL", text)
	}
	if u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fmt.Errorf("%q has more than scheme, host and port", text)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

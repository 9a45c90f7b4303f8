package main

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"verifycall/nodes"
)

// proxyWord as --tls-cert says that TLS ends before this process: at proxies in the
// networks that follow, whose X-Forwarded-For is believed.
const proxyWord = "proxy:"

func (c *settings) proxied() bool { return strings.HasPrefix(c.TLSCert, proxyWord) }

// encrypted says whether the pages' port speaks TLS.
func (c *settings) encrypted() bool { return c.TLSCert != "" && !c.proxied() }

// proxies are the networks of the trusted proxies, none where there are none.
func (c *settings) proxies() []netip.Prefix {
	if !c.proxied() {
		return nil
	}
	networks, _ := nodes.ParseNetworks(commaList(strings.TrimPrefix(c.TLSCert, proxyWord))) // checkProxies has looked at them
	return networks
}

func (c *settings) checkProxies() error {
	networks, err := nodes.ParseNetworks(commaList(strings.TrimPrefix(c.TLSCert, proxyWord)))
	switch {
	case err != nil:
		return fmt.Errorf("--tls-cert: %w", err)
	case len(networks) == 0:
		return errors.New("--tls-cert: proxy: names no network")
	case c.TLSKey != "":
		return errors.New("--tls-key: with --tls-cert proxy: there is none here")
	case c.PublicURL == "":
		return errors.New("--public-url: --tls-cert proxy: needs it")
	}
	for _, n := range networks {
		if n.Bits() == 0 {
			return fmt.Errorf("--tls-cert: %s is everybody: each client could name its own address", n)
		}
	}
	return nil
}

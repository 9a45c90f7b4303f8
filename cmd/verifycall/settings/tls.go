package settings

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"verifycall/cmd/verifycall/certificate"
	"verifycall/nodes"
)

// proxyWord as --tls-cert says that TLS ends before this process: at proxies in the
// networks that follow, whose X-Forwarded-For is believed.
const proxyWord = "proxy:"

// Proxied says whether TLS ends at proxies before this process.
func (c *Settings) Proxied() bool { return strings.HasPrefix(c.TLSCert, proxyWord) }

// Encrypted says whether the pages' port speaks TLS.
func (c *Settings) Encrypted() bool { return c.TLSCert != "" && !c.Proxied() }

// Proxies are the networks of the trusted proxies, none where there are none.
func (c *Settings) Proxies() []netip.Prefix {
	if !c.Proxied() {
		return nil
	}
	networks, _ := nodes.ParseNetworks(commaList(strings.TrimPrefix(c.TLSCert, proxyWord))) // checkProxies has looked at them
	return networks
}

// Unproxied says that people come by https and TLS ends neither here nor at proxies
// that are named.
func (c *Settings) Unproxied() bool {
	return c.TLSCert == "" && strings.HasPrefix(c.PublicURL, "https:")
}

// What is wrong where Unproxied, and what to do.
const (
	UnproxiedSays = "--public-url is https:// and no proxy is named: all who come by one count as one address, and who mistypes twenty links locks out everybody"
	UnproxiedDo   = "give --tls-cert proxy:NETWORKS of the proxies, proxy:127.0.0.1 for one on this machine"
)

func (c *Settings) checkProxies() error {
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

// acmeWord as --tls-cert has the certificate asked for by ACME (RFC 8555) where
// others have a file; with a colon and a URL, at that directory.
const acmeWord = "acme"

// ACMEDirectory gives the authority's directory, empty where the certificate is in
// files or there is none.
func (c *Settings) ACMEDirectory() string {
	rest, is := strings.CutPrefix(c.TLSCert, acmeWord)
	switch {
	case is && rest == "":
		return certificate.LetsEncrypt
	case is && strings.HasPrefix(rest, ":"):
		return rest[1:]
	}
	return ""
}

// checkACME names what an authority would not give a certificate for.
func (c *Settings) checkACME() error {
	if at, err := url.Parse(c.ACMEDirectory()); err != nil || at.Scheme != "https" || at.Host == "" {
		return fmt.Errorf("--tls-cert: %q names no https:// directory of an ACME authority", c.TLSCert)
	}
	if c.TLSKey != "" {
		return errors.New("--tls-key: with --tls-cert acme the key is made here")
	}
	public, err := url.Parse(c.PublicURL)
	if err != nil || public.Scheme != "https" || !strings.Contains(public.Hostname(), ".") {
		return errors.New("--public-url: --tls-cert acme needs one that is https:// and a domain name")
	}
	if _, err := netip.ParseAddr(public.Hostname()); err == nil {
		return errors.New("--public-url: --tls-cert acme needs a domain name, not an address")
	}
	return nil
}

func (c *Settings) checkTLS() error {
	switch {
	case c.ACMEDirectory() != "":
		return c.checkACME()
	case c.Proxied():
		return c.checkProxies()
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return errors.New("--tls-cert and --tls-key: only one of them is given")
	}
	if c.TLSCert == "" {
		return nil
	}
	if _, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey); err != nil {
		return fmt.Errorf("--tls-cert and --tls-key: %w", err)
	}
	if info, err := os.Stat(c.TLSKey); err == nil && info.Mode().Perm()&0o007 != 0 { // a group may share it
		return fmt.Errorf("--tls-key: %s can be read by others (mode %04o): chmod 600 it", c.TLSKey, info.Mode().Perm())
	}
	return nil
}

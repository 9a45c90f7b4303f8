package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// acmeWord as --tls-cert has the certificate asked for by ACME (RFC 8555) where
// others have a file; with a colon and a URL, at that directory.
const acmeWord = "acme"

// acmeDirectory gives the authority's directory, empty where the certificate is in
// files or there is none.
func (c *settings) acmeDirectory() string {
	rest, is := strings.CutPrefix(c.TLSCert, acmeWord)
	switch {
	case is && rest == "":
		return autocert.DefaultACMEDirectory
	case is && strings.HasPrefix(rest, ":"):
		return rest[1:]
	}
	return ""
}

// checkACME names what an authority would not give a certificate for.
func (c *settings) checkACME() error {
	if at, err := url.Parse(c.acmeDirectory()); err != nil || at.Scheme != "https" || at.Host == "" {
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

// acmeCertificate is one that an authority gives for the host of --public-url. It
// is asked for at the first connection, kept in --data, and renewed a month before
// its end. The authority looks at port 443 (RFC 8737, TLS-ALPN).
type acmeCertificate struct {
	manager *autocert.Manager
	host    string

	mu   sync.Mutex // guards last
	last *tls.Certificate
}

func newACMECertificate(c settings) *acmeCertificate {
	public, _ := url.Parse(c.PublicURL) // checkACME has looked at it
	host := public.Hostname()
	return &acmeCertificate{host: host, manager: &autocert.Manager{Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(host),
		Cache: autocert.DirCache(filepath.Join(c.Data, "acme")), Client: &acme.Client{DirectoryURL: c.acmeDirectory(), UserAgent: "verifycall/" + version()}}}
}

// config implements tlsSource.
func (a *acmeCertificate) config(protocols ...string) *tls.Config {
	return &tls.Config{GetCertificate: a.get, NextProtos: append(protocols, acme.ALPNProto), MinVersion: tls.VersionTLS12, CipherSuites: cipherSuites}
}

func (a *acmeCertificate) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if hello.ServerName == "" { // a client that goes by the address
		named := *hello
		named.ServerName = a.host
		hello = &named
	}
	pair, err := a.manager.GetCertificate(hello)
	if err == nil && (len(hello.SupportedProtos) != 1 || hello.SupportedProtos[0] != acme.ALPNProto) {
		a.mu.Lock()
		a.last = pair
		a.mu.Unlock()
	}
	return pair, err
}

// ends implements tlsSource.
func (a *acmeCertificate) ends() (time.Time, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.last == nil || a.last.Leaf == nil {
		return time.Time{}, false
	}
	return a.last.Leaf.NotAfter, true
}

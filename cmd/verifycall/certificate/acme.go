package certificate

import (
	"crypto/tls"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// LetsEncrypt is the directory of the authority that is asked unless another is named.
const LetsEncrypt = autocert.DefaultACMEDirectory

// ACME is one that an authority gives for the host of --public-url. It
// is asked for at the first connection, kept in --data, and renewed a month before
// its end. The authority looks at port 443 (RFC 8737, TLS-ALPN).
type ACME struct {
	manager *autocert.Manager
	host    string

	mu   sync.Mutex // guards last
	last *tls.Certificate
}

// NewACME asks at an authority's directory, a URL, for the host's
// certificate, keeps it in a folder, and says who asks.
func NewACME(directory, host, folder, agent string) *ACME {
	return &ACME{host: host, manager: &autocert.Manager{Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(host),
		Cache: autocert.DirCache(folder), Client: &acme.Client{DirectoryURL: directory, UserAgent: agent}}}
}

// Config implements Source.
func (a *ACME) Config(protocols ...string) *tls.Config {
	return &tls.Config{GetCertificate: a.get, NextProtos: append(protocols, acme.ALPNProto), MinVersion: tls.VersionTLS12, CipherSuites: cipherSuites}
}

func (a *ACME) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
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

// Ends implements Source.
func (a *ACME) Ends() (time.Time, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.last == nil || a.last.Leaf == nil {
		return time.Time{}, false
	}
	return a.last.Leaf.NotAfter, true
}

// Package certificate gives TLS its certificate: from files, which are read again
// when they change, or from an ACME authority (RFC 8555).
package certificate

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// lookEvery is how often the certificate's files are looked at.
const lookEvery = 10 * time.Second

// cipherSuites are those of TLS 1.2 that keep what was sent secret when the
// certificate's key is lost later, and are sealed (RFC 9325 section 4.2). TLS 1.3 has no others.
var cipherSuites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}

// Source is where the certificate of pages and relay comes from: files, or an
// authority.
type Source interface {
	Config(protocols ...string) *tls.Config // of a listener
	Ends() (time.Time, bool)                // of the present one; false where it isn't known
}

// Files is the pair of files of --tls-cert and --tls-key. A renewed pair is
// taken up while the server runs; one that can't be read is not, and said so.
type Files struct {
	cert, key string
	log       *slog.Logger
	now       func() time.Time

	mu     sync.Mutex // guards what follows
	pair   *tls.Certificate
	stamp  [2]time.Time // of the files, when pair was read
	looked time.Time
}

// Open reads the pair of files; a pair that can't be read is an error now, later it is logged.
func Open(cert, key string, log *slog.Logger) (*Files, error) {
	c := &Files{cert: cert, key: key, log: log, now: time.Now}
	if err := c.read(c.stamps()); err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return c, nil
}

// Config implements Source.
func (c *Files) Config(protocols ...string) *tls.Config {
	return &tls.Config{GetCertificate: c.get, NextProtos: protocols, MinVersion: tls.VersionTLS12, CipherSuites: cipherSuites}
}

func (c *Files) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.looked) >= lookEvery {
		c.looked = now
		if stamp := c.stamps(); stamp != c.stamp {
			if err := c.read(stamp); err != nil {
				c.log.Error("the new certificate can't be used, the old one stays", "err", err)
			} else {
				c.log.Info("new certificate")
			}
		}
	}
	return c.pair, nil
}

// Ends implements Source. A pair that was renewed and not used yet counts.
func (c *Files) Ends() (time.Time, bool) {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return time.Time{}, false
	}
	return pair.Leaf.NotAfter, true
}

// read is called with mu held, or before anybody else has c.
func (c *Files) read(stamp [2]time.Time) error {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return err
	}
	c.pair, c.stamp = &pair, stamp
	return nil
}

// stamps are the times of the files' last change; zero for one that isn't there.
func (c *Files) stamps() (times [2]time.Time) {
	for i, name := range []string{c.cert, c.key} {
		if f, err := os.Stat(name); err == nil {
			times[i] = f.ModTime()
		}
	}
	return times
}

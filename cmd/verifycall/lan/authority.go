// Package lan is what a demo on the local network needs: an authority of its own,
// certificates that it signs for this machine's address, and a link as a QR code.
package lan

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	authorityLife = 365 * 24 * time.Hour
	leafLife      = 30 * 24 * time.Hour
	// An authority with less left is made anew: a demo that begins now outlives it.
	leastLeft = 24 * time.Hour
	// Clocks of phones may be behind.
	backdated = time.Hour
)

// Files of the authority, and of the certificate of this start.
const (
	authorityFile    = "ca.pem"
	authorityKeyFile = "ca-key.pem"
	leafFile         = "cert.pem"
	leafKeyFile      = "key.pem"
)

// private are the networks that nobody outside can have an address in (RFC 1918).
var private = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16")}

// Authority signs certificates for addresses of a local network and for nothing else.
type Authority struct {
	folder string
	pair   tls.Certificate
}

// Open reads the authority in a folder. One that isn't there, has come to its end or
// may not sign for the address is made.
func Open(folder string, address netip.Addr, now time.Time) (*Authority, error) {
	a := &Authority{folder: folder}
	cert, key := filepath.Join(folder, authorityFile), filepath.Join(folder, authorityKeyFile)
	for _, name := range []string{cert, key} {
		_, err := os.Stat(name)
		if errors.Is(err, fs.ErrNotExist) {
			return a, a.make(address, now)
		}
		if err != nil {
			return nil, fmt.Errorf("authority of the local network: %w", err)
		}
	}
	if info, err := os.Stat(key); err == nil && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("authority of the local network: %s can be read by others (mode %04o): chmod 600 it", key, info.Mode().Perm())
	}
	var err error
	if a.pair, err = tls.LoadX509KeyPair(cert, key); err != nil {
		return nil, fmt.Errorf("authority of the local network: %w; remove %s to have another", err, folder)
	}
	if now.Add(leastLeft).After(a.pair.Leaf.NotAfter) || !a.permits(address) {
		return a, a.make(address, now)
	}
	return a, nil
}

// permits says whether the authority's name constraints hold an address.
func (a *Authority) permits(address netip.Addr) bool {
	for _, network := range a.pair.Leaf.PermittedIPRanges {
		if network.Contains(address.AsSlice()) {
			return true
		}
	}
	return false
}

// make makes another authority and writes it.
func (a *Authority) make(address netip.Addr, now time.Time) error {
	networks := private
	if !address.IsPrivate() {
		networks = append(networks[:len(networks):len(networks)], netip.PrefixFrom(address, address.BitLen()))
	}
	form := &x509.Certificate{
		Subject: pkix.Name{CommonName: "Verifycall demo"}, NotBefore: now.Add(-backdated), NotAfter: now.Add(authorityLife),
		KeyUsage: x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: []string{"localhost"},
	}
	for _, n := range networks {
		form.PermittedIPRanges = append(form.PermittedIPRanges, &net.IPNet{IP: n.Addr().AsSlice(), Mask: net.CIDRMask(n.Bits(), n.Addr().BitLen())})
	}
	if err := os.MkdirAll(a.folder, 0o700); err != nil {
		return fmt.Errorf("authority of the local network: %w", err)
	}
	var err error
	a.pair, err = a.sign(form, authorityFile, authorityKeyFile)
	return err
}

// Sign has a certificate for an address, and localhost, in the folder, and names its files.
func (a *Authority) Sign(address netip.Addr, now time.Time) (cert, key string, err error) {
	form := &x509.Certificate{
		Subject: pkix.Name{CommonName: address.String()}, NotBefore: now.Add(-backdated), NotAfter: now.Add(leafLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
		IPAddresses: []net.IP{address.AsSlice()}, DNSNames: []string{"localhost"},
	}
	if end := a.pair.Leaf.NotAfter; form.NotAfter.After(end) {
		form.NotAfter = end
	}
	_, err = a.sign(form, leafFile, leafKeyFile)
	return filepath.Join(a.folder, leafFile), filepath.Join(a.folder, leafKeyFile), err
}

// sign makes a key and the certificate of the form, an authority's by that key
// itself, and writes both.
func (a *Authority) sign(form *x509.Certificate, cert, key string) (tls.Certificate, error) {
	failed := func(err error) (tls.Certificate, error) {
		return tls.Certificate{}, fmt.Errorf("certificate of the local network: %w", err)
	}
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return failed(err)
	}
	if form.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)); err != nil {
		return failed(err)
	}
	parent, signer := form, any(secret)
	if !form.IsCA {
		parent, signer = a.pair.Leaf, a.pair.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, form, parent, &secret.PublicKey, signer)
	if err != nil {
		return failed(err)
	}
	hidden, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		return failed(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	hiddenText := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: hidden})
	// The certificate goes first and comes last: a start that was cut off leaves no pair.
	for _, step := range []func() error{
		func() error { return removed(filepath.Join(a.folder, cert)) },
		func() error { return removed(filepath.Join(a.folder, key)) },
		func() error { return os.WriteFile(filepath.Join(a.folder, key), hiddenText, 0o600) },
		func() error { return os.WriteFile(filepath.Join(a.folder, cert), text, 0o600) },
	} {
		if err := step(); err != nil {
			return failed(err)
		}
	}
	return tls.X509KeyPair(text, hiddenText)
}

// removed makes sure that no file is there, whose mode the next one would get.
func removed(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// DER is the authority's certificate as phones take it; nil of none.
func (a *Authority) DER() []byte {
	if a == nil {
		return nil
	}
	return a.pair.Certificate[0]
}

// Fingerprint is the certificate's SHA-256 as phones show it.
func (a *Authority) Fingerprint() string {
	sum := sha256.Sum256(a.DER())
	return strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
}

package doctor

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"time"
)

// soon is how long before its end a certificate is warned of.
const soon = 14 * 24 * time.Hour

// Certificate looks at the pair of files that the pages are served with: its
// chain, the name that people use, its end. roots are those of the machine where
// nil.
func Certificate(cert, key, host string, roots *x509.CertPool, now time.Time) Finding {
	const check = "tls"
	if cert == "" {
		return warning(check, "set --tls-cert and --tls-key, or serve behind a proxy that has a certificate",
			"pages are served without TLS: browsers give a page the camera on localhost only")
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return fault(check, "give a PEM chain and its key", "%v", err)
	}
	others := x509.NewCertPool()
	for _, der := range pair.Certificate[1:] {
		if c, err := x509.ParseCertificate(der); err == nil {
			others.AddCert(c)
		}
	}
	leaf := pair.Leaf
	_, err = leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, Intermediates: others, CurrentTime: now})
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	switch {
	case now.After(leaf.NotAfter):
		return fault(check, "renew it", "the certificate ended on %s", leaf.NotAfter.UTC().Format(time.DateOnly))
	case errors.As(err, &name):
		return fault(check, "get one for that name", "the certificate isn't for %s", host)
	case errors.As(err, &unknown):
		return warning(check, "append the intermediate certificates, or have people trust its authority",
			"this machine doesn't trust the certificate's issuer")
	case err != nil:
		return fault(check, "get another certificate", "%v", err)
	case leaf.NotAfter.Sub(now) < soon:
		return warning(check, "renew it", "the certificate ends on %s", leaf.NotAfter.UTC().Format(time.DateOnly))
	}
	return fine(check, "certificate for %s until %s", host, leaf.NotAfter.UTC().Format(time.DateOnly))
}

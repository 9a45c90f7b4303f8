package certificate

import (
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"verifycall/test/certtest"
)

// shake connects with what client says and gives the certificate's name.
func shake(server, client *tls.Config) (string, error) {
	a, b := net.Pipe()
	defer a.Close()
	go func() {
		s := tls.Server(b, server)
		_ = s.Handshake() // the client's error is looked at
		_, _ = io.Copy(io.Discard, s)
		b.Close()
	}()
	client.InsecureSkipVerify = true // the test looks at who answers
	c := tls.Client(a, client)
	if err := c.Handshake(); err != nil {
		return "", err
	}
	return c.ConnectionState().PeerCertificates[0].Subject.CommonName, nil
}

// write writes a fresh certificate and its key, last changed at.
func write(t *testing.T, cert, key, name string, at time.Time) {
	t.Helper()
	pair, err := certtest.Make(time.Now().Add(time.Hour), name)
	if err == nil {
		err = errors.Join(pair.Write(cert, key), os.Chtimes(cert, at, at), os.Chtimes(key, at, at))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestCertificateIsRenewed(t *testing.T) {
	cert, key := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	start := time.Now()
	write(t, cert, key, "first", start)
	c, err := Open(cert, key, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	now := start
	c.now = func() time.Time { return now }
	for _, step := range []struct {
		change func()
		want   string
	}{
		{func() {}, "first"},
		{func() { write(t, cert, key, "second", start.Add(time.Minute)) }, "second"},
		{func() { os.WriteFile(key, []byte("half written"), 0o600) }, "second"},
		{func() { write(t, cert, key, "third", start.Add(2*time.Minute)) }, "third"},
	} {
		step.change()
		now = now.Add(lookEvery)
		if name, err := shake(c.Config(), &tls.Config{}); err != nil || name != step.want {
			t.Errorf("answered as %q (%v), want %q", name, err, step.want)
		}
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	cert, key := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	write(t, cert, key, "here", time.Now())
	c, err := Open(cert, key, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		client *tls.Config
		ok     bool
	}{
		"1.3": {&tls.Config{MinVersion: tls.VersionTLS13}, true},
		"1.2": {&tls.Config{MaxVersion: tls.VersionTLS12}, true},
		"1.1": {&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, false},
		"1.2 without forward secrecy": {&tls.Config{MaxVersion: tls.VersionTLS12,
			CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}}, false},
		"1.2 with CBC": {&tls.Config{MaxVersion: tls.VersionTLS12,
			CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}, false},
	} {
		if _, err := shake(c.Config(), test.client); (err == nil) != test.ok {
			t.Errorf("TLS %s: %v", name, err)
		}
	}
	for _, suite := range tls.InsecureCipherSuites() {
		for _, ours := range cipherSuites {
			if suite.ID == ours {
				t.Errorf("%s is insecure", suite.Name)
			}
		}
	}
}

package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"verifycall/cmd/verifycall/settings"
	"verifycall/test/certtest"
)

const lanLines = demoLines + 2 // ca, fingerprint; a QR code follows

// startLAN starts a demo on the local network of this machine.
func startLAN(t *testing.T, dir string, args ...string) *demo {
	t.Helper()
	if err := new(settings.Settings).OnLAN(); err != nil {
		t.Skip(err)
	}
	_, port, _ := strings.Cut(freeAddress(t), ":")
	d, out := launch(t, dir, append([]string{"--demo", "--lan", "--listen", "127.0.0.1:" + port, "--media-path", "lean"}, args...)...)
	scanner := bufio.NewScanner(out)
	for scanner.Scan() && !strings.HasPrefix(scanner.Text(), "\x1b[") {
		name, value, _ := strings.Cut(scanner.Text(), " ")
		d.lines[name] = value
	}
	if len(d.lines) < demoLines || !strings.HasPrefix(scanner.Text(), "\x1b[") {
		t.Fatalf("printed %v, ended with %v", d.lines, d.stop())
	}
	go io.Copy(io.Discard, out) // the rest of the code
	d.base, _, _ = strings.Cut(d.lines["manager"], "/in/")
	return d
}

func TestDemoOnTheLocalNetwork(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir := t.TempDir()
	var authority []byte
	for start := range 2 {
		d := startLAN(t, dir)
		if len(d.lines) != lanLines {
			t.Fatalf("printed %v", d.lines)
		}
		at, err := url.Parse(d.base)
		if err != nil || at.Scheme != "https" {
			t.Fatalf("pages at %s", d.base)
		}
		for _, name := range []string{"auditor", "operator", "seller", "mail", "ca"} {
			if !strings.HasPrefix(d.lines[name], d.base+"/") {
				t.Errorf("%s at %s, not at %s", name, d.lines[name], d.base)
			}
		}
		kept, err := os.ReadFile(filepath.Join(dir, "data", "lan", "ca.pem"))
		if err != nil {
			t.Fatal(err)
		}
		if start > 0 && !bytes.Equal(kept, authority) {
			t.Error("another authority after a restart")
		}
		authority = kept
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(authority)
		d.client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots}

		res, err := d.client.Get(d.lines["ca"]) // verifies the address's certificate
		if err != nil {
			t.Fatal(err)
		}
		der, err := io.ReadAll(res.Body)
		res.Body.Close()
		block, _ := pem.Decode(authority)
		if err != nil || res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/x-x509-ca-cert" || !bytes.Equal(der, block.Bytes) {
			t.Errorf("%s: %s, %s, %d bytes, %v", d.lines["ca"], res.Status, res.Header.Get("Content-Type"), len(der), err)
		}
		if sum := sha256.Sum256(der); strings.ReplaceAll(d.lines["fingerprint"], ":", "") != fmt.Sprintf("%X", sum) {
			t.Errorf("fingerprint %s, not %X", d.lines["fingerprint"], sum)
		}
		for _, want := range []int{http.StatusOK, http.StatusNotFound} {
			if status := d.post("/api/signin", d.lines["manager"]); status != want {
				t.Errorf("manager link: status %d, want %d", status, want)
			}
		}
		res, err = d.client.Post(d.base+"/api/link", "application/json", strings.NewReader(`{"token":"`+d.lines["seller"][strings.LastIndex(d.lines["seller"], "/")+1:]+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if c := res.Cookies(); len(c) != 1 || !c[0].Secure || c[0].Name != "__Host-vc_seller" {
			t.Errorf("cookies %v", c)
		}
		if err := d.stop(); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"ca-key.pem", "key.pem"} {
		if info, err := os.Stat(filepath.Join(dir, "data", "lan", name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

// A certificate or a proxy of one's own needs no authority; staff links are good once
// all the same.
func TestOwnWayToTheLocalNetwork(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write(t, cert, key)
	for scheme, args := range map[string][]string{
		"https":                 {"--tls-cert", cert, "--tls-key", key},
		"https://proxy.example": {"--public-url", "https://proxy.example"},
	} {
		data := t.TempDir()
		d := startLAN(t, data, args...)
		if !strings.HasPrefix(d.base, scheme) || d.lines["ca"] != "" {
			t.Errorf("%v: pages at %s, authority at %q", args, d.base, d.lines["ca"])
		}
		if _, err := os.Stat(filepath.Join(data, "data", "lan")); !os.IsNotExist(err) {
			t.Errorf("%v: a folder of an authority, %v", args, err)
		}
		if err := d.stop(); err != nil {
			t.Fatal(err)
		}
	}
}

// write writes a certificate that signed itself.
func write(t *testing.T, cert, key string) {
	t.Helper()
	pair, err := certtest.Make(time.Now().Add(time.Hour), "localhost")
	if err == nil {
		err = pair.Write(cert, key)
	}
	if err != nil {
		t.Fatal(err)
	}
}

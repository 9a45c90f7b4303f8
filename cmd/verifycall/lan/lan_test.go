package lan

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"rsc.io/qr"
)

var home = netip.MustParseAddr("192.168.178.20")

func open(t *testing.T, folder string, address netip.Addr, now time.Time) *Authority {
	t.Helper()
	a, err := Open(folder, address, now)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// leaf signs for an address whatever it is, and says whether a client that trusts
// the authority takes it as host's.
func (a *Authority) leaf(t *testing.T, address netip.Addr, host string, now time.Time) error {
	t.Helper()
	cert, key, err := a.Sign(address, now)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(a.pair.Leaf)
	_, err = pair.Leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, CurrentTime: now})
	return err
}

func TestSignsForTheLocalNetworkAlone(t *testing.T) {
	now := time.Now()
	public := netip.MustParseAddr("192.0.2.7")
	for name, test := range map[string]struct {
		machine, address string
		ok               bool
	}{
		"its own":                   {"192.168.178.20", "192.168.178.20", true},
		"another private one":       {"192.168.178.20", "10.1.2.3", true},
		"a public one":              {"192.168.178.20", "192.0.2.7", false},
		"its own, public":           {"192.0.2.7", "192.0.2.7", true},
		"private beside public":     {"192.0.2.7", "172.16.0.1", true},
		"the public one beside it":  {"192.0.2.7", "192.0.2.8", false},
		"no address of any network": {"192.168.178.20", "2001:db8::1", false},
	} {
		a := open(t, t.TempDir(), netip.MustParseAddr(test.machine), now)
		address := netip.MustParseAddr(test.address)
		if err := a.leaf(t, address, test.address, now); (err == nil) != test.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	a := open(t, t.TempDir(), public, now)
	if err := a.leaf(t, public, "localhost", now); err != nil {
		t.Error(err)
	}
	c := a.pair.Leaf
	if !c.PermittedDNSDomainsCritical || !c.IsCA || c.MaxPathLen != 0 || !c.MaxPathLenZero || c.KeyUsage != x509.KeyUsageCertSign {
		t.Errorf("authority: critical %t, CA %t, path %d, usage %b", c.PermittedDNSDomainsCritical, c.IsCA, c.MaxPathLen, c.KeyUsage)
	}
}

func TestAuthorityIsKept(t *testing.T) {
	folder, now := filepath.Join(t.TempDir(), "data", "lan"), time.Now()
	first := open(t, folder, home, now)
	if _, _, err := first.Sign(home, now); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{authorityKeyFile, leafKeyFile} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder: %v, %v", info, err)
	}
	late := now.Add(364 * 24 * time.Hour)
	for _, test := range []struct {
		name    string
		address string
		at      time.Time
		kept    bool
	}{
		{"at the next start", "192.168.178.20", now, true},
		{"in another private network", "10.0.0.4", now, true},
		{"near its end", "10.0.0.4", late.Add(-time.Hour), true},
		{"at its end", "10.0.0.4", late.Add(time.Hour), false},
		{"at a public address", "192.0.2.7", late, false},
		{"at that one again", "192.0.2.7", late, true},
	} {
		address := netip.MustParseAddr(test.address)
		a := open(t, folder, address, test.at)
		if kept := bytes.Equal(a.DER(), first.DER()); kept != test.kept {
			t.Errorf("%s: kept %t", test.name, kept)
		}
		if err := a.leaf(t, address, test.address, test.at); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		first = a
	}
}

func TestWhatIsNoAuthority(t *testing.T) {
	now := time.Now()
	for name, test := range map[string]struct {
		spoil func(folder string) error
		says  string // empty: another is made
	}{
		"no key":             {func(f string) error { return os.Remove(filepath.Join(f, authorityKeyFile)) }, ""},
		"no certificate":     {func(f string) error { return os.Remove(filepath.Join(f, authorityFile)) }, ""},
		"half a certificate": {func(f string) error { return os.Truncate(filepath.Join(f, authorityFile), 40) }, "remove"},
		"a key for everybody": {func(f string) error { return os.Chmod(filepath.Join(f, authorityKeyFile), 0o644) },
			"chmod 600"},
	} {
		folder := t.TempDir()
		open(t, folder, home, now)
		if err := test.spoil(folder); err != nil {
			t.Fatal(err)
		}
		_, err := Open(folder, home, now)
		if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFingerprint(t *testing.T) {
	shown := open(t, t.TempDir(), home, time.Now()).Fingerprint()
	if len(shown) != 32*3-1 || strings.Count(shown, ":") != 31 || strings.ToUpper(shown) != shown {
		t.Error(shown)
	}
}

// TestCode: what is drawn is the code, module by module, with its margin.
func TestCode(t *testing.T) {
	const link = "https://192.168.178.20:8080/j/AAAAAAAAAAAAAAAAAAAAAA"
	text, err := Code(link)
	if err != nil {
		t.Fatal(err)
	}
	want, err := qr.Encode(link, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	for row, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		inner := strings.TrimSuffix(strings.TrimPrefix(line, blackOnWhite), asBefore)
		if n := utf8.RuneCountInString(inner); n != want.Size+2*quiet {
			t.Fatalf("line %d has %d modules", row, n)
		}
		for column, r := range []rune(inner) {
			x, y := column-quiet, 2*row-quiet
			if (r == '█' || r == '▀') != want.Black(x, y) || (r == '█' || r == '▄') != want.Black(x, y+1) {
				t.Fatalf("module %d, %d is drawn as %q", x, y, r)
			}
		}
	}
}

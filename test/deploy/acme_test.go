//go:build fault

package deploy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"verifycall/bench/robot"
)

// TestACME has the certificate asked for at a real ACME authority (pebble) that
// looks at the server's port by TLS-ALPN, and uses the one kept after a restart,
// with the authority gone.
func TestACME(t *testing.T) {
	pebble, names := acmeTool(t, "pebble"), acmeTool(t, "pebble-challtestsrv")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	dir := t.TempDir()
	cert, key, trust := certificate(t, dir)
	at := free(t, 7)
	pages, authority, management, dns, desk := at[0], at[3], at[4], at[5], at[6]
	_, port, _ := net.SplitHostPort(pages)
	const host = "calls.example.test"

	config, err := json.Marshal(map[string]any{"pebble": map[string]any{"listenAddress": authority, "managementListenAddress": management,
		"certificate": cert, "privateKey": key, "httpPort": 1, "tlsPort": json.Number(port)}})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "pebble.json"), config, 0o600))
	helper(t, names, "-dnsserver", dns, "-management", desk, "-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", "", "-defaultIPv6", "")
	stop := helper(t, pebble, "-config", filepath.Join(dir, "pebble.json"), "-dnsserver", dns)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(fetched(t, ctx, &http.Client{Transport: &http.Transport{TLSClientConfig: trust}}, "https://"+management+"/roots/0"))

	program := filepath.Join(dir, "verifycall")
	build := exec.Command("go", "build", "-o", program, "./cmd/verifycall")
	build.Dir = "../.."
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, text)
	}
	t.Setenv("SSL_CERT_FILE", cert) // so that the server trusts the authority's own port
	place := robot.Place{TLS: &tls.Config{RootCAs: roots, ServerName: host}}
	start := func() *robot.Server {
		t.Helper()
		server, err := robot.Start(ctx, robot.Run{Program: program, Dir: dir, Listen: at[:3], URL: "https://" + pages, Place: place,
			Args: []string{"--public-url", "https://" + net.JoinHostPort(host, port), "--tls-cert", "acme:https://" + authority + "/dir"}})
		must(t, err)
		return server
	}
	seen := func() string {
		t.Helper()
		conn, err := tls.Dial("tcp", pages, &tls.Config{RootCAs: roots, ServerName: host})
		must(t, err)
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	server := start()
	first := seen()
	if conn, err := tls.Dial("tcp", pages, &tls.Config{RootCAs: roots, ServerName: "other.example.test"}); err == nil {
		conn.Close()
		t.Error("another name got a certificate")
	}
	metrics := string(fetched(t, ctx, http.DefaultClient, server.Ops()+"/metrics"))
	if strings.Contains(metrics, "verifycall_certificate_expires_timestamp_seconds NaN") || !strings.Contains(metrics, "verifycall_certificate_expires_timestamp_seconds ") {
		t.Error("the certificate's end isn't told")
	}
	if code := server.Stop(); code != 0 {
		t.Errorf("ended with %d\n%s", code, server.Log())
	}
	stop()
	server = start()
	if again := seen(); again != first {
		t.Errorf("another certificate after the restart: %s, before %s", again, first)
	}
	server.Stop()
	kept, err := filepath.Glob(filepath.Join(dir, "data", "acme", "*"))
	if err != nil || len(kept) == 0 {
		t.Fatal(kept, err)
	}
	for _, name := range kept {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s can be read by others: %v %v", name, info.Mode(), err)
		}
	}
}

// acmeTool is the path of a program of test/acmeserver, which is built if need be.
func acmeTool(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "-C", "../acmeserver", "tool", "-n", name).Output()
	if err != nil {
		t.Skipf("%s can't be built here: %v", name, err)
	}
	return strings.TrimSpace(string(out))
}

// helper runs a program until the test ends, or stop is called.
func helper(t *testing.T, program string, args ...string) (stop func()) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1")
	var text strings.Builder
	cmd.Stdout, cmd.Stderr = &text, &text
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	must(t, cmd.Start())
	ended := false
	stop = func() {
		if ended {
			return
		}
		ended = true
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		if t.Failed() {
			t.Logf("%s:\n%s", filepath.Base(program), text.String())
		}
	}
	t.Cleanup(stop)
	return stop
}

// fetched waits until an address answers, and gives what.
func fetched(t *testing.T, ctx context.Context, client *http.Client, url string) []byte {
	t.Helper()
	var last error
	for ctx.Err() == nil {
		res, err := client.Get(url)
		if err == nil {
			text, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
			res.Body.Close()
			must(t, err)
			if res.StatusCode == http.StatusOK {
				return text
			}
			err = fmt.Errorf("%s", res.Status)
		}
		last = err
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s: %v", url, last)
	return nil
}

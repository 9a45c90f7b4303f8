package main

import (
	"crypto/x509"
	"os"
	"os/exec"
	"testing"
)

// TestAuthoritiesWithoutTheMachines: where a machine has no authorities, as in the
// container, the program brings its own.
func TestAuthoritiesWithoutTheMachines(t *testing.T) {
	const child = "ROOTS_TEST_CHILD"
	if os.Getenv(child) != "" {
		pool, err := x509.SystemCertPool()
		if err != nil {
			t.Fatal(err)
		}
		if pool.Equal(x509.NewCertPool()) {
			t.Fatal("no authority is trusted")
		}
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), child+"=1", "SSL_CERT_FILE=/none", "SSL_CERT_DIR=/none")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

package settings

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"verifycall/test/certtest"
)

func TestSecretsThatOthersCanReadAreRefused(t *testing.T) {
	dir := t.TempDir()
	cert, key, secret := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "secret")
	pair, err := certtest.Make(time.Now().Add(time.Hour), "here")
	if err != nil {
		t.Fatal(err)
	}
	if err := pair.Write(cert, key); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(secret, []byte(strings.Repeat("s", 40)), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"--tls-cert", cert, "--tls-key", key, "--redis", "redis://127.0.0.1:1/0", "--cluster-secret-file", secret,
		"--node-listen", "127.0.0.1:0", "--node-cidr", "127.0.0.0/8", "--turn-listen", NoTURN}
	if _, err := Parse(args, unset, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{key, secret} {
		if err := os.Chmod(name, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(args, unset, io.Discard); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("%s with mode 0644: %v", name, err)
		}
		if err := os.Chmod(name, 0o640); err != nil { // a group may share it
			t.Fatal(err)
		}
		if _, err := Parse(args, unset, io.Discard); err != nil {
			t.Errorf("%s with mode 0640: %v", name, err)
		}
	}
}

// Package stamptest is a time-stamping authority for tests: the responder of
// openssl (openssl-ts), with certificates of its own.
package stamptest

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"encoding/asn1"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"verifycall/recorder/evidence/stamp"
)

// Authority answers requests with openssl's `ts -reply`.
type Authority struct {
	Root string // file of its root certificate, PEM
	dir  string
}

// config has the authority, and a section for each kind of certificate.
const config = `
[tsa]
default_tsa = own
[own]
dir = %[1]s
serial = %[1]s/serial
crypto_device = builtin
signer_cert = %[1]s/tsa.pem
signer_key = %[1]s/tsa.key
certs = %[1]s/root.pem
default_policy = 1.2.3.4.1
digests = sha256
signer_digest = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
[stamping]
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[server]
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,serverAuth
`

// New makes an authority; the test is skipped without openssl.
func New(t testing.TB) *Authority {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl isn't installed")
	}
	a := &Authority{dir: t.TempDir()}
	a.Root = filepath.Join(a.dir, "root.pem")
	if err := os.WriteFile(a.path("openssl.cnf"), fmt.Appendf(nil, config, a.dir), 0o600); err != nil {
		t.Fatal(err)
	}
	a.openssl(t, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "36500", "-subj", "/CN=Test root",
		"-extensions", "root", "-keyout", a.path("root.key"), "-out", a.Root)
	for name, kind := range map[string]string{"tsa": "stamping", "server": "server"} {
		a.openssl(t, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Test authority, "+kind,
			"-keyout", a.path(name+".key"), "-out", a.path(name+".csr"))
		a.openssl(t, "x509", "-req", "-in", a.path(name+".csr"), "-CA", a.Root, "-CAkey", a.path("root.key"), "-CAcreateserial", "-days", "36500",
			"-extfile", a.path("openssl.cnf"), "-extensions", kind, "-out", a.path(name+".pem"))
	}
	return a
}

func (a *Authority) path(name string) string { return filepath.Join(a.dir, name) }

func (a *Authority) openssl(t testing.TB, args ...string) {
	t.Helper()
	if err := a.run(t.Context(), args...); err != nil {
		t.Fatal(err)
	}
}

func (a *Authority) run(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "openssl", args...)
	cmd.Env = append(os.Environ(), "OPENSSL_CONF="+a.path("openssl.cnf"))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("openssl %s: %w\n%s", args[0], err, out)
	}
	return nil
}

// Answer gives the TimeStampResp to a TimeStampReq.
func (a *Authority) Answer(ctx context.Context, request []byte) ([]byte, error) {
	query, reply := a.path("query.tsq"), a.path("reply.tsr")
	if err := os.WriteFile(query, request, 0o600); err != nil {
		return nil, err
	}
	if err := a.run(ctx, "ts", "-reply", "-config", a.path("openssl.cnf"), "-queryfile", query, "-out", reply); err != nil {
		return nil, err
	}
	return os.ReadFile(reply)
}

// Stamp gives the answer to a request of its own over text.
func (a *Authority) Stamp(t testing.TB, text []byte) []byte {
	t.Helper()
	request, _, err := stamp.Request(text)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := a.Answer(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// OpenSSLVerifies has openssl check a response over a file.
func (a *Authority) OpenSSLVerifies(t testing.TB, file, response string) {
	t.Helper()
	a.openssl(t, "ts", "-verify", "-data", file, "-in", response, "-CAfile", a.Root)
}

// StampAsServer gives a response over text that is right but for its certificate,
// which is a web server's. openssl refuses to make one.
func (a *Authority) StampAsServer(t testing.TB, text []byte) []byte {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(a.path("server.pem"), a.path("server.key"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	made := timestamp.Timestamp{HashAlgorithm: crypto.SHA256, HashedMessage: sum[:], Time: time.Now(), Policy: asn1.ObjectIdentifier{1, 2, 3, 4, 1},
		AddTSACertificate: true}
	response, err := made.CreateResponseWithOpts(pair.Leaf, pair.PrivateKey.(crypto.Signer), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

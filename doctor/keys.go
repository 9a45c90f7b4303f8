package doctor

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Secret is a file that nobody but the service may read.
type Secret struct {
	Check, Path string
	Made        bool // the server makes it on its first start
}

// Secrets looks at files with secrets: there, readable, and by nobody else.
func Secrets(all ...Secret) []Finding {
	var found []Finding
	for _, s := range all {
		found = append(found, s.find())
	}
	return found
}

func (s Secret) find() Finding {
	others := fs.FileMode(0o007) // a group may share what an administrator puts there
	if s.Made {
		others = 0o077
	}
	at, err := os.Stat(s.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && s.Made:
		return fine(s.Check, "%s will be made on the first start", s.Path)
	case err != nil:
		return fault(s.Check, "put it there", "%v", err)
	case at.Mode().Perm()&others != 0:
		return fault(s.Check, fmt.Sprintf("chmod 600 %s", s.Path), "%s can be read by others (%04o)", s.Path, at.Mode().Perm())
	}
	f, err := os.Open(filepath.Clean(s.Path))
	if err != nil {
		return fault(s.Check, "let the service read it", "%v", err)
	}
	_ = f.Close() // was only read
	return fine(s.Check, "%s is there and private", s.Path)
}

// maxKeyList bounds a published key list, in bytes.
const maxKeyList = 1 << 20

// Published says whether the address that strangers get keys from names the
// signing key in use, and whether its certificate goes on: it may be a proxy's.
func Published(ctx context.Context, client *http.Client, url, id string, now time.Time) []Finding {
	found, certificate := published(ctx, client, url, id)
	all := []Finding{found}
	if certificate != nil && certificate.NotAfter.Sub(now) < soon {
		all = append(all, warning(publishedCheck, "renew it where TLS ends", "the certificate at %s ends on %s", url, certificate.NotAfter.UTC().Format(time.DateOnly)))
	}
	return all
}

const publishedCheck = "published"

func published(ctx context.Context, client *http.Client, url, id string) (found Finding, certificate *x509.Certificate) {
	const check = publishedCheck
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fault(check, "check --public-url", "%v", err), nil
	}
	res, err := client.Do(req)
	if err != nil {
		return fault(check, "check --public-url and the proxy before the server", "%v", err), nil
	}
	defer res.Body.Close()
	if res.TLS != nil {
		certificate = res.TLS.PeerCertificates[0]
	}
	type key struct {
		ID string `json:"id"`
	}
	var list struct {
		Keys []key `json:"keys"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxKeyList)).Decode(&list); err != nil || res.StatusCode != http.StatusOK {
		return fault(check, "let the proxy pass /.well-known/verifycall-keys.json", "%s answers %s without a key list", url, res.Status), certificate
	}
	if !slices.Contains(list.Keys, key{id}) {
		return fault(check, "the server there runs with other keys than --keys", "%s doesn't name signing key %s", url, id), certificate
	}
	return fine(check, "signing key %s is named at %s", id, url), certificate
}

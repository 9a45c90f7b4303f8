package openid

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"verifycall/access"
)

// Settings are what the file of --oidc says.
type Settings struct {
	Issuer     string   `json:"issuer"` // exactly as the provider writes it
	ClientID   string   `json:"client_id"`
	SecretFile string   `json:"client_secret_file"` // empty for a public client
	Scopes     []string `json:"scopes"`             // empty = openid, profile

	// Claim of the ID token, else of UserInfo, that says what somebody may be here:
	// a text or a list of texts. Dots lead into objects: "realm_access.roles".
	Claim string `json:"claim"`
	// Roles in order: the first whose value the claim has counts.
	Roles []Mapping `json:"roles"`

	Label string `json:"label"` // of the button: "Example Ltd"; empty = the issuer's host
	Zone  string `json:"zone"`  // of accounts whose zoneinfo claim says none; empty = UTC

	secret string
}

// Mapping makes a value of the claim a role.
type Mapping struct {
	Value string      `json:"value"`
	Role  access.Role `json:"role"`
}

const maxFile = 64 << 10

// Read reads the settings of a file. The error names every fault.
func Read(path string) (Settings, error) {
	text, err := readFile(path)
	if err != nil {
		return Settings{}, err
	}
	var s Settings
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return Settings{}, fmt.Errorf("%s: %w", path, err)
	}
	if s.SecretFile != "" {
		secret, err := readSecret(s.SecretFile)
		if err != nil {
			return Settings{}, fmt.Errorf("client_secret_file: %w", err)
		}
		s.secret = string(bytes.TrimSpace(secret))
	}
	s.complete()
	if err := s.check(); err != nil {
		return Settings{}, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// readSecret reads a file that others must not read; a group may share it.
func readSecret(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o007 != 0 {
		return nil, fmt.Errorf("%s can be read by others (mode %04o): chmod 600 it", path, info.Mode().Perm())
	}
	return readAll(f, path)
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, path)
}

func readAll(f *os.File, path string) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%s: is larger than %d bytes", path, maxFile)
	}
	return text, err
}

func (s *Settings) complete() {
	if len(s.Scopes) == 0 {
		s.Scopes = []string{"openid", "profile"}
	}
	if u, err := url.Parse(s.Issuer); err == nil && s.Label == "" {
		s.Label = u.Hostname()
	}
	if s.Zone == "" {
		s.Zone = "UTC"
	}
}

func (s *Settings) check() error {
	var faults []error
	wrong := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if !isIssuer(s.Issuer) {
		wrong("issuer: %q is no https:// URL without query (http:// on this machine only)", s.Issuer)
	}
	if s.ClientID == "" {
		wrong("client_id: is empty")
	}
	if s.SecretFile != "" && s.secret == "" {
		wrong("client_secret_file: is empty")
	}
	if !slices.Contains(s.Scopes, "openid") {
		wrong("scopes: openid is missing")
	}
	if s.Claim == "" {
		wrong("claim: is empty")
	}
	if len(s.Roles) == 0 {
		wrong("roles: is empty, nobody could sign in")
	}
	for _, m := range s.Roles {
		if m.Value == "" || !slices.Contains(signsIn, m.Role) {
			wrong("roles: %q to %q: needs a value, and one of %s", m.Value, m.Role, strings.Join(roleNames(), ", "))
		}
	}
	if _, err := time.LoadLocation(s.Zone); err != nil || s.Zone == "Local" {
		wrong("zone: %q is no time zone such as Europe/Berlin", s.Zone)
	}
	if len(s.Label) > 60 {
		wrong("label: is longer than 60 bytes")
	}
	return errors.Join(faults...)
}

// signsIn are the roles that have a page to go to.
var signsIn = []access.Role{access.Manager, access.Auditor, access.Operator}

func roleNames() []string {
	names := make([]string, len(signsIn))
	for i, role := range signsIn {
		names[i] = string(role)
	}
	return names
}

// isIssuer wants TLS, except for a provider on this machine.
func isIssuer(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	here := u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && here
}

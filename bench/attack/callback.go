package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// provider is an OpenID Connect provider in the attacker's hands: it answers every
// code with the ID token that was laid in for it.
type provider struct {
	server *http.Server
	issuer string

	mu     sync.Mutex // guards what follows
	tokens map[string]string
	asked  map[string]int // codes, how often
}

const oidcClient = "verifycall"

// startProvider serves on the loopback interface and writes the file of --oidc.
func startProvider(dir string) (p *provider, file string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	p = &provider{issuer: "http://" + l.Addr().String(), tokens: map[string]string{}, asked: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) { reply200(w, map[string]any{"keys": []any{}}) })
	mux.HandleFunc("POST /token", p.token)
	p.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = p.server.Serve(l) }() // until close
	text, err := json.Marshal(map[string]any{"issuer": p.issuer, "client_id": oidcClient, "claim": "groups",
		"roles": []map[string]string{{"value": "operators", "role": "operator"}}})
	if err != nil {
		return p, "", errors.Join(err, p.close())
	}
	file = filepath.Join(dir, "oidc.json")
	return p, file, os.WriteFile(file, text, 0o600)
}

func (p *provider) close() error { return p.server.Close() }

func reply200(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // whoever asked may be gone
}

func (p *provider) discovery(w http.ResponseWriter, _ *http.Request) {
	reply200(w, map[string]any{"issuer": p.issuer, "authorization_endpoint": p.issuer + "/authorize", "token_endpoint": p.issuer + "/token",
		"jwks_uri": p.issuer + "/keys", "id_token_signing_alg_values_supported": []string{"RS256", "none", "HS256"},
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}})
}

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	code := r.PostFormValue("code")
	p.mu.Lock()
	p.asked[code]++
	id := p.tokens[code]
	p.mu.Unlock()
	reply200(w, map[string]any{"access_token": "a", "token_type": "Bearer", "expires_in": 60, "id_token": id})
}

// give lays in what a code is answered with.
func (p *provider) give(code, token string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tokens[code] = token
}

func (p *provider) times(code string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[code]
}

// begin starts a sign-in in a browser and gives its state and nonce.
func begin(ctx context.Context, c *client) (state, nonce string, err error) {
	r, err := c.send(ctx, http.MethodGet, "/oidc/start", "")
	if err != nil {
		return "", "", err
	}
	to, err := url.Parse(r.header.Get("Location"))
	if err != nil || to.Query().Get("nonce") == "" || to.Query().Get("code_challenge_method") != "S256" {
		return "", "", fmt.Errorf("/oidc/start leads to %q (%w)", r.header.Get("Location"), err)
	}
	return to.Query().Get("state"), to.Query().Get("nonce"), nil
}

// callback is what an attacker brings back from the provider, or what a provider
// says that is the attacker's: no session may come of it.
func callback(ctx context.Context, t *target, y *tally) {
	claims := func(nonce any) map[string]any {
		m := map[string]any{"iss": t.provider.issuer, "sub": "mallory", "aud": oidcClient, "exp": time.Now().Add(time.Hour).Unix(),
			"iat": time.Now().Unix(), "groups": []string{"operators"}, "name": "Mallory"}
		if nonce != nil {
			m["nonce"] = nonce
		}
		return m
	}
	none := map[string]any{"alg": "none", "typ": "JWT"}
	secret := []byte("hush")
	for name, forged := range map[string]func(nonce string) string{
		"alg none":      func(nonce string) string { return jwt(none, claims(nonce), nil) },
		"alg HS256":     func(nonce string) string { return jwt(map[string]any{"alg": "HS256"}, claims(nonce), secret) },
		"no nonce":      func(string) string { return jwt(none, claims(nil), nil) },
		"another nonce": func(string) string { return jwt(map[string]any{"alg": "HS256"}, claims("n"), secret) },
		"an unknown key": func(nonce string) string {
			return jwt(map[string]any{"alg": "RS256", "kid": "1"}, claims(nonce), secret)
		},
		"a key of its own": func(nonce string) string {
			return jwt(map[string]any{"alg": "ES256", "jwk": map[string]string{"kty": "EC"}}, claims(nonce), secret)
		},
		"no token": func(string) string { return "" },
		"no JWT":   func(string) string { return "e30" },
	} {
		a := t.attacker()
		state, nonce, err := begin(ctx, a)
		if y.failed("begin", err) {
			return
		}
		code := "code-" + state
		t.provider.give(code, forged(nonce))
		a.comeBack(ctx, y, name, url.Values{"state": {state}, "code": {code}})
		y.want(t.provider.times(code) == 1, "%s: the code was asked for %d times", name, t.provider.times(code))
		a.comeBack(ctx, y, name+", replayed", url.Values{"state": {state}, "code": {code}})
		y.want(t.provider.times(code) == 1, "%s: a replayed state had the code asked for again", name)
	}
	state, _, err := begin(ctx, t.attacker()) // in another browser
	if y.failed("begin", err) {
		return
	}
	a := t.attacker()
	mine, _, err := begin(ctx, a)
	if y.failed("begin", err) {
		return
	}
	for name, query := range map[string]url.Values{"another browser's state": {"state": {state}, "code": {"stolen"}}, "no state": {"code": {"stolen"}},
		"a guessed state": {"state": {"AAAAAAAAAAAAAAAAAAAAAA"}, "code": {"stolen"}}, "two states": {"state": {state, mine}, "code": {"stolen"}},
		"another issuer": {"state": {mine}, "code": {"stolen"}, "iss": {"https://evil.example"}}} {
		a.comeBack(ctx, y, name, query)
		y.want(t.provider.times("stolen") == 0, "%s: its code was taken to the provider", name)
	}
}

// comeBack brings a query to the callback, which must not sign in.
func (c *client) comeBack(ctx context.Context, y *tally, name string, query url.Values) {
	r, err := c.send(ctx, http.MethodGet, "/oidc/callback?"+query.Encode(), "")
	if y.failed(name, err) {
		return
	}
	to := r.header.Get("Location")
	y.want(r.status == http.StatusSeeOther && (to == "/signin?failed=refused" || to == "/signin?failed=late") || r.refused(), "%s leads to status %d %q", name, r.status, to)
	c.refused(ctx, y, http.MethodGet, "/api/account", "")
}

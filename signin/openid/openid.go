// Package openid signs staff in by an OpenID Connect provider: code flow with
// PKCE, state and nonce (OpenID Connect Core 1.0 section 3.1, RFC 7636, RFC 9700).
// It keeps nothing: what the second step has to find again is the caller's to
// store under the state, for one use.
package openid

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"verifycall/access"
)

// Errors of a sign-in, by errors.Is.
var (
	ErrRefused = errors.New("the provider's answer proves nothing")
	ErrNoRole  = errors.New("the provider gives this person no role here")
	ErrAway    = errors.New("the provider can't be reached")
)

// Person is who has signed in.
type Person struct {
	Account string // id here: follows from issuer and subject alone
	Name    string
	Zone    string // IANA
	Role    access.Role
}

// accountPrefix begins the ids of the accounts that the provider rules.
const accountPrefix = "oidc-"

// IsAccount says whether an account is the provider's: whoever it lets in no more
// must have no other way in.
func IsAccount(id string) bool { return strings.HasPrefix(id, accountPrefix) }

// Bounds of what the provider is asked.
const (
	askTime   = 10 * time.Second
	maxAnswer = 1 << 20
	askAgain  = 5 * time.Second // after a discovery that failed
)

// algorithms of ID tokens: signatures alone. HS256 would make the client's secret
// a key, and none would need none.
var algorithms = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA}

// Provider is the one provider of a deployment. It is safe for concurrent use.
type Provider struct {
	settings Settings
	redirect string
	client   *http.Client
	now      func() time.Time

	mu      sync.Mutex // guards found, failed
	found   *discovered
	failed  time.Time
	failure error
}

// discovered is what the provider's discovery document says.
type discovered struct {
	provider *oidc.Provider
	verifier *oidc.IDTokenVerifier
	config   oauth2.Config
	EndURL   string `json:"end_session_endpoint"`
	SaysIss  bool   `json:"authorization_response_iss_parameter_supported"`
}

// New makes the provider that settings name; redirect is the address of the
// callback. It isn't asked for anything yet: staff with passkeys sign in while it
// is away.
func New(s Settings, redirect string) *Provider {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true} // a few requests an hour: no connection stays
	return &Provider{settings: s, redirect: redirect, now: time.Now, client: &http.Client{Timeout: askTime, Transport: bounded{transport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// bounded bounds the answers of the provider.
type bounded struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(res.Body, maxAnswer), res.Body}
	return res, nil
}

// Label names the provider on the button.
func (p *Provider) Label() string { return p.settings.Label }

// discover asks the provider once; a failure is asked again after askAgain.
func (p *Provider) discover(ctx context.Context) (*discovered, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	if p.now().Sub(p.failed) < askAgain {
		return nil, p.failure
	}
	// Of the context only the client is kept, for the provider's keys.
	ctx = oidc.ClientContext(context.WithoutCancel(ctx), p.client)
	provider, err := oidc.NewProvider(ctx, p.settings.Issuer)
	if err != nil {
		p.failed, p.failure = p.now(), fmt.Errorf("%w: %w", ErrAway, err)
		return nil, p.failure
	}
	d := &discovered{provider: provider, verifier: provider.Verifier(&oidc.Config{ClientID: p.settings.ClientID, SupportedSigningAlgs: algorithms, Now: p.now}),
		config: oauth2.Config{ClientID: p.settings.ClientID, ClientSecret: p.settings.secret, RedirectURL: p.redirect,
			Endpoint: provider.Endpoint(), Scopes: p.settings.Scopes}}
	if err := provider.Claims(d); err != nil {
		return nil, fmt.Errorf("%w: discovery: %w", ErrAway, err)
	}
	p.found = d
	return d, nil
}

// kept is what the second step needs of the first.
type kept struct {
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"` // PKCE
}

// Begin gives the address to send a browser to, and what Finish needs, which must
// be found again by state, once, in the same browser only. Errors: ErrAway.
func (p *Provider) Begin(ctx context.Context, state string) (to, keep string, err error) {
	d, err := p.discover(ctx)
	if err != nil {
		return "", "", err
	}
	var raw [16]byte
	rand.Read(raw[:]) // never fails, crypto/rand
	k := kept{base64.RawURLEncoding.EncodeToString(raw[:]), oauth2.GenerateVerifier()}
	text, err := json.Marshal(k)
	if err != nil {
		return "", "", fmt.Errorf("openid: %w", err)
	}
	return d.config.AuthCodeURL(state, oidc.Nonce(k.Nonce), oauth2.S256ChallengeOption(k.Verifier)), string(text), nil
}

// Finish gives who has signed in by the parameters of the callback. Errors:
// ErrRefused, ErrNoRole, ErrAway.
func (p *Provider) Finish(ctx context.Context, keep string, callback url.Values) (Person, error) {
	d, err := p.discover(ctx)
	if err != nil {
		return Person{}, err
	}
	var k kept
	if err := json.Unmarshal([]byte(keep), &k); err != nil || k.Nonce == "" || k.Verifier == "" {
		return Person{}, fmt.Errorf("%w: nothing was begun", ErrRefused)
	}
	// An answer of another provider, RFC 9207.
	if iss := callback.Get("iss"); iss != p.settings.Issuer && (iss != "" || d.SaysIss) {
		return Person{}, fmt.Errorf("%w: it comes from another issuer", ErrRefused)
	}
	if code := callback.Get("error"); code != "" {
		return Person{}, fmt.Errorf("%w: it says %.40q", ErrRefused, code)
	}
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := d.config.Exchange(ctx, callback.Get("code"), oauth2.VerifierOption(k.Verifier))
	if err != nil {
		return Person{}, exchangeFault(err)
	}
	claims, err := p.verified(ctx, d, token, k.Nonce)
	if err != nil {
		return Person{}, err
	}
	return p.person(ctx, d, token, claims)
}

func exchangeFault(err error) error {
	var answered *oauth2.RetrieveError
	if errors.As(err, &answered) && answered.Response.StatusCode < http.StatusInternalServerError {
		return fmt.Errorf("%w: the code is refused: %.40q", ErrRefused, answered.ErrorCode)
	}
	return fmt.Errorf("%w: %w", ErrAway, err)
}

// verified gives the claims of the ID token that came with the tokens, once all of
// it has been checked: OpenID Connect Core section 3.1.3.7.
func (p *Provider) verified(ctx context.Context, d *discovered, token *oauth2.Token, nonce string) (map[string]any, error) {
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return nil, fmt.Errorf("%w: there is no ID token", ErrRefused)
	}
	id, err := d.verifier.Verify(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1 {
		return nil, fmt.Errorf("%w: the nonce is another", ErrRefused)
	}
	if id.Subject == "" || len(id.Subject) > 255 {
		return nil, fmt.Errorf("%w: the subject is none", ErrRefused)
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(token.AccessToken); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrRefused, err)
		}
	}
	var claims map[string]any
	if err := id.Claims(&claims); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	azp, named := claims["azp"].(string)
	if named && azp != p.settings.ClientID || !named && len(id.Audience) > 1 {
		return nil, fmt.Errorf("%w: it was issued to another client", ErrRefused)
	}
	return claims, nil
}

// person reads the claims; where the ID token doesn't say the roles UserInfo is
// asked, which must be of the same subject.
func (p *Provider) person(ctx context.Context, d *discovered, token *oauth2.Token, claims map[string]any) (Person, error) {
	if lookup(claims, p.settings.Claim) == nil && d.provider.UserInfoEndpoint() != "" {
		info, err := d.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return Person{}, fmt.Errorf("%w: userinfo: %w", ErrAway, err)
		}
		if info.Subject != claims["sub"] {
			return Person{}, fmt.Errorf("%w: userinfo is of another subject", ErrRefused)
		}
		var more map[string]any
		if err := info.Claims(&more); err != nil {
			return Person{}, fmt.Errorf("%w: userinfo: %w", ErrRefused, err)
		}
		for name, value := range more {
			if _, said := claims[name]; !said {
				claims[name] = value
			}
		}
	}
	subject, _ := claims["sub"].(string)
	who := Person{Account: accountOf(p.settings.Issuer, subject), Zone: p.settings.Zone}
	values := texts(lookup(claims, p.settings.Claim))
	i := slices.IndexFunc(p.settings.Roles, func(m Mapping) bool { return slices.Contains(values, m.Value) })
	if i < 0 {
		return Person{}, ErrNoRole
	}
	who.Role = p.settings.Roles[i].Role
	who.Name = nameOf(who.Account, claims)
	if zone, _ := claims["zoneinfo"].(string); zone != "" && zone != "Local" {
		if _, err := time.LoadLocation(zone); err == nil {
			who.Zone = zone
		}
	}
	return who, nil
}

// accountOf is the id of a subject's account: subjects may be personal, hashes of
// them stand in ledgers.
func accountOf(issuer, subject string) string {
	sum := sha256.Sum256([]byte(issuer + "\n" + subject))
	return accountPrefix + hex.EncodeToString(sum[:10])
}

// nameOf is the name that a person is shown by.
func nameOf(otherwise string, claims map[string]any) string {
	for _, claim := range []string{"name", "preferred_username"} {
		name, _ := claims[claim].(string)
		name = strings.TrimSpace(strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return ' '
			}
			return r
		}, name))
		if name != "" && utf8.ValidString(name) && utf8.RuneCountInString(name) <= 120 {
			return name
		}
	}
	return otherwise
}

// lookup finds a claim by its name, else by its dotted path.
func lookup(claims map[string]any, path string) any {
	if value, there := claims[path]; there {
		return value
	}
	first, rest, nested := strings.Cut(path, ".")
	if inner, ok := claims[first].(map[string]any); ok && nested {
		return lookup(inner, rest)
	}
	return nil
}

// texts gives a text, or the texts of a list.
func texts(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		var list []string
		for _, one := range v {
			if text, ok := one.(string); ok {
				list = append(list, text)
			}
		}
		return list
	}
	return nil
}

// Logout gives the address that ends the session at the provider too and comes
// back, or nothing where it offers none (OpenID Connect RP-Initiated Logout 1.0).
// The client is named, not the ID token: that would have to be kept for as long as
// the session, with all that it says of a person.
func (p *Provider) Logout(ctx context.Context, back string) string {
	d, err := p.discover(ctx)
	if err != nil || d.EndURL == "" {
		return ""
	}
	u, err := url.Parse(d.EndURL)
	if err != nil || u.Scheme != "https" && !isIssuer(u.Scheme+"://"+u.Host) {
		return ""
	}
	q := u.Query()
	q.Set("client_id", p.settings.ClientID)
	q.Set("post_logout_redirect_uri", back)
	u.RawQuery = q.Encode()
	return u.String()
}

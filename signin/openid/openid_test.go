package openid

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"verifycall/access"
)

const client = "verifycall"

// rogue is a provider whose ID tokens are what a test wants.
type rogue struct {
	t         *testing.T
	server    *httptest.Server
	key       *rsa.PrivateKey
	challenge string              // of the request that was begun
	nonce     string              // of it
	forge     func(*token) string // makes the ID token of the right one
	userinfo  map[string]any
}

// token is an ID token that is right in all.
type token struct {
	key    *rsa.PrivateKey
	header map[string]any
	claims map[string]any
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (k *token) text() string {
	header, _ := json.Marshal(k.header)
	claims, _ := json.Marshal(k.claims)
	return b64(header) + "." + b64(claims)
}

func (k *token) signed() string {
	sum := sha256.Sum256([]byte(k.text()))
	signature, err := rsa.SignPKCS1v15(rand.Reader, k.key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return k.text() + "." + b64(signature)
}

func openRogue(t *testing.T) *rogue {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	r := &rogue{t: t, key: key, forge: (*token).signed}
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		u := r.server.URL
		answer(w, map[string]any{"issuer": u, "authorization_endpoint": u + "/auth", "token_endpoint": u + "/token", "jwks_uri": u + "/keys",
			"userinfo_endpoint": u + "/userinfo", "end_session_endpoint": u + "/end?x=1",
			"id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"}}) // it lies about what is safe
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"keys": []any{map[string]any{"kty": "RSA", "kid": "1", "use": "sig",
			"n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes())}}})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, req *http.Request) {
		sum := sha256.Sum256([]byte(req.PostFormValue("code_verifier")))
		if b64(sum[:]) != r.challenge {
			w.WriteHeader(http.StatusBadRequest)
			answer(w, map[string]any{"error": "invalid_grant"})
			return
		}
		now := time.Now()
		k := &token{key, map[string]any{"alg": "RS256", "kid": "1"}, map[string]any{"iss": r.server.URL, "sub": "u1", "aud": client, "nonce": r.nonce,
			"exp": now.Add(time.Minute).Unix(), "iat": now.Unix(), "name": "Olga Brandt", "groups": []string{"all", "vc-operators"}}}
		answer(w, map[string]any{"access_token": "at", "token_type": "Bearer", "id_token": r.forge(k)})
	})
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, _ *http.Request) { answer(w, r.userinfo) })
	r.server = httptest.NewServer(mux)
	t.Cleanup(r.server.Close)
	return r
}

func (r *rogue) provider() *Provider {
	s := Settings{Issuer: r.server.URL, ClientID: client, Claim: "groups",
		Roles: []Mapping{{"vc-operators", access.Operator}, {"vc-managers", access.Manager}}, secret: "s3cret"}
	s.complete()
	if err := s.check(); err != nil {
		r.t.Fatal(err)
	}
	return New(s, "https://calls.example/oidc/callback")
}

// begin does what a browser and the provider's page do.
func (r *rogue) begin(p *Provider) string {
	r.t.Helper()
	to, keep, err := p.Begin(r.t.Context(), "a-state")
	if err != nil {
		r.t.Fatal(err)
	}
	u, err := url.Parse(to)
	if err != nil {
		r.t.Fatal(err)
	}
	q := u.Query()
	if q.Get("state") != "a-state" || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("nonce") == "" ||
		strings.Contains(to, "s3cret") {
		r.t.Fatalf("sent to %s", to)
	}
	r.challenge, r.nonce = q.Get("code_challenge"), q.Get("nonce")
	return keep
}

func (r *rogue) finish(p *Provider, keep string) (Person, error) {
	return p.Finish(r.t.Context(), keep, url.Values{"code": {"c"}, "state": {"a-state"}})
}

func TestSignIn(t *testing.T) {
	r := openRogue(t)
	p := r.provider()
	who, err := r.finish(p, r.begin(p))
	if err != nil || who.Role != access.Operator || who.Name != "Olga Brandt" || who.Zone != "UTC" || !IsAccount(who.Account) || len(who.Account) != 25 {
		t.Fatalf("%+v (%v)", who, err)
	}
	r.forge = func(k *token) string {
		k.claims["name"], k.claims["zoneinfo"], k.claims["groups"] = "  Olga\nB. ", "Europe/Berlin", "vc-managers"
		return k.signed()
	}
	again, err := r.finish(p, r.begin(p))
	if err != nil || again.Account != who.Account || again.Role != access.Manager || again.Name != "Olga B." || again.Zone != "Europe/Berlin" {
		t.Errorf("%+v (%v)", again, err)
	}
	if to := p.Logout(t.Context(), "https://calls.example/signin"); !strings.HasPrefix(to, r.server.URL+"/end?") || !strings.Contains(to, "client_id="+client) ||
		!strings.Contains(to, "x=1") || !strings.Contains(to, "post_logout_redirect_uri=https%3A%2F%2Fcalls.example%2Fsignin") {
		t.Errorf("logout %s", to)
	}
}

// What must not sign anybody in.
func TestForgedTokens(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	with := func(changes map[string]any) func(*token) string {
		return func(k *token) string {
			maps.Copy(k.claims, changes)
			return k.signed()
		}
	}
	hs256 := func(secret func(*token) []byte) func(*token) string {
		return func(k *token) string {
			k.header["alg"] = "HS256"
			mac := hmac.New(sha256.New, secret(k))
			mac.Write([]byte(k.text()))
			return k.text() + "." + b64(mac.Sum(nil))
		}
	}
	for name, forge := range map[string]func(*token) string{
		"alg none":             func(k *token) string { k.header["alg"] = "none"; return k.text() + "." },
		"alg None":             func(k *token) string { k.header["alg"] = "None"; return k.text() + "." },
		"no signature":         func(k *token) string { return k.text() + "." },
		"signature of another": func(k *token) string { k.key = other; return k.signed() },
		"key in the header": func(k *token) string {
			k.key = other
			k.header["jwk"] = map[string]any{"kty": "RSA", "n": b64(other.N.Bytes()), "e": "AQAB"}
			return k.signed()
		},
		"HS256 with the public key, DER": hs256(func(k *token) []byte { return x509.MarshalPKCS1PublicKey(&k.key.PublicKey) }),
		"HS256 with the public key, PEM": hs256(func(k *token) []byte {
			der, _ := x509.MarshalPKIXPublicKey(&k.key.PublicKey)
			return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
		}),
		"HS256 with the modulus":       hs256(func(k *token) []byte { return k.key.N.Bytes() }),
		"HS256 with the client secret": hs256(func(*token) []byte { return []byte("s3cret") }),
		"changed after it was signed": func(k *token) string {
			parts := strings.Split(k.signed(), ".")
			k.claims["sub"] = "u2"
			return strings.Split(k.text(), ".")[0] + "." + strings.Split(k.text(), ".")[1] + "." + parts[2]
		},
		"wrong audience":            with(map[string]any{"aud": "another"}),
		"several audiences, no azp": with(map[string]any{"aud": []string{client, "another"}}),
		"azp of another":            with(map[string]any{"aud": []string{client, "another"}, "azp": "another"}),
		"wrong nonce":               with(map[string]any{"nonce": "another"}),
		"no nonce":                  func(k *token) string { delete(k.claims, "nonce"); return k.signed() },
		"expired":                   with(map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}),
		"not yet":                   with(map[string]any{"nbf": time.Now().Add(time.Hour).Unix()}),
		"other issuer":              with(map[string]any{"iss": "https://evil.example"}),
		"issuer with a slash":       func(k *token) string { k.claims["iss"] = k.claims["iss"].(string) + "/"; return k.signed() },
		"no subject":                with(map[string]any{"sub": ""}),
		"another access token":      with(map[string]any{"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}),
		"no token":                  func(*token) string { return "" },
		"junk":                      func(*token) string { return "a.b.c" },
	} {
		t.Run(name, func(t *testing.T) {
			r := openRogue(t)
			r.forge = forge
			p := r.provider()
			if who, err := r.finish(p, r.begin(p)); !errors.Is(err, ErrRefused) {
				t.Errorf("signed in as %+v: %v", who, err)
			}
		})
	}
}

func TestAnswersThatProveNothing(t *testing.T) {
	r := openRogue(t)
	p := r.provider()
	keep := r.begin(p)
	r.begin(p) // another sign-in: the first one's verifier and nonce are no use for its code
	if who, err := r.finish(p, keep); !errors.Is(err, ErrRefused) {
		t.Errorf("a code of another sign-in: %+v %v", who, err)
	}
	keep = r.begin(p)
	for name, callback := range map[string]url.Values{
		"an error":       {"error": {"access_denied"}},
		"another issuer": {"code": {"c"}, "iss": {"https://evil.example"}},
	} {
		if who, err := p.Finish(t.Context(), keep, callback); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %+v %v", name, who, err)
		}
	}
	for _, keep := range []string{"", "{}", `{"nonce":"n"}`, "x"} {
		if who, err := r.finish(p, keep); !errors.Is(err, ErrRefused) {
			t.Errorf("%q: %+v %v", keep, who, err)
		}
	}
}

func TestRolesFromClaims(t *testing.T) {
	for name, test := range map[string]struct {
		groups   any
		userinfo map[string]any
		role     access.Role
		err      error
	}{
		"the first that is mapped":    {[]string{"vc-managers", "vc-operators"}, nil, access.Operator, nil},
		"a text":                      {"vc-managers", nil, access.Manager, nil},
		"nothing that is mapped":      {[]string{"staff"}, nil, "", ErrNoRole},
		"not a part of a word":        {"vc-managers-of-old", nil, "", ErrNoRole},
		"no list of texts":            {map[string]any{"vc-managers": true}, nil, "", ErrNoRole},
		"by userinfo":                 {nil, map[string]any{"sub": "u1", "groups": []string{"vc-managers"}}, access.Manager, nil},
		"by userinfo of another":      {nil, map[string]any{"sub": "u2", "groups": []string{"vc-operators"}}, "", ErrRefused},
		"userinfo doesn't say either": {nil, map[string]any{"sub": "u1"}, "", ErrNoRole},
	} {
		t.Run(name, func(t *testing.T) {
			r := openRogue(t)
			r.userinfo = test.userinfo
			r.forge = func(k *token) string {
				if k.claims["groups"] = test.groups; test.groups == nil {
					delete(k.claims, "groups")
				}
				return k.signed()
			}
			p := r.provider()
			who, err := r.finish(p, r.begin(p))
			if who.Role != test.role || !errors.Is(err, test.err) {
				t.Errorf("%+v (%v)", who, err)
			}
		})
	}
	claims := map[string]any{"realm_access": map[string]any{"roles": []any{"a"}}, "https://x.example/roles": "b"}
	if got := texts(lookup(claims, "realm_access.roles")); len(got) != 1 || got[0] != "a" {
		t.Errorf("nested: %q", got)
	}
	if got := texts(lookup(claims, "https://x.example/roles")); len(got) != 1 || got[0] != "b" {
		t.Errorf("with dots in its name: %q", got)
	}
}

// A provider that is away, or another than the settings say, is asked again later.
func TestProviderAway(t *testing.T) {
	r := openRogue(t)
	p := r.provider()
	now := time.Now()
	p.now = func() time.Time { return now }
	p.settings.Issuer = r.server.URL + "/elsewhere"
	if _, _, err := p.Begin(t.Context(), "s"); !errors.Is(err, ErrAway) {
		t.Fatalf("%v", err)
	}
	p.settings.Issuer = r.server.URL
	if _, _, err := p.Begin(t.Context(), "s"); !errors.Is(err, ErrAway) {
		t.Error("it was asked again at once")
	}
	now = now.Add(askAgain)
	if _, _, err := p.Begin(t.Context(), "s"); err != nil {
		t.Error(err)
	}
}

package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
)

// crossOrigin is a page of another site in the browser of somebody signed in.
func crossOrigin(ctx context.Context, t *target, y *tally) {
	who := t.intruders(ctx, y)
	foreign := []string{"https://evil.example", "null", "https://" + t.at + ".evil.example", "http://127.0.0.1:1", "https://127.0.0.1", "file://"}
	for _, origin := range foreign {
		for _, path := range []string{"/api/signout", "/api/manager/rooms", "/operate/access/revoke", "/api/link", "/api/seller/documents"} {
			for _, name := range []string{"manager", "operator", "seller"} {
				c := who[name]
				if c == nil {
					continue
				}
				c.refused(ctx, y, http.MethodPost, path, `{"role":"manager"}`, "Origin", origin, "Sec-Fetch-Site", "cross-site")
				c.refused(ctx, y, http.MethodPost, path, `{"role":"manager"}`, "Origin", origin, "Content-Type", "text/plain")
			}
		}
		for _, name := range []string{"manager", "seller"} {
			if c := who[name]; c != nil {
				c.noSocket(ctx, y, "/ws/"+name+"?room="+t.live.Room.ID, origin)
			}
		}
		r, err := who["nobody"].send(ctx, http.MethodOptions, "/api/manager/rooms", "", "Origin", origin, "Access-Control-Request-Method", "POST")
		y.want(err == nil && r.header.Get("Access-Control-Allow-Origin") == "", "preflight of %s is allowed: %v", origin, err)
		if c := who["manager"]; c != nil {
			r, err := c.send(ctx, http.MethodGet, "/api/manager/me", "", "Origin", origin)
			y.want(err == nil && r.header.Get("Access-Control-Allow-Origin") == "" && r.header.Get("Cross-Origin-Resource-Policy") == "same-origin",
				"%s may read an answer: %v", origin, err)
		}
	}
}

// leaked matches what no answer may hold: keys, the system's files, the program's own.
var leaked = regexp.MustCompile(`root:|AGE-SECRET-KEY|PRIVATE KEY|minisign|encrypted secret key|appendonly|\[boot loader\]|package main`)

// traversal asks for files that lie elsewhere.
func traversal(ctx context.Context, t *target, y *tally) {
	a := t.attacker()
	auditor := t.attacker()
	if y.failed("auditor", auditor.signedIn(ctx, "/api/signin", t.server.Lines["auditor"])) {
		return
	}
	cookie := auditor.http.Jar.Cookies(t.page())[0]
	ups := []string{"../../../../../../etc/passwd", "..%2f..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/%2e%2e/etc/passwd", "..%5c..%5c..%5cetc%5cpasswd",
		"..%252f..%252fetc%252fpasswd", "....//....//etc/passwd", "%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd", "/etc/passwd", "//etc/passwd", "..;/..;/etc/passwd",
		"index.html%00.css", "%00", "..", ".", "../keys/verifycall.agekey", "..%2f..%2fkeys%2fverifycall.key", "%2e%2e%2fkeys%2fverifycall.key", "C:%5cboot.ini"}
	roots := []string{"/", "/assets/", "/.well-known/", "/api/audit/rooms/" + t.done + "/files/", "/api/audit/rooms/" + t.done + "/files/data/",
		"/api/audit/rooms/" + t.done + "/clips/", "/api/audit/rooms/..%2f" + t.done + "/files/", "/api/v1/rooms/"}
	for _, root := range roots {
		for _, up := range ups {
			answer, err := a.said(ctx, "GET "+root+up+" HTTP/1.1\r\nHost: "+t.at+"\r\nConnection: close\r\nCookie: "+cookie.Name+"="+cookie.Value+
				"\r\nAuthorization: Bearer "+t.server.Key+"\r\n\r\n")
			y.want(err == nil && !bytes.HasPrefix(answer, []byte("HTTP/1.1 200")) && !leaked.Match(answer), "%s%s: %.60q %v", root, up, answer, err)
		}
	}
}

// smuggling is what two readers of HTTP can understand differently, and headers
// that pretend to come from a proxy or another node.
func smuggling(ctx context.Context, t *target, y *tally) {
	a := t.attacker()
	second := "GET /.well-known/verifycall-keys.json HTTP/1.1\r\nHost: " + t.at + "\r\n\r\n"
	post := "POST /api/link HTTP/1.1\r\nHost: " + t.at + "\r\nContent-Type: application/json\r\n"
	for name, text := range map[string]string{
		"length and chunks":          post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + second,
		"chunks and length":          post + "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nX" + second,
		"two lengths":                post + "Content-Length: 0\r\nContent-Length: 60\r\n\r\n" + second,
		"two chunked":                post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + second,
		"chunked misspelt":           post + "Transfer-Encoding: xchunked\r\nContent-Length: 0\r\n\r\n" + second,
		"space before colon":         post + "Transfer-Encoding : chunked\r\nContent-Length: 0\r\n\r\n" + second,
		"folded header":              post + "X: a\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + second,
		"bare line feeds":            post + "Transfer-Encoding: chunked\n\n0\n\n" + second,
		"length with sign":           post + "Content-Length: +0\r\n\r\n" + second,
		"length too long":            post + "Content-Length: 99999999999999999999\r\n\r\n" + second,
		"chunk with signs":           post + "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n" + second,
		"chunk too long":             post + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" + second,
		"two hosts":                  "GET /healthz HTTP/1.1\r\nHost: " + t.at + "\r\nHost: evil.example\r\n\r\n" + second,
		"no host":                    "GET /healthz HTTP/1.1\r\n\r\n" + second,
		"nul in a header":            "GET /healthz HTTP/1.1\r\nHost: " + t.at + "\r\nX: a\x00b\r\n\r\n" + second,
		"carriage return in a value": "GET /healthz HTTP/1.1\r\nHost: " + t.at + "\r\nX: a\rTransfer-Encoding: chunked\r\n\r\n" + second,
		"line in the path":           "GET /healthz HTTP/1.1\r\nX: y HTTP/1.1\r\nHost: " + t.at + "\r\n x\r\n\r\n" + second,
		"old protocol":               "GET /healthz\r\n" + second,
	} {
		answer, err := a.said(ctx, text)
		y.want(err == nil && !bytes.Contains(answer, []byte(`"keys"`)), "%s: the second request was answered: %.200q %v", name, answer, err)
	}
	for _, pair := range [][2]string{{"Verifycall-Identity", "e30.e30"}, {"X-Forwarded-User", "operator-1"}, {"X-Remote-User", "operator-1"}, {"X-Original-URL", "/healthz"},
		{"X-Rewrite-URL", "/healthz"}, {"X-HTTP-Method-Override", "GET"}, {"X-Forwarded-Host", "evil.example"}, {"X-Forwarded-Proto", "http"},
		{"Forwarded", "for=127.0.0.1;host=evil.example;proto=http"}, {"X-Client-Cert", "operator"}, {"X-Forwarded-For", "127.0.0.1"}} {
		a.refused(ctx, y, http.MethodGet, "/operate/access", "", pair[0], pair[1])
		r, err := a.send(ctx, http.MethodPost, "/api/v1/rooms", madeRoom, pair[0], pair[1], "Authorization", "Bearer "+t.server.Key)
		y.want(err == nil && r.status == http.StatusCreated && !bytes.Contains(r.body, []byte("evil.example")) && bytes.Contains(r.body, []byte(t.server.URL)),
			"%s leads a link elsewhere: status %d %.80s %v", pair[0], r.status, r.body, err)
	}
}

const madeRoom = `{"seller":{"name":"Mallory"},"language":"en","zone":"UTC","test":true,"application":{"surname":"M"}}`

// forgedTokens are JSON Web Tokens, and what is like them, of nobody's making.
func forgedTokens(ctx context.Context, t *target, y *tally) {
	a := t.attacker()
	r, err := a.send(ctx, http.MethodGet, "/.well-known/verifycall-keys.json", "")
	if y.failed("public keys", err) {
		return
	}
	claims := map[string]any{"iss": t.server.URL, "sub": "operator-1", "aud": "verifycall", "exp": 4102444800, "iat": 1, "nonce": "n",
		"role": "operator", "roles": []string{"operator", "auditor"}, "groups": []string{"operator"}}
	for _, head := range []map[string]any{{"alg": "none"}, {"alg": "None"}, {"alg": "nOnE", "typ": "JWT"}, {"alg": ""}, {"alg": "HS256"}, {"alg": "HS256", "kid": "../../../dev/null"},
		{"alg": "RS256", "jku": "https://evil.example/keys"}, {"alg": "RS256", "kid": "' UNION SELECT 1"}, {"alg": "EdDSA", "jwk": map[string]string{"kty": "OKP"}}, {"alg": "dir", "enc": "A128GCM"}} {
		for _, key := range [][]byte{nil, {}, r.body} {
			token := jwt(head, claims, key)
			a.refused(ctx, y, http.MethodGet, "/api/v1/rooms/"+t.live.Room.ID, "", "Authorization", "Bearer "+token)
			for _, role := range []string{"manager", "auditor", "operator", "seller"} {
				a.refused(ctx, y, http.MethodGet, map[string]string{"manager": "/api/manager/me", "auditor": "/api/audit/me", "operator": "/operate/access",
					"seller": "/api/seller/documents"}[role], "", "Cookie", "__Host-vc_"+role+"="+token)
			}
			a.refused(ctx, y, http.MethodPost, "/api/signin", `{"token":"`+token+`"}`)
		}
	}
}

func jwt(head, claims map[string]any, key []byte) string {
	part := func(v any) string {
		text, _ := json.Marshal(v) // of maps of strings and numbers
		return base64.RawURLEncoding.EncodeToString(text)
	}
	signed := part(head) + "." + part(claims)
	if key == nil {
		return signed + "."
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(signed))
	return strings.Join([]string{signed, base64.RawURLEncoding.EncodeToString(mac.Sum(nil))}, ".")
}

package settings

import (
	"io"
	"strings"
	"testing"
)

func TestWhereTLSEnds(t *testing.T) {
	for args, want := range map[string]string{
		"--tls-cert acme --public-url https://calls.example":                             "",
		"--tls-cert acme:https://ca.example/dir --public-url https://calls.example:8443": "",
		"--tls-cert proxy:10.0.0.0/8,::1 --public-url https://calls.example":             "",
		"--tls-cert acme": "--public-url",
		"--tls-cert acme --public-url http://calls.example":                              "--public-url",
		"--tls-cert acme --public-url https://192.0.2.1":                                 "--public-url",
		"--tls-cert acme --public-url https://localhost":                                 "--public-url",
		"--tls-cert acme:http://ca.example --public-url https://calls.example":           "--tls-cert",
		"--tls-cert acme --tls-key k.pem --public-url https://calls.example":             "--tls-key",
		"--tls-cert proxy: --public-url https://calls.example":                           "names no network",
		"--tls-cert proxy:everybody --public-url https://calls.example":                  "--tls-cert",
		"--tls-cert proxy:0.0.0.0/0 --public-url https://calls.example":                  "everybody",
		"--tls-cert proxy:10.0.0.0/8":                                                    "--public-url",
		"--tls-cert proxy:10.0.0.0/8 --tls-key k.pem --public-url https://calls.example": "--tls-key",
		"--tls-cert cert.pem": "only one of them",
	} {
		c, err := Parse(strings.Fields(args), func(string) (string, bool) { return "", false }, io.Discard)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
		if proxied := strings.Contains(args, "proxy:10"); want == "" && (c.Encrypted() == proxied || (len(c.Proxies()) == 2) != proxied) {
			t.Errorf("%s: encrypted %v, proxies %v", args, c.Encrypted(), c.Proxies())
		}
	}
}

package settings

import (
	"io"
	"strings"
	"testing"
)

// FuzzSettings: settings can be used, or each fault is named in words.
func FuzzSettings(f *testing.F) {
	for _, text := range []string{"", "--demo", "--tls-cert acme --public-url https://a.b", "--listen :1 --conns-per-ip -1", "--stop-timeout 1y",
		"--redis redis://a:b@c:1/0?cluster=1", "--store s3://b/p?endpoint=https://h", "--turn-url turn:", "--node-cidr 10.0.0.0/8,x --node-tls=maybe",
		"--smtp-url smtps://u:p@h --mail-from a@b", "--recovery age1x", "--public-ip ::1,1.2.3.4", "-- --demo", "---", "--log-level=debug=x"} {
		f.Add(text, "info")
	}
	f.Fuzz(func(t *testing.T, text, level string) {
		if strings.Contains(text, "oidc") || strings.Contains(text, "secret-file") || strings.Contains(text, "tls-") {
			return // these name files of this machine
		}
		env := func(name string) (string, bool) { return level, name == "VERIFYCALL_LOG_LEVEL" }
		c, err := Parse(strings.Fields(text), env, io.Discard)
		if err != nil {
			if strings.TrimSpace(err.Error()) == "" {
				t.Error("a fault without words")
			}
			return
		}
		if err := c.Print(io.Discard); err != nil {
			t.Error(err)
		}
	})
}

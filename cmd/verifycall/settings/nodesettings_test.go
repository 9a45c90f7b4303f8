package settings

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNodeSettingsComeTogether(t *testing.T) {
	secret, short := filepath.Join(t.TempDir(), "secret"), filepath.Join(t.TempDir(), "short")
	for path, text := range map[string]string{secret: strings.Repeat("s", 32) + "\n", short: "s"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	whole := Settings{Redis: "redis://127.0.0.1", ClusterSecret: secret, NodeListen: "10.0.0.1:7001", NodeCIDR: "10.0.0.0/24, fd00::/8"}
	for _, c := range []struct {
		name   string
		change func(*Settings)
		says   string // empty: it is right
	}{
		{"whole", func(*Settings) {}, ""},
		{"nothing", func(c *Settings) { *c = Settings{} }, ""},
		{"no Redis", func(c *Settings) { c.Redis = "" }, "--redis"},
		{"no secret", func(c *Settings) { c.ClusterSecret = "" }, "--cluster-secret-file"},
		{"no networks", func(c *Settings) { c.NodeCIDR = "" }, "--node-cidr"},
		{"a short secret", func(c *Settings) { c.ClusterSecret = short }, "at least 32"},
		{"no such file", func(c *Settings) { c.ClusterSecret += "x" }, "--cluster-secret-file"},
		{"no port", func(c *Settings) { c.NodeListen = "10.0.0.1" }, "--node-listen"},
		{"no network", func(c *Settings) { c.NodeCIDR = "10.0.0.0/99" }, "--node-cidr"},
	} {
		s := whole
		c.change(&s)
		err := s.checkNodes()
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// A relay reaches its own node alone, so that its address can't be that of all.
func TestRelaysOfNodesHaveAddressesOfTheirOwn(t *testing.T) {
	for name, c := range map[string]struct {
		s     Settings
		wrong bool
	}{
		"one node":                {Settings{TLSCert: "cert.pem"}, false},
		"no relay":                {Settings{ClusterSecret: "secret"}, false},
		"behind proxies":          {Settings{ClusterSecret: "secret", TLSCert: "proxy:10.0.0.0/8"}, false},
		"beside the pages":        {Settings{ClusterSecret: "secret", TLSCert: "cert.pem"}, true},
		"on its own port":         {Settings{ClusterSecret: "secret", TURNListen: "0.0.0.0:3478"}, true},
		"with a name of its own":  {Settings{ClusterSecret: "secret", TLSCert: "cert.pem", TURNURL: "turns:n1.calls.example:443?transport=tcp"}, false},
		"TLS and no relay wanted": {Settings{ClusterSecret: "secret", TLSCert: "cert.pem", TURNListen: NoTURN}, false},
	} {
		if err := c.s.checkTURN(); (err != nil) != c.wrong || err != nil && !strings.Contains(err.Error(), "--turn-url") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

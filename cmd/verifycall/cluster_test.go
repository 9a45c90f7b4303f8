package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"verifycall/nodes"
)

func TestNodeSettingsComeTogether(t *testing.T) {
	secret, short := filepath.Join(t.TempDir(), "secret"), filepath.Join(t.TempDir(), "short")
	for path, text := range map[string]string{secret: strings.Repeat("s", 32) + "\n", short: "s"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	whole := settings{Redis: "redis://127.0.0.1", ClusterSecret: secret, NodeListen: "10.0.0.1:7001", NodeCIDR: "10.0.0.0/24, fd00::/8"}
	for _, c := range []struct {
		name   string
		change func(*settings)
		says   string // empty: it is right
	}{
		{"whole", func(*settings) {}, ""},
		{"nothing", func(c *settings) { *c = settings{} }, ""},
		{"no Redis", func(c *settings) { c.Redis = "" }, "--redis"},
		{"no secret", func(c *settings) { c.ClusterSecret = "" }, "--cluster-secret-file"},
		{"no networks", func(c *settings) { c.NodeCIDR = "" }, "--node-cidr"},
		{"a short secret", func(c *settings) { c.ClusterSecret = short }, "at least 32"},
		{"no such file", func(c *settings) { c.ClusterSecret += "x" }, "--cluster-secret-file"},
		{"no port", func(c *settings) { c.NodeListen = "10.0.0.1" }, "--node-listen"},
		{"no network", func(c *settings) { c.NodeCIDR = "10.0.0.0/99" }, "--node-cidr"},
	} {
		s := whole
		c.change(&s)
		err := s.checkNodes()
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestAddressOfANodeLiesInItsNetworks(t *testing.T) {
	networks, err := nodes.ParseNetworks([]string{"127.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	for listened, want := range map[string]string{"127.0.0.1": "127.0.0.1", "0.0.0.0": "127.0.0.1", "192.0.2.1": ""} {
		got, err := addressWithin(netip.MustParseAddr(listened), networks)
		if (err == nil) != (want != "") || err == nil && got.String() != want {
			t.Errorf("%s: %s, %v", listened, got, err)
		}
	}
}

package main

import (
	"net/netip"
	"testing"

	"verifycall/nodes"
)

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

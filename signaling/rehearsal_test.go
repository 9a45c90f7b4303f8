package signaling

import (
	"net/http"
	"testing"

	"verifycall/calls/protocol"
)

// TestSellerDownlink has a seller measure, and nobody else.
func TestSellerDownlink(t *testing.T) {
	s := openSite(t, nil)
	m := s.signedIn("manager", "jonas")
	_, link := m.makeRoom(plainRoom)
	a := s.seller(link).get("/api/seller/downlink").into(http.StatusOK, nil)
	if len(a.body) != downlinkBytes || a.header.Get("Cache-Control") != "no-store" || a.header.Get("Content-Encoding") != "" {
		t.Errorf("%d bytes, %v", len(a.body), a.header)
	}
	for _, other := range []*browser{m, s.browser()} {
		other.get("/api/seller/downlink").refused(protocol.CodeUnauthorized)
	}
}

package signaling

import (
	"crypto/rand"
	"io"
	"net/http"
	"strconv"

	"verifycall/access"
)

// downlinkBytes are sent to measure by: some 3 s of what a call needs.
const downlinkBytes = 512 << 10

func (s *Server) rehearsalRoutes() map[string]door {
	return map[string]door{"GET /api/seller/downlink": s.as(access.SellerRehearse, s.sellerDownlink)}
}

// sellerDownlink sends bytes that nothing on the way makes fewer: the page sees how
// fast they come, and goes away when it has seen enough.
func (s *Server) sellerDownlink(w http.ResponseWriter, r *http.Request, who session) error {
	if _, err := sellerRoom(who); err != nil {
		return err
	}
	if err := s.limit(r.Context(), limitDownlinks, who.Room); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Length", strconv.Itoa(downlinkBytes))
	h.Set("Cache-Control", "no-store")
	_, _ = io.CopyN(w, rand.Reader, downlinkBytes)
	return nil
}

package signaling

import (
	"bytes"
	"fmt"
	"net/http"

	"verifycall/rooms"
	"verifycall/signaling/privacy"
)

func (s *Server) privacyRoutes() map[string]door {
	return map[string]door{"GET /privacy": public(s.privacy), "GET /privacy.css": public(s.privacyCSS)}
}

// privacy says what is kept, where, how long and how it is deleted, to everybody.
func (s *Server) privacy(w http.ResponseWriter, r *http.Request) error {
	facts := s.cfg.Privacy
	facts.Profiles, facts.TestLife = s.cfg.House.Plans().Profiles(), rooms.TestLife
	var page bytes.Buffer
	language := privacy.Choose(r.URL.Query().Get("lang"), r.Header.Get("Accept-Language"))
	if err := privacy.Write(&page, language, facts); err != nil {
		return fmt.Errorf("page of what is kept: %w", err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("Vary", "Accept-Language")
	_, _ = w.Write(page.Bytes()) // the client is gone if this fails
	return nil
}

func (s *Server) privacyCSS(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(privacy.Style)
	return nil
}

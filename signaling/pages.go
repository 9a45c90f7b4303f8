package signaling

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"verifycall/calls/protocol"
)

// pageRoutes maps the pages' addresses to the built files. A token in an
// address is only read by the page itself, which posts it: fetching a link
// changes nothing.
var pageRoutes = map[string]string{
	"GET /{$}":               "index.html",
	"GET /j":                 "seller.html",
	"GET /j/{token}":         "seller.html",
	"GET /in/{token}":        "signin.html",
	"GET /signin":            "signin.html",
	"GET /account":           "account.html",
	"GET /manager":           "manager.html",
	"GET /manager/{rest...}": "manager.html",
	"GET /audit":             "audit.html",
	"GET /audit/{rest...}":   "audit.html",

	"GET /operate":           "operate.html",
	"GET /operate/{rest...}": "operate.html",
}

// untyped are the pages of which a library doesn't pass Trusted Types yet:
// OpenSeadragon empties its elements by innerHTML.
var untyped = map[string]bool{"manager.html": true}

// page serves one of the built pages.
func (s *Server) page(name string) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Cache-Control", "no-cache")
		if untyped[name] {
			w.Header().Set("Content-Security-Policy", policy(s.cfg.Public, false))
			w.Header().Set("Content-Security-Policy-Report-Only", trustedTypes)
		}
		return s.static(w, r, name)
	}
}

// asset serves what the build named by its content, so that it never changes.
func (s *Server) asset(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	return s.static(w, r, "assets/"+r.PathValue("name"))
}

func (s *Server) static(w http.ResponseWriter, r *http.Request, name string) error {
	data, err := fs.ReadFile(s.cfg.Pages, name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return protocol.Faultf(protocol.CodeNotFound, "There is no such page.")
	}
	if err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	w.Header().Set("Content-Type", contentType(name))
	if squeezed := s.squeezed.of(name, data); squeezed != nil {
		w.Header().Add("Vary", "Accept-Encoding")
		if takesGzip(r) {
			w.Header().Set("Content-Encoding", "gzip")
			data = squeezed
		}
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	return nil
}

// contentTypes of what is served, independent of the machine's own table.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".json": "application/json", ".jsonl": "application/jsonl", ".txt": "text/plain; charset=utf-8",
	".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp", ".pdf": "application/pdf",
	".webm": "video/webm", ".woff2": "font/woff2", ".map": "application/json", ".minisig": "text/plain; charset=utf-8",
}

func contentType(name string) string {
	ext := strings.ToLower(path.Ext(name))
	if t, known := contentTypes[ext]; known {
		return t
	}
	if t := mime.TypeByExtension(ext); t != "" {
		return t
	}
	return "application/octet-stream"
}

package signaling

import (
	"net/http"
	"net/url"
	"strings"
)

// headers sets what every answer carries. The content policy allows nothing
// inline and nothing from elsewhere; blob: and data: are pictures that a page
// made itself.
func headers(public *url.URL, next http.Handler) http.Handler {
	socket := "ws://" + public.Host
	if public.Scheme == "https" {
		socket = "wss://" + public.Host
	}
	policy := strings.Join([]string{
		"default-src 'self'", "img-src 'self' blob: data:", "media-src 'self' blob:", "style-src 'self'",
		"connect-src 'self' " + socket, "object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
	}, "; ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer") // links hold tokens
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(self), microphone=(self), geolocation=(), payment=(), usb=()")
		if public.Scheme == "https" {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

package signaling

import (
	"net/http"
	"net/url"
	"strings"
)

// policy is the content policy of pages: nothing inline, nothing from elsewhere,
// in nobody's frame; blob: and data: are pictures that a page made itself. With
// typed no text becomes markup or a script's address (Trusted Types).
func policy(public *url.URL, typed bool) string {
	socket := "ws://" + public.Host
	if public.Scheme == "https" {
		socket = "wss://" + public.Host
	}
	rules := []string{
		"default-src 'none'", "script-src 'self'", "style-src 'self'", "font-src 'self'", "manifest-src 'self'",
		"img-src 'self' blob: data:", "media-src 'self' blob:", "connect-src 'self' " + socket,
		"base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
	}
	if typed {
		rules = append(rules, trustedTypes)
	}
	return strings.Join(rules, "; ")
}

const trustedTypes = "require-trusted-types-for 'script'; trusted-types 'none'"

// filePolicy is that of files which people have brought: never run, never framed.
const filePolicy = "default-src 'none'; sandbox; frame-ancestors 'none'"

// permissions: camera, microphone and what a call needs, for our own pages; the
// rest for nobody.
const permissions = "camera=(self), microphone=(self), autoplay=(self), fullscreen=(self), picture-in-picture=(self), " +
	"screen-wake-lock=(self), clipboard-write=(self), publickey-credentials-get=(self), publickey-credentials-create=(self), " +
	"accelerometer=(), bluetooth=(), browsing-topics=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), " +
	"magnetometer=(), midi=(), payment=(), serial=(), usb=(), xr-spatial-tracking=()"

// headers sets what every answer carries.
func headers(public *url.URL, next http.Handler) http.Handler {
	csp := policy(public, true)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", csp)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer") // links hold tokens
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", permissions)
		if public.Scheme == "https" {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

package signaling

import (
	"compress/gzip"
	"io"
	"net/http/httptest"
	"testing"
	"testing/fstest"
)

// A page is sent compressed to who takes it, and is the same then; a part of it, and a
// font, are sent as they are.
func TestPagesAreCompressed(t *testing.T) {
	page := "<!doctype html>" + string(make([]byte, 4000))
	s := &Server{cfg: Config{Pages: fstest.MapFS{"index.html": {Data: []byte(page)}, "assets/a.woff2": {Data: []byte(page)}}}}
	for _, test := range []struct {
		name, accepts, part string
		zipped              bool
	}{
		{"index.html", "br, gzip;q=0.8", "", true},
		{"index.html", "", "", false},
		{"index.html", "gzip;q=0", "", false},
		{"index.html", "gzip", "bytes=0-9", false},
		{"assets/a.woff2", "gzip", "", false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Encoding", test.accepts)
		if test.part != "" {
			r.Header.Set("Range", test.part)
		}
		w := httptest.NewRecorder()
		if err := s.static(w, r, test.name); err != nil {
			t.Fatal(err)
		}
		if zipped := w.Header().Get("Content-Encoding") == "gzip"; zipped != test.zipped {
			t.Errorf("%+v: compressed %v", test, zipped)
			continue
		}
		if test.name == "index.html" && w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%+v varies by %q", test, w.Header().Get("Vary"))
		}
		if !test.zipped {
			continue
		}
		z, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(z); err != nil || string(text) != page {
			t.Errorf("%+v: %d bytes, %v", test, len(text), err)
		}
	}
}

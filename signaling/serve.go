package signaling

import (
	"io"
	"net/http"
	"path"
	"time"
)

// Times that a single answer or upload may take; the server's own bounds are
// for small requests.
const (
	uploadTime   = 3 * time.Minute
	downloadTime = time.Hour
)

// serveFile serves a file of evidence, with ranges. It is never run as a page, and a
// PDF, which can hold programs, is never shown inside one.
func serveFile(w http.ResponseWriter, r *http.Request, name, digest string, f io.ReadSeeker) {
	allowLongDownload(w)
	h := w.Header()
	h.Set("Content-Type", contentType(name))
	h.Set("Content-Security-Policy", filePolicy)
	if path.Ext(name) == ".pdf" {
		h.Set("Content-Disposition", `attachment; filename="document.pdf"`)
	}
	if digest != "" {
		h.Set("ETag", `"`+digest+`"`)
	}
	http.ServeContent(w, r, "", time.Time{}, f)
}

// allowLongUpload and allowLongDownload put the connection's deadlines off. Not
// every ResponseWriter can (a test's recorder); then there is none to put off.
func allowLongUpload(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(uploadTime))
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(uploadTime))
}

func allowLongDownload(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(downloadTime))
}

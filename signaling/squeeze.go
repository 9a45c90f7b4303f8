package signaling

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
)

// squeezed keeps the built files that gain by it compressed (RFC 1952), each made when it
// is first asked for. They hold nothing secret and nothing that a request brings.
type squeezed struct {
	mu   sync.Mutex // guards made
	made map[string][]byte
}

// squeezable are the types of files that gain by compression; fonts and pictures are compressed as they are.
var squeezable = []string{".html", ".js", ".css", ".svg", ".json"}

// of gives a file compressed, nil where that is no gain.
func (q *squeezed) of(name string, data []byte) []byte {
	if !slices.Contains(squeezable, path.Ext(name)) {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if text, there := q.made[name]; there {
		return text
	}
	if q.made == nil {
		q.made = map[string][]byte{}
	}
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		panic(err) // the level is one
	}
	_, _ = z.Write(data) // into memory
	_ = z.Close()
	if out.Len() >= len(data) {
		q.made[name] = nil
		return nil
	}
	q.made[name] = out.Bytes()
	return q.made[name]
}

// takesGzip says whether a client takes gzip (RFC 9110 section 12.5.3). One that asks for
// a part of a file gets it as it is.
func takesGzip(r *http.Request) bool {
	if r.Header.Get("Range") != "" {
		return false
	}
	for _, part := range strings.Split(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		coding, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			weight = strings.ReplaceAll(weight, " ", "")
			return weight != "q=0" && !strings.HasPrefix(weight, "q=0.000")
		}
	}
	return false
}

package signaling

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"verifycall/calls/protocol"
	"verifycall/rooms/limits"
)

// Limits that all nodes share. They are far above what people and honest
// programs do, and far below what a guess or a flood needs.
var (
	limitGuesses   = limits.Limit{Name: "guess", Every: 5 * time.Second, Burst: 20}          // failed exchanges of tokens, by address
	limitLinks     = limits.Limit{Name: "link", Every: 2 * time.Second, Burst: 120}          // exchanges of one seller's link, by its room
	limitJoins     = limits.Limit{Name: "join", Every: time.Second, Burst: 60}               // connections to one room, by role
	limitMakes     = limits.Limit{Name: "make", Every: 20 * time.Millisecond, Burst: 2000}   // rooms, by account or key
	limitQueue     = limits.Limit{Name: "queue", Every: 2 * time.Second, Burst: 60}          // changes of a place or a desk, by room or account
	limitUploads   = limits.Limit{Name: "upload", Every: 100 * time.Millisecond, Burst: 400} // pieces of photos, by room
	limitFiles     = limits.Limit{Name: "file", Every: 10 * time.Second, Burst: 30}          // documents that a seller files, by room
	limitFiled     = limits.Limit{Name: "filed", Every: 200 * time.Millisecond, Burst: 1600} // their bytes by 64 KiB: 100 MiB, and then 20 MiB a minute, by room
	limitDownlinks = limits.Limit{Name: "downlink", Every: 10 * time.Second, Burst: 20}      // measurements of half a MiB, by room
	limitAppeals   = limits.Limit{Name: "appeal", Every: 30 * time.Second, Burst: 12}        // appeals and repeats, by room
	limitSignIns   = limits.Limit{Name: "signin", Every: time.Second, Burst: 300}            // sign-ins, good ones too, by address
	limitDownloads = limits.Limit{Name: "download", Every: 2 * time.Second, Burst: 60}       // bundles and checks of them, by account or key
)

// filedUnit is what one of limitFiled's bucket stands for.
const filedUnit = 64 << 10 // bytes

// tooMany is the cause of a refusal by a limit.
type tooMany struct{ wait time.Duration }

// Error implements error.
func (t *tooMany) Error() string { return "over the limit for " + t.wait.String() }

func tooManyFault(wait time.Duration, message string) *protocol.Fault {
	return &protocol.Fault{Code: protocol.CodeTooMany, Message: message, Err: &tooMany{wait}}
}

// limit takes one of who's bucket.
func (s *Server) limit(ctx context.Context, l limits.Limit, who string) error {
	return s.limitBy(ctx, l, who, 1)
}

func (s *Server) limitBy(ctx context.Context, l limits.Limit, who string, n int) error {
	if wait := s.cfg.Rooms.Limits.Take(ctx, l, who, n); wait > 0 {
		return tooManyFault(wait, "That was too often in a short time. Wait a moment.")
	}
	return nil
}

// crowd counts the requests that are being answered, by address, so that one
// client can't take all the server's time. WebSockets have socket.Set.
type crowd struct {
	most int

	mu sync.Mutex // guards by
	by map[string]int
}

func newCrowd(most int) *crowd { return &crowd{most: most, by: map[string]int{}} }

// enter takes a place, or gives false; leave gives it back.
func (c *crowd) enter(from string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by[from] >= c.most {
		return false
	}
	c.by[from]++
	return true
}

func (c *crowd) leave(from string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by[from]--; c.by[from] <= 0 {
		delete(c.by, from)
	}
}

// bounded lets an address have so many requests at once, and no body be larger
// than the largest that a route takes.
func (s *Server) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/ws/") { // a WebSocket is counted while it is open
			from := address(r)
			if !s.crowd.enter(from) {
				writeProblem(w, tooManyFault(time.Second, "Too many requests at once come from this address."))
				return
			}
			defer s.crowd.leave(from)
		}
		if len(r.TransferEncoding) > 0 && r.ProtoMajor == 1 {
			// A proxy may see this body's end elsewhere (RFC 9112 section 11.2): what
			// follows is nobody's next request.
			w.Header().Set("Connection", "close")
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// address is the client's address without port; of IPv6 the /64 that one
// subscriber holds.
func address(r *http.Request) string {
	if who, ok := passed(r); ok {
		return who.From
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	ip := net.ParseIP(host)
	if ip == nil || ip.To4() != nil {
		return host
	}
	return ip.Mask(net.CIDRMask(64, 128)).String()
}

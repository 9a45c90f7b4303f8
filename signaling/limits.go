package signaling

import (
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Failed exchanges of a link, sign-in or API token that one address may make:
// enough for anybody who mistypes, hopeless against 128 bits.
const (
	exchangeRate  = rate.Limit(0.2) // a second
	exchangeBurst = 20
)

// buckets are token buckets by address. Full ones are forgotten.
type buckets struct {
	limit rate.Limit
	burst int

	mu    sync.Mutex // guards by
	by    map[string]*rate.Limiter
	swept time.Time
}

func newBuckets(limit rate.Limit, burst int) *buckets {
	return &buckets{limit: limit, burst: burst, by: make(map[string]*rate.Limiter)}
}

// empty tells whether the address has used its bucket up.
func (b *buckets) empty(key string, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.by[key]
	return l != nil && l.TokensAt(now) < 1
}

// take takes one token out.
func (b *buckets) take(key string, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sweep(now)
	l := b.by[key]
	if l == nil {
		l = rate.NewLimiter(b.limit, b.burst)
		b.by[key] = l
	}
	l.AllowN(now, 1)
}

// sweep forgets full buckets once a minute.
func (b *buckets) sweep(now time.Time) {
	if now.Sub(b.swept) < time.Minute {
		return
	}
	b.swept = now
	for key, l := range b.by {
		if l.TokensAt(now) >= float64(b.burst) {
			delete(b.by, key)
		}
	}
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

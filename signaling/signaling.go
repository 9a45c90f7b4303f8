// Package signaling is the edge: the pages, the JSON APIs of account managers,
// auditors and integrators, sign-in, and the WebSockets of the calls. It alone
// knows HTTP. What a person may do is checked at each door; what a room allows
// is decided in calls and rooms.
//
// Who closes whom: Close ends every WebSocket and returns when their goroutines
// have ended. The House is closed before, so that participants are told.
package signaling

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"verifycall/access"
	"verifycall/calls"
	"verifycall/mail"
	"verifycall/nodes"
	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
	"verifycall/rooms/accesslog"
	"verifycall/rooms/limits"
	"verifycall/rooms/queue"
	"verifycall/signaling/privacy"
	"verifycall/signaling/socket"
	"verifycall/signin"
	"verifycall/signin/openid"
)

// Config says what a Server works with. The first eight are needed.
type Config struct {
	Rooms    *rooms.Store
	House    *calls.House
	Evidence *vault.Vault
	Keys     *evidence.Keys
	Pages    fs.FS    // the built pages: index.html, seller.html, …, assets/
	Public   *url.URL // where people reach this server: links and Origin are measured by it
	Log      *slog.Logger
	Metrics  *Metrics
	Queue    *queue.Hall      // nil: one that nobody tends
	Nodes    *nodes.Member    // may be nil: this node is alone
	OpenID   *openid.Provider // may be nil: staff have passkeys

	Access       *accesslog.Log   // may be nil: nothing is kept of who comes in
	AccessReader accesslog.Reader // of the page that shows it

	Mails      *mail.Sink // of a demo, may be nil
	MailsToken string     // of the page that shows them

	Authority []byte // certificate, DER, that phones are to trust by a demo on the local network; nil elsewhere

	Privacy privacy.Facts // what the settings say of keeping; the rule sets come from House

	TrustedProxies []netip.Prefix // whose X-Forwarded-For counts

	ConnsPerIP int          // WebSockets of one address; 0 = 256
	Times      socket.Times // of a WebSocket; 0 = 10 s for hello, ping every 20 s, dead after 45 s
}

// Server answers HTTP. Make it with New, end it with Close.
type Server struct {
	cfg      Config
	mux      *http.ServeMux
	doors    map[string]access.Action // of each route
	log      *slog.Logger
	secure   bool          // people come by https
	squeezed squeezed      // the built pages, compressed
	decoding chan struct{} // capacity 1: the right to decode a picture
	guesses  limits.Limit  // failed exchanges of tokens, by address
	crowd    *crowd
	now      func() time.Time
	looked   *looks // what sessions have looked at, where the first look is logged
	conns    *socket.Set
	upgrader *socket.Upgrader
	relay    *relay
	passkeys *signin.Passkeys // nil where the address can have none

	stop     context.CancelFunc // ends watching
	watching sync.WaitGroup
}

// New makes a Server.
func New(cfg Config) (*Server, error) {
	if cfg.Rooms == nil || cfg.House == nil || cfg.Evidence == nil || cfg.Keys == nil ||
		cfg.Pages == nil || cfg.Public == nil || cfg.Log == nil || cfg.Metrics == nil {
		return nil, errors.New("signaling: incomplete config")
	}
	if cfg.Queue == nil {
		cfg.Queue = queue.NewHall(cfg.Rooms, cfg.Log)
	}
	cfg.ConnsPerIP = orElse(cfg.ConnsPerIP, 256)
	cfg.Times = socket.Times{Hello: orElse(cfg.Times.Hello, 10*time.Second), Ping: orElse(cfg.Times.Ping, 20*time.Second),
		Dead: orElse(cfg.Times.Dead, 45*time.Second)}
	s := &Server{cfg: cfg, mux: http.NewServeMux(), doors: map[string]access.Action{}, log: cfg.Log, secure: cfg.Public.Scheme == "https",
		decoding: make(chan struct{}, 1), guesses: limitGuesses, crowd: newCrowd(cfg.ConnsPerIP), now: time.Now, looked: newLooks()}
	s.conns, s.upgrader = socket.NewSet(cfg.ConnsPerIP), socket.NewUpgrader(writeProblem)
	s.relay = newRelay(cfg)
	var err error
	if s.passkeys, err = signin.NewPasskeys(cfg.Public); err != nil && !errors.Is(err, signin.ErrNoPasskeys) {
		return nil, fmt.Errorf("signaling: %w", err)
	}
	s.routes()
	var ctx context.Context
	ctx, s.stop = context.WithCancel(context.Background())
	s.watching.Go(func() { s.watchEnded(ctx) })
	return s, nil
}

func orElse[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

// Handler gives the whole surface: routes behind the check of cross-origin
// requests and the security headers.
func (s *Server) Handler() (http.Handler, error) {
	guard := http.NewCrossOriginProtection()
	if err := guard.AddTrustedOrigin(s.origin()); err != nil {
		return nil, fmt.Errorf("signaling: public URL: %w", err)
	}
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writeProblem(w, forbidden("This request comes from another site's page."))
	}))
	return headers(s.cfg.Public, behind(s.cfg.TrustedProxies, s.bounded(guard.Handler(s.mux)))), nil
}

// origin is the origin of the pages, RFC 6454.
func (s *Server) origin() string { return originOf(s.cfg.Public) }

func originOf(public *url.URL) string { return public.Scheme + "://" + public.Host }

// link gives an address of this server for people.
func (s *Server) link(path string) string { return s.origin() + path }

// Drain refuses new WebSockets from now on.
func (s *Server) Drain() { s.conns.Drain() }

// Close ends all WebSockets and waits for them, or returns ctx's error.
func (s *Server) Close(ctx context.Context) error {
	s.stop()
	s.watching.Wait()
	s.conns.Drain()
	s.conns.CloseAll()
	s.relay.close()
	return s.conns.Wait(ctx)
}

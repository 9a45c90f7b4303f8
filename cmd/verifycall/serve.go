package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"verifycall/access"
	"verifycall/calls"
	"verifycall/cmd/verifycall/certificate"
	"verifycall/cmd/verifycall/console"
	"verifycall/cmd/verifycall/lan"
	"verifycall/cmd/verifycall/places"
	"verifycall/cmd/verifycall/settings"
	"verifycall/media"
	"verifycall/media/relay"
	"verifycall/rooms/accesslog"
	"verifycall/rooms/embedded"
	"verifycall/rooms/tickets"
	"verifycall/signaling"
	"verifycall/signin/openid"
	"verifycall/web"
)

// runServe is the subcommand serve. It gives the exit code: 0 when it was asked
// to end, 1 when it failed, 2 for wrong settings.
func runServe(args []string, out, errOut io.Writer) int {
	c, err := readSettings(args, os.LookupEnv, out)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(errOut, "verifycall serve: these settings can't be used:\n  %s\n", strings.ReplaceAll(err.Error(), "\n", "\n  "))
		return console.ExitUsage
	}
	if c.PrintConfig {
		if err := c.Print(out); err != nil {
			return 1
		}
		return 0
	}
	log, err := c.Logger(errOut)
	if err != nil { // settings.Parse has checked it
		fmt.Fprintln(errOut, err)
		return console.ExitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	if err := serve(ctx, c, log, out); err != nil {
		fmt.Fprintf(errOut, "verifycall serve: %v\n", err)
		return 1
	}
	return 0
}

// readSettings is settings.Parse, and looks for the local network where it is meant.
func readSettings(args []string, env func(string) (string, bool), help io.Writer) (settings.Settings, error) {
	c, err := settings.Parse(args, env, help)
	if err == nil && c.LAN {
		err = c.OnLAN()
	}
	return c, err
}

// heapGrowth in per cent between collections, where GOGC doesn't say another:
// media allocate next to nothing, so memory is cheaper to save than by Go's 100.
const heapGrowth = 25

// serve runs the server until ctx ends, then stops it politely.
func serve(ctx context.Context, c settings.Settings, log *slog.Logger, out io.Writer) (err error) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
	// On one core a recording's fsync would hold up all packets until the runtime
	// notices, some 10 ms.
	runtime.GOMAXPROCS(max(2, runtime.GOMAXPROCS(0)))
	id := tickets.NewToken()
	if c.Redis != "" { // several may write into one place
		log = log.With("node", id)
	}
	if c.Unproxied() {
		log.Warn(settings.UnproxiedSays, "do", settings.UnproxiedDo)
	}
	n := &node{id: id, registry: prometheus.NewRegistry(), cfg: c, log: log, failed: make(chan error, 3), backing: make(chan struct{}, 1)}
	defer func() { err = errors.Join(err, n.close()) }()
	if err := n.open(ctx); err != nil {
		return err
	}
	n.start()
	if c.Demo {
		if err := n.seedDemo(ctx, out); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	select {
	case <-ctx.Done():
		log.Info("stopping", "calls", n.house.Live())
		return nil
	case err := <-n.failed:
		return err
	}
}

// node is the running server. Parts are opened in the order of the fields and
// closed in a fixed order; those that were not opened are nil.
type node struct {
	id  string // among those on one Redis, made anew at each start
	cfg settings.Settings
	log *slog.Logger

	registry *prometheus.Registry

	data *os.File // --data is this process's until it is closed
	places.Places
	media  *media.Node
	relay  *relay.Server
	door   *relay.Door // where pages and relay share a port
	house  *calls.House
	access *accesslog.Log
	edge   *signaling.Server
	post   post
	turns  turns

	cluster cluster

	certificate certificate.Source // of pages and relay; nil without TLS
	authority   *lan.Authority     // that signed it, of a demo on the local network; else nil

	public       *url.URL // where people reach the pages
	pages, ops   *http.Server
	pagesL, opsL net.Listener
	serving      sync.WaitGroup // the goroutines of pages and ops
	failed       chan error     // from them, one each; capacity for all
	backing      chan struct{}  // capacity 1: the right to write a backup
}

func (n *node) open(ctx context.Context) (err error) {
	c := n.cfg
	n.Places.Registry = n.registry
	if err := places.Owned(c); err != nil { // before anything is made
		return err
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return err
	}
	if n.data, err = embedded.LockDir(c.Data); err != nil { // two would write into each other's recordings
		return fmt.Errorf("--data: %w", err)
	}
	if c.OwnAuthority() {
		if n.authority, err = signForLAN(&n.cfg); err != nil {
			return err
		}
		c = n.cfg
	}
	if err := n.Places.Open(ctx, c, n.log); err != nil {
		return err
	}
	if n.media, err = media.NewNode(media.Config{Listen: c.MediaListen, PublicIPs: c.Announced(), Log: n.log,
		Path: media.Path(c.MediaPath)}); err != nil {
		return err
	}
	if err := n.openPages(); err != nil {
		return err
	}
	if err := n.joinCluster(ctx); err != nil {
		return err
	}
	house := calls.Config{Rooms: n.Rooms, Media: n.media, Relay: n.relay, Metrics: calls.NewMetrics(n.registry), Evidence: n.Vault, Keys: n.Keys,
		Scratch: filepath.Join(c.Data, "scratch"), Ship: c.StoreApart(), Log: n.log,
		Refused: func(r *access.Refusal) { n.access.Count(signaling.RefusedInCall(r)) }}
	if m := n.cluster.member; m != nil {
		house.Node, house.Steady = m.ID(), m.Steady
	}
	n.house = calls.NewHouse(house)
	n.stayInCluster()
	if err := n.house.Recover(ctx); err != nil {
		n.log.Error("not all that an earlier run left could be recovered", "err", err)
	}
	return n.listen()
}

// openPages opens the pages' port, and the relay's.
func (n *node) openPages() (err error) {
	if n.pagesL, err = net.Listen("tcp", n.cfg.Listen); err != nil {
		return fmt.Errorf("pages: %w", err)
	}
	n.pagesL = newGate(n.pagesL, n.cfg.ConnsPerIP, n.cfg.Proxies())
	if n.public, err = n.cfg.PagesURL(n.pagesL.Addr()); err != nil {
		return err
	}
	return n.openRelay()
}

// listen makes what answers on the ports.
func (n *node) listen() (err error) {
	files, err := fs.Sub(web.Files, "dist")
	if err != nil {
		return fmt.Errorf("pages: %w", err)
	}
	n.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if err := n.media.Register(n.registry); err != nil {
		return err
	}
	n.registerGauges()
	if err := n.openPost(); err != nil {
		return err
	}
	provider, err := providerOf(n.cfg, n.public)
	if err != nil {
		return err
	}
	n.access = n.OpenAccess(accesslog.Config{Log: n.log})
	n.edge, err = signaling.New(signaling.Config{Rooms: n.Rooms, House: n.house, Evidence: n.Vault, Keys: n.Keys, Pages: files,
		Public: n.public, Log: n.log, Metrics: signaling.NewMetrics(n.registry), Nodes: n.cluster.member, OpenID: provider, Access: n.access, AccessReader: n.AccessReader(),
		TrustedProxies: n.cfg.Proxies(), Privacy: privacyOf(n.cfg),
		Queue: n.openQueue(), Mails: n.post.sink, MailsToken: n.post.token, Authority: n.authority.DER(),
		ConnsPerIP: n.cfg.ConnsPerIP})
	if err != nil {
		return err
	}
	handler, err := n.edge.Handler()
	if err != nil {
		return err
	}
	n.pages = newHTTPServer(handler, n.log)
	if n.cfg.Encrypted() && n.door == nil {
		if n.pages.TLSConfig, err = n.tlsConfig("h2", "http/1.1"); err != nil {
			return err
		}
	}
	n.log.Info("listening", "pages", n.pagesL.Addr().String(), "public", n.public.String(), "media", n.media.Addr().String())
	if n.cfg.OpsListen == "" {
		return nil
	}
	if n.opsL, err = net.Listen("tcp", n.cfg.OpsListen); err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	n.ops = newHTTPServer(n.opsHandler(), n.log)
	return nil
}

// providerOf gives the one of --oidc, nil where there is none.
func providerOf(c settings.Settings, public *url.URL) (*openid.Provider, error) {
	if c.OIDC == "" {
		return nil, nil
	}
	s, err := openid.Read(c.OIDC)
	if err != nil {
		return nil, fmt.Errorf("--oidc: %w", err)
	}
	return openid.New(s, public.Scheme+"://"+public.Host+signaling.CallbackPath), nil
}

// newHTTPServer bounds what a client may take: times are for small requests,
// uploads and downloads put theirs off.
func newHTTPServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
}

// start serves until close shuts the servers down.
func (n *node) start() {
	n.serving.Go(func() {
		if n.cfg.Encrypted() && n.door == nil {
			n.failed <- fmt.Errorf("pages: %w", n.pages.ServeTLS(n.pagesL, "", "")) // its TLSConfig has the certificate
			return
		}
		n.failed <- fmt.Errorf("pages: %w", n.pages.Serve(n.pagesL))
	})
	n.serveNodes()
	n.startPost()
	n.startQueue()
	if n.ops != nil {
		n.serving.Go(func() { n.failed <- fmt.Errorf("metrics: %w", n.ops.Serve(n.opsL)) })
	}
}

// shutdown lets answers end until ctx does, and then cuts them: a long download
// is no fault of the stop.
func shutdown(ctx context.Context, s *http.Server) error {
	err := s.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return s.Close()
	}
	return err
}

// close tells the participants, lets the calls end, and closes all parts.
func (n *node) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), n.cfg.StopTimeout)
	defer cancel()
	var faults []error
	if n.house != nil {
		if err := n.drain(ctx); err != nil { // so that no other node sends anybody here
			n.log.Warn("the other nodes were not told of the stop", "err", err)
		}
	}
	n.turns.close()
	if n.edge != nil {
		n.edge.Drain()
	}
	if n.house != nil {
		faults = append(faults, n.house.Close(ctx))
	}
	if n.edge != nil {
		faults = append(faults, n.edge.Close(ctx))
	}
	for _, s := range []*http.Server{n.pages, n.cluster.server, n.ops} {
		if s != nil {
			faults = append(faults, shutdown(ctx, s))
		}
	}
	for _, l := range []net.Listener{n.pagesL, n.cluster.listener, n.opsL} {
		if l == nil {
			continue
		}
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			faults = append(faults, err)
		}
	}
	faults = append(faults, n.closeRelay())
	n.serving.Wait()
	n.leaveCluster()
	n.post.close()
	n.access.Close()
	if n.media != nil {
		faults = append(faults, n.media.Close())
	}
	faults = append(faults, n.Places.Close())
	if n.data != nil {
		faults = append(faults, n.data.Close())
	}
	return errors.Join(faults...)
}

// Package settings are those of the command serve: their flags and variables, what
// follows from them, and what is wrong with them.
package settings

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"verifycall/cmd/verifycall/console"
	"verifycall/media"
	"verifycall/signin/openid"
)

// Settings of serve. Each has a flag, and an environment variable that counts
// where the flag is not given: --media-listen is VERIFYCALL_MEDIA_LISTEN.
type Settings struct {
	Demo        bool
	LAN         bool
	Listen      string // host:port of pages and APIs, TCP
	MediaListen string // host:port of audio and video, UDP
	OpsListen   string // host:port of /metrics, TCP; empty = none
	PublicURL   string // empty = made of Listen
	PublicIPs   string // comma-separated
	TLSCert     string // file; acme, acme:URL or proxy:NETWORKS, see tls.go
	TLSKey      string
	TURNListen  string // host:port of the relay, TCP; empty = beside the pages if they have TLS; "none"
	TURNURL     string // empty = made of PublicURL
	Data        string
	Keys        string // empty = Data/keys
	Store       string // empty = Data/store
	Recovery    string // comma-separated age recipients
	Redis       string // empty = embedded in Data
	Replicas    int    // of Redis that a write waits for

	ClusterSecret string // file; empty = this node is alone on its Redis
	NodeListen    string // host:port for the other nodes, TCP
	NodeCIDR      string // networks of the nodes, comma-separated
	NodeTLS       bool

	SMTPURL  string // of the mail server; empty = no mails, in a demo a page that shows them
	MailFrom string // address

	OIDC string // file of openid.Settings; empty = staff have passkeys only

	MediaPath   string // lean or pion
	ConnsPerIP  int
	StopTimeout time.Duration
	LogLevel    string
	LogFormat   string
	PrintConfig bool

	LANAddress netip.Addr // of this machine, see OnLAN; no setting
}

const serveUsage = `usage: verifycall serve [flags]

Each flag may be given as an environment variable too: --media-listen is
VERIFYCALL_MEDIA_LISTEN.

`

// Flags binds the settings to their flags, with their defaults.
func (c *Settings) Flags() *flag.FlagSet {
	f := flag.NewFlagSet("serve", flag.ContinueOnError)
	f.BoolVar(&c.Demo, "demo", false, "seed a marketplace to try and print its links")
	f.BoolVar(&c.LAN, "lan", false, "with --demo: listen on all interfaces, HTTPS at this machine's LAN address, one-time links for staff")
	f.StringVar(&c.Listen, "listen", "127.0.0.1:8080", "`host:port` of pages and APIs (TCP)")
	f.StringVar(&c.MediaListen, "media-listen", "127.0.0.1:7000", "`host:port` of audio and video (UDP)")
	f.StringVar(&c.OpsListen, "ops-listen", "127.0.0.1:9090", "`host:port` of /metrics; empty for none")
	f.StringVar(&c.PublicURL, "public-url", "", "`URL` that people reach the pages by (default made of --listen)")
	f.StringVar(&c.PublicIPs, "public-ip", "", "`IP`s that browsers send audio and video to, separated by commas (default those of --media-listen)")
	f.StringVar(&c.TLSCert, "tls-cert", "", "`file` of the certificate chain, PEM; acme to have one from Let's Encrypt, acme:https://HOST/PATH from another ACME authority; proxy:NETWORKS where proxies in these networks (separated by commas) end TLS and say in X-Forwarded-For who comes")
	f.StringVar(&c.TLSKey, "tls-key", "", "`file` of the certificate's key, PEM")
	f.StringVar(&c.TURNListen, "turn-listen", "", "`host:port` of the TURN relay (TCP, TLS with --tls-cert), or none (default beside the pages where they have TLS)")
	f.StringVar(&c.TURNURL, "turn-url", "", "`URL` that clients reach the TURN relay by (default made of --public-url)")
	f.StringVar(&c.Data, "data", "./data", "`folder` of this node's own files")
	c.BindPlaces(f)
	f.StringVar(&c.Redis, "redis", "", "`URL` of Redis; with ?master_name=NAME&addr=HOST:PORT of Sentinels, with ?cluster=1&addr=HOST:PORT of a Cluster (default embedded, in --data)")
	f.Var(console.NewNumber(&c.Replicas, 0, 0, 10), "redis-wait-replicas", "`number` of replicas that must have a write before it is acknowledged")
	f.StringVar(&c.ClusterSecret, "cluster-secret-file", "", "`file` with the secret that all nodes on one Redis share, 32 bytes or more")
	f.StringVar(&c.NodeListen, "node-listen", "", "`host:port` that the other nodes pass requests to (TCP)")
	f.StringVar(&c.NodeCIDR, "node-cidr", "", "`networks` in which nodes may be, separated by commas")
	f.BoolVar(&c.NodeTLS, "node-tls", true, "encrypt what nodes pass to each other")
	f.StringVar(&c.SMTPURL, "smtp-url", "", "`URL` of the mail server: smtps://USER:PASSWORD@HOST, smtp:// with STARTTLS, smtp+plain:// on this machine (default no mails)")
	f.StringVar(&c.MailFrom, "mail-from", "", "`address` that mails come from")
	f.StringVar(&c.OIDC, "oidc", "", "`file` that says by which OpenID Connect provider staff sign in, JSON (default by passkeys only)")
	f.StringVar(&c.MediaPath, "media-path", "lean", "way of the media in this process: lean, or pion (costs more)")
	f.Var(console.NewNumber(&c.ConnsPerIP, 256, 1, 1<<20), "conns-per-ip", "`number` of WebSockets that one address may have")
	f.Var(console.NewSpan(&c.StopTimeout, 15*time.Second), "stop-timeout", "`time` that calls have to end politely")
	f.StringVar(&c.LogLevel, "log-level", "info", "debug, info, warn or error")
	f.StringVar(&c.LogFormat, "log-format", "text", "text or json")
	f.BoolVar(&c.PrintConfig, "print-config", false, "print the settings, secrets masked, and end")
	return f
}

// BindPlaces binds the settings that say where keys and evidence are.
func (c *Settings) BindPlaces(f *flag.FlagSet) {
	f.StringVar(&c.Keys, "keys", "", "`folder` of the signing and wrapping keys, made on first start (default keys in --data)")
	f.StringVar(&c.Recovery, "recovery", "", "`age1…` recipients of the offline recovery that open everything too, separated by commas")
	f.StringVar(&c.Store, "store", "", "`folder`, file:// URL or s3://BUCKET/PREFIX?endpoint=https://HOST of the evidence (default store in --data)")
}

// Parse reads flags and environment. The error names every fault at
// once, one a line; flag.ErrHelp asks for the usage.
func Parse(args []string, env func(string) (string, bool), help io.Writer) (Settings, error) {
	var c Settings
	f := c.Flags()
	f.SetOutput(io.Discard)
	faults := console.ParseAll(f, args)
	if errors.Is(faults, flag.ErrHelp) {
		fmt.Fprint(help, serveUsage)
		f.SetOutput(help)
		f.PrintDefaults()
		return c, flag.ErrHelp
	}
	faults = errors.Join(faults, console.SetFromEnv(f, env))
	c.Complete()
	return c, errors.Join(faults, c.Check())
}

// Complete fills in what follows from other settings.
func (c *Settings) Complete() {
	if c.Keys == "" {
		c.Keys = filepath.Join(c.Data, "keys")
	}
	if c.Store == "" {
		c.Store = filepath.Join(c.Data, "store")
	}
}

// StoreApart tells whether the evidence store is elsewhere than this node's own
// files, so that it may outlive them.
func (c *Settings) StoreApart() bool { return c.Store != filepath.Join(c.Data, "store") }

// Check names every fault of the settings, joined; nil where they can be used.
func (c *Settings) Check() error {
	var faults []error
	wrong := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	for _, l := range []struct{ name, value string }{{"listen", c.Listen}, {"media-listen", c.MediaListen}, {"ops-listen", c.OpsListen}} {
		if why := hostPort(l.value); why != "" && !(l.name == "ops-listen" && l.value == "") {
			wrong("--%s: %q %s", l.name, l.value, why)
		}
	}
	if c.LAN && !c.Demo {
		wrong("--lan: goes with --demo only; use --listen, --public-url and --public-ip")
	}
	if c.PublicURL != "" {
		if _, err := ParsePublicURL(c.PublicURL); err != nil {
			wrong("--public-url: %v", err)
		}
	}
	for _, ip := range c.Announced() {
		if _, err := netip.ParseAddr(ip); err != nil {
			wrong("--public-ip: %q is no IP address", ip)
		}
	}
	if p := media.Path(c.MediaPath); p != media.PathPion && p != media.PathLean {
		wrong("--media-path: %q is not lean or pion", c.MediaPath)
	}
	if c.OIDC != "" {
		if _, err := openid.Read(c.OIDC); err != nil {
			wrong("--oidc: %w", err)
		}
	}
	faults = append(faults, c.checkTLS(), c.checkTURN(), c.CheckStores(), c.checkMail(), c.checkNodes())
	if _, err := c.Logger(io.Discard); err != nil {
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// Announced are the addresses of --public-ip, none where those that are listened on count.
func (c *Settings) Announced() []string { return commaList(c.PublicIPs) }

// Recipients are those of --recovery, age1….
func (c *Settings) Recipients() []string {
	return strings.FieldsFunc(c.Recovery, func(r rune) bool { return r == ',' || r == ' ' })
}

// Logger makes the log that the settings ask for.
func (c *Settings) Logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	var faults []error
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		faults = append(faults, fmt.Errorf("--log-level: %q is not debug, info, warn or error", c.LogLevel))
	}
	options := &slog.HandlerOptions{Level: level}
	switch c.LogFormat {
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), errors.Join(faults...)
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), errors.Join(faults...)
	}
	return nil, errors.Join(append(faults, fmt.Errorf("--log-format: %q is not text or json", c.LogFormat))...)
}

// Print writes the settings as flags, one a line, passwords masked.
func (c *Settings) Print(w io.Writer) error {
	shown := *c
	if u, err := url.Parse(shown.Redis); err == nil && u.User != nil {
		shown.Redis = u.Redacted()
	}
	if u, err := url.Parse(shown.SMTPURL); err == nil && u.User != nil {
		shown.SMTPURL = u.Redacted()
	}
	// Binding sets defaults, so the values are put back behind it.
	var bound Settings
	f := bound.Flags()
	bound = shown
	var faults error
	f.VisitAll(func(fl *flag.Flag) {
		if fl.Name != "print-config" {
			_, err := fmt.Fprintf(w, "--%s=%s\n", fl.Name, fl.Value)
			faults = errors.Join(faults, err)
		}
	})
	return faults
}

// ForPlaces reads the flags and words of a command that works on a deployment's
// places: Redis, the store and the keys. done says that the command is over, with
// that code.
func (c *Settings) ForPlaces(f *flag.FlagSet, usage string, args []string, out, errOut io.Writer, check func(words []string) error) (code int, done bool) {
	f.StringVar(&c.Redis, "redis", "", "`URL` of Redis (default embedded, in --data)")
	return c.ForStore(f, usage, args, out, errOut, check)
}

// ForStore is ForPlaces for a command that leaves Redis alone.
func (c *Settings) ForStore(f *flag.FlagSet, usage string, args []string, out, errOut io.Writer, check func(words []string) error) (code int, done bool) {
	f.SetOutput(io.Discard)
	f.StringVar(&c.Data, "data", "./data", "`folder` of the server's own files")
	c.BindPlaces(f)
	words, err := console.ParseWords(f, usage, args, out)
	if errors.Is(err, flag.ErrHelp) {
		return 0, true
	}
	c.Complete()
	if err == nil {
		err = errors.Join(c.CheckStores(), check(words))
	}
	if err != nil {
		fmt.Fprintf(errOut, "verifycall %s: %v\n\n%s", f.Name(), err, usage)
		return console.ExitUsage, true
	}
	return 0, false
}

// NoWords is the check of a command that takes flags alone.
func NoWords(words []string) error {
	if len(words) > 0 {
		return fmt.Errorf("nothing is known to do with %.40q", words[0])
	}
	return nil
}

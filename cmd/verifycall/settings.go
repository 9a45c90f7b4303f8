package main

import (
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"verifycall/media"
	"verifycall/nodes"
	"verifycall/recorder/evidence/objects"
	"verifycall/rooms"
	"verifycall/signin/openid"
)

// settings of serve. Each has a flag, and an environment variable that counts
// where the flag is not given: --media-listen is VERIFYCALL_MEDIA_LISTEN.
type settings struct {
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
}

const serveUsage = `usage: verifycall serve [flags]

Each flag may be given as an environment variable too: --media-listen is
VERIFYCALL_MEDIA_LISTEN.

`

// flags binds the settings to their flags, with their defaults.
func (c *settings) flags() *flag.FlagSet {
	f := flag.NewFlagSet("serve", flag.ContinueOnError)
	f.BoolVar(&c.Demo, "demo", false, "seed a marketplace to try and print its links")
	f.BoolVar(&c.LAN, "lan", false, "with --demo: listen on all interfaces, links with this machine's LAN address")
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
	c.bindPlaces(f)
	f.StringVar(&c.Redis, "redis", "", "`URL` of Redis; with ?master_name=NAME&addr=HOST:PORT of Sentinels, with ?cluster=1&addr=HOST:PORT of a Cluster (default embedded, in --data)")
	f.Var(newNumber(&c.Replicas, 0, 0, 10), "redis-wait-replicas", "`number` of replicas that must have a write before it is acknowledged")
	f.StringVar(&c.ClusterSecret, "cluster-secret-file", "", "`file` with the secret that all nodes on one Redis share, 32 bytes or more")
	f.StringVar(&c.NodeListen, "node-listen", "", "`host:port` that the other nodes pass requests to (TCP)")
	f.StringVar(&c.NodeCIDR, "node-cidr", "", "`networks` in which nodes may be, separated by commas")
	f.BoolVar(&c.NodeTLS, "node-tls", true, "encrypt what nodes pass to each other")
	f.StringVar(&c.SMTPURL, "smtp-url", "", "`URL` of the mail server: smtps://USER:PASSWORD@HOST, smtp:// with STARTTLS, smtp+plain:// on this machine (default no mails)")
	f.StringVar(&c.MailFrom, "mail-from", "", "`address` that mails come from")
	f.StringVar(&c.OIDC, "oidc", "", "`file` that says by which OpenID Connect provider staff sign in, JSON (default by passkeys only)")
	f.StringVar(&c.MediaPath, "media-path", "lean", "way of the media in this process: lean, or pion (costs more)")
	f.Var(newNumber(&c.ConnsPerIP, 256, 1, 1<<20), "conns-per-ip", "`number` of WebSockets that one address may have")
	f.Var(newSpan(&c.StopTimeout, 15*time.Second), "stop-timeout", "`time` that calls have to end politely")
	f.StringVar(&c.LogLevel, "log-level", "info", "debug, info, warn or error")
	f.StringVar(&c.LogFormat, "log-format", "text", "text or json")
	f.BoolVar(&c.PrintConfig, "print-config", false, "print the settings, secrets masked, and end")
	return f
}

// bindPlaces binds the settings that say where keys and evidence are.
func (c *settings) bindPlaces(f *flag.FlagSet) {
	f.StringVar(&c.Keys, "keys", "", "`folder` of the signing and wrapping keys, made on first start (default keys in --data)")
	f.StringVar(&c.Recovery, "recovery", "", "`age1…` recipients of the offline recovery that open everything too, separated by commas")
	f.StringVar(&c.Store, "store", "", "`folder`, file:// URL or s3://BUCKET/PREFIX?endpoint=https://HOST of the evidence (default store in --data)")
}

// parseSettings reads flags and environment. The error names every fault at
// once, one a line; flag.ErrHelp asks for the usage.
func parseSettings(args []string, env func(string) (string, bool), help io.Writer) (settings, error) {
	var c settings
	f := c.flags()
	f.SetOutput(io.Discard)
	faults := parseAll(f, args)
	if errors.Is(faults, flag.ErrHelp) {
		fmt.Fprint(help, serveUsage)
		f.SetOutput(help)
		f.PrintDefaults()
		return c, flag.ErrHelp
	}
	faults = errors.Join(faults, setFromEnv(f, env))
	c.complete()
	return c, errors.Join(faults, c.check())
}

// setFromEnv sets the flags that were not given from their variables.
func setFromEnv(f *flag.FlagSet, env func(string) (string, bool)) error {
	given := map[string]bool{}
	f.Visit(func(fl *flag.Flag) { given[fl.Name] = true })
	var faults error
	f.VisitAll(func(fl *flag.Flag) {
		value, found := env(envName(fl.Name))
		if !found || given[fl.Name] {
			return
		}
		if err := f.Set(fl.Name, value); err != nil {
			faults = errors.Join(faults, fmt.Errorf("%s: %q: %w", envName(fl.Name), value, err))
		}
	})
	return faults
}

// parseAll parses all that can be parsed: a wrong flag doesn't hide the faults
// behind it.
func parseAll(f *flag.FlagSet, args []string) error {
	var faults error
	for len(args) > 0 {
		before := len(args)
		err := f.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		rest := f.Args()
		if err != nil {
			faults = errors.Join(faults, err)
		} else if len(rest) > 0 {
			faults = errors.Join(faults, fmt.Errorf("%q belongs to no flag", rest[0]))
			rest = rest[1:]
		}
		if len(rest) == before {
			rest = rest[1:]
		}
		args = rest
	}
	return faults
}

func envName(name string) string {
	return "VERIFYCALL_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// complete fills in what follows from other settings.
func (c *settings) complete() {
	if c.Keys == "" {
		c.Keys = filepath.Join(c.Data, "keys")
	}
	if c.Store == "" {
		c.Store = filepath.Join(c.Data, "store")
	}
}

// storeApart tells whether the evidence store is elsewhere than this node's own
// files, so that it may outlive them.
func (c *settings) storeApart() bool { return c.Store != filepath.Join(c.Data, "store") }

func (c *settings) check() error {
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
		if _, err := publicURL(c.PublicURL); err != nil {
			wrong("--public-url: %v", err)
		}
	}
	for _, ip := range c.publicIPs() {
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
	faults = append(faults, c.checkTLS(), c.checkTURN(), c.checkStores(), c.checkMail(), c.checkNodes())
	if _, err := c.logger(io.Discard); err != nil {
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

func (c *settings) checkTLS() error {
	switch {
	case c.acmeDirectory() != "":
		return c.checkACME()
	case c.proxied():
		return c.checkProxies()
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return errors.New("--tls-cert and --tls-key: only one of them is given")
	}
	if c.TLSCert == "" {
		return nil
	}
	if _, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey); err != nil {
		return fmt.Errorf("--tls-cert and --tls-key: %w", err)
	}
	if info, err := os.Stat(c.TLSKey); err == nil && info.Mode().Perm()&0o007 != 0 { // a group may share it
		return fmt.Errorf("--tls-key: %s can be read by others (mode %04o): chmod 600 it", c.TLSKey, info.Mode().Perm())
	}
	return nil
}

// checkNodes wants all that is needed to work with other nodes, or nothing of it.
func (c *settings) checkNodes() error {
	given := 0
	for _, value := range []string{c.ClusterSecret, c.NodeListen, c.NodeCIDR} {
		if value != "" {
			given++
		}
	}
	switch {
	case given == 0:
		return nil
	case given < 3 || c.Redis == "":
		return errors.New("--cluster-secret-file, --node-listen, --node-cidr and --redis: nodes need all of them")
	}
	_, err := nodes.LoadSecret(c.ClusterSecret)
	if err != nil {
		err = fmt.Errorf("--cluster-secret-file: %w", err)
	}
	if why := hostPort(c.NodeListen); why != "" {
		err = errors.Join(err, fmt.Errorf("--node-listen: %q %s", c.NodeListen, why))
	}
	if _, wrong := nodes.ParseNetworks(commaList(c.NodeCIDR)); wrong != nil {
		err = errors.Join(err, fmt.Errorf("--node-cidr: %w", wrong))
	}
	return err
}

// nodeNetworks are those of --node-cidr, which was checked.
func (c *settings) nodeNetworks() []netip.Prefix {
	networks, _ := nodes.ParseNetworks(commaList(c.NodeCIDR))
	return networks
}

func commaList(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

func (c *settings) checkStores() error {
	var err error
	if strings.HasPrefix(c.Store, s3Scheme) {
		_, err = objects.ParseS3(c.Store)
	} else {
		_, err = storeFolder(c.Store)
	}
	if err != nil {
		err = fmt.Errorf("--store: %w", err)
	}
	return errors.Join(err, checkDataAndRedis(c.Data, c.Redis))
}

func checkDataAndRedis(data, redis string) error {
	var faults []error
	if redis != "" {
		if err := rooms.CheckURL(redis); err != nil {
			faults = append(faults, fmt.Errorf("--redis: %w", err))
		}
	}
	if data == "" {
		faults = append(faults, errors.New("--data: is empty"))
	}
	return errors.Join(faults...)
}

func hostPort(value string) string {
	host, port, err := net.SplitHostPort(value)
	if err != nil {
		return "is not host:port"
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n > 65535 {
		return "has no port of 0 to 65535"
	}
	if host != "" && host != "localhost" {
		if _, err := netip.ParseAddr(host); err != nil {
			return "has no IP address as host"
		}
	}
	return ""
}

func (c *settings) publicIPs() []string { return commaList(c.PublicIPs) }

func (c *settings) recovery() []string {
	return strings.FieldsFunc(c.Recovery, func(r rune) bool { return r == ',' || r == ' ' })
}

func publicURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is no http:// or https:// URL", text)
	}
	if u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fmt.Errorf("%q has more than scheme, host and port", text)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// storeFolder gives the folder that --store means.
func storeFolder(text string) (string, error) {
	scheme, _, found := strings.Cut(text, "://")
	if !found {
		return text, nil
	}
	u, err := url.Parse(text)
	if err != nil || scheme != "file" || u.Host != "" && u.Host != "localhost" || u.Path == "" {
		return "", fmt.Errorf("%q is no folder and no file:///folder", text)
	}
	return filepath.FromSlash(u.Path), nil
}

// logger makes the log that the settings ask for.
func (c *settings) logger(w io.Writer) (*slog.Logger, error) {
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

// print writes the settings as flags, one a line, passwords masked.
func (c *settings) print(w io.Writer) error {
	shown := *c
	if u, err := url.Parse(shown.Redis); err == nil && u.User != nil {
		shown.Redis = u.Redacted()
	}
	if u, err := url.Parse(shown.SMTPURL); err == nil && u.User != nil {
		shown.SMTPURL = u.Redacted()
	}
	// Binding sets defaults, so the values are put back behind it.
	var bound settings
	f := bound.flags()
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

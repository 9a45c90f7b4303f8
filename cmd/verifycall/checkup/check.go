// Package checkup has the subcommand check: whether settings would serve as they are,
// and whether what stands around them is there.
package checkup

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"verifycall/cmd/verifycall/console"
	"verifycall/cmd/verifycall/places"
	"verifycall/cmd/verifycall/settings"
	"verifycall/doctor"
	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/vault"
)

const checkUsage = `usage: verifycall check [flags]

Looks at what serve would stand on with the same flags and variables, before it
runs and while it does: settings, ports, certificate, clock, Redis, store, mail
server, keys. One line each:

  ✓ fine   ! serves, but look   ✗ doesn't serve   – not looked at

Whether people get in from outside needs a second machine. There run
  verifycall check --helper-listen 0.0.0.0:7100
and here add --helper http://THAT-MACHINE:7100; it knocks at this machine's
ports, and at nothing else. With --alive nothing is printed. The code is 0 where there is no ✗, otherwise 1.

`

// checkTime bounds all questions together.
const checkTime = 2 * time.Minute

// checkup is what check is asked beside the settings of serve.
type checkup struct {
	settings.Settings
	json         bool
	alive        bool   // only whether the server answers
	helper       string // URL
	helperListen string // host:port
}

// Check is the subcommand check. It gives the exit code.
func Check(args []string, out, errOut io.Writer) int {
	var c checkup
	f := c.Flags()
	f.BoolVar(&c.json, "json", false, "print a JSON array")
	f.BoolVar(&c.alive, "alive", false, "ask nothing but whether the server answers at --listen")
	f.StringVar(&c.helper, "helper", "", "`URL` of a helper on another machine")
	f.StringVar(&c.helperListen, "helper-listen", "", "be the helper of others, on this `host:port`")
	f.SetOutput(io.Discard)
	faults := console.ParseAll(f, args)
	if errors.Is(faults, flag.ErrHelp) {
		fmt.Fprint(out, checkUsage)
		f.SetOutput(out)
		f.PrintDefaults()
		return 0
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if c.helperListen != "" && faults == nil {
		if err := help(ctx, c.helperListen, out); err != nil {
			fmt.Fprintf(errOut, "verifycall check: %v\n", err)
			return 1
		}
		return 0
	}
	faults = errors.Join(faults, console.SetFromEnv(f, os.LookupEnv))
	c.Complete()
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	if c.alive && faults == nil {
		if c.running(ctx) {
			return 0
		}
		return 1
	}
	found := c.findings(ctx, errors.Join(faults, c.Check()))
	show := doctor.Print
	if c.json {
		show = doctor.PrintJSON
	}
	if err := show(out, found); err != nil || doctor.Faulty(found) {
		return 1
	}
	return 0
}

// help answers others until ctx ends.
func help(ctx context.Context, address string, out io.Writer) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: doctor.Helper(), ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10}
	fmt.Fprintf(out, "helping on %s until it is stopped\n", l.Addr())
	closed := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer closed()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// findings asks everything that can be asked with these settings.
func (c *checkup) findings(ctx context.Context, wrong error) []doctor.Finding {
	if wrong != nil {
		var all []doctor.Finding
		for fault := range strings.Lines(wrong.Error()) {
			all = append(all, doctor.Wrong("settings", strings.TrimSpace(fault), "see verifycall serve --help"))
		}
		return all
	}
	if err := places.Owned(c.Settings); err != nil { // root would see another machine than the service does
		return []doctor.Finding{doctor.Wrong("user", err.Error(), "run check as the service's user")}
	}
	running := c.running(ctx)
	all := []doctor.Finding{doctor.Good("settings", "can be used")}
	all = append(all, doctor.Ports(ctx, running, c.ports()...)...)
	if at := c.ACMEDirectory(); at != "" {
		all = append(all, doctor.Good("certificate", "comes from "+at))
	} else if c.Proxied() {
		all = append(all, doctor.Good("certificate", "is the proxies'"))
	} else if c.Unproxied() {
		all = append(all, doctor.Warned("certificate", settings.UnproxiedSays, settings.UnproxiedDo))
	} else {
		all = append(all, doctor.Certificate(c.TLSCert, c.TLSKey, c.host(), nil, time.Now()))
	}
	all = append(all, doctor.Redis(ctx, c.Redis)...)
	all = append(all, c.storeFindings(ctx)...)
	all = append(all, doctor.Mail(ctx, c.SMTPURL))
	all = append(all, doctor.Secrets(c.secrets()...)...)
	all = append(all, c.published(ctx, running)...)
	return append(all, c.reached(ctx, running)...)
}

// running says whether this node's pages answer at --listen.
func (c *checkup) running(ctx context.Context) bool {
	scheme := "http"
	if c.Encrypted() {
		scheme = "https"
	}
	res, err := get(ctx, &http.Client{Transport: anyCertificate()}, scheme+"://"+dialed(c.Listen)+"/healthz")
	if err != nil {
		return false
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 4<<10))
	return err == nil && strings.Contains(string(text), `"calls":`)
}

// anyCertificate is for this machine alone, where the name can't be right.
func anyCertificate() *http.Transport {
	return &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // asks itself whether it runs
}

func get(ctx context.Context, client *http.Client, url string) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		cancel()
		return nil, err
	}
	res, err := client.Do(req)
	if err != nil {
		cancel()
		return nil, err
	}
	res.Body = closing{res.Body, cancel}
	return res, nil
}

// closing is a body whose request ends with it.
type closing struct {
	io.ReadCloser
	end context.CancelFunc
}

// Close implements io.Closer.
func (c closing) Close() error {
	defer c.end()
	return c.ReadCloser.Close()
}

// dialed is where a listener is reached from this machine.
func dialed(listen string) string {
	host, port, _ := net.SplitHostPort(listen)
	switch host {
	case "", "0.0.0.0":
		host = "127.0.0.1"
	case "::":
		host = "::1"
	}
	return net.JoinHostPort(host, port)
}

func (c *checkup) ports() []doctor.Port {
	all := []doctor.Port{{Check: "pages", Network: "tcp", Address: c.Listen},
		{Check: "media", Network: "udp", Address: c.MediaListen}, {Check: "media", Network: "tcp", Address: c.MediaListen}}
	for _, other := range []struct{ check, address string }{{"ops", c.OpsListen}, {"nodes", c.NodeListen}, {"relay", c.TURNListen}} {
		if other.address != "" && other.address != settings.NoTURN {
			all = append(all, doctor.Port{Check: other.check, Network: "tcp", Address: other.address})
		}
	}
	return all
}

// host is the name that people use.
func (c *checkup) host() string {
	if u, err := url.Parse(c.PublicURL); err == nil && u.Hostname() != "" {
		return u.Hostname()
	}
	host, _, _ := net.SplitHostPort(dialed(c.Listen))
	return host
}

func (c *checkup) storeFindings(ctx context.Context) []doctor.Finding {
	store, err := places.OpenStore(ctx, c.Store)
	if err != nil {
		return []doctor.Finding{doctor.Wrong("store", err.Error(), "correct --store, and let the service write there")}
	}
	folder, err := settings.StoreFolder(c.Store)
	if err != nil {
		folder = "" // no folder of this machine
	}
	all := doctor.Store(ctx, store, folder)
	if err := store.Close(); err != nil {
		all = append(all, doctor.Wrong("store", err.Error(), "check its disk"))
	}
	if _, err := os.Stat(c.Data); err == nil {
		all = append(all, doctor.Space("data", c.Data))
	}
	return all
}

func (c *checkup) secrets() []doctor.Secret {
	all := []doctor.Secret{{Check: "signing", Path: filepath.Join(c.Keys, evidence.SecretFile), Made: true},
		{Check: "wrapping", Path: filepath.Join(c.Keys, vault.WrapFile), Made: true}}
	for _, other := range []struct{ check, path string }{{"cluster", c.ClusterSecret}, {"tls-key", c.TLSKey}} {
		if other.path != "" {
			all = append(all, doctor.Secret{Check: other.check, Path: other.path})
		}
	}
	return all
}

func (c *checkup) published(ctx context.Context, running bool) []doctor.Finding {
	const check = "published"
	wrong := func(says, remedy string) []doctor.Finding { return []doctor.Finding{doctor.Wrong(check, says, remedy)} }
	if !running {
		return []doctor.Finding{doctor.NotAsked(check, "the server doesn't run: its key list can't be asked for")}
	}
	if _, err := os.Stat(filepath.Join(c.Keys, evidence.SecretFile)); errors.Is(err, fs.ErrNotExist) {
		return wrong("the server runs, and "+c.Keys+" has no signing key", "give --keys or --data as the server has them")
	}
	keys, err := evidence.LoadOrCreateKeys(c.Keys)
	if err != nil {
		return wrong(err.Error(), "check --keys")
	}
	bound, err := net.ResolveTCPAddr("tcp", c.Listen)
	if err != nil {
		return wrong(err.Error(), "check --listen")
	}
	public, err := c.PagesURL(bound)
	if err != nil {
		return wrong(err.Error(), "check --public-url")
	}
	return doctor.Published(ctx, http.DefaultClient, public.JoinPath("/.well-known/verifycall-keys.json").String(), keys.ID(), time.Now())
}

func (c *checkup) reached(ctx context.Context, running bool) []doctor.Finding {
	if c.helper == "" {
		return []doctor.Finding{doctor.NotAsked("reach", "from outside: needs --helper")}
	}
	doors := doctor.Doors{Helper: strings.TrimSuffix(c.helper, "/"), Pages: c.Listen, Media: c.MediaListen, Public: c.Announced()}
	if running {
		doors.Refused = c.refused
	}
	return doctor.Reached(ctx, http.DefaultClient, doors)
}

// refused reads from the running server how many datagrams of strangers it has
// refused, as a helper's are.
func (c *checkup) refused(ctx context.Context) (float64, error) {
	if c.OpsListen == "" {
		return 0, errors.New("the server has no --ops-listen to count what comes")
	}
	res, err := get(ctx, http.DefaultClient, "http://"+dialed(c.OpsListen)+"/metrics")
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(io.LimitReader(res.Body, 4<<20))
	if err != nil {
		return 0, fmt.Errorf("metrics: %w", err)
	}
	for _, m := range families["verifycall_media_refused_total"].GetMetric() {
		for _, cause := range m.GetLabel() {
			if cause.GetValue() == "stranger" {
				return m.GetCounter().GetValue(), nil
			}
		}
	}
	return 0, errors.New("the server at --ops-listen doesn't count strangers' datagrams")
}

package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"verifycall/access"
	"verifycall/bench/robot"
	"verifycall/calls/protocol"
	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
	"verifycall/rooms/tickets"
	"verifycall/signaling"
	"verifycall/test/certtest"
)

// target is the server and what people have on it.
type target struct {
	set     settings
	server  *robot.Server
	redis   *robot.Redis
	film    *robot.Film
	trusted *tls.Config
	at      string // host:port of the pages
	address int    // of the attacker that strikes now, see client

	provider *provider // of --oidc, the attacker's
	good     *client
	live     *robot.Call // goes on all the time
	done     string      // a room whose record is sealed

	expired struct{ link, signIn, key string }
}

func newTarget(ctx context.Context, set settings, dir string) (t *target, err error) {
	t = &target{set: set}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.close())
		}
	}()
	if t.film, err = robot.OpenFilm(set.film); err != nil {
		return t, err
	}
	if t.redis, err = robot.StartRedis(ctx, dir); err != nil {
		return t, err
	}
	ports, err := robot.FreePorts(3)
	if err != nil {
		return t, err
	}
	t.at = ports[0]
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	pair, err := certtest.Make(time.Now().Add(24*time.Hour), "127.0.0.1")
	if err == nil {
		err = pair.Write(cert, key)
	}
	if err != nil {
		return t, err
	}
	t.trusted = pair.Trust()
	var oidc string
	if t.provider, oidc, err = startProvider(dir); err != nil {
		return t, err
	}
	public := "https://" + t.at
	t.server, err = robot.Start(ctx, robot.Run{Program: set.program, Dir: dir, Listen: ports, URL: public,
		Place: robot.Place{TLS: t.trusted}, Args: []string{"--redis", t.redis.URL, "--store", filepath.Join(dir, "store"), "--public-url", public,
			"--tls-cert", cert, "--tls-key", key, "--oidc", oidc}})
	if err != nil {
		return t, err
	}
	t.good = t.from(1)
	return t, t.furnish(ctx, dir)
}

// furnish makes the calls and what has ended before the attack.
func (t *target) furnish(ctx context.Context, dir string) error {
	ended, err := t.server.Wait(ctx, t.film)
	if err != nil {
		return err
	}
	t.done = ended.Room.ID
	if err := errors.Join(ended.Admit(ctx), ended.Finish(ctx)); err != nil {
		return err
	}
	if t.live, err = t.server.Wait(ctx, t.film); err != nil {
		return err
	}
	if err := t.live.Admit(ctx); err != nil {
		return err
	}
	return t.grantForASecond(ctx, dir)
}

// grantForASecond makes a link of each sort and a key, as whoever sits at the
// server's own Redis and keys can, which end before they are tried.
func (t *target) grantForASecond(ctx context.Context, dir string) (err error) {
	signer, err := evidence.LoadOrCreateKeys(filepath.Join(dir, "keys"))
	if err != nil {
		return err
	}
	files, err := objects.OpenFS(filepath.Join(dir, "store"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, files.Close()) }()
	keys, err := vault.Open(files, filepath.Join(dir, "keys"))
	if err != nil {
		return err
	}
	store, err := rooms.Open(ctx, rooms.Options{URL: t.redis.URL, Signer: signer, Mirror: evidence.Mirror{Store: files}, Keys: keys,
		Kept: filepath.Join(dir, "attack-kept")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	room, err := t.server.NewRoom(ctx)
	if err != nil {
		return err
	}
	t.expired.link = tickets.NewToken()
	link := rooms.Link{Hash: tickets.HashToken(t.expired.link), Expires: time.Now().Add(time.Second)}
	if _, err := store.Do(ctx, room.ID, "system", rooms.AddLink{Link: link}); err != nil {
		return err
	}
	public, err := url.Parse(t.server.URL)
	if err != nil {
		return err
	}
	ticket := tickets.Ticket{Role: string(access.Auditor), Subject: "auditor-1", Scope: signaling.ScopeAgain}
	if t.expired.signIn, err = signaling.NewSignInLink(ctx, store, public, ticket, time.Second); err != nil {
		return err
	}
	t.expired.key, err = signaling.NewAPIKey(ctx, store, "short", access.Scopes, time.Second)
	return err
}

func (t *target) close() error {
	var faults []error
	if t.live != nil {
		_ = t.live.Close() // an attack may have ended it, which is told as harm
	}
	if t.server != nil && t.server.Stop() != 0 {
		faults = append(faults, fmt.Errorf("the server did not end in peace:\n%s", t.server.Log()))
	}
	if t.redis != nil {
		t.redis.Kill()
	}
	if t.provider != nil {
		faults = append(faults, t.provider.close())
	}
	return errors.Join(faults...)
}

// attacker is a browser or program at an address of its own.
func (t *target) attacker() *client { return t.from(t.address) }

// browser is one more at the attacker's address.
func (t *target) signedIn(ctx context.Context, role protocol.Role) (robot.Room, *robot.Session, error) {
	room, err := t.server.NewRoom(ctx)
	if err != nil {
		return room, nil, err
	}
	s, err := t.server.SignIn(ctx, role, room)
	return room, s, err
}

// weight of the server: memory, open files, goroutines, and the requests that it
// has answered as its own faults (5xx).
type weight struct{ memory, files, goroutines, faults float64 }

// weight reads the metrics.
func (t *target) weight(ctx context.Context) (w weight) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.server.Ops()+"/metrics", nil)
	if err != nil {
		return w
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return w
	}
	defer res.Body.Close()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		at := strings.LastIndexByte(lines.Text(), ' ')
		if at < 0 || strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		name := lines.Text()[:at]
		n, _ := strconv.ParseFloat(lines.Text()[at+1:], 64) // 0 for what isn't asked here
		if strings.HasPrefix(name, "verifycall_http_requests_total{") && strings.Contains(name, `="5`) {
			w.faults += n
		}
		switch name {
		case "process_resident_memory_bytes":
			w.memory = n
		case "process_open_fds":
			w.files = n
		case "go_goroutines":
			w.goroutines = n
		}
	}
	return w
}

// What may be left over after an attack: a few connections that end by their own
// time, and memory that Go gives back late. The server keeps a connection on which
// nothing is asked for 2 min.
const (
	leftGoroutines = 100
	leftFiles      = 50
	leftTime       = 150 * time.Second
)

// lightAgain waits until the server has let go of what the attack made it hold.
func (t *target) lightAgain(ctx context.Context, tally *tally, before weight) {
	var now weight
	for began := time.Now(); time.Since(began) < leftTime && ctx.Err() == nil; sleep(ctx, time.Second) {
		now = t.weight(ctx)
		if now.goroutines > 0 && now.goroutines < before.goroutines+leftGoroutines && now.files < before.files+leftFiles {
			break
		}
	}
	tally.want(now.goroutines > 0 && now.goroutines < before.goroutines+leftGoroutines, "%.0f goroutines, %.0f before", now.goroutines, before.goroutines)
	tally.want(now.faults == before.faults, "%.0f requests were answered as faults of the server's own", now.faults-before.faults)
	tally.want(now.files < before.files+leftFiles, "%.0f open files, %.0f before", now.files, before.files)
	fmt.Printf("the server's memory: %.0f MiB before, %.0f MiB after\n\n", before.memory/(1<<20), now.memory/(1<<20))
}

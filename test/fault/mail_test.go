//go:build fault

package fault

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	netmail "net/mail"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/redis/go-redis/v9"

	"verifycall/bench/robot"
)

// postbox is a mail server that remembers what it took.
type postbox struct {
	addr   string
	server *smtp.Server
	served chan error // one value

	mu     sync.Mutex
	before func(id string) error // called before a message is taken; an error refuses it for now
	got    []letter
}

// letter is a message that was taken: the server's 250 was on its way.
type letter struct {
	id string // Message-ID
	at time.Time
}

func newPostbox(t *testing.T) *postbox {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p := &postbox{addr: l.Addr().String(), served: make(chan error, 1)}
	p.server = smtp.NewServer(p)
	go func() { p.served <- p.server.Serve(l) }()
	t.Cleanup(func() {
		must(t, p.server.Close())
		<-p.served
	})
	return p
}

// args are the settings of a node that sends by it.
func (p *postbox) args() []string {
	return []string{"--smtp-url", "smtp+plain://" + p.addr, "--mail-from", "checks@example.org"}
}

// NewSession implements smtp.Backend.
func (p *postbox) NewSession(*smtp.Conn) (smtp.Session, error) { return delivery{p}, nil }

// delivery is one connection.
type delivery struct{ *postbox }

func (delivery) Reset()                               {}
func (delivery) Logout() error                        { return nil }
func (delivery) Mail(string, *smtp.MailOptions) error { return nil }
func (delivery) Rcpt(string, *smtp.RcptOptions) error { return nil }

// Data takes a message. The 250 follows when it returns nil.
func (d delivery) Data(r io.Reader) error {
	m, err := netmail.ReadMessage(r)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, m.Body); err != nil {
		return err
	}
	id := m.Header.Get("Message-ID")
	d.mu.Lock()
	before := d.before
	d.mu.Unlock()
	if before != nil {
		if err := before(id); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.got = append(d.got, letter{id, time.Now()})
	return nil
}

// hook has a function called once, before the next message is taken.
func (p *postbox) hook(f func() error) (called <-chan struct{}) {
	done := make(chan struct{})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before = func(string) error {
		p.mu.Lock()
		p.before = nil
		p.mu.Unlock()
		defer close(done)
		return f()
	}
	return done
}

// taken counts the messages by their ids.
func (p *postbox) taken() map[string][]time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	by := map[string][]time.Time{}
	for _, l := range p.got {
		by[l.id] = append(by[l.id], l.at)
	}
	return by
}

// mailsWaiting reads a node's metric, -1 where it gives none.
func mailsWaiting(ctx context.Context, s *robot.Server) int {
	n, err := strconv.Atoi(figure(ctx, s, "verifycall_mails_waiting"))
	if err != nil {
		return -1 // NaN: Redis is away
	}
	return n
}

// figure reads a metric without labels of a node, empty where it gives none.
func figure(ctx context.Context, s *robot.Server, name string) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Ops()+"/metrics", nil)
	if err != nil {
		return ""
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return ""
	}
	defer res.Body.Close()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if text, found := strings.CutPrefix(lines.Text(), name+" "); found {
			return text
		}
	}
	return ""
}

// delivered waits until no mail waits.
func delivered(t *testing.T, ctx context.Context, s *robot.Server) {
	t.Helper()
	for mailsWaiting(ctx, s) != 0 {
		select {
		case <-ctx.Done():
			t.Fatalf("%d mails still wait", mailsWaiting(context.WithoutCancel(ctx), s))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// runOut has what lost nodes had taken up of the outbox free at once, as after
// the minute that a mail belongs to its node.
func runOut(ctx context.Context, url string) error {
	options, err := redis.ParseURL(url)
	if err != nil {
		return err
	}
	client := redis.NewClient(options)
	defer client.Close()
	members, err := client.ZRange(ctx, "vc:{main}:index:outbox", 0, -1).Result()
	for _, m := range members {
		err = errors.Join(err, client.ZAdd(ctx, "vc:{main}:index:outbox", redis.Z{Member: m, Score: 1}).Err())
	}
	return err
}

// TestMailOverAKill ends the program with SIGKILL while it hands a mail over, on
// the embedded store and on Redis: a mail that the server had not taken is sent
// once; one that it had taken, of which the program could not write that down, is
// sent twice with one Message-ID; one that was written down is not sent again.
func TestMailOverAKill(t *testing.T) {
	program := build(t)
	for _, name := range []string{"embedded", "redis"} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
			defer cancel()
			m := &mailRun{t: t, box: newPostbox(t)}
			args := m.box.args()
			if name == "redis" {
				r, err := robot.StartRedis(ctx, t.TempDir())
				must(t, err)
				t.Cleanup(r.Kill)
				m.redis, args = r.URL, append(args, "--redis", r.URL)
			}
			var err error
			m.server, err = robot.StartServer(ctx, program, t.TempDir(), args...)
			must(t, err)
			t.Cleanup(func() { m.server.Kill() })
			delivered(t, ctx, m.server) // those of the demo's own rooms

			errGone := errors.New("killed before the answer")
			for _, c := range []struct {
				name  string
				hook  func() error // before the 250; nil: killed once nothing waits
				times int
			}{
				{"before the server took it", func() error { m.server.Kill(); return errGone }, 1},
				{"between the server's answer and the commit", func() error { return m.server.Pause() }, 2},
				{"after the commit", nil, 1},
			} {
				m.kill(ctx, c.name, c.hook, c.times)
			}
		})
	}
}

// mailRun is a program whose mails are counted.
type mailRun struct {
	t      *testing.T
	box    *postbox
	redis  string // URL, empty for the embedded one
	server *robot.Server
}

// kill books a room, kills the program around its mail and starts it again: the
// room's mail must have been taken that many times.
func (m *mailRun) kill(ctx context.Context, name string, hook func() error, times int) {
	t := m.t
	before := m.box.taken()
	var called <-chan struct{}
	if hook != nil {
		called = m.box.hook(hook)
	}
	_, err := m.server.Book(ctx, name, time.Now().Add(72*time.Hour).Truncate(time.Minute))
	must(t, err)
	if hook == nil {
		delivered(t, ctx, m.server)
	} else {
		<-called
		time.Sleep(100 * time.Millisecond) // in which a 250 would reach a program that runs
	}
	m.again(ctx)
	delivered(t, ctx, m.server)
	fresh := 0
	for id, at := range m.box.taken() {
		if before[id] == nil {
			fresh++
			if len(at) != times || id == "" {
				t.Errorf("killed %s: %q was taken %d times, want %d", name, id, len(at), times)
			}
		} else if len(at) != len(before[id]) {
			t.Errorf("killed %s: an earlier mail was sent again", name)
		}
	}
	if fresh != 1 {
		t.Errorf("killed %s: %d Message-IDs for one mail", name, fresh)
	}
}

// again kills the program and starts it on the same folder.
func (m *mailRun) again(ctx context.Context) {
	m.server.Kill()
	if m.redis != "" {
		must(m.t, runOut(ctx, m.redis))
	}
	server, err := m.server.Again(ctx)
	must(m.t, err)
	m.server = server
}

// TestMailsUnderKills books rooms while the program is killed at any moment. Each
// mail is taken; one that is taken again has the same Message-ID and was the last
// before a kill.
func TestMailsUnderKills(t *testing.T) {
	program := build(t)
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	m := &mailRun{t: t, box: newPostbox(t)}
	var err error
	m.server, err = robot.StartServer(ctx, program, t.TempDir(), m.box.args()...)
	must(t, err)
	t.Cleanup(func() { m.server.Kill() })
	delivered(t, ctx, m.server)
	demo := len(m.box.taken())
	const kills, each = 4, 6
	var killed []time.Time
	for k := range kills {
		for b := range each {
			_, err := m.server.Book(ctx, fmt.Sprint("mail-", k, "-", b), time.Now().Add(72*time.Hour+rand.N(200*time.Hour)).Truncate(time.Minute))
			must(t, err)
		}
		time.Sleep(rand.N(50 * time.Millisecond))
		m.server.Kill()
		killed = append(killed, time.Now())
		m.again(ctx)
	}
	delivered(t, ctx, m.server)
	repeats := 0
	taken := m.box.taken()
	for id, at := range taken {
		for _, first := range at[:len(at)-1] {
			repeats++
			if !lastBefore(first, killed, taken) {
				t.Errorf("%s was sent again, and no kill came just after it", id)
			}
		}
	}
	if n := len(taken) - demo; n != kills*each {
		t.Errorf("%d mails of %d", n, kills*each)
	}
	t.Logf("%d mails, %d kills, %d sent again with the same Message-ID", kills*each, kills, repeats)
}

// lastBefore says whether the message that was taken at a time was the last
// before one of the kills.
func lastBefore(at time.Time, kills []time.Time, taken map[string][]time.Time) bool {
	for _, k := range kills {
		if at.After(k) {
			continue
		}
		for _, list := range taken {
			for _, other := range list {
				if other.After(at) && other.Before(k) {
					return false
				}
			}
		}
		return true
	}
	return false
}

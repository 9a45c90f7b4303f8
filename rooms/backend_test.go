package rooms

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// backends are the two Redises that every test of the store runs on.
var backends = []struct {
	name string
	open func(t testing.TB) *Store
}{
	{"embedded", openEmbedded},
	{"redis", openRedis},
}

// onBoth runs a test on an empty store of each kind.
func onBoth(t *testing.T, test func(t *testing.T, s *Store)) {
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) { test(t, b.open(t)) })
	}
}

func openEmbedded(t testing.TB) *Store { return openStore(t, Options{Dir: t.TempDir()}) }

func openRedis(t testing.TB) *Store {
	return openStore(t, Options{URL: "redis://" + redisServer(t) + "/0"})
}

func openStore(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// redisServer starts a redis-server of the test's own and gives its address. It
// keeps every command on disk, as the warning at start asks for.
func redisServer(t testing.TB, more ...string) string {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("NOT TESTED on a real Redis: there is no redis-server on this machine")
	}
	address := freeAddress(t)
	_, port, _ := net.SplitHostPort(address)
	args := append([]string{"--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "",
		"--appendonly", "yes", "--appendfsync", "always"}, more...)
	var output bytes.Buffer
	server := exec.Command(path, args...)
	server.Stdout = &output
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Kill()
		server.Wait()
	})
	client := redis.NewClient(&redis.Options{Addr: address})
	defer client.Close()
	for deadline := time.Now().Add(20 * time.Second); client.Ping(t.Context()).Err() != nil; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			server.Process.Kill()
			server.Wait()
			t.Fatalf("redis-server does not answer:\n%s", output.String())
		}
	}
	return address
}

// freeAddress gives a loopback address that was free a moment ago.
func freeAddress(t testing.TB) string {
	t.Helper()
	for port := 20000 + time.Now().Nanosecond()/1000%20000; ; port++ {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			l.Close()
			return l.Addr().String()
		}
	}
}

// lines collects what is logged.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *lines) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

func create(t testing.TB, s *Store, change func(*CreateRoom)) *Room {
	t.Helper()
	c := newRoom
	if change != nil {
		change(&c)
	}
	r, err := s.Create(context.Background(), "system", c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// do runs commands through the store.
func do(t testing.TB, s *Store, id string, commands ...Command) *Room {
	t.Helper()
	var r *Room
	for _, c := range commands {
		var err error
		if r, err = s.Do(context.Background(), id, "manager:m1", c); err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
	}
	return r
}

// wholeCall is a call from booking to the custody ledger, without what opens it.
func wholeCall() []Command {
	list := append([]Command{}, agree...)
	list = append(list, EnterWaiting{}, SendChat{Seller, "Ist das Licht gut so?"}, Admit{}, ShowStep{"FACE"})
	for _, slot := range Slots {
		c := capture
		c.Slot = slot
		list = append(list, TakeCapture{c})
	}
	for _, item := range Items {
		list = append(list, DecideCompare{item, DecisionSame, "Müller"})
	}
	return append(list, Interrupt{"seller_lost"}, Resume{}, WriteNote{"S_FRAUD", "sah zur Seite"}, WriteNote{"", "freundlich"},
		EndCall{Cause: "hangup_seller"}, GiveVerdict{Verdict: VerdictPass, Line: "Danke!", Coverage: map[string]int{"seller.video": 998}},
		Seal{map[string]any{"recordings": []any{map[string]any{"id": "seller-1", "gaps": 0}}}})
}

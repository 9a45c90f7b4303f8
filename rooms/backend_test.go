package rooms

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"testing"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"

	"github.com/redis/go-redis/v9"

	"verifycall/rooms/redistest"
)

// backends are the Redises that every test of the store runs on.
var backends = []struct {
	name string
	open func(t testing.TB) *Store
}{
	{"embedded", openEmbedded},
	{"redis", openRedis},
	{"sentinel", func(t testing.TB) *Store { return openGroup(t, &sentinel) }},
	{"cluster", func(t testing.TB) *Store { return openGroup(t, &cluster) }},
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

// shared is a group of servers that all tests of the suite use, one after the
// other; TestMain ends it.
type shared struct {
	start func(ctx context.Context, dir string) (*redistest.Group, error)
	once  sync.Once
	dir   string
	group *redistest.Group
	err   error
}

var (
	sentinel = shared{start: redistest.StartSentinel}
	cluster  = shared{start: redistest.StartCluster}
)

func (s *shared) url(t testing.TB) string {
	t.Helper()
	s.once.Do(func() {
		if s.dir, s.err = os.MkdirTemp("", "rooms-test-"); s.err == nil {
			s.group, s.err = s.start(context.Background(), s.dir)
		}
	})
	started(t, s.err)
	return s.group.URL
}

func (s *shared) end() {
	if s.group != nil {
		s.group.Kill()
	}
	os.RemoveAll(s.dir)
}

// started skips a test where there is no Redis; the store tier doesn't take that
// for a success.
func started(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, redistest.ErrMissing) {
		t.Skip("NOT TESTED on a real Redis: " + err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// openGroup opens an emptied store that waits for one replica.
func openGroup(t testing.TB, g *shared) *Store {
	s := openStore(t, Options{URL: g.url(t), Replicas: 1})
	var err error
	if c, ok := s.client.(*redis.ClusterClient); ok {
		err = c.ForEachMaster(t.Context(), func(ctx context.Context, m *redis.Client) error { return m.FlushAll(ctx).Err() })
	} else {
		err = s.client.FlushAll(t.Context()).Err()
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func openStore(t testing.TB, o Options) *Store {
	t.Helper()
	if o.Keys == nil {
		o.Keys = sharedKeys(t)
	}
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

// keysDir holds the keys of all stores that bring none, since several may share
// one Redis. TestMain removes it.
var keysDir = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "rooms-test-keys-") })

func sharedKeys(t testing.TB) *vault.Vault {
	t.Helper()
	dir, err := keysDir()
	if err != nil {
		t.Fatal(err)
	}
	v, closeKeys, err := keysIn(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closeKeys)
	return v
}

// testKeys is a vault with a store of its own.
func testKeys(t testing.TB) *vault.Vault {
	t.Helper()
	v, closeKeys, err := keysIn(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closeKeys)
	return v
}

// keysIn is a vault that has its store and its own keys in a folder.
func keysIn(dir string) (*vault.Vault, func(), error) {
	folder, err := objects.OpenFS(dir)
	if err != nil {
		return nil, nil, err
	}
	v, err := vault.Open(folder, dir)
	return v, func() { folder.Close() }, err
}

// redisServer starts a redis-server of the test's own and gives its address. It
// keeps every command on disk, as the warning at start asks for.
func redisServer(t testing.TB, more ...string) string {
	t.Helper()
	return startServer(t, more...).Addr
}

func startServer(t testing.TB, more ...string) *redistest.Server {
	t.Helper()
	s, err := redistest.Start(t.Context(), t.TempDir(), more...)
	started(t, err)
	t.Cleanup(s.Kill)
	return s
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
func wholeCall(t testing.TB) []Command {
	list := append([]Command{draw}, agree...)
	list = append(list, EnterWaiting{}, SendChat{Seller, "Ist das Licht gut so?"}, Admit{}, ShowStep{"FACE"})
	drawn := &Room{ID: "R-7K3M9QXD"}
	run(t, drawn, noon, newRoom, draw)
	list = append(list, finish(drawn)...)
	return append(list, Interrupt{Cause: "seller_lost"}, Resume{}, WriteNote{"S_FRAUD", "sah zur Seite"}, WriteNote{"", "freundlich"},
		EndCall{Cause: "hangup_seller"}, GiveVerdict{Verdict: VerdictPass, Line: "Danke!", Coverage: map[string]int{"seller.video": 998}},
		Seal{map[string]any{"recordings": []any{map[string]any{"id": "seller-1", "gaps": 0}}}})
}

package redistest

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"os"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
)

// Kind is a kind of Redis that what is kept has to work on.
type Kind struct {
	Name     string
	Replicas int                       // a write has to wait for
	URL      func(t testing.TB) string // of an empty one; it gives an empty text for the embedded one
}

// Kinds are all of them. Those of several servers are started once for all tests
// of a package, see End.
var Kinds = []Kind{
	{"embedded", 0, func(testing.TB) string { return "" }},
	{"redis", 0, func(t testing.TB) string { return Serve(t).URL() }},
	{"sentinel", 1, func(t testing.TB) string { return sentinel.url(t) }},
	{"cluster", 1, func(t testing.TB) string { return cluster.url(t) }},
}

// Single are those of one process, for what asks nothing of Redis that several
// servers do otherwise.
var Single = Kinds[:2]

// Serve runs a redis-server until the test ends. It keeps every command on disk,
// as the warning at start asks for.
func Serve(t testing.TB, more ...string) *Server {
	t.Helper()
	s, err := Start(t.Context(), t.TempDir(), more...)
	Need(t, err)
	t.Cleanup(s.Kill)
	return s
}

// Need skips a test where there is no Redis; the store tier doesn't take that for
// a success.
func Need(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, ErrMissing) {
		t.Skip("NOT TESTED on a real Redis: " + err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// End ends what the tests of a package have shared; its TestMain calls it.
func End() {
	sentinel.end()
	cluster.end()
}

// shared is a group of servers that all tests of a package use, one after the
// other.
type shared struct {
	start func(ctx context.Context, dir string) (*Group, error)
	once  sync.Once
	dir   string
	group *Group
	err   error
}

var (
	sentinel = shared{start: StartSentinel}
	cluster  = shared{start: StartCluster}
)

func (s *shared) url(t testing.TB) string {
	t.Helper()
	s.once.Do(func() {
		if s.dir, s.err = os.MkdirTemp("", "redis-test-"); s.err == nil {
			s.group, s.err = s.start(context.Background(), s.dir)
		}
	})
	Need(t, s.err)
	if err := s.group.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s.group.URL
}

func (s *shared) end() {
	if s.group != nil {
		s.group.Kill()
	}
	_ = os.RemoveAll(s.dir)
}

// flush empties the masters.
func (g *Group) flush(ctx context.Context) (err error) {
	for _, s := range g.Servers {
		if s.sentinel() {
			continue
		}
		client := redis.NewClient(&redis.Options{Addr: s.Addr, MaxRetries: -1, DialerRetries: 1})
		role, wrong := client.Do(ctx, "ROLE").Slice()
		if wrong == nil && len(role) > 0 && role[0] == "master" {
			wrong = client.FlushAll(ctx).Err()
		}
		err = errors.Join(err, wrong, client.Close())
	}
	return err
}

// OneKey is the key of all personal values, for tests that don't ask who has it.
type OneKey struct{}

// ValueKey implements db.Keys.
func (OneKey) ValueKey(context.Context, string, bool) (cipher.AEAD, error) {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

package rooms

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"sync"
	"testing"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"

	"verifycall/rooms/redistest"
)

// onBoth runs a test on an empty store of each kind of Redis.
func onBoth(t *testing.T, test func(t *testing.T, s *Store)) {
	for _, kind := range redistest.Kinds {
		t.Run(kind.Name, func(t *testing.T) { test(t, openKind(t, kind)) })
	}
}

func openKind(t testing.TB, kind redistest.Kind) *Store {
	return openStore(t, Options{URL: kind.URL(t), Dir: t.TempDir(), Replicas: kind.Replicas})
}

func openEmbedded(t testing.TB) *Store { return openStore(t, Options{Dir: t.TempDir()}) }

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

package nodes

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"time"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
)

func store(t *testing.T) *rooms.Store {
	t.Helper()
	folder, err := objects.OpenFS(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { folder.Close() })
	keys, err := vault.Open(folder, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, err := rooms.Open(t.Context(), rooms.Options{Dir: t.TempDir(), Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func config(s *rooms.Store, secret Secret, id string, load int) Config {
	return Config{Rooms: s, Secret: secret, Self: Announcement{ID: id, Addr: netip.MustParseAddrPort("127.0.0.1:7001")},
		Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Load: func() int { return load },
		Log: slog.New(slog.DiscardHandler), Common: map[string]string{"store": "s1"}}
}

func join(t *testing.T, c Config) *Member {
	t.Helper()
	m, err := Join(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMembersSeeEachOther(t *testing.T) {
	s, secret := store(t), secretOf(t, "a")
	a := join(t, config(s, secret, "a", 2))
	b := join(t, config(s, secret, "b", 1))
	if err := a.renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	if peers := a.Peers(); len(peers) != 2 || peers[1].ID != "b" || peers[1].Load != 1 {
		t.Fatalf("a sees %+v", peers)
	}
	if err := b.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	if peer, there := a.Peer("b"); !there || !peer.Draining || !b.Draining() {
		t.Errorf("b as a sees it: %+v, %v", peer, there)
	}

	gone := a.Gone("b")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	b.Run(ctx) // takes its announcement down
	a.steady = time.Time{}
	if err := a.renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-gone:
	default:
		t.Error("nobody is told that b is gone")
	}
	if _, there := a.Peer("b"); there {
		t.Error("b is still there")
	}
}

func TestStrangersAreRefused(t *testing.T) {
	s := store(t)
	a := join(t, config(s, secretOf(t, "a"), "a", 0))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { a.Run(ctx); close(ended) }()
	defer func() { stop(); <-ended }()

	stranger, other := config(s, secretOf(t, "b"), "b", 0), config(s, secretOf(t, "a"), "c", 0)
	other.Common = map[string]string{"store": "s2"}
	var joins sync.WaitGroup // each waits some seconds before it gives up
	for want, c := range map[error]Config{ErrStranger: stranger, ErrStore: other} {
		joins.Go(func() {
			if _, err := Join(ctx, c); !errors.Is(err, want) {
				t.Errorf("joined by %v, want %v", err, want)
			}
		})
	}
	joins.Wait()
}

func TestSteadyWaitsForWhoMayComeBack(t *testing.T) {
	m := join(t, config(store(t), secretOf(t, "a"), "a", 0))
	at := time.Now()
	m.now = func() time.Time { return at }
	beat := func(after time.Duration) bool {
		t.Helper()
		at = at.Add(after)
		if err := m.renew(t.Context()); err != nil {
			t.Fatal(err)
		}
		return m.Steady()
	}
	m.steady, m.heard = at.Add(rooms.LeaseTTL), at
	if beat(time.Second) {
		t.Error("steady at once after the start")
	}
	for range 3 {
		beat(time.Second)
	}
	if !m.Steady() {
		t.Error("not steady after one time to live")
	}
	at = at.Add(rooms.LeaseTTL) // Redis is away
	if m.Steady() {
		t.Error("steady while Redis is away")
	}
	for range 2 {
		if beat(time.Second) {
			t.Error("steady as soon as Redis is back")
		}
	}
	if beat(time.Second); !beat(time.Second) {
		t.Error("not steady one time to live after Redis was back")
	}
}

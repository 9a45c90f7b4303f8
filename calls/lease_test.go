package calls_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"verifycall/calls"
	"verifycall/calls/protocol"
	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
)

// silentStore is an evidence store that doesn't answer what is asked of one room.
type silentStore struct {
	objects.Store
	room  atomic.Value // string
	asked atomic.Int64
}

func (s *silentStore) List(ctx context.Context, prefix string) ([]string, error) {
	if room, _ := s.room.Load().(string); room != "" && strings.Contains(prefix, room) {
		s.asked.Add(1)
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	return s.Store.List(ctx, prefix)
}

// TestTakingInARoomHoldsNoLeaseUp: while what was recorded of another node's room is
// fetched, for longer than a lease lasts, neither that room nor those that run here
// are free for others.
func TestTakingInARoomHoldsNoLeaseUp(t *testing.T) {
	r := newRig(t)
	store := &silentStore{Store: r.store}
	silent, err := vault.Open(store, filepath.Join(r.dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	house := calls.NewHouse(calls.Config{Rooms: r.rooms, Media: r.media, Evidence: silent, Keys: r.keys, Node: "n1", Ship: true,
		Steady: func() bool { return true }, Scratch: filepath.Join(r.dir, "scratch"), Log: r.log})
	defer func() {
		if err := house.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	running := r.book()
	seller := open(t, house, running, protocol.RoleSeller, "phone", "tab-seller")
	defer seller.hangUp()
	lost := r.book()
	store.room.Store(lost)
	for _, c := range []rooms.Command{rooms.GiveNotice{Who: rooms.Seller, Version: "2026-11", Language: "en", Agree: true},
		rooms.GiveNotice{Who: rooms.Manager, Version: "2026-11", Language: "en", Agree: true}, rooms.EnterWaiting{}, rooms.Admit{}} {
		if _, err := r.rooms.Do(t.Context(), lost, "system", c); err != nil {
			t.Fatal(err)
		}
	}
	wait(t, "the lost room to be taken in", func() bool { return store.asked.Load() > 0 })
	for began := time.Now(); time.Since(began) < 2*rooms.LeaseTTL; time.Sleep(rooms.LeaseTTL / 10) {
		for _, room := range []string{running, lost} {
			if _, err := r.rooms.TakeLease(t.Context(), room, "n2", true); !errors.Is(err, rooms.ErrHeld) {
				t.Fatalf("after %s another node may have %s: %v", time.Since(began).Round(time.Millisecond), map[bool]string{true: "a running room", false: "the room that is fetched"}[room == running], err)
			}
		}
	}
}

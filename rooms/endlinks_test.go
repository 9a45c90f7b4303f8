package rooms

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"verifycall/rooms/db"
	"verifycall/rooms/tickets"
)

// TestErasedRoomLeavesItsLedgersAlone erases a room with two links and looks at every
// key of Redis: the links end, and what stays is what is meant to.
func TestErasedRoomLeavesItsLedgersAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		id := create(t, s, func(c *CreateRoom) { c.Link = Link{tickets.HashToken("first"), s.now().Add(time.Hour)} }).ID
		r := do(t, s, id, AddLink{Link{tickets.HashToken("second"), s.now().Add(time.Hour)}}, Cancel{Seller}, BeginPurge{Classes, "request"})
		if err := s.EndLinks(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		do(t, s, id, FinishPurge{})
		for _, token := range []string{"first", "second"} {
			left, err := s.db.Client.PTTL(t.Context(), db.Prefix+"link:"+tickets.HashToken(token)).Result()
			if err != nil || left <= 0 || left > LinkMemory {
				t.Errorf("the link %s ends in %s: %v", token, left, err)
			}
			if r, err := s.RoomByLink(t.Context(), token); err != nil || r.State != StatePurged {
				t.Errorf("the link %s leads to %+v, %v", token, r, err)
			}
			if _, _, err := s.db.Write(t.Context(), "PEXPIRE", db.Prefix+"link:"+tickets.HashToken(token), "1"); err != nil {
				t.Fatal(err)
			}
		}
		for _, token := range []string{"first", "second"} {
			_, err := s.RoomByLink(t.Context(), token)
			for deadline := time.Now().Add(30 * time.Second); err == nil && time.Now().Before(deadline); _, err = s.RoomByLink(t.Context(), token) {
				time.Sleep(10 * time.Millisecond) // the embedded clock steps
			}
			if !errors.Is(err, ErrNotFound) {
				t.Errorf("the link %s afterwards: %v", token, err)
			}
		}
		if got, want := s.keysOf(t, id), []string{"room:" + id, "room:" + id + ":custody", "room:" + id + ":record"}; !slices.Equal(got, want) {
			t.Errorf("left are %v, not %v", got, want)
		}
	})
}

// keysOf lists the keys that name a room or hold its id, but indexes of all rooms.
func (s *Store) keysOf(t *testing.T, id string) (names []string) {
	t.Helper()
	err := s.scanKeys(t.Context(), db.Prefix+"*", func(key string) {
		if strings.Contains(key, id) || strings.Contains(s.db.Client.Get(t.Context(), key).Val(), id) { // what is no string is empty
			names = append(names, strings.TrimPrefix(key, db.Prefix))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

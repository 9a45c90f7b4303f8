package tickets

import (
	"errors"
	"testing"
	"time"

	"verifycall/rooms/db"
)

func TestGrants(t *testing.T) {
	onTickets(t, func(t *testing.T, s *Tickets) {
		ctx := t.Context()
		put := func(token, subject string, ttl time.Duration) {
			t.Helper()
			if err := s.PutGrant(ctx, "session", token, Ticket{Role: "manager", Subject: subject}, ttl); err != nil {
				t.Fatal(err)
			}
		}
		one, two := NewToken(), NewToken()
		put(one, "m1", time.Hour)
		put(two, "m2", 2*time.Hour)
		grants, err := s.Grants(ctx, "session")
		if err != nil || len(grants) != 2 || grants[0].Ticket.Subject != "m1" || grants[1].ID != HashToken(two)[:16] {
			t.Fatalf("listed %+v (%v)", grants, err)
		}
		if err := s.Revoke(ctx, "session", grants[0].ID); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(ctx, "session", one); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("what was revoked still works: %v", err)
		}
		if _, err := s.Get(ctx, "session", two); err != nil {
			t.Errorf("revoking one ended another: %v", err)
		}
		if err := s.Revoke(ctx, "session", grants[0].ID); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("revoked twice: %v", err)
		}
		if err := s.Drop(ctx, "session", two); err != nil {
			t.Fatal(err)
		}
		if grants, err = s.Grants(ctx, "session"); err != nil || len(grants) != 0 {
			t.Errorf("after the sign-out %+v (%v)", grants, err)
		}
		if err := s.PutGrant(ctx, "session", NewToken(), Ticket{}, 0); err == nil {
			t.Error("a grant without an end was stored")
		}
	})
}

package tickets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"verifycall/rooms/db"
	"verifycall/rooms/db/dbtest"
	"verifycall/rooms/redistest"
)

// onTickets runs a test on an empty Redis and the embedded one.
func onTickets(t *testing.T, test func(t *testing.T, s *Tickets)) {
	dbtest.OnEach(t, redistest.Single, func(t *testing.T, d *db.DB) { test(t, New(d, time.Now)) })
}

func TestTickets(t *testing.T) {
	onTickets(t, func(t *testing.T, s *Tickets) {
		ctx := t.Context()
		ticket := Ticket{Role: "manager", Subject: "m1", Room: "R-1", Scope: "call", Name: "Ann"}
		if err := s.Put(ctx, "session", "token", ticket, time.Hour); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Get(ctx, "session", "token"); err != nil || got != ticket {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := s.Get(ctx, "signin", "token"); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("another kind: %v", err)
		}
		if ttl := s.db.Client.PTTL(ctx, ticketKey("session", "token")).Val(); ttl <= 0 || ttl > time.Hour {
			t.Errorf("time to live %v", ttl)
		}
		for range 2 {
			if err := s.Drop(ctx, "session", "token"); err != nil {
				t.Error(err)
			}
		}
		if _, err := s.Get(ctx, "session", "token"); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("dropped: %v", err)
		}
		if err := s.Put(ctx, "session", "brief", ticket, time.Millisecond); err != nil {
			t.Fatal(err)
		}
		for { // ends when the time is over, else with the test's
			if _, err := s.Get(ctx, "session", "brief"); errors.Is(err, db.ErrNotFound) {
				break
			}
		}
	})
}

func TestTicketIsTakenOnce(t *testing.T) {
	onTickets(t, func(t *testing.T, s *Tickets) {
		if err := s.Put(t.Context(), "signin", "token", Ticket{Subject: "m1"}, 0); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		results := make(chan error, 20)
		for range 20 {
			wg.Go(func() {
				_, err := s.Take(context.Background(), "signin", "token")
				results <- err
			})
		}
		wg.Wait()
		close(results)
		taken := 0
		for err := range results {
			switch {
			case err == nil:
				taken++
			case !errors.Is(err, db.ErrNotFound):
				t.Error(err)
			}
		}
		if taken != 1 {
			t.Errorf("taken %d times", taken)
		}
	})
}

func TestTicketIsClaimedOnce(t *testing.T) {
	onTickets(t, func(t *testing.T, s *Tickets) {
		for i := range 3 {
			got, first, err := s.Claim(t.Context(), "idem", "key", Ticket{Room: fmt.Sprint("R-", i)}, time.Hour)
			if err != nil || first != (i == 0) || got.Room != "R-0" {
				t.Errorf("%+v, %v, %v", got, first, err)
			}
		}
	})
}

// FuzzTicket reads what somebody has written into Redis, or refuses it.
func FuzzTicket(f *testing.F) {
	for _, text := range []string{"", `{"role":"auditor","subject":"ruth"}`, `{"until":"2026-11-28T12:00:00Z"}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ticket, err := parseTicket("session", text)
		if err != nil {
			return
		}
		again, err := json.Marshal(ticket)
		if err != nil {
			return // a year that JSON doesn't take; it expires
		}
		if read, err := parseTicket("session", string(again)); err != nil || read.Subject != ticket.Subject || !read.Until.Equal(ticket.Until) {
			t.Errorf("%+v is read back as %+v, %v", ticket, read, err)
		}
	})
}

package rooms

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"verifycall/rooms/outbox"
)

// codeRoom is a room with an address, in a store with a key and a clock.
func codeRoom(t *testing.T, s *Store, now *time.Time) *Room {
	t.Helper()
	s.hiddenKey = hiddenKeyOf(newTestSigner(t))
	s.now = func() time.Time { return *now }
	r, err := s.Create(t.Context(), "system", CreateRoom{ID: NewRoomID(), SellerName: "Anna", SellerMail: "anna@example.org", Language: "en", Zone: "UTC", At: *now})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// mailed sends a code and gives the one in the mail.
func mailed(t *testing.T, s *Store, r *Room) string {
	t.Helper()
	until, err := s.SendCode(t.Context(), r)
	if err != nil || until.Sub(s.now()) != CodeLife {
		t.Fatalf("until %v (%v)", until, err)
	}
	mails, err := s.Outbox.Take(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mails {
		if m.Room != r.ID || m.Topic() != outbox.Code {
			continue
		}
		code, ok, err := s.MailedCode(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Outbox.Settle(t.Context(), m, "sent"); err != nil {
			t.Fatal(err)
		}
		if ok {
			return code
		}
	}
	t.Fatal("no mail brings the code")
	return ""
}

func another(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

func TestCode(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		now := time.Now()
		r := codeRoom(t, s, &now)
		ctx := t.Context()
		if err := s.CheckCode(ctx, r.ID, "123456"); !errors.Is(err, ErrCodeOver) {
			t.Errorf("before one was sent: %v", err)
		}
		code := mailed(t, s, r)
		if !regexp.MustCompile(`^[0-9]{6}$`).MatchString(code) {
			t.Fatalf("code %q", code)
		}
		if t2, err := s.Tickets.Get(ctx, kindCode, r.ID); err != nil || strings.Contains(fmt.Sprint(t2), code) {
			t.Errorf("Redis has the code: %+v (%v)", t2, err)
		}
		if err := s.CheckCode(ctx, r.ID, another(code)); !errors.Is(err, ErrCodeWrong) {
			t.Errorf("another code: %v", err)
		}
		if err := s.CheckCode(ctx, r.ID, code); err != nil {
			t.Errorf("the code: %v", err)
		}
		if err := s.CheckCode(ctx, r.ID, code); !errors.Is(err, ErrCodeOver) {
			t.Errorf("the code again: %v", err)
		}

		code = mailed(t, s, r)
		for range CodeTries - 1 {
			if err := s.CheckCode(ctx, r.ID, another(code)); !errors.Is(err, ErrCodeWrong) {
				t.Errorf("another code: %v", err)
			}
		}
		if err := s.CheckCode(ctx, r.ID, another(code)); !errors.Is(err, ErrCodeOver) {
			t.Errorf("the last try: %v", err)
		}
		if err := s.CheckCode(ctx, r.ID, code); !errors.Is(err, ErrCodeOver) {
			t.Errorf("the code after too many tries: %v", err)
		}

		old := mailed(t, s, r)
		code = mailed(t, s, r)
		if old != code {
			if err := s.CheckCode(ctx, r.ID, old); !errors.Is(err, ErrCodeWrong) {
				t.Errorf("the one before: %v", err)
			}
		}
		now = now.Add(CodeLife)
		if err := s.CheckCode(ctx, r.ID, code); !errors.Is(err, ErrCodeOver) {
			t.Errorf("after ten minutes: %v", err)
		}
		if _, err := s.SendCode(ctx, &Room{ID: r.ID}); !errors.Is(err, ErrNoMail) {
			t.Errorf("without an address: %v", err)
		}
	})
}

// A mail of a code that was replaced brings none.
func TestCodeOfAnOldMail(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		now := time.Now()
		r := codeRoom(t, s, &now)
		for range 2 {
			if _, err := s.SendCode(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		mails, err := s.Outbox.Take(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		brings := 0
		for _, m := range mails {
			if _, ok, err := s.MailedCode(t.Context(), m); err != nil {
				t.Fatal(err)
			} else if ok {
				brings++
			}
		}
		if brings != 1 {
			t.Errorf("%d mails bring a code, want 1", brings)
		}
	})
}

// Of many at the same moment the code opens for one, and nobody has more tries.
func TestCodeInARush(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		now := time.Now()
		r := codeRoom(t, s, &now)
		code := mailed(t, s, r)
		var opened, seen atomic.Int64
		var rush sync.WaitGroup
		for i := range 60 {
			rush.Go(func() {
				try := code
				if i%2 == 0 {
					try = another(code)
				}
				switch err := s.CheckCode(t.Context(), r.ID, try); {
				case err == nil:
					opened.Add(1)
				case errors.Is(err, ErrCodeWrong):
					seen.Add(1)
				case !errors.Is(err, ErrCodeOver):
					t.Error(err)
				}
			})
		}
		rush.Wait()
		if opened.Load() > 1 || seen.Load() >= CodeTries {
			t.Errorf("opened for %d, %d wrong tries were answered", opened.Load(), seen.Load())
		}
	})
}

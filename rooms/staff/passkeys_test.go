package staff

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"verifycall/rooms/db"
)

func TestPasskeys(t *testing.T) {
	onAccounts(t, func(t *testing.T, s *Accounts) {
		ctx := t.Context()
		if err := s.Put(ctx, "system", Account{ID: "m1", Name: "Maria", Role: "manager", Zone: "UTC"}); err != nil {
			t.Fatal(err)
		}
		key := func(n int) Passkey {
			return Passkey{ID: fmt.Sprintf("%032x", n), Name: "Phone of Maria", Credential: json.RawMessage(fmt.Sprintf(`{"key":%d}`, n))}
		}
		for n := range MaxPasskeys {
			for range 2 { // the second changes nothing
				if err := s.AddPasskey(ctx, "staff:m1", "m1", key(n)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := s.AddPasskey(ctx, "staff:m1", "m1", key(99)); !errors.Is(err, ErrPasskeys) {
			t.Errorf("one too many: %v", err)
		}
		if err := s.AddPasskey(ctx, "staff:m2", "m2", key(1)); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("of an account that isn't there: %v", err)
		}
		if err := s.UsedPasskey(ctx, "m1", key(3).ID, 41); err != nil {
			t.Fatal(err)
		}
		if err := s.Put(ctx, "system", Account{ID: "m1", Name: "Maria König", Role: "manager", Zone: "UTC"}); err != nil {
			t.Fatal(err)
		}
		if err := s.RemovePasskey(ctx, "staff:m1", "m1", key(0).ID); err != nil {
			t.Fatal(err)
		}
		if err := s.RemovePasskey(ctx, "staff:m1", "m1", key(0).ID); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("removed twice: %v", err)
		}
		list, err := s.Passkeys(ctx, "m1")
		if err != nil || len(list) != MaxPasskeys-1 {
			t.Fatalf("%d passkeys (%v)", len(list), err)
		}
		third := list[2]
		if third.ID != key(3).ID || third.Name != "Phone of Maria" || string(third.Credential) != `{"key":3}` ||
			third.Count != 41 || third.Used.IsZero() || third.Added.IsZero() {
			t.Errorf("read back %+v", third)
		}
		entries, err := s.db.Chain(ctx, "staff:m1", recordName)
		if err != nil || len(entries) != 2+MaxPasskeys+1 {
			t.Fatalf("%d entries (%v)", len(entries), err)
		}
		for _, e := range entries {
			if text := fmt.Sprint(e.Body); strings.Contains(text, "Maria") || strings.Contains(text, "key:3") {
				t.Errorf("the ledger tells %s", text)
			}
		}
	})
}

// FuzzUsed reads a counter that somebody has written into Redis, or takes it for
// none.
func FuzzUsed(f *testing.F) {
	for _, text := range []string{"", "7 1764000000000", "4294967295 0", "4294967296 0", "-1 5", "7"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, at := parseUsed(text)
		if n == ^uint32(0) && !strings.HasPrefix(strings.TrimLeft(text, "0+"), "4294967295") {
			t.Errorf("counter %d of %q", n, text)
		}
		if at.IsZero() && n != 0 {
			t.Errorf("counter %d at no time of %q", n, text)
		}
	})
}

package staff

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"verifycall/rooms/db"
	"verifycall/rooms/db/dbtest"
	"verifycall/rooms/form"
	"verifycall/rooms/redistest"
)

// onAccounts runs a test on an empty Redis and the embedded one.
func onAccounts(t *testing.T, test func(t *testing.T, s *Accounts)) {
	dbtest.OnEach(t, redistest.Single, func(t *testing.T, d *db.DB) { test(t, New(d, time.Now)) })
}

func TestStaff(t *testing.T) {
	onAccounts(t, func(t *testing.T, s *Accounts) {
		ctx := t.Context()
		ann := Account{"m1", "Ann Müller", "manager", "Europe/Berlin", []string{"de", "en"}}
		bob := Account{"a1", "Bob", "auditor", "Asia/Shanghai", []string{"zh-Hans"}}
		for _, account := range []Account{ann, ann, bob} {
			if err := s.Put(ctx, "system", account); err != nil {
				t.Fatal(err)
			}
		}
		entries, err := s.db.Chain(ctx, "staff:m1", recordName)
		if err != nil || len(entries) != 1 {
			t.Fatalf("an account put twice has %d entries, %v", len(entries), err)
		}
		if text, _ := json.Marshal(entries); strings.Contains(string(text), "Ann") {
			t.Error("the name stands in a hashed entry")
		}
		ann.Name = "Ann Schmidt"
		if err := s.Put(ctx, "system", ann); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Get(ctx, "m1"); err != nil || !got.equal(ann) {
			t.Errorf("%+v, %v", got, err)
		}
		if list, err := s.List(ctx, "auditor"); err != nil || len(list) != 1 || !list[0].equal(bob) {
			t.Errorf("%+v, %v", list, err)
		}
		for _, id := range []string{"nobody", "m1:record", ""} {
			if _, err := s.Get(ctx, id); !errors.Is(err, db.ErrNotFound) {
				t.Errorf("%q: %v", id, err)
			}
		}
		var input *form.InputError
		for _, id := range []string{"Ann Lee", "m1:private"} {
			if err := s.Put(ctx, "system", Account{ID: id, Role: "manager", Zone: "UTC"}); !errors.As(err, &input) {
				t.Errorf("%q: %v", id, err)
			}
		}
	})
}

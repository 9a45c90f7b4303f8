package db

import (
	"errors"
	"strings"
	"testing"
	"time"

	"verifycall/rooms/ledger"
)

// oneEntry is a change of an aggregate that has a record only.
func oneEntry(t *testing.T, aggregate string, head ledger.Head) Change {
	t.Helper()
	e, err := ledger.Append(head, time.Unix(1_800_000_000, 0), "system", "tested", nil)
	if err != nil {
		t.Fatal(err)
	}
	return Change{Aggregate: aggregate, State: []byte("{}"),
		Chains: []Chain{{Ledger: "record", Expect: head, Entries: []ledger.Entry{e}}}}
}

func TestOpsAreWrittenWithTheEntries(t *testing.T) {
	onKinds(t, func(t *testing.T, d *DB) {
		a, b := oneEntry(t, "calendar:m1", ledger.Head{}), oneEntry(t, "room:R-00000001", ledger.Head{})
		a.Ops = []Op{{"HSET", "outbox", []string{"mail-1", "text"}}, {"ZADD", "outbox:due", []string{"5", "mail-1"}}, {"INCRBY", "count", []string{"2"}}}
		b.Ops = []Op{{"SADD", "set", []string{"x"}}, {"PUBLISH", "news", []string{"R-00000001"}}}
		for range 2 { // the second time it is there already, and nothing is done twice
			if err := d.Commit(t.Context(), a, b); err != nil {
				t.Fatal(err)
			}
		}
		if text, err := d.Client.HGet(t.Context(), Prefix+"outbox", "mail-1").Result(); err != nil || text != "text" {
			t.Errorf("%q, %v", text, err)
		}
		if n, err := d.Client.Get(t.Context(), Prefix+"count").Int(); err != nil || n != 2 {
			t.Errorf("count %d, %v", n, err)
		}
		wild := oneEntry(t, "calendar:m1", a.Chains[0].Entries[0].Head())
		wild.Ops = []Op{{"FLUSHALL", "x", nil}}
		if err := d.Commit(t.Context(), wild); err == nil || !strings.Contains(err.Error(), "FLUSHALL") {
			t.Errorf("a command that is no op: %v", err)
		}
	})
}

func TestGuardKeepsALateWriterOut(t *testing.T) {
	onKinds(t, func(t *testing.T, d *DB) {
		first := oneEntry(t, "room:R-00000001", ledger.Head{})
		first.Guards = []Guard{{Key: "fence:R-00000001"}}
		first.Ops = []Op{{"SET", "fence:R-00000001", []string{"8"}}, {"HSET", "switches", []string{"on", "1"}}}
		if err := d.Commit(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		if err := d.Commit(t.Context(), first); err != nil {
			t.Errorf("what is written already counts as done, whatever its guards: %v", err)
		}
		head := first.Chains[0].Entries[0].Head()
		for _, c := range []struct {
			guards []Guard
			want   error
		}{
			{[]Guard{{Key: "fence:R-00000001", Want: "7"}}, ErrFenced},
			{[]Guard{{Key: "fence:R-00000001"}}, ErrFenced},
			{[]Guard{{Key: "fence:R-00000001", Want: "8"}, {"switches", "on", "0"}}, ErrFenced},
			{[]Guard{{Key: "fence:R-00000001", Want: "8"}, {"switches", "on", "1"}, {"switches", "off", ""}}, nil},
		} {
			change := oneEntry(t, "room:R-00000001", head)
			change.Guards = c.guards
			if err := d.Commit(t.Context(), change); !errors.Is(err, c.want) {
				t.Errorf("%+v: %v", c.guards, err)
			}
			if entries, err := d.Entries(t.Context(), Prefix+"room:R-00000001:record", "-"); err != nil || (len(entries) == 1) != (c.want != nil) {
				t.Errorf("%+v: %d entries, %v", c.guards, len(entries), err)
			}
		}
	})
}

package rooms

import (
	"errors"
	"testing"

	"verifycall/rooms/db"
	"verifycall/rooms/ledger"
)

// A log of its own goes out and comes in with its head, and isn't taken where its
// chain doesn't hold.
func TestExportOfALog(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		e, err := ledger.Append(ledger.Head{}, noon, "system", "opened", map[string]any{})
		if err != nil {
			t.Fatal(err)
		}
		change := db.Change{Aggregate: "access:2026-11-28", Chains: []db.Chain{{Ledger: "log", Entries: []ledger.Entry{e}}}}
		if err := s.db.Commit(t.Context(), change); err != nil {
			t.Fatal(err)
		}
		var items []Item
		if err := s.Export(t.Context(), func(i Item) error { items = append(items, i); return nil }); err != nil {
			t.Fatal(err)
		}
		if len(items) != 1 || len(items[0].Keys) != 2 || len(items[0].Keys[1].Stream) != 1 {
			t.Fatalf("%+v", items)
		}
		for _, key := range []string{"access:2026-11-28", "access:2026-11-28:log"} {
			if _, _, err := s.db.Write(t.Context(), "DEL", db.Prefix+key); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Import(t.Context(), items[0]); err != nil {
			t.Fatal(err)
		}
		if list, err := s.db.Entries(t.Context(), db.Prefix+"access:2026-11-28:log", "-"); err != nil || len(list) != 1 || list[0].Hash != e.Hash {
			t.Errorf("%+v, %v", list, err)
		}
		items[0].Keys[1].Stream = append(items[0].Keys[1].Stream, items[0].Keys[1].Stream[0])
		if err := s.Import(t.Context(), items[0]); !errors.Is(err, ErrItem) {
			t.Errorf("a log whose chain doesn't hold: %v", err)
		}
	})
}

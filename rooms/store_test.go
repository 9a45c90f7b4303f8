package rooms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"verifycall/rooms/db"
	"verifycall/rooms/ledger"
	"verifycall/rooms/tickets"
)

func TestWholeLifeFoldsToWhatIsStored(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		id := create(t, s, nil).ID
		last := do(t, s, id, wholeCall(t)...)
		last = do(t, s, id, OpenCustody{Bundle: digest, RecordHead: last.Record}, LogView{"a1", "room"}, LogPlay{"a1", "seller-1"}, LogDownload{"a1", "bundle.zip"})
		loaded, err := s.Load(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(loaded, last) {
			t.Errorf("Load gives\n%+v\nDo gave\n%+v", loaded, last)
		}
		record, err := s.Record(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		custody, err := s.CustodyLog(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if len(custody) != 4 || record[len(record)-1].Type != typeSealed {
			t.Errorf("custody %d entries, record ends with %s", len(custody), record[len(record)-1].Type)
		}
		folded, err := Fold(id, record, custody)
		if err != nil {
			t.Fatal(err)
		}
		folded.Personal = loaded.Personal
		if !sameJSON(t, folded, loaded) {
			t.Error("the entries tell another room than the projection")
		}
	})
}

func sameJSON(t *testing.T, a, b any) bool {
	t.Helper()
	one, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	two, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	if string(one) != string(two) {
		t.Logf("%s\n%s", one, two)
	}
	return string(one) == string(two)
}

func TestPersonalValuesStayOutOfTheChain(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		id := create(t, s, nil).ID
		r := do(t, s, id, wholeCall(t)...)
		record, err := s.Record(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range []string{"Müller", "M\\u00fcller", "joerg", "L01X00T47", "Licht", "Seite", "freundlich", "S_FRAUD", "Danke"} {
			if strings.Contains(string(text), value) {
				t.Errorf("%q stands in a hashed entry", value)
			}
		}
		privates, err := s.Privates(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range privates {
			if err := p.Check(); err != nil {
				t.Error(err)
			}
			if strings.Count(string(text), string(p.Commitment)) != 1 {
				t.Errorf("commitment %s is in no entry", p.Commitment)
			}
		}
		if len(privates) != len(r.Personal) {
			t.Errorf("%d private values, %d opened", len(privates), len(r.Personal))
		}
		got := []string{r.Text(r.SellerName), r.Text(r.SellerMail), r.Text(r.Application["surname"]), r.Text(r.Chat[0].Text),
			r.Text(r.Compares["name"].Typed), r.Text(r.Line), r.Note(r.Notes[0]).Code, r.Note(r.Notes[1]).Text}
		want := []string{"Jörg Müller", "joerg@example.org", "Müller", "Ist das Licht gut so?", "Müller", "Danke!", "S_FRAUD", "freundlich"}
		if !slices.Equal(got, want) {
			t.Errorf("opened %q", got)
		}
	})
}

func TestRefusedCommandWritesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		r := create(t, s, nil)
		var illegal *TransitionError
		if _, err := s.Do(t.Context(), r.ID, "system", Admit{}); !errors.As(err, &illegal) || illegal.State != StateBooked {
			t.Fatal(err)
		}
		record, err := s.Record(t.Context(), r.ID)
		if err != nil || len(record) != 2 {
			t.Fatalf("%d entries, %v", len(record), err)
		}
		if again := do(t, s, r.ID, LeaveWaiting{}); again.Record != r.Record {
			t.Fatal("a command that changes nothing has written")
		}
	})
}

func TestFiftyAtOnceKeepTheChainWhole(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		id := create(t, s, nil).ID
		do(t, s, id, append(slices.Clone(agree), EnterWaiting{})...)
		var wg sync.WaitGroup
		faults := make(chan error, 50)
		for i := range 50 {
			wg.Go(func() {
				if _, err := s.Do(context.Background(), id, "seller", SendChat{Seller, fmt.Sprint("line ", i)}); err != nil {
					faults <- err
				}
			})
		}
		wg.Wait()
		close(faults)
		for err := range faults {
			t.Error(err)
		}
		r, err := s.Load(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		record, err := s.Record(t.Context(), id) // verifies the chain
		if err != nil {
			t.Fatal(err)
		}
		said := map[string]bool{}
		for _, c := range r.Chat {
			said[r.Text(c.Text)] = true
		}
		if len(said) != 50 || len(r.Chat) != 50 || r.Record != record[len(record)-1].Head() {
			t.Fatalf("%d lines, %d different, head %d of %d", len(r.Chat), len(said), r.Record.Seq, len(record))
		}
	})
}

// changeOf makes one more entry as a change, without committing it.
func changeOf(t *testing.T, r *Room, typ string) db.Change {
	t.Helper()
	e, err := ledger.Append(r.Record, noon, "system", typ, nil)
	if err != nil {
		t.Fatal(err)
	}
	return db.Change{Aggregate: "room:" + r.ID, Chains: []db.Chain{
		{Ledger: ledgerRecord, Expect: r.Record, Entries: []ledger.Entry{e}}, {Ledger: ledgerCustody, Expect: r.Custody, Entries: nil},
	}}
}

func TestCommitIsIdempotent(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		r := create(t, s, nil)
		change := changeOf(t, r, typeExpired)
		for range 3 {
			if err := s.db.Commit(t.Context(), change); err != nil {
				t.Fatal(err)
			}
		}
		// Later entries of others don't turn the same commit into a conflict.
		later := r
		later.Record = change.Chains[0].Entries[0].Head()
		if err := s.db.Commit(t.Context(), changeOf(t, later, typeWaiting)); err != nil {
			t.Fatal(err)
		}
		if err := s.db.Commit(t.Context(), change); err != nil {
			t.Fatalf("sent again after others wrote: %v", err)
		}
		record, err := s.Record(t.Context(), r.ID)
		if err != nil || len(record) != 4 {
			t.Fatalf("%d entries, %v", len(record), err)
		}
	})
}

func TestCommitOfAnOldHeadConflicts(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		r := create(t, s, nil)
		old := changeOf(t, r, typeExpired)
		old.State = []byte(`{}`)
		old.Moves = []db.Move{{Index: "spoilt", Member: r.ID}}
		do(t, s, r.ID, agree[0])
		if err := s.db.Commit(t.Context(), old); !errors.Is(err, ErrConflict) {
			t.Fatal(err)
		}
		wrongCustody := changeOf(t, do(t, s, r.ID, agree[1]), typeExpired)
		wrongCustody.Chains[1].Expect = ledger.Head{Seq: 1, Hash: digest}
		if err := s.db.Commit(t.Context(), wrongCustody); !errors.Is(err, ErrConflict) {
			t.Fatalf("another custody head: %v", err)
		}
		after, err := s.Load(t.Context(), r.ID)
		if err != nil || after.State != StateBooked {
			t.Fatalf("%+v, %v", after, err)
		}
		if n := s.db.Client.Exists(t.Context(), db.Prefix+"index:spoilt").Val(); n != 0 {
			t.Error("a refused commit has changed an index")
		}
	})
}

func TestCommitOfSeveralIsAllOrNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		one, two := create(t, s, nil), create(t, s, nil)
		changes := []db.Change{changeOf(t, one, typeExpired), changeOf(t, two, typeExpired)}
		do(t, s, two.ID, agree[0])
		if err := s.db.Commit(t.Context(), changes...); !errors.Is(err, ErrConflict) {
			t.Fatal(err)
		}
		record, err := s.Record(t.Context(), one.ID)
		if err != nil || len(record) != 2 {
			t.Fatalf("the first room has %d entries, %v", len(record), err)
		}
	})
}

func TestUnknownRoom(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		_, load := s.Load(t.Context(), "R-00000000")
		_, record := s.Record(t.Context(), "R-00000000")
		_, did := s.Do(t.Context(), "R-00000000", "system", Admit{})
		_, link := s.RoomByLink(t.Context(), "nothing")
		known := create(t, s, nil).ID
		_, inner := s.Load(t.Context(), known+":record") // the name of another key
		_, deep := s.Record(t.Context(), known+":private")
		for _, err := range []error{load, record, did, link, inner, deep} {
			if !errors.Is(err, ErrNotFound) {
				t.Error(err)
			}
		}
	})
}

func TestLinks(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		first, second := tickets.NewToken(), tickets.NewToken()
		if len(first) != 22 || first == second {
			t.Fatalf("tokens %s, %s", first, second)
		}
		now := noon
		s.now = func() time.Time { return now }
		r := create(t, s, func(c *CreateRoom) { c.Link = Link{tickets.HashToken(first), noon.Add(time.Hour)} })
		do(t, s, r.ID, AddLink{Link{tickets.HashToken(second), noon.Add(2 * time.Hour)}})
		for _, token := range []string{first, second} {
			if found, err := s.RoomByLink(t.Context(), token); err != nil || found.ID != r.ID {
				t.Errorf("%v", err)
			}
		}
		now = noon.Add(time.Hour)
		if _, err := s.RoomByLink(t.Context(), first); !errors.Is(err, ErrLinkExpired) {
			t.Error(err)
		}
		if _, err := s.RoomByLink(t.Context(), second); err != nil {
			t.Error(err)
		}
		if _, err := s.RoomByLink(t.Context(), tickets.HashToken(second)); !errors.Is(err, ErrNotFound) {
			t.Errorf("the hash opens the room: %v", err)
		}
	})
}

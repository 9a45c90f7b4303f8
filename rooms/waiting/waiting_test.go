package waiting

import (
	"errors"
	"os"
	"testing"
	"time"

	"verifycall/rooms/db"
	"verifycall/rooms/ledger"
)

func TestFolderIsBoundedAndCutsATornLine(t *testing.T) {
	dir := t.TempDir()
	p, err := Open[string](dir)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ledger.Append(ledger.Head{}, time.Unix(1_800_000_000, 0), "system", "tested", nil)
	if err != nil {
		t.Fatal(err)
	}
	change := db.Ready{Chains: []db.Chain{{Ledger: "record", Entries: []ledger.Entry{e}}}}
	const room = "R-00000001"
	for range Max {
		p.rooms[room] = full(p.rooms[room])
	}
	if p.rooms[room].file, err = os.Create(p.path(room)); err != nil {
		t.Fatal(err)
	}
	if err := p.Keep(room, "after it", change); !errors.Is(err, db.ErrAway) {
		t.Errorf("one more than fits: %v", err)
	}
	p.rooms[room].commits = nil
	if err := p.Keep(room, "after it", change); err != nil {
		t.Fatal(err)
	}
	if _, err := p.rooms[room].file.WriteString(`{"keys":["torn`); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open[string](dir)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if q := again.rooms[room]; q == nil || len(q.commits) != 1 || q.commits[0].Chains[0].Entries[0].Hash != e.Hash {
		t.Errorf("%+v", q)
	}
}

func full(q *queue[string]) *queue[string] {
	if q == nil {
		q = &queue[string]{}
	}
	q.commits = append(q.commits, db.Ready{})
	return q
}

package depot

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
)

// nodesOn makes depots of nodes that share a store in dir, without anything else.
func nodesOn(t *testing.T, dir string, n int) []*Depot {
	t.Helper()
	folder, err := objects.OpenFS(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { folder.Close() })
	store, err := vault.Open(folder, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Make(t.Context(), vault.Room(testRoom), vault.Recording); err != nil {
		t.Fatal(err)
	}
	var list []*Depot
	for range n {
		list = append(list, New(store, t.TempDir(), true, true, slog.New(slog.DiscardHandler)))
	}
	return list
}

const testRoom = "R-7K3M9QXD"

func grow(t *testing.T, d *Depot, name, more string) {
	t.Helper()
	path := filepath.Join(d.Folder(testRoom), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(more); err != nil {
		t.Fatal(err)
	}
}

func sameFile(t *testing.T, a, b *Depot, name string) {
	t.Helper()
	var texts [2][]byte
	for i, d := range []*Depot{a, b} {
		text, err := os.ReadFile(filepath.Join(d.Folder(testRoom), name))
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = text
	}
	if !bytes.Equal(texts[0], texts[1]) {
		t.Errorf("%s: %q on one node, %q on the other", name, texts[0], texts[1])
	}
}

// A second node gets what the first has recorded, also what came late, and the
// end that it had written itself meanwhile gives way.
func TestPartsReachTheOtherNode(t *testing.T) {
	const birth, part = "seller-f1-1/recording.json", "seller-f1-1/000001.part"
	both := nodesOn(t, t.TempDir(), 2)
	first, second := both[0], both[1]
	ships := first.NewShipper(testRoom)
	ship := func() {
		t.Helper()
		if err := ships.Ship(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	fetch := func() {
		t.Helper()
		if err := second.Fetch(t.Context(), testRoom); err != nil {
			t.Fatal(err)
		}
	}
	grow(t, first, birth, `{"id":"seller-f1-1","participant":"seller","start":"2026-11-24T12:00:00Z"}`)
	grow(t, first, part, "VCPART2\n")
	ship()
	fetch()
	sameFile(t, first, second, birth)
	sameFile(t, first, second, part)
	end := filepath.Join(second.Folder(testRoom), "seller-f1-1/000002.part") // it thinks the first is lost
	if _, err := os.Stat(end); err != nil {
		t.Fatal(err)
	}

	grow(t, first, part, "more")
	ship()
	grow(t, first, "seller-f1-1/000002.part", "VCPART2\nof the first")
	ships = first.NewShipper(testRoom) // the first starts anew and knows nothing of what it has shipped
	ship()
	ship()
	if err := second.Fetch(t.Context(), testRoom); err != nil {
		t.Fatal(err)
	}
	sameFile(t, first, second, birth)
	text, err := os.ReadFile(end)
	if err != nil || string(text) != "VCPART2\n" { // what follows is no whole record
		t.Errorf("the second part %q, %v", text, err)
	}
	before, err := second.vault.Store().List(t.Context(), partsOf(testRoom))
	if err != nil {
		t.Fatal(err)
	}
	if err := second.NewShipper(testRoom).Ship(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after, err := second.vault.Store().List(t.Context(), partsOf(testRoom)); err != nil || len(after) != len(before) {
		t.Errorf("the second node shipped what is not its own: %v, %v", after, err)
	}

	if err := second.Drop(t.Context(), testRoom); err != nil {
		t.Fatal(err)
	}
	if left, err := second.vault.Store().List(t.Context(), partsOf(testRoom)); err != nil || len(left) > 0 {
		t.Errorf("in the store: %v, %v", left, err)
	}
	if err := New(nil, t.TempDir(), false, false, nil).NewShipper(testRoom).Ship(t.Context()); err != nil {
		t.Errorf("a node that is alone ships nothing: %v", err)
	}
}

// TestLostNodesRecordingEndsByItsPieces: the last sign of life of a recording that another
// node could not end is when that one wrote its last piece, whenever it is fetched.
func TestLostNodesRecordingEndsByItsPieces(t *testing.T) {
	store := t.TempDir()
	both := nodesOn(t, store, 2)
	start := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	grow(t, both[0], "seller-f1-1/recording.json", `{"id":"seller-f1-1","participant":"seller","start":"`+start.Format(time.RFC3339)+`"}`)
	grow(t, both[0], "seller-f1-1/000001.part", "VCPART2\n")
	if err := both[0].NewShipper(testRoom).Ship(t.Context()); err != nil {
		t.Fatal(err)
	}
	pieces, err := both[0].vault.Store().List(t.Context(), partsOf(testRoom))
	if err != nil {
		t.Fatal(err)
	}
	last := start.Add(2 * time.Second)
	for _, piece := range pieces {
		if err := os.Chtimes(filepath.Join(store, filepath.FromSlash(piece)), last, last); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := both[1].Fetch(t.Context(), testRoom); err != nil {
			t.Fatal(err)
		}
		tapes, err := both[1].Tapes(t.Context(), testRoom)
		if err != nil || len(tapes) != 1 {
			t.Fatalf("%d recordings, %v", len(tapes), err)
		}
		if got := tapes[0].Summary.DurationMS; got != 2000 {
			t.Errorf("it lasted %d ms, want 2000", got)
		}
	}
}

// TestFetchAfterACrash: what a node that was killed had begun to fetch is fetched anew.
func TestFetchAfterACrash(t *testing.T) {
	const birth, part = "seller-f1-1/recording.json", "seller-f1-1/000001.part"
	for name, left := range map[string][]string{
		"the folder": {}, "and the mark": {"seller-f1-1/" + fetchedMark}, "and a part": {"seller-f1-1/" + fetchedMark, part},
		"while it was emptied": {"seller-f1-1/" + fetchedMark, birth},
	} {
		t.Run(name, func(t *testing.T) {
			both := nodesOn(t, t.TempDir(), 2)
			grow(t, both[0], birth, `{"id":"seller-f1-1","participant":"seller","start":"2026-11-24T12:00:00Z"}`)
			grow(t, both[0], part, "VCPART2\n")
			if err := both[0].NewShipper(testRoom).Ship(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(filepath.Join(both[1].Folder(testRoom), "seller-f1-1"), 0o700); err != nil {
				t.Fatal(err)
			}
			for _, file := range left {
				grow(t, both[1], file, "half")
			}
			if err := both[1].Fetch(t.Context(), testRoom); err != nil {
				t.Fatal(err)
			}
			sameFile(t, both[0], both[1], birth)
			sameFile(t, both[0], both[1], part)
		})
	}
}

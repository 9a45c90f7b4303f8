package evidence

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
)

// Each object of a room goes with its class, wherever it lies; a lock keeps it, and
// then the key alone is gone; what has no class stays.
func TestEraseByClass(t *testing.T) {
	store, err := objects.OpenFS(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	v, err := vault.Open(store, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	const room = "R-7K3M9QXD"
	lying := map[vault.Class][]string{
		vault.Recording: {"bundle/data/recording/a.webm.age", "bundle/data/frames/a.jsonl.age", "parts/a/000001.part.000000000000"},
		vault.Stills:    {"bundle/data/stills/a.webp.age", "bundle/data/photos/a.jpg.age", "stills/a.webp.age", "photos/a.jpg.age"},
		vault.Documents: {"bundle/data/documents/a.png.age", "documents/a.png.age"},
		vault.Record:    {"bundle/data/ledger.jsonl.age", "bundle/data/private.jsonl.age", "bundle/data/quality.jsonl.age"},
		"":              {"bundle/bagit.txt", "bundle/manifest-sha256.txt", "bundle/store.json", "mirror/record-000001-000002-ab.jsonl"},
	}
	left := []string{}
	for class, names := range lying {
		if class != "" {
			if _, err := v.Make(t.Context(), vault.Room(room), class); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range names {
			left = append(left, "rooms/"+room+"/"+name)
			if _, err := store.Put(t.Context(), "rooms/"+room+"/"+name, strings.NewReader(name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	locked := "rooms/" + room + "/bundle/data/recording/a.webm.age"
	if err := store.Lock(t.Context(), locked, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	slices.Sort(left)
	for _, class := range vault.Classes {
		for range 2 { // again, as after a crash
			n, err := Erase(t.Context(), v, room, []vault.Class{class})
			if err != nil || (n == 1) != (class == vault.Recording) {
				t.Errorf("erase %s: %d locked, %v", class, n, err)
			}
		}
		left = slices.DeleteFunc(left, func(name string) bool {
			return name != locked && slices.Contains(lying[class], strings.TrimPrefix(name, "rooms/"+room+"/"))
		})
		if names, err := store.List(t.Context(), "rooms/"+room+"/"); err != nil || !slices.Equal(names, left) {
			t.Errorf("after %s: %v, %v; want %v", class, names, err, left)
		}
		if _, err := v.Key(t.Context(), vault.Room(room), class); !errors.Is(err, vault.ErrDestroyed) {
			t.Errorf("key of %s: %v", class, err)
		}
	}
}

// lockless is a store where locks aren't set up, such as a bucket of lock=none.
type lockless struct{ *objects.FS }

func (lockless) Locks() bool { return false }

// TestHoldCountsWhatIsHeld: where nothing locks nothing is said to be held.
func TestHoldCountsWhatIsHeld(t *testing.T) {
	files := testStore(t)
	name := roomPrefix(testRoom) + "documents/a.png.age"
	if _, err := files.Put(t.Context(), name, strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	if n, err := Hold(t.Context(), lockless{files}, testRoom, true); n != 0 || err != nil {
		t.Errorf("without locks %d objects are held, %v", n, err)
	}
	if n, err := Hold(t.Context(), files, testRoom, true); n != 1 || err != nil {
		t.Errorf("with locks %d objects are held, %v", n, err)
	}
	if err := files.Delete(t.Context(), name); !errors.Is(err, objects.ErrLocked) {
		t.Errorf("what is held is deleted: %v", err)
	}
}

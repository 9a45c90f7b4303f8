package vault

import (
	"fmt"
	"testing"

	"verifycall/recorder/evidence/objects"
)

// TestKeysInUseStayInMemory: however many others are read, the key of a call that runs is
// there when the store is away; one that is renewed costs no other its place.
func TestKeysInUseStayInMemory(t *testing.T) {
	files, err := objects.OpenFS(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	v, err := Open(files, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	const running = "room:R-7Q2M4T1A"
	key, err := v.Make(t.Context(), running, Stills)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 * cacheRoom {
		v.remember(fmt.Sprint("another ", i), key)
		if i%1000 == 0 {
			if _, err := v.Key(t.Context(), running, Stills); err != nil {
				t.Fatal(err)
			}
		}
	}
	folder, err := keyFolder(running, Stills)
	if err != nil {
		t.Fatal(err)
	}
	v.remember(folder, key)
	if _, cached := v.recall(folder); !cached || len(v.cached) != cacheRoom {
		t.Errorf("%d keys in memory, the running call's among them: %t", len(v.cached), cached)
	}
}

package evidence

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"verifycall/recorder/evidence/objects"
	"verifycall/rooms/ledger"
)

// stoppedStore is a store whose writer stands still before one object is put.
type stoppedStore struct {
	objects.Store
	before  string // part of the object's name
	reached chan struct{}
	pass    chan struct{}
	once    sync.Once
}

func (s *stoppedStore) Put(ctx context.Context, name string, r io.Reader) (objects.Object, error) {
	if strings.Contains(name, s.before) {
		s.once.Do(func() {
			close(s.reached)
			<-s.pass
		})
	}
	return s.Store.Put(ctx, name, r)
}

// TestStaleOwnerHarmsNoBundle stops an owner at each step of sealing, has the next
// one seal the room, and lets the first go on: the bundle that counts stays as it
// is, whole, and is found by the store alone.
func TestStaleOwnerHarmsNoBundle(t *testing.T) {
	for _, before := range []string{"data/room.json", "data/recording/", manifestFile, storeFile, signatureFile} {
		t.Run(before, func(t *testing.T) {
			dir := t.TempDir()
			files, err := objects.OpenFS(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { files.Close() })
			keys, m := testKeys(t), newMaterial(t)
			stopped := &stoppedStore{Store: files, before: before, reached: make(chan struct{}), pass: make(chan struct{})}
			done := make(chan error, 1)
			stale := vaultOver(t, stopped, dir)
			go func() {
				_, err := WriteBundle(context.Background(), stale, Prefix(testRoom), keys, m.src)
				done <- err
			}()
			<-stopped.reached
			v := vaultOver(t, files, dir)
			next := newMaterial(t)
			digest, err := WriteBundle(t.Context(), v, FencedPrefix(testRoom, 2), keys, next.src)
			if err != nil {
				t.Fatal(err)
			}
			opened, err := ledger.Append(ledger.Head{}, time.Now(), "system", "custody_opened", map[string]any{"bundle": digest, "fence": 2})
			if err != nil {
				t.Fatal(err)
			}
			line, err := opened.Line()
			if err != nil {
				t.Fatal(err)
			}
			name := fmt.Sprintf("rooms/%s/mirror/custody-000001-000001-%s.jsonl", testRoom, opened.Hash[:32])
			if _, err := files.Put(t.Context(), name, strings.NewReader(string(line)+"\n")); err != nil {
				t.Fatal(err)
			}
			there, err := files.List(t.Context(), FencedPrefix(testRoom, 2))
			if err != nil {
				t.Fatal(err)
			}
			close(stopped.pass)
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			prefix, fence, err := Locate(t.Context(), files, testRoom)
			if err != nil || fence != 2 || prefix != FencedPrefix(testRoom, 2) {
				t.Fatalf("located %s, fence %d, %v", prefix, fence, err)
			}
			if now, err := files.List(t.Context(), prefix); err != nil || !slices.Equal(now, there) {
				t.Errorf("%v: %v, before %v", err, now, there)
			}
			bundle, err := OpenBundle(t.Context(), v, prefix)
			if err != nil || bundle.Digest() != digest {
				t.Errorf("%v: another bundle", err)
			}
			if err := DropOthers(t.Context(), files, testRoom, fence); err != nil {
				t.Fatal(err)
			}
			if left, err := files.List(t.Context(), Prefix(testRoom)); err != nil || len(left) > 0 {
				t.Errorf("left of the stale owner: %v, %v", left, err)
			}
			if now, err := files.List(t.Context(), prefix); err != nil || !slices.Equal(now, there) {
				t.Errorf("%v: dropped too much: %v", err, now)
			}
		})
	}
}

func TestPrefixes(t *testing.T) {
	for prefix, room := range map[string]string{
		Prefix("R-1"): "R-1", FencedPrefix("R-1", 1): "R-1", FencedPrefix("R-1", 7): "R-1",
		"rooms/R-1/bundle-f1/": "", "rooms/R-1/bundle-f02/": "", "rooms/R-1/bundle-fx/": "", "rooms/R-1/bundle": "", "rooms/R-1/mirror/": "",
		"rooms/R-1/bundle/data/": "", "rooms//bundle/": "", "bundle/": "",
	} {
		if got, err := roomOf(prefix); got != room || (err == nil) != (room != "") {
			t.Errorf("%s is of %q, %v", prefix, got, err)
		}
	}
	if ClassOfObject("bundle-f3/data/recording/seller-1.webm.age") != "recording" || ClassOfObject("bundle-f3/bagit.txt") != "" {
		t.Error("classes of a later owner's bundle")
	}
}

package objects_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"verifycall/recorder/evidence/objects"
)

// testStore is the conformance suite that every Store passes: it tests the
// stores that open gives; each call must give an empty one.
func testStore(t *testing.T, open func(t *testing.T) objects.Store) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, s objects.Store)
	}{
		{"round trip", roundTrip},
		{"never overwrites", neverOverwrites},
		{"failed put leaves nothing", failedPut},
		{"cancelled put leaves nothing", cancelledPut},
		{"hostile names", hostileNames},
		{"absent", absent},
		{"list", list},
		{"delete", remove},
		{"concurrent puts of one name", concurrentPuts},
		{"locks", locks},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

func put(t *testing.T, s objects.Store, name, content string) objects.Object {
	t.Helper()
	object, err := s.Put(t.Context(), name, strings.NewReader(content))
	if err != nil {
		t.Fatalf("Put %s: %v", name, err)
	}
	return object
}

func get(t *testing.T, s objects.Store, name string) string {
	t.Helper()
	f, object, err := s.Open(t.Context(), name)
	if err != nil {
		t.Fatalf("Open %s: %v", name, err)
	}
	b, err := io.ReadAll(f)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
	if object.Size != int64(len(b)) || object.Name != name {
		t.Errorf("Open %s says %+v for %d bytes", name, object, len(b))
	}
	return string(b)
}

func roundTrip(t *testing.T, s objects.Store) {
	object := put(t, s, "rooms/R-1/stills/a.webp", "hello")
	want := objects.Object{Name: "rooms/R-1/stills/a.webp", Size: 5,
		SHA256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}
	if object != want {
		t.Errorf("Put gave %+v, want %+v", object, want)
	}
	if got := get(t, s, object.Name); got != "hello" {
		t.Errorf("read %q", got)
	}
	if stat, err := s.Stat(t.Context(), object.Name); err != nil || stat.Size != 5 || stat.Name != object.Name {
		t.Errorf("Stat gave %+v, %v", stat, err)
	}
	f, _, err := s.Open(t.Context(), object.Name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Seek(-2, io.SeekEnd); err != nil {
		t.Fatal(err)
	}
	if tail, err := io.ReadAll(f); string(tail) != "lo" || err != nil {
		t.Errorf("after Seek read %q, %v", tail, err)
	}
	if dated, ok := s.(objects.Dated); ok {
		at, err := dated.Written(t.Context(), object.Name)
		if age := time.Since(at); err != nil || age < -time.Minute || age > time.Hour {
			t.Errorf("written %v ago, %v", age, err)
		}
		if _, err := dated.Written(t.Context(), "none"); !errors.Is(err, objects.ErrNotFound) {
			t.Errorf("when nothing was written: %v, want ErrNotFound", err)
		}
	}
	if put(t, s, "empty", "").Size != 0 || get(t, s, "empty") != "" {
		t.Error("an empty object isn't empty")
	}
}

func neverOverwrites(t *testing.T, s objects.Store) {
	first := put(t, s, "a", "one")
	if again := put(t, s, "a", "one"); again != first {
		t.Errorf("same bytes again gave %+v, want %+v", again, first)
	}
	for _, other := range []string{"two", "longer", ""} {
		if _, err := s.Put(t.Context(), "a", strings.NewReader(other)); !errors.Is(err, objects.ErrExists) {
			t.Errorf("Put of other bytes %q: %v, want ErrExists", other, err)
		}
	}
	if got := get(t, s, "a"); got != "one" {
		t.Errorf("object became %q", got)
	}
}

func failedPut(t *testing.T, s objects.Store) {
	broken := errors.New("broken")
	r := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken))
	if _, err := s.Put(t.Context(), "x/y", r); !errors.Is(err, broken) {
		t.Errorf("Put: %v, want the reader's error", err)
	}
	nothing(t, s)
	put(t, s, "x/y", "whole")
}

func cancelledPut(t *testing.T, s objects.Store) {
	cause := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	r := io.MultiReader(strings.NewReader("half"), readerFunc(func(p []byte) (int, error) {
		cancel(cause)
		return copy(p, "more"), nil
	}))
	if _, err := s.Put(ctx, "x", r); !errors.Is(err, cause) && !errors.Is(err, context.Canceled) {
		t.Errorf("Put: %v, want the context's cause", err)
	}
	nothing(t, s)
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func nothing(t *testing.T, s objects.Store) {
	t.Helper()
	if names, err := s.List(t.Context(), ""); err != nil || len(names) > 0 {
		t.Errorf("store lists %v, %v; want nothing", names, err)
	}
}

func hostileNames(t *testing.T, s objects.Store) {
	for _, name := range []string{
		"", ".", "..", "/etc/passwd", "../x", "a/../b", "a/./b", "a//b", "a/", "/", ".hidden", "a/.tmp/b",
		"a\\b", "C:x", "a b", "a\nb", "a\x00b", "ä", "a%2fb", "-/..", strings.Repeat("a", 201), strings.Repeat("a/", 300) + "a",
	} {
		if _, err := s.Put(t.Context(), name, strings.NewReader("x")); !errors.Is(err, objects.ErrName) {
			t.Errorf("Put %q: %v, want ErrName", name, err)
		}
		if _, _, err := s.Open(t.Context(), name); !errors.Is(err, objects.ErrName) {
			t.Errorf("Open %q: %v, want ErrName", name, err)
		}
		if err := s.Delete(t.Context(), name); !errors.Is(err, objects.ErrName) {
			t.Errorf("Delete %q: %v, want ErrName", name, err)
		}
	}
	nothing(t, s)
}

func absent(t *testing.T, s objects.Store) {
	put(t, s, "a/b", "x")
	for _, name := range []string{"nothing", "a", "a/c", "a/b/c"} {
		if _, _, err := s.Open(t.Context(), name); !errors.Is(err, objects.ErrNotFound) {
			t.Errorf("Open %s: %v, want ErrNotFound", name, err)
		}
		if _, err := s.Stat(t.Context(), name); !errors.Is(err, objects.ErrNotFound) {
			t.Errorf("Stat %s: %v, want ErrNotFound", name, err)
		}
		if err := s.Delete(t.Context(), name); !errors.Is(err, objects.ErrNotFound) {
			t.Errorf("Delete %s: %v, want ErrNotFound", name, err)
		}
	}
}

func list(t *testing.T, s objects.Store) {
	for _, name := range []string{"rooms/R-2/x", "rooms/R-1/b", "rooms/R-1/a/c", "rooms/R-10/a", "other"} {
		put(t, s, name, name)
	}
	for prefix, want := range map[string][]string{
		"rooms/R-1/":  {"rooms/R-1/a/c", "rooms/R-1/b"},
		"rooms/R-1":   {"rooms/R-1/a/c", "rooms/R-1/b", "rooms/R-10/a"},
		"":            {"other", "rooms/R-1/a/c", "rooms/R-1/b", "rooms/R-10/a", "rooms/R-2/x"},
		"rooms/R-3/":  {},
		"rooms/R-2/x": {"rooms/R-2/x"},
	} {
		if got, err := s.List(t.Context(), prefix); err != nil || !slices.Equal(got, want) {
			t.Errorf("List %q gave %v, %v; want %v", prefix, got, err, want)
		}
	}
	if _, err := s.List(t.Context(), "../"); !errors.Is(err, objects.ErrName) {
		t.Errorf("List ../: %v, want ErrName", err)
	}
}

func remove(t *testing.T, s objects.Store) {
	put(t, s, "a/b", "one")
	if err := s.Delete(t.Context(), "a/b"); err != nil {
		t.Fatal(err)
	}
	nothing(t, s)
	put(t, s, "a/b", "two")
	if got := get(t, s, "a/b"); got != "two" {
		t.Errorf("read %q after delete and put", got)
	}
}

// concurrentPuts: of writers with different bytes exactly one wins, and the
// object is whole.
func concurrentPuts(t *testing.T, s objects.Store) {
	const writers = 8
	var group sync.WaitGroup
	errs := make([]error, writers)
	content := func(i int) []byte { return bytes.Repeat([]byte{byte('a' + i)}, 100_000) }
	for i := range writers {
		group.Go(func() {
			_, errs[i] = s.Put(t.Context(), "deep/er/x", bytes.NewReader(content(i)))
		})
	}
	group.Wait()
	var won []int
	for i, err := range errs {
		switch {
		case err == nil:
			won = append(won, i)
		case !errors.Is(err, objects.ErrExists):
			t.Errorf("writer %d: %v, want ErrExists", i, err)
		}
	}
	if len(won) != 1 {
		t.Fatalf("writers %v won, want exactly one", won)
	}
	if got := get(t, s, "deep/er/x"); got != string(content(won[0])) {
		t.Errorf("object isn't what writer %d put", won[0])
	}
}

// locks: what is locked or held can't be deleted, and stays readable; a lock isn't
// shortened. Stores without locks aren't tested.
func locks(t *testing.T, s objects.Store) {
	l, can := s.(objects.Locker)
	if !can || !l.Locks() {
		t.Skip("no locks here")
	}
	for _, name := range []string{"long", "short", "held", "free"} {
		put(t, s, name, name)
	}
	short := time.Now().Add(2 * time.Second)
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(l.Lock(t.Context(), "short", short))
	do(l.Lock(t.Context(), "short", short.Add(-time.Minute))) // no shorter
	do(l.Hold(t.Context(), "held", true))
	do(l.Hold(t.Context(), "held", true))
	for _, name := range []string{"short", "held"} {
		if err := s.Delete(t.Context(), name); !errors.Is(err, objects.ErrLocked) {
			t.Errorf("Delete of %s: %v, want ErrLocked", name, err)
		}
		if got := get(t, s, name); got != name {
			t.Errorf("%s reads %q after that", name, got)
		}
	}
	do(s.Delete(t.Context(), "free"))
	do(l.Hold(t.Context(), "held", false))
	do(s.Delete(t.Context(), "held"))
	for errors.Is(s.Delete(t.Context(), "short"), objects.ErrLocked) { // until its time is over, however long that takes
		time.Sleep(50 * time.Millisecond)
	}
	if _, err := s.Stat(t.Context(), "short"); !errors.Is(err, objects.ErrNotFound) || time.Now().Before(short) {
		t.Errorf("short is deleted at %v: %v", time.Now(), err)
	}
	if err := l.Lock(t.Context(), "nothing", short); !errors.Is(err, objects.ErrNotFound) {
		t.Errorf("Lock of nothing: %v, want ErrNotFound", err)
	}
	put(t, s, "held", "another") // a lock doesn't outlive its object
	do(s.Delete(t.Context(), "held"))
	do(s.Delete(t.Context(), "long"))
}

package accesslog_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
	"verifycall/rooms/accesslog"
	"verifycall/rooms/proof"
)

// desk is a store, its mirror and a clock that the test sets.
type desk struct {
	t      *testing.T
	store  *rooms.Store
	keys   *evidence.Keys
	mirror proof.Mirror
	folder string

	mu  sync.Mutex
	now time.Time
}

func openDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, now: time.Date(2026, 11, 28, 23, 59, 0, 0, time.UTC), folder: t.TempDir()}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	files, err := objects.OpenFS(d.folder)
	must(err)
	keys, err := vault.Open(files, t.TempDir())
	must(err)
	d.keys, err = evidence.LoadOrCreateKeys(t.TempDir())
	must(err)
	d.mirror = evidence.Mirror{Store: files}
	d.store, err = rooms.Open(t.Context(), rooms.Options{Dir: t.TempDir(), Keys: keys, Signer: d.keys, Mirror: d.mirror})
	must(err)
	t.Cleanup(func() {
		must(d.store.Close())
		must(files.Close())
	})
	return d
}

func (d *desk) clock() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

func (d *desk) later(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(by)
}

func (d *desk) log() *accesslog.Log {
	return accesslog.Open(accesslog.Config{DB: d.store.DB(), Signer: d.keys, Mirror: d.mirror, Now: d.clock})
}

func (d *desk) reader(withRedis bool) accesslog.Reader {
	r := accesslog.Reader{DB: d.store.DB(), Signer: d.keys, Mirror: d.mirror}
	if !withRedis {
		r.DB = nil
	}
	return r
}

// holds wants so many days, and a fault in none or in the one that begins so.
func (d *desk) holds(withRedis bool, days int, fault string) []accesslog.Day {
	d.t.Helper()
	got, err := d.reader(withRedis).Verify(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	if len(got) != days {
		d.t.Fatalf("%d days, want %d", len(got), days)
	}
	found := ""
	for _, day := range got {
		found += day.Fault
	}
	if fault == "" && found != "" || fault != "" && !strings.Contains(found, fault) {
		d.t.Fatalf("fault %q, want %q", found, fault)
	}
	return got
}

func signedIn(who string) accesslog.Event {
	return accesslog.Event{Type: accesslog.SignedIn, Actor: "auditor:" + who, Body: accesslog.Body{Role: "auditor", Session: "s-" + who}}
}

// Two nodes write at once and over midnight; both chains hold, in Redis and in the
// mirror, and the second day begins with the end of the first.
func TestTwoNodesOverMidnight(t *testing.T) {
	d := openDesk(t)
	a, b := d.log(), d.log()
	var both sync.WaitGroup
	for name, l := range map[string]*accesslog.Log{"a": a, "b": b} {
		both.Go(func() {
			for i := range 40 {
				if err := l.Note(t.Context(), signedIn(fmt.Sprintf("%s%d", name, i))); err != nil {
					t.Error(err)
				}
				if i == 20 {
					d.later(40 * time.Second)
				}
			}
		})
	}
	both.Wait()
	a.Close()
	b.Close()
	days := d.holds(true, 2, "")
	written := 0
	for _, day := range days {
		read, err := d.reader(true).Read(t.Context(), day.Day)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range read.Entries {
			if e.Type == accesslog.SignedIn {
				written++
			}
		}
	}
	if written != 80 || days[0].Day != "2026-11-28" || days[1].Day != "2026-11-29" {
		t.Errorf("%d of 80 sign-ins on %s and %s", written, days[0].Day, days[1].Day)
	}
	d.holds(false, 2, "")
	if err := a.Note(t.Context(), signedIn("late")); err == nil {
		t.Error("a closed log takes entries")
	}
}

// moody is a mirror that is silent or fails where the test says so.
type moody struct {
	proof.Mirror
	mode atomic.Int32
}

const (
	well = iota
	silent
	failing
)

func (m *moody) mood(ctx context.Context) error {
	switch m.mode.Load() {
	case silent:
		<-ctx.Done()
		return ctx.Err()
	case failing:
		return errors.New("the store is away")
	}
	return nil
}

func (m *moody) List(ctx context.Context, prefix string) ([]string, error) {
	if err := m.mood(ctx); err != nil {
		return nil, err
	}
	return m.Mirror.List(ctx, prefix)
}

func (m *moody) Put(ctx context.Context, name string, content []byte) error {
	if err := m.mood(ctx); err != nil {
		return err
	}
	return m.Mirror.Put(ctx, name, content)
}

// moodyLog writes beside such a mirror.
func (d *desk) moodyLog(m *moody) *accesslog.Log {
	return accesslog.Open(accesslog.Config{DB: d.store.DB(), Signer: d.keys, Mirror: m, Now: d.clock, Every: 10 * time.Millisecond})
}

// mirrored waits until the mirror alone holds so many days and entries.
func (d *desk) mirrored(days, entries int) {
	d.t.Helper()
	last := ""
	for range 3000 {
		got, err := d.reader(false).Verify(d.t.Context())
		if err != nil {
			d.t.Fatal(err)
		}
		n := 0
		for _, day := range got {
			if day.Fault == "" {
				n += day.Count
			}
		}
		if len(got) == days && n == entries {
			return
		}
		last = fmt.Sprintf("%d entries of %d days: %+v", n, len(got), got)
		time.Sleep(10 * time.Millisecond)
	}
	d.t.Fatalf("want %d of %d in the mirror, it has %s", entries, days, last)
}

func (d *desk) note(l *accesslog.Log, who string) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), time.Minute)
	defer cancel()
	if err := l.Note(ctx, signedIn(who)); err != nil {
		d.t.Fatalf("%s: %v", who, err)
	}
}

// A store that takes a request and is silent keeps nobody from coming in, and the
// process from ending no longer than is said.
func TestASilentStoreStopsNobody(t *testing.T) {
	d := openDesk(t)
	m := &moody{Mirror: d.mirror}
	m.mode.Store(silent)
	l := d.moodyLog(m)
	for i := range 3 {
		d.note(l, fmt.Sprint("before midnight ", i))
	}
	d.later(24 * time.Hour)
	d.note(l, "after midnight")
	l.Close()
}

// The end of a day reaches the mirror, however long it was away and whichever
// process is there when it comes back: each note is an entry and its checkpoint, each
// day has one more that begins it.
func TestTheEndOfADayIsOwed(t *testing.T) {
	d := openDesk(t)
	m := &moody{Mirror: d.mirror}
	l := d.moodyLog(m)
	d.note(l, "mirrored")
	d.mirrored(1, 4)
	m.mode.Store(failing)
	d.note(l, "owed")
	d.later(24 * time.Hour)
	d.note(l, "after midnight")
	m.mode.Store(well)
	d.mirrored(2, 10)

	m.mode.Store(failing)
	d.note(l, "left behind")
	l.Close()
	d.later(24 * time.Hour)
	l = d.moodyLog(m)
	d.note(l, "begins a day")
	l.Close()
	m.mode.Store(well)
	l = d.moodyLog(m)
	defer l.Close()
	d.mirrored(3, 16)
}

// A day leaves Redis when the mirror has all of it, and not before.
func TestRedisKeepsWhatTheMirrorLacks(t *testing.T) {
	d := openDesk(t)
	m := &moody{Mirror: d.mirror}
	m.mode.Store(failing)
	l := d.moodyLog(m)
	defer l.Close()
	days := 0
	next := func() {
		d.note(l, fmt.Sprint("day ", days))
		d.later(24 * time.Hour)
		days++
	}
	inRedis := func() int {
		got, err := accesslog.Reader{DB: d.store.DB(), Signer: d.keys}.Days(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return len(got)
	}
	for days < 38 {
		next()
	}
	if n := inRedis(); n != days {
		t.Errorf("%d of %d days are in Redis, and nowhere else", n, days)
	}
	m.mode.Store(well)
	d.mirrored(days, 4*days)
	for range 1000 {
		if next(); inRedis() <= 35 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if n := inRedis(); n > 35 {
		t.Errorf("%d days are in Redis and in the mirror", n)
	}
	d.mirrored(days, 4*days)
	d.holds(true, days, "")
}

// What comes often is one entry, and what is of too many kinds is only counted.
func TestOftenIsCounted(t *testing.T) {
	d := openDesk(t)
	l := d.log()
	for i := range 5000 {
		l.Count(accesslog.Event{Type: accesslog.Refused, Actor: "nobody", Body: accesslog.Body{Action: "public", Code: "link_unknown"}})
		l.Count(accesslog.Event{Type: accesslog.Refused, Actor: "nobody", Body: accesslog.Body{Action: fmt.Sprint("a", i), Code: "forbidden"}})
	}
	l.Close()
	read, err := d.reader(true).Read(t.Context(), "2026-11-28")
	if err != nil || read.Fault != "" {
		t.Fatal(read.Fault, err)
	}
	if len(read.Entries) > 70 {
		t.Errorf("%d entries", len(read.Entries))
	}
	n := int64(0)
	for _, e := range read.Entries {
		if count, ok := e.Body["n"].(int64); ok {
			n += count
		}
	}
	if n != 10_000 {
		t.Errorf("%d refusals are counted, want 10000", n)
	}
}

// Whoever changes, cuts or takes away a part is found out.
func TestHarmIsFound(t *testing.T) {
	write := func(t *testing.T, d *desk, until int) {
		t.Helper()
		l := d.log()
		for i := range until {
			if err := l.Note(t.Context(), signedIn(fmt.Sprint(i))); err != nil {
				t.Fatal(err)
			}
		}
		l.Close()
	}
	three := func(t *testing.T) *desk {
		d := openDesk(t)
		for range 3 {
			write(t, d, 5)
			d.later(24 * time.Hour)
		}
		d.holds(true, 3, "")
		return d
	}
	t.Run("a changed part of the mirror", func(t *testing.T) {
		d := three(t)
		name := d.part("2026-11-29")
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		d.replace(name, strings.Replace(string(text), "auditor:3", "auditor:4", 1))
		d.holds(false, 3, "ledger entry")
	})
	t.Run("a day that is gone", func(t *testing.T) {
		d := three(t)
		if err := os.RemoveAll(filepath.Dir(d.part("2026-11-29"))); err != nil {
			t.Fatal(err)
		}
		d.holds(false, 2, "it begins after another end of 2026-11-28")
	})
	t.Run("a day that was cut", func(t *testing.T) {
		d := three(t)
		name := d.part("2026-11-28")
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(string(text), "\n")
		d.replace(name, strings.Join(lines[:len(lines)-3], ""))
		d.holds(false, 3, "it begins after another end")
	})
	t.Run("Redis made anew", func(t *testing.T) {
		d := three(t)
		other := openDesk(t)
		other.mirror, other.keys = d.mirror, d.keys
		read, err := other.reader(true).Read(context.Background(), "2026-11-28")
		if err != nil || read.Fault != "" || read.Where != "mirror" {
			t.Errorf("%+v %v", read, err)
		}
		write(t, other, 1) // another beginning of the same day
		other.holds(true, 3, "gone from Redis")
	})
}

// part is the first file of a day in the mirror.
func (d *desk) part(day string) string {
	d.t.Helper()
	found, err := filepath.Glob(filepath.Join(d.folder, "access", day, "*.jsonl"))
	if err != nil || len(found) == 0 {
		d.t.Fatalf("parts of %s: %v %v", day, found, err)
	}
	return found[0]
}

func (d *desk) replace(name, text string) {
	d.t.Helper()
	if err := os.Remove(name); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

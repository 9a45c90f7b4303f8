package rooms

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"verifycall/rooms/db"
	"verifycall/rooms/ledger"
	"verifycall/rooms/redistest"
)

// heldCall is a room whose custody ledger is open, in a store with a mirror.
func heldCall(t *testing.T, s *Store) *Room {
	t.Helper()
	r := do(t, s, create(t, s, nil).ID, wholeCall(t)...)
	return do(t, s, r.ID, OpenCustody{Bundle: digest, RecordHead: r.Record}, LogView{"a1", "room"})
}

// inRedis is how many entries of a room's record Redis has.
func inRedis(t *testing.T, s *Store, id string) int64 {
	t.Helper()
	n, err := s.db.Client.XLen(t.Context(), db.Prefix+"room:"+id+":record").Result()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A closed room's record leaves Redis once its copy was read back; what reads it
// finds the same entries, the custody ledger goes on, and doing it again changes
// nothing. Who has not seen the room judges it by the copy.
func TestClosedRecordLeavesRedis(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		mirror := &memory{parts: map[string][]byte{}}
		s.witness = newWitness(newTestSigner(t), mirror)
		r, open := heldCall(t, s), create(t, s, nil)
		record, custody := ledgers(t, s, r.ID)
		var both sync.WaitGroup
		for range 2 { // two nodes at once
			both.Go(func() {
				if _, err := s.archiveSome(context.WithoutCancel(t.Context())); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		if n := inRedis(t, s, r.ID); n != 0 {
			t.Fatalf("%d entries are left in Redis", n)
		}
		if n, err := s.archiveSome(t.Context()); n != 0 || err != nil || inRedis(t, s, open.ID) == 0 {
			t.Errorf("%d more to do, %v; of an open room Redis has %d", n, err, inRedis(t, s, open.ID))
		}
		if err := s.archive(t.Context(), r.ID); err != nil {
			t.Errorf("again: %v", err)
		}
		for _, known := range []bool{true, false} {
			if !known {
				s.witness.forget(r.ID)
			}
			if got, log := ledgers(t, s, r.ID); !slices.EqualFunc(got, record, sameEntry) || !slices.EqualFunc(log, custody, sameEntry) {
				t.Errorf("known %t: %d and %d entries, were %d and %d", known, len(got), len(log), len(record), len(custody))
			}
		}
		after := do(t, s, r.ID, LogView{"a2", "room"})
		if after.Record != r.Record || after.Custody.Seq <= r.Custody.Seq || after.Text(after.SellerName) != "Jörg Müller" {
			t.Errorf("a view after: %+v", after)
		}
		if err := s.Mirrored(t.Context(), r.ID); err != nil {
			t.Error(err)
		}
		if n, err := s.archiveSome(t.Context()); n != 0 || err != nil {
			t.Errorf("a view brings the room back: %d, %v", n, err)
		}
	})
}

func sameEntry(a, b ledger.Entry) bool { return a.Hash == b.Hash }

// badMirror is a Mirror that fails in one way.
type badMirror struct {
	*memory
	put, get, list error
	change         func([]byte) []byte // of what is put
}

func (b *badMirror) Put(ctx context.Context, name string, content []byte) error {
	if b.put != nil {
		return b.put
	}
	if b.change != nil {
		content = b.change(content)
	}
	return b.memory.Put(ctx, name, content)
}

func (b *badMirror) Get(ctx context.Context, name string) ([]byte, error) {
	if b.get != nil {
		return nil, b.get
	}
	return b.memory.Get(ctx, name)
}

func (b *badMirror) List(ctx context.Context, prefix string) ([]string, error) {
	if b.list != nil {
		return nil, b.list
	}
	return b.memory.List(ctx, prefix)
}

// Nothing leaves Redis whose copy was not read back as it is there, and the next
// round does it.
func TestRecordStaysWithoutItsCopy(t *testing.T) {
	away := errors.New("the store is away")
	for name, fail := range map[string]func(b *badMirror){
		"not written":   func(b *badMirror) { b.put = away },
		"not read back": func(b *badMirror) { b.get = away },
		"cut":           func(b *badMirror) { b.change = func(c []byte) []byte { return c[:len(c)/2] } },
		"a line short": func(b *badMirror) {
			b.change = func(c []byte) []byte { return c[:strings.LastIndexByte(strings.TrimSpace(string(c)), '\n')+1] }
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := openEmbedded(t)
			mirror := &badMirror{memory: &memory{parts: map[string][]byte{}}}
			s.witness = newWitness(newTestSigner(t), mirror)
			r := heldCall(t, s)
			fail(mirror)
			if _, err := s.archiveSome(t.Context()); err == nil {
				t.Error("no error")
			}
			if n := inRedis(t, s, r.ID); n != r.Record.Seq {
				t.Fatalf("Redis has %d entries of %d", n, r.Record.Seq)
			}
			*mirror = badMirror{memory: &memory{parts: map[string][]byte{}}}
			if _, err := s.archiveSome(t.Context()); err != nil || inRedis(t, s, r.ID) != 0 {
				t.Errorf("afterwards: %v, Redis has %d", err, inRedis(t, s, r.ID))
			}
		})
	}
}

// While the store is away a record that left Redis is away too, and not damaged; one
// that the store has lost, or has otherwise, is.
func TestArchivedRecordNeedsTheStore(t *testing.T) {
	s := openEmbedded(t)
	mirror := &badMirror{memory: &memory{parts: map[string][]byte{}}}
	s.witness = newWitness(newTestSigner(t), mirror)
	r := create(t, s, nil)
	commands := wholeCall(t)
	for _, some := range [][]Command{commands[:3], commands[3:]} { // into two parts
		r = do(t, s, r.ID, some...)
		if err := s.Mirrored(t.Context(), r.ID); err != nil {
			t.Fatal(err)
		}
	}
	r = do(t, s, r.ID, OpenCustody{Bundle: digest, RecordHead: r.Record})
	if err := s.archive(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	whole := wholeRecord(r.Record).name(r.ID)
	read := func() error { _, err := s.chain(t.Context(), "room:"+r.ID, ledgerRecord); return err }
	for _, m := range []badMirror{{memory: mirror.memory, get: errors.New("away")}, {memory: mirror.memory, get: errors.New("away"), list: errors.New("away")}} {
		*mirror = m
		s.witness.forget(r.ID)
		if err := read(); !errors.Is(err, db.ErrAway) {
			t.Errorf("away: %v", err)
		}
		if _, err := s.Load(t.Context(), r.ID); !errors.Is(err, db.ErrAway) {
			t.Errorf("away: %v", err)
		}
	}
	*mirror = badMirror{memory: mirror.memory}
	content := mirror.parts[whole]
	delete(mirror.parts, whole)
	if err := read(); err != nil { // the smaller parts have it too
		t.Error(err)
	}
	small := mirror.parts
	mirror.parts = map[string][]byte{whole: content[:len(content)/2]}
	var damaged *db.DamagedError
	if err := read(); !errors.As(err, &damaged) {
		t.Errorf("half of it: %v", err)
	}
	mirror.parts = map[string][]byte{}
	if err := read(); !errors.As(err, &damaged) {
		t.Errorf("nothing of it: %v", err)
	}
	mirror.parts = small
	if err := s.storeAgain(t.Context(), r.ID, copied{}); err != nil { // all of it can be read
		t.Error(err)
	}
}

// A record that left Redis comes back by its bundle where the store has lost the
// copy, by its copy where Redis is lost, and by a backup where both are.
func TestArchivedRecordComesBack(t *testing.T) {
	s := openStore(t, Options{URL: redistest.Serve(t).URL(), Signer: newTestSigner(t), Mirror: &memory{parts: map[string][]byte{}}})
	mirror := s.witness.mirror.(*memory)
	r := heldCall(t, s)
	if err := s.Mirrored(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	record, custody := ledgers(t, s, r.ID)
	privates, err := s.Privates(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.archive(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	whole := func(t *testing.T, more int) {
		t.Helper()
		s.witness.forget(r.ID)
		got, log := ledgers(t, s, r.ID)
		if !begins(got, record) || !begins(log, custody) || len(log) != len(custody)+more {
			t.Fatalf("%d and %d entries, were %d and %d", len(got), len(log), len(record), len(custody))
		}
	}
	mirror.mu.Lock()
	for name := range mirror.parts {
		if strings.Contains(name, "/mirror/record-") {
			delete(mirror.parts, name)
		}
	}
	mirror.mu.Unlock()
	sealed := func(context.Context, string) (SealedRecord, bool, error) {
		return SealedRecord{Entries: record, Privates: privates, Digest: digest}, true, nil
	}
	if done, err := s.Reindex(t.Context(), Rebuilding{Sealed: sealed}); err != nil || len(done.Refused) != 0 || len(done.Restored) != 0 {
		t.Fatalf("by the bundle: %+v, %v", done, err)
	}
	whole(t, 0)
	if n, err := s.archiveSome(t.Context()); n != 1 || err != nil || inRedis(t, s, r.ID) != 0 { // the index is new
		t.Errorf("again: %d, %v", n, err)
	}

	items := map[string]Item{}
	if err := s.Export(t.Context(), func(i Item) error { items[i.Aggregate] = i; return nil }); err != nil {
		t.Fatal(err)
	}
	item := items["room:"+r.ID]
	if len(item.Record) != len(record) || len(item.Custody) != len(custody) {
		t.Fatalf("the backup has %d and %d entries", len(item.Record), len(item.Custody))
	}
	if err := s.db.Client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	mirror.mu.Lock()
	clear(mirror.parts)
	mirror.mu.Unlock()
	if err := s.Import(t.Context(), item); err != nil {
		t.Fatal(err)
	}
	whole(t, 0)
	if err := s.Mirrored(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	if done, err := s.Reindex(t.Context(), Rebuilding{}); err != nil || len(done.Refused) != 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	if n, err := s.archiveSome(t.Context()); n != 1 || err != nil || inRedis(t, s, r.ID) != 0 {
		t.Errorf("after the backup: %d, %v", n, err)
	}
	whole(t, 0)

	if err := s.Mirrored(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.db.Client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if done, err := s.Reindex(t.Context(), Rebuilding{}); err != nil || len(done.Restored) != 1 {
		t.Fatalf("by the copy: %+v, %v", done, err)
	}
	whole(t, 2) // restored, and its checkpoint
}

// An earlier release would miss what left Redis: nothing does while one is there.
func TestArchiveWaitsForEarlierNodes(t *testing.T) {
	s := openEmbedded(t)
	s.witness = newWitness(newTestSigner(t), &memory{parts: map[string][]byte{}})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := heldCall(t, s)
	var running sync.WaitGroup
	running.Go(func() { s.archiveAll(ctx, time.Millisecond) })
	if err := s.AgreeFormat(ctx, Format-1); err != nil {
		t.Fatal(err)
	}
	for range 3 { // rounds that would have done it
		if _, err := s.Load(ctx, r.ID); err != nil || s.archives() {
			t.Fatalf("%v, archives %t", err, s.archives())
		}
	}
	if err := s.AgreeFormat(ctx, Format); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); inRedis(t, s, r.ID) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the record stays in Redis")
		}
	}
	cancel()
	running.Wait()
}

// What a node kept and Redis had taken, its answer lost, is not taken for late when
// the record has left Redis meanwhile.
func TestKeptEntryOfAnArchivedRecord(t *testing.T) {
	s := openEmbedded(t)
	s.witness = newWitness(newTestSigner(t), &memory{parts: map[string][]byte{}})
	r := heldCall(t, s)
	record, custody := ledgers(t, s, r.ID)
	if err := s.archive(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	kept := db.Ready{Chains: []db.Chain{{Ledger: ledgerRecord, Expect: record[len(record)-3].Head(), Entries: record[len(record)-2 : len(record)-1]}}}
	if err := s.late(t.Context(), r.ID, kept); err != nil {
		t.Fatal(err)
	}
	if _, log := ledgers(t, s, r.ID); len(log) != len(custody) {
		t.Errorf("custody has %d entries, had %d", len(log), len(custody))
	}
}

package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
	"verifycall/rooms/staff"
	"verifycall/rooms/tickets"
)

// house is a deployment without its server.
type house struct {
	Places
	t     testing.TB
	store *objects.FS
	token string // of a link
}

// newHouse opens one over a folder of keys and a store that may be there.
func newHouse(t testing.TB, keys, store string) *house {
	t.Helper()
	h := &house{t: t}
	var err error
	if h.store, err = objects.OpenFS(store); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.store.Close() })
	if h.Keys, err = evidence.LoadOrCreateKeys(keys); err != nil {
		t.Fatal(err)
	}
	if h.Vault, err = vault.Open(h.store, keys); err != nil {
		t.Fatal(err)
	}
	h.empty()
	return h
}

// empty gives the house a new Redis.
func (h *house) empty() {
	h.t.Helper()
	s, err := rooms.Open(h.t.Context(), rooms.Options{Dir: h.t.TempDir(), Signer: h.Keys, Mirror: evidence.Mirror{Store: h.store}, Keys: h.Vault,
		Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			h.t.Error(err)
		}
	})
	h.Rooms = s
}

// fill makes rooms in many states, with a document in each, from a seed.
func (h *house) fill(count int) {
	h.t.Helper()
	var group sync.WaitGroup
	next := make(chan int)
	h.token = tickets.NewToken()
	for range 16 {
		group.Go(func() {
			for i := range next {
				if err := h.make(h.t.Context(), i); err != nil {
					h.t.Errorf("room %d: %v", i, err)
				}
			}
		})
	}
	for i := range count {
		next <- i
	}
	close(next)
	group.Wait()
}

func (h *house) make(ctx context.Context, i int) error {
	seeded := rand.New(rand.NewPCG(1, uint64(i)))
	c := rooms.CreateRoom{SellerName: fmt.Sprintf("Seller %d", i), SellerMail: fmt.Sprintf("s%d@example.com", i), Language: "de", Zone: "Europe/Berlin",
		Application: map[string]string{"number": fmt.Sprint(seeded.Uint64())}, Test: i%10 == 0}
	if i%2 == 0 {
		c.At = time.Now().Add(time.Duration(1+seeded.IntN(300)) * time.Hour)
	}
	c.Link = rooms.Link{Hash: tickets.HashToken(fmt.Sprintf("%s-%d", h.token, i)), Expires: time.Now().Add(24 * time.Hour)}
	r, err := h.Rooms.Create(ctx, "key:shop", c)
	if err != nil {
		return err
	}
	if _, err := h.Vault.Put(ctx, vault.Room(r.ID), vault.Documents, "rooms/"+r.ID+"/documents/one", strings.NewReader(c.SellerName)); err != nil {
		return err
	}
	var commands []rooms.Command
	switch i % 4 {
	case 0: // booked
		commands = []rooms.Command{rooms.GiveNotice{Who: rooms.Seller, Version: "1", Language: "de", Agree: true}, rooms.EnterWaiting{}}
	case 2, 3:
		commands = []rooms.Command{rooms.Cancel{By: "seller"}}
	}
	for _, command := range commands {
		if _, err := h.Rooms.Do(ctx, r.ID, "system", command); err != nil {
			return err
		}
	}
	return nil
}

// purge erases rooms as a node does.
func (h *house) purge(ids []string, finish bool) {
	h.t.Helper()
	for _, id := range ids {
		r, err := h.Rooms.Do(h.t.Context(), id, "operator:o1", rooms.BeginPurge{Classes: rooms.Classes, Policy: "request"})
		if err == nil && finish {
			if _, err = evidence.Erase(h.t.Context(), h.Vault, id, classesOf(r.Purging.Classes)); err == nil {
				_, err = h.Rooms.Do(h.t.Context(), id, "system", rooms.FinishPurge{})
			}
		}
		if err == nil {
			err = h.Rooms.Mirrored(h.t.Context(), id)
		}
		if err != nil {
			h.t.Fatal(err)
		}
	}
}

// in lists rooms of a state.
func (h *house) in(state string) (ids []string) {
	h.t.Helper()
	all, err := h.Rooms.EveryRoom(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	for _, id := range all {
		r, err := h.Rooms.Load(h.t.Context(), id)
		if err != nil {
			h.t.Fatal(err)
		}
		if r.State == state {
			ids = append(ids, id)
		}
	}
	return ids
}

func (h *house) archives() (of, keys *bytes.Reader, n Counts) {
	h.t.Helper()
	var a, b bytes.Buffer
	n, err := h.WriteRooms(h.t.Context(), &a)
	if err == nil {
		_, err = h.WriteKeys(h.t.Context(), &b, time.Now().Add(24*time.Hour))
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return bytes.NewReader(a.Bytes()), bytes.NewReader(b.Bytes()), n
}

const manyRooms = 1000

// TestRestore loses Redis, the store and the table of keys of a thousand rooms, of
// which a tenth was erased after the backup, and has all of it back but those.
func TestRestore(t *testing.T) {
	keys, dir := t.TempDir(), t.TempDir()
	h := newHouse(t, keys, filepath.Join(dir, "store"))
	h.fill(manyRooms)
	if err := h.Rooms.Accounts.Put(t.Context(), "operator", staff.Account{ID: "m1", Name: "Maria König", Role: "manager", Zone: "Europe/Berlin"}); err != nil {
		t.Fatal(err)
	}
	if err := h.Rooms.Tickets.PutGrant(t.Context(), "apikey", "secret", tickets.Ticket{Role: "key", Subject: "shop"}, time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := h.Rooms.Tickets.PutGrant(t.Context(), "session", "secret", tickets.Ticket{Role: "manager", Subject: "m1"}, time.Hour); err != nil {
		t.Fatal(err)
	}
	cancelled := h.in(rooms.StateCancelled)
	h.purge(cancelled[:10], true) // before: their keys are in no table
	of, table, n := h.archives()
	if n.Rooms != manyRooms {
		t.Fatalf("%d rooms are backed up", n.Rooms)
	}
	copyOf, err := objects.OpenFS(filepath.Join(dir, "copy"))
	if err != nil {
		t.Fatal(err)
	}
	defer copyOf.Close()
	if _, _, err := h.CopyEvidence(t.Context(), copyOf); err != nil {
		t.Fatal(err)
	}
	// Two are only decided, with the store cut off from doing it.
	h.purge(cancelled[10:100], true)
	h.purge(cancelled[100:102], false)
	mirrors, err := objects.OpenFS(filepath.Join(dir, "mirrors"))
	if err != nil {
		t.Fatal(err)
	}
	defer mirrors.Close()
	names, err := h.store.List(t.Context(), "rooms/")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names { // as another copy of the bucket that is newer has them
		if strings.Contains(name, "/mirror/") {
			if err := copyObject(t.Context(), h.store, mirrors, name); err != nil {
				t.Fatal(err)
			}
		}
	}

	lost := newHouse(t, keys, filepath.Join(dir, "new")) // everything is deleted but keys and backup
	for _, name := range names {
		if strings.Contains(name, "/mirror/") {
			if err := copyObject(t.Context(), mirrors, lost.store, name); err != nil {
				t.Fatal(err)
			}
		}
	}
	done, err := lost.Restore(t.Context(), Source{Rooms: of, Keys: table, Evidence: copyOf})
	if err != nil {
		t.Fatalf("%+v, %v", done, err)
	}
	for id, err := range done.Refused {
		t.Errorf("refused %s: %v", id, err)
	}
	if done.Rooms != manyRooms || done.Purged != 102 || done.Newer != 92 || done.Keys == 0 || done.Objects < manyRooms-10 {
		t.Errorf("%+v", done)
	}
	for i, id := range cancelled[:102] {
		r, err := lost.Rooms.Load(t.Context(), id)
		if err != nil || r.State != rooms.StatePurged || r.Purging != nil {
			t.Fatalf("room %d: %v, %v", i, r.State, err)
		}
		if privates, err := lost.Rooms.Privates(t.Context(), id); err != nil || len(privates) > 0 || len(r.Personal) > 0 {
			t.Errorf("private values of an erased room are back: %v, %v", privates, err)
		}
		if _, _, err := lost.Vault.Open(t.Context(), vault.Room(id), vault.Documents, "rooms/"+id+"/documents/one"); !errors.Is(err, objects.ErrNotFound) {
			t.Errorf("a document of an erased room: %v", err)
		}
		if gone, err := lost.Vault.Destroyed(t.Context(), vault.Room(id), vault.Record); err != nil || !gone {
			t.Errorf("its key isn't destroyed: %v", err)
		}
	}
	for _, id := range cancelled[102:110] {
		f, _, err := lost.Vault.Open(t.Context(), vault.Room(id), vault.Documents, "rooms/"+id+"/documents/one")
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(f)
		if err := errors.Join(err, f.Close()); err != nil || !strings.HasPrefix(string(text), "Seller ") {
			t.Errorf("%q, %v", text, err)
		}
	}
	if r, err := lost.Rooms.RoomByLink(t.Context(), h.token+"-4"); err != nil || !strings.HasPrefix(string(r.Personal[r.SellerName]), `"Seller`) {
		t.Errorf("by its link: %v", err)
	}
	if m, err := lost.Rooms.Accounts.Get(t.Context(), "m1"); err != nil || m.Name != "Maria König" {
		t.Errorf("staff: %+v, %v", m, err)
	}
	if _, err := lost.Rooms.Tickets.Get(t.Context(), "apikey", "secret"); err != nil {
		t.Error(err)
	}
	if grants, err := lost.Rooms.Tickets.Grants(t.Context(), "session"); err != nil || len(grants) > 0 {
		t.Errorf("sessions come back: %v, %v", grants, err)
	}
	for state, want := range map[string]int{rooms.StatePurged: 102, rooms.StateCancelled: manyRooms/2 - 102} {
		if got := len(lost.in(state)); got != want {
			t.Errorf("%d rooms are %s, want %d", got, state, want)
		}
	}
	if _, err := lost.Restore(t.Context(), Source{Rooms: of}); !errors.Is(err, rooms.ErrInUse) {
		t.Errorf("into one that is not empty: %v", err)
	}
}

// allMirrored waits until the mirror tells of every room: beside the mirroring that
// goes on by itself it may have to be asked again.
func (h *house) allMirrored() {
	h.t.Helper()
	ids, err := h.Rooms.EveryRoom(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	for _, id := range ids {
		err := h.Rooms.Mirrored(h.t.Context(), id)
		for deadline := time.Now().Add(30 * time.Second); err != nil && time.Now().Before(deadline); err = h.Rooms.Mirrored(h.t.Context(), id) {
			time.Sleep(10 * time.Millisecond)
		}
		if err != nil {
			h.t.Fatal(err)
		}
	}
}

// A backup beside writers has each room as it was at one moment, and its order of
// accounts doesn't matter.
func TestBackupWhileRoomsChange(t *testing.T) {
	keys, store := t.TempDir(), t.TempDir()
	h := newHouse(t, keys, store)
	h.fill(40)
	ctx, stop := context.WithCancel(t.Context())
	var writing sync.WaitGroup
	writing.Go(func() {
		for i := 40; ctx.Err() == nil; i++ {
			if err := h.make(context.WithoutCancel(ctx), i); err != nil {
				t.Error(err)
			}
		}
	})
	var archives []*bytes.Reader
	for range 5 {
		of, _, _ := h.archives()
		archives = append(archives, of)
	}
	stop()
	writing.Wait()
	h.allMirrored()
	for _, of := range archives {
		h := newHouse(t, keys, store)
		done, err := h.Restore(t.Context(), Source{Rooms: of})
		if err != nil || len(done.Refused) > 0 || done.Rooms < 40 {
			t.Errorf("%+v, %v", done, err)
		}
	}
}

// What isn't whole, or not of this deployment, changes nothing.
func TestRestoreRefuses(t *testing.T) {
	keys := t.TempDir()
	h := newHouse(t, keys, t.TempDir())
	h.fill(8)
	of, table, _ := h.archives()
	whole, err := io.ReadAll(of)
	if err != nil {
		t.Fatal(err)
	}
	var old bytes.Buffer
	if _, err := h.WriteKeys(t.Context(), &old, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	flipped := slices.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	foreign := newHouse(t, t.TempDir(), t.TempDir())
	foreign.fill(2)
	other, _, _ := foreign.archives()
	resigned := func(change func(*Header)) *bytes.Reader { // of one who has the recipient, and no signing key
		var b bytes.Buffer
		head := Header{Form: Form, Kind: KindRooms, Made: time.Now()}
		change(&head)
		a, err := newWriter(&b, h.Vault, foreign.Keys, head)
		if err == nil {
			err = errors.Join(a.item(rooms.Item{Keys: []rooms.Held{{Key: "link:x", Text: new(string)}}}), a.close())
		}
		if err != nil {
			t.Fatal(err)
		}
		return bytes.NewReader(b.Bytes())
	}
	for name, test := range map[string]struct {
		from Source
		want error
		says string
	}{
		"cut":            {Source{Rooms: bytes.NewReader(whole[:len(whole)-40])}, ErrArchive, ""},
		"changed":        {Source{Rooms: bytes.NewReader(flipped)}, ErrArchive, ""},
		"longer":         {Source{Rooms: bytes.NewReader(append(slices.Clone(whole), 'x'))}, ErrArchive, ""},
		"empty":          {Source{Rooms: bytes.NewReader(nil)}, ErrArchive, ""},
		"of another":     {Source{Rooms: other}, vault.ErrForeign, ""},
		"signed by none": {Source{Rooms: resigned(func(*Header) {})}, ErrArchive, "isn't known"},
		"later form":     {Source{Rooms: resigned(func(h *Header) { h.Form, h.Version = 2, "v9.1" })}, ErrArchive, "form 2, made by verifycall v9.1"},
		"wrong kind":     {Source{Rooms: table}, ErrArchive, "it holds keys"},
		"keys over":      {Source{Rooms: bytes.NewReader(whole), Keys: bytes.NewReader(old.Bytes())}, ErrOver, "delete it"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, keys, t.TempDir())
			_, err := h.Restore(t.Context(), test.from)
			if !errors.Is(err, test.want) || !strings.Contains(fmt.Sprint(err), test.says) {
				t.Errorf("%v", err)
			}
			if err := h.Rooms.Vacant(t.Context()); err != nil {
				t.Errorf("something was written: %v", err)
			}
		})
	}
}

// A copy of the objects follows what was erased, and keeps what is missing by
// accident.
func TestCopyEvidence(t *testing.T) {
	dir := t.TempDir()
	h := newHouse(t, t.TempDir(), filepath.Join(dir, "store"))
	h.fill(8)
	into, err := objects.OpenFS(filepath.Join(dir, "copy"))
	if err != nil {
		t.Fatal(err)
	}
	defer into.Close()
	copied, dropped, err := h.CopyEvidence(t.Context(), into)
	if err != nil || copied < 8 || dropped != 0 {
		t.Fatalf("copied %d, dropped %d, %v", copied, dropped, err)
	}
	cancelled := h.in(rooms.StateCancelled)
	h.purge(cancelled[:1], true)
	if err := h.store.Delete(t.Context(), "rooms/"+cancelled[1]+"/documents/one.age"); err != nil {
		t.Fatal(err)
	}
	if copied, dropped, err = h.CopyEvidence(t.Context(), into); err != nil || dropped != 1 {
		t.Errorf("copied %d, dropped %d, %v", copied, dropped, err)
	}
	names, err := into.List(t.Context(), "")
	if err != nil || !slices.Contains(names, "rooms/"+cancelled[1]+"/documents/one.age") || slices.Contains(names, "rooms/"+cancelled[0]+"/documents/one.age") {
		t.Errorf("%q, %v", names, err)
	}
	if slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, keyTable) }) {
		t.Error("a key was copied")
	}
	if entries, err := os.ReadDir(filepath.Join(dir, "copy")); err != nil || len(entries) == 0 {
		t.Error(err)
	}
}

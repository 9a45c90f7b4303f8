package rooms

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"verifycall/rooms/db"
	"verifycall/rooms/ledger"
	"verifycall/rooms/redistest"
)

// testSigner is a Signer with a key of the test's own.
type testSigner struct{ key ed25519.PrivateKey }

func newTestSigner(t testing.TB) testSigner {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return testSigner{key}
}

func (s testSigner) SignHead(text []byte) string {
	return base64.StdEncoding.EncodeToString(ed25519.Sign(s.key, text))
}

func (s testSigner) CheckHead(text []byte, signature string) error {
	raw, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || !ed25519.Verify(s.key.Public().(ed25519.PublicKey), text, raw) {
		return errors.New("not signed by this key")
	}
	return nil
}

// memory is a Mirror in memory.
type memory struct {
	mu    sync.Mutex
	parts map[string][]byte
}

func (m *memory) Put(_ context.Context, name string, content []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if there, taken := m.parts[name]; taken && string(there) != string(content) {
		return errors.New("taken: " + name)
	}
	m.parts[name] = content
	return nil
}

func (m *memory) Get(_ context.Context, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	content, there := m.parts[name]
	if !there {
		return nil, errors.New("no " + name)
	}
	return content, nil
}

func (m *memory) List(_ context.Context, prefix string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for _, name := range slices.Sorted(maps.Keys(m.parts)) {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	return names, nil
}

// hostile is somebody who can do to Redis what he wants, and its owner's store.
type hostile struct {
	*redis.Client
	t      *testing.T
	s      *Store
	room   *Room
	key    string // of the room
	before map[string]string
}

// newHostile has a whole call in a signed store, and what Redis held when the
// seller waited.
func newHostile(t *testing.T) (*hostile, Options) {
	server := redistest.Serve(t)
	o := Options{URL: server.URL(), Signer: newTestSigner(t), Mirror: &memory{parts: map[string][]byte{}}}
	s := openStore(t, o)
	h := &hostile{Client: redis.NewClient(&redis.Options{Addr: server.Addr}), t: t, s: s}
	t.Cleanup(func() { h.Close() })
	id := create(t, s, nil).ID
	h.key = db.Prefix + "room:" + id
	commands := wholeCall(t)
	do(t, s, id, commands[:3]...)
	h.before = h.dump()
	h.room = do(t, s, id, commands[3:]...)
	h.room = do(t, s, id, OpenCustody{Bundle: digest, RecordHead: h.room.Record}, LogView{"a1", "room"})
	h.mirrored()
	return h, o
}

// mirrored waits until both ledgers are whole in the mirror: the custody ledger's
// end may be there first, its room having been sealed between the two reads.
func (h *hostile) mirrored() {
	h.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		names, _ := h.s.witness.mirror.List(h.t.Context(), mirrorPrefix(h.room.ID))
		have := map[string]int64{}
		for _, name := range names {
			if p, ok := parsePart(name); ok {
				have[p.ledger] = max(have[p.ledger], p.to)
			}
		}
		if have[ledgerRecord] == h.room.Record.Seq && have[ledgerCustody] == h.room.Custody.Seq {
			return
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("not mirrored: %v", names)
		}
	}
}

// dump gives the keys of the room as DUMP does.
func (h *hostile) dump() map[string]string {
	h.t.Helper()
	all := map[string]string{}
	keys, err := h.Keys(h.t.Context(), h.key+"*").Result()
	if err != nil {
		h.t.Fatal(err)
	}
	for _, key := range keys {
		if all[key], err = h.Dump(h.t.Context(), key).Result(); err != nil {
			h.t.Fatal(err)
		}
	}
	return all
}

func (h *hostile) restore(all map[string]string) {
	h.t.Helper()
	keys, err := h.Keys(h.t.Context(), h.key+"*").Result()
	if err != nil {
		h.t.Fatal(err)
	}
	h.Del(h.t.Context(), keys...)
	for key, value := range all {
		if err := h.RestoreReplace(h.t.Context(), key, 0, value).Err(); err != nil {
			h.t.Fatal(err)
		}
	}
}

// rebuild writes other ledgers and the projection that they tell.
func (h *hostile) rebuild(record, custody []ledger.Entry) {
	h.t.Helper()
	r, err := Fold(h.room.ID, record, custody)
	if err != nil {
		h.t.Fatal(err)
	}
	state, err := json.Marshal(r)
	if err != nil {
		h.t.Fatal(err)
	}
	h.Del(h.t.Context(), h.key+":record", h.key+":custody")
	h.HSet(h.t.Context(), h.key, "state", state, "record", db.HeadText(r.Record), "custody", db.HeadText(r.Custody))
	for name, entries := range map[string][]ledger.Entry{"record": record, "custody": custody} {
		for _, e := range entries {
			line, err := e.Line()
			if err != nil {
				h.t.Fatal(err)
			}
			h.XAdd(h.t.Context(), &redis.XAddArgs{Stream: h.key + ":" + name, ID: db.StreamID(e.Seq), Values: []any{"e", line}})
		}
	}
}

// rechain makes the entries a whole chain again after a change.
func rechain(t *testing.T, entries []ledger.Entry, change func(i int, e *ledger.Entry)) []ledger.Entry {
	t.Helper()
	var head ledger.Head
	var out []ledger.Entry
	for i, e := range entries {
		change(i, &e)
		made, err := ledger.Append(head, e.Time(), e.Actor, e.Type, e.Body)
		if err != nil {
			t.Fatal(err)
		}
		out, head = append(out, made), made.Head()
	}
	return out
}

// TestHostileRedisIsRefused changes what Redis holds in every way that keeps its
// chains whole, and finds that neither the store that wrote the room nor a new one
// uses it.
func TestHostileRedisIsRefused(t *testing.T) {
	h, o := newHostile(t)
	record, err := h.s.Record(t.Context(), h.room.ID)
	if err != nil {
		t.Fatal(err)
	}
	good := h.dump()
	other := newTestSigner(t)
	forged := func(i int, e *ledger.Entry, head ledger.Head) {
		if e.Type == typeCheckpoint {
			e.Body = map[string]any{"seq": head.Seq, "hash": head.Hash,
				"signature": other.SignHead(head.Text(h.room.ID, ledgerRecord))}
		}
	}
	signedAnew := func(entries []ledger.Entry, change func(e *ledger.Entry)) []ledger.Entry {
		var head ledger.Head
		var out []ledger.Entry
		for i, e := range entries {
			change(&e)
			forged(i, &e, head)
			made, err := ledger.Append(head, e.Time(), e.Actor, e.Type, e.Body)
			if err != nil {
				t.Fatal(err)
			}
			out, head = append(out, made), made.Head()
		}
		return out
	}
	unsigned := slices.DeleteFunc(slices.Clone(record), func(e ledger.Entry) bool { return e.Type == typeCheckpoint })
	lenient := func(e *ledger.Entry) {
		if e.Type == typeVerdict {
			e.Body = maps.Clone(e.Body)
			e.Body["verdict"] = VerdictFail
		}
	}
	for name, change := range map[string]func(){
		"cut, then another entry": func() {
			more, err := ledger.Append(record[9].Head(), time.Now(), "system", typeStep, map[string]any{"step": "FACE"})
			if err != nil {
				t.Fatal(err)
			}
			h.rebuild(append(slices.Clone(record[:10]), more), nil)
		},
		"made anew": func() {
			h.rebuild(rechain(t, record, func(_ int, e *ledger.Entry) { lenient(e) }), nil)
		},
		"without checkpoints": func() { h.rebuild(rechain(t, unsigned, func(_ int, e *ledger.Entry) { lenient(e) }), nil) },
		"another key":         func() { h.rebuild(signedAnew(record, lenient), nil) },
		"projection":          func() { h.HSet(t.Context(), h.key, "state", strings.Replace(h.state(), `"pass"`, `"fail"`, 1)) },
		"head":                func() { h.HSet(t.Context(), h.key, "state", strings.Replace(h.state(), `"seq":`, `"seq":1`, 1)) },
		"no projection but a room": func() {
			h.HSet(t.Context(), h.key, "state", `{"id":"`+h.room.ID+`","state":"booked"}`)
		},
		"chain broken": func() { h.XDel(t.Context(), h.key+":record", "3-0") },
		"private value": func() {
			h.HSet(t.Context(), h.key+":private", string(h.room.SellerName), `{"salt":"00112233445566778899aabbccddeeff","value":"Mallory"}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			change()
			defer h.restore(good)
			fresh := openStore(t, o)
			for which, s := range map[string]*Store{"writer": h.s, "new": fresh} {
				var damaged *db.DamagedError
				if _, err := s.Record(t.Context(), h.room.ID); !errors.As(err, &damaged) {
					t.Errorf("%s: Record: %v", which, err)
				}
				if name == "chain broken" && which == "writer" {
					continue // knows that the projection is its own
				}
				if r, err := s.Load(t.Context(), h.room.ID); !errors.As(err, &damaged) {
					t.Errorf("%s: %+v, %v", which, r, err)
				}
				if _, err := s.Do(t.Context(), h.room.ID, "auditor:a1", LogView{"a1", "room"}); !errors.As(err, &damaged) {
					t.Errorf("%s: Do: %v", which, err)
				}
			}
		})
	}
	if _, err := openStore(t, o).Load(t.Context(), h.room.ID); err != nil {
		t.Errorf("the room as it was: %v", err)
	}
}

func (h *hostile) state() string { return h.HGet(h.t.Context(), h.key, "state").Val() }

// TestCheckpointsAndMirror finds a checkpoint after each change of state and the
// same entries in the mirror as in Redis.
func TestCheckpointsAndMirror(t *testing.T) {
	h, _ := newHostile(t)
	record, err := h.s.Record(t.Context(), h.room.ID)
	if err != nil {
		t.Fatal(err)
	}
	custody, err := h.s.CustodyLog(t.Context(), h.room.ID)
	if err != nil {
		t.Fatal(err)
	}
	var want, got, privates []string
	for _, e := range append(record, custody...) {
		line, err := e.Line()
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, string(line))
	}
	names, err := h.s.witness.mirror.List(t.Context(), mirrorPrefix(h.room.ID))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		content, err := h.s.witness.mirror.Get(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(content)) {
			line = strings.TrimSuffix(line, "\n")
			if strings.HasPrefix(line, `{"commitment"`) {
				privates = append(privates, line)
			} else {
				got = append(got, line)
			}
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%d entries are mirrored of %d", len(got), len(want))
	}
	if len(privates) != len(h.room.Personal) {
		t.Errorf("%d private values of %d", len(privates), len(h.room.Personal))
	}
	if n := len(custody); n != 4 || custody[1].Type != typeCheckpoint || custody[3].Type != typeCheckpoint {
		t.Errorf("custody ledger of %d entries", n)
	}
}

// shutMirror takes nothing while it is shut.
type shutMirror struct {
	memory
	shut  atomic.Bool
	tried atomic.Int64
}

func (m *shutMirror) Put(ctx context.Context, name string, content []byte) error {
	m.tried.Add(1)
	if m.shut.Load() {
		return errors.New("away")
	}
	return m.memory.Put(ctx, name, content)
}

// TestMirrorIsTriedAgain: what the mirror didn't take is there once it takes again,
// though nothing more happens to the room; and Close leaves nothing behind.
func TestMirrorIsTriedAgain(t *testing.T) {
	s := openEmbedded(t)
	mirror := &shutMirror{memory: memory{parts: map[string][]byte{}}}
	mirror.shut.Store(true)
	s.witness = newWitness(newTestSigner(t), mirror)
	s.witness.again = time.Millisecond
	var tending sync.WaitGroup
	tending.Go(s.mirrorAll)
	there := func(room string) bool {
		names, err := mirror.List(t.Context(), mirrorPrefix(room))
		if err != nil {
			t.Fatal(err)
		}
		return len(names) > 0
	}
	one := create(t, s, nil).ID
	for mirror.tried.Load() < 2 {
		time.Sleep(time.Millisecond)
	}
	if there(one) {
		t.Fatal("taken while shut")
	}
	mirror.shut.Store(false)
	for !there(one) {
		time.Sleep(time.Millisecond)
	}
	two := create(t, s, nil).ID
	close(s.witness.closed)
	tending.Wait()
	if !there(two) {
		t.Error("what was owed at the end is lost")
	}
	s.witness = nil // it is closed
}

// TestEndedLinksAreSigned: a room that is restored has its links ended too.
func TestEndedLinksAreSigned(t *testing.T) {
	s := openEmbedded(t)
	s.witness = newWitness(newTestSigner(t), &memory{parts: map[string][]byte{}})
	r := do(t, s, create(t, s, nil).ID, ReplaceLinks{Link{digest, noon.Add(time.Hour)}})
	record, err := s.Record(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	if last := record[len(record)-1]; last.Type != typeCheckpoint || !slices.ContainsFunc(record, func(e ledger.Entry) bool { return e.Type == typeLinksEnded }) {
		t.Errorf("the last entry is %s", last.Type)
	}
}

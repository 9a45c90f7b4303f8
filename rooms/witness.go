package rooms

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"verifycall/rooms/db"
	"verifycall/rooms/ledger"
	"verifycall/rooms/proof"
)

// typeCheckpoint is an entry that signs the head before it, in each commit that
// changes a room's state or its custody ledger.
const typeCheckpoint = ledger.TypeCheckpoint

// witness judges what Redis says by what it can't know (a key) and can't change (a
// mirror).
type witness struct {
	signer proof.Signer
	mirror proof.Mirror
	again  time.Duration // what could not be mirrored is tried again after this
	wake   chan struct{} // capacity 1: something is owed
	closed chan struct{} // closed by Store.Close: what is owed is tried once more, then mirrorAll ends

	mu       sync.Mutex
	owed     map[string]bool   // rooms and calendars ("calendar:m1") that are to be mirrored
	known    map[string]judged // by room, what was found good last
	doubtful map[string]bool   // rooms found damaged last, for lists
}

// judged is a room as it was found good.
type judged struct {
	state           [sha256.Size]byte // of the projection
	cut             bool              // it lacks what its format didn't know, and is folded each time
	record, custody ledger.Head
}

// maxKnown bounds what a witness remembers; beyond it begins anew.
const maxKnown = 20000

func newWitness(signer proof.Signer, mirror proof.Mirror) *witness {
	return &witness{signer: signer, mirror: mirror, again: mirrorAgain, wake: make(chan struct{}, 1), closed: make(chan struct{}),
		owed: map[string]bool{}, known: map[string]judged{}, doubtful: map[string]bool{}}
}

// checkpoint is the draft that signs a ledger's head.
func (w *witness) checkpoint(room, name string, h ledger.Head) Draft {
	return Draft{name, typeCheckpoint, map[string]any{"seq": h.Seq, "hash": h.Hash,
		"signature": w.signer.SignHead(h.Text(room, name))}}
}

func (w *witness) remember(room string, j judged) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.known) >= maxKnown {
		clear(w.known)
	}
	w.known[room] = j
	delete(w.doubtful, room)
}

func (w *witness) forget(room string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.known, room)
	delete(w.doubtful, room)
}

// doubt remembers that a room was found damaged, doubts whether it was.
func (w *witness) doubt(room string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.doubtful) < maxKnown {
		w.doubtful[room] = true
	}
}

func (w *witness) doubts(room string) bool {
	if w == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.doubtful[room]
}

func (w *witness) recall(room string) (judged, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	j, known := w.known[room]
	return j, known
}

// wrote remembers what this store itself has committed, and has it mirrored where
// it was signed.
func (w *witness) wrote(r *Room, change db.Change) {
	w.remember(r.ID, judged{sha256.Sum256(change.State), change.Cut, r.Record, r.Custody})
	for _, chain := range change.Chains {
		if n := len(chain.Entries); n > 0 && chain.Entries[n-1].Type == typeCheckpoint {
			w.soon(r.ID)
			return
		}
	}
}

// soon has what is there of a room or a calendar mirrored.
func (w *witness) soon(job string) {
	w.mu.Lock()
	w.owed[job] = true
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default: // it knows
	}
}

// owing takes what is owed.
func (w *witness) owing() map[string]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	taken := w.owed
	w.owed = map[string]bool{}
	return taken
}

// owe puts back what could not be mirrored.
func (w *witness) owe(jobs map[string]bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.Copy(w.owed, jobs)
}

// attest says whether the projection of a room may be used. One of which Redis has
// the true beginning is completed from its mirror. Errors: *DamagedError, errMoved
// where it was changed meanwhile.
func (s *Store) attest(ctx context.Context, r *Room, state string) error {
	sum := sha256.Sum256([]byte(state))
	before, known := s.witness.recall(r.ID)
	if known && before.state == sum && !before.cut {
		return nil
	}
	record, err := s.chain(ctx, "room:"+r.ID, ledgerRecord)
	custody, custodyErr := s.chain(ctx, "room:"+r.ID, ledgerCustody)
	whole := err == nil && custodyErr == nil
	cut := false
	if err = errors.Join(err, custodyErr); whole {
		cut, err = s.witness.judge(ctx, r, state, record, custody, before)
	}
	moved := s.moved(ctx, r.ID, state)
	if moved == nil && err != nil && whole && !errors.Is(err, db.ErrAway) {
		_, restoreErr := s.restoreCut(ctx, r.ID, copied{Record: record, Custody: custody}, before)
		err, moved = errors.Join(err, restoreErr), s.moved(ctx, r.ID, state)
	}
	switch {
	case moved != nil:
		return moved
	case errors.Is(err, db.ErrAway):
		return err
	case err != nil:
		s.log.Error("RECORD DAMAGED: Redis holds another record than the signed and mirrored one", "room", r.ID, "why", err)
		s.witness.doubt(r.ID)
		return &db.DamagedError{Room: r.ID, Err: err}
	}
	s.witness.remember(r.ID, judged{sum, cut, r.Record, r.Custody})
	return nil
}

// moved is errMoved where a projection is another one than it was.
func (s *Store) moved(ctx context.Context, room, state string) error {
	now, err := s.db.Client.HGet(ctx, db.Prefix+"room:"+room, "state").Result()
	if err != nil {
		return fmt.Errorf("room %s: %w", room, err)
	}
	if now != state {
		return errMoved
	}
	return nil
}

var errMoved = errors.New("the room was changed while it was read")

// judge compares a projection with its ledgers, their signatures and the mirror. One
// that an earlier release wrote, or was written for one, may be cut: then r becomes
// what the entries tell.
func (w *witness) judge(ctx context.Context, r *Room, state string, record, custody []ledger.Entry, before judged) (cut bool, err error) {
	signed, err := w.signatures(r.ID, record, custody)
	if err != nil {
		return false, err
	}
	folded, err := foldSigned(r.ID, record, custody, signed)
	if err != nil {
		return false, err
	}
	if cut, err = tells(folded, state); err != nil {
		return false, err
	}
	if cut {
		folded.Personal = r.Personal
		*r = *folded
	}
	for _, known := range []struct {
		head    ledger.Head
		entries []ledger.Entry
	}{{before.record, record}, {before.custody, custody}} {
		if err := extends(known.entries, known.head.Seq, known.head.Hash); err != nil {
			return cut, fmt.Errorf("since it was last read here: %w", err)
		}
	}
	return cut, w.againstMirror(ctx, r.ID, record, custody)
}

// extends says whether a chain holds the entry.
func extends(entries []ledger.Entry, seq int64, hash string) error {
	switch {
	case seq == 0:
		return nil
	case seq > int64(len(entries)):
		return fmt.Errorf("entry %d and what follows %d are gone", seq, len(entries))
	case !strings.HasPrefix(entries[seq-1].Hash, hash):
		return fmt.Errorf("entry %d is another one", seq)
	}
	return nil
}

// signatures checks every checkpoint and gives the last signed number of the
// record.
func (w *witness) signatures(room string, record, custody []ledger.Entry) (signed int64, err error) {
	for name, entries := range map[string][]ledger.Entry{ledgerRecord: record, ledgerCustody: custody} {
		for _, e := range entries {
			before, signature, is, err := e.Checkpoint()
			if !is {
				continue
			}
			if err == nil {
				err = w.signer.CheckHead(before.Text(room, name), signature)
			}
			if err != nil {
				return 0, fmt.Errorf("%s: entry %d: %w", name, e.Seq, err)
			}
			if name == ledgerRecord {
				signed = e.Seq
			}
		}
	}
	if n := len(custody); n > 0 && custody[n-1].Type != typeCheckpoint {
		return 0, fmt.Errorf("entry %d of the custody ledger isn't signed", n)
	}
	return signed, nil
}

// foldSigned is Fold, but refuses a change of state that no checkpoint follows,
// and a record that goes on after another head than its custody ledger says.
func foldSigned(id string, record, custody []ledger.Entry, signed int64) (*Room, error) {
	r := &Room{ID: id}
	for _, e := range record {
		state := r.State
		if err := r.apply(ledgerRecord, e); err != nil {
			return nil, err
		}
		if r.State != state && e.Seq > signed {
			return nil, fmt.Errorf("entry %d makes the room %s, which nobody signed", e.Seq, r.State)
		}
	}
	for _, e := range custody {
		if b := body(e.Body); e.Type == typeCustodyOpened && (b.number("record_seq") != r.Record.Seq || b.text("record_hash") != r.Record.Hash) {
			return nil, errors.New("the custody ledger names another head of the record")
		}
		if err := r.apply(ledgerCustody, e); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// againstMirror finds every mirrored head in the chains.
func (w *witness) againstMirror(ctx context.Context, room string, record, custody []ledger.Entry) error {
	names, err := w.mirror.List(ctx, mirrorPrefix(room))
	if err != nil {
		return fmt.Errorf("%w: mirror: %w", db.ErrAway, err)
	}
	for _, name := range names {
		part, ok := parsePart(name)
		if !ok {
			continue
		}
		entries := record
		if part.ledger == ledgerCustody {
			entries = custody
		}
		if err := extends(entries, part.to, part.hash); err != nil {
			return fmt.Errorf("the mirrored %s: %w", part.ledger, err)
		}
	}
	return nil
}

// signing appends checkpoints to what a command drafted.
func (s *Store) signing(r *Room, before string, change *db.Change) []Draft {
	if s.witness == nil {
		return nil
	}
	var more []Draft
	entries := change.Chains[0].Entries
	ends := slices.ContainsFunc(entries, func(e ledger.Entry) bool { return e.Type == typeLinksEnded }) // who restores the room must not open them again
	if (r.State != before || ends) && len(entries) > 0 && !r.Sealed {                                   // a sealed record takes none; custody is signed
		more = append(more, s.witness.checkpoint(r.ID, ledgerRecord, r.Record))
	}
	if len(change.Chains[1].Entries) > 0 {
		more = append(more, s.witness.checkpoint(r.ID, ledgerCustody, r.Custody))
	}
	return more
}

// commitmentsIn lists the commitments of the values that stand beside entries.
func commitmentsIn(entries []ledger.Entry, values map[string]string) []string {
	var found []string
	for _, e := range entries {
		walkTexts(e.Body, func(text string) {
			if _, private := values[text]; private && !slices.Contains(found, text) {
				found = append(found, text)
			}
		})
	}
	return found
}

func walkTexts(value any, visit func(string)) {
	switch v := value.(type) {
	case string:
		visit(v)
	case []any:
		for _, item := range v {
			walkTexts(item, visit)
		}
	case map[string]any:
		for _, item := range v {
			walkTexts(item, visit)
		}
	}
}

package rooms

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"verifycall/rooms/db"
	"verifycall/rooms/ledger"
	"verifycall/rooms/proof"
)

// typeRestored says that entries were written again from their copies after Redis
// had lost them: cause, record_from, custody_from (the first entries that were
// missing; none where nothing was).
const typeRestored = "restored"

// copied is what there is of a room outside Redis, or in it.
type copied struct {
	Record, Custody []ledger.Entry
	Values          map[string]string // private values by commitment as they lie in Redis
	Opened          []ledger.Private  // others
}

// restored notes what was written again. It changes nothing of the room.
type restored struct {
	cause                   string
	recordFrom, custodyFrom int64
}

func (c restored) decide(r *Room, _ time.Time) ([]Draft, error) {
	body := map[string]any{"cause": c.cause}
	if c.recordFrom > 0 {
		body["record_from"] = c.recordFrom
	}
	if c.custodyFrom > 0 {
		body["custody_from"] = c.custodyFrom
	}
	switch {
	case r.Custody.Seq > 0:
		return custody(typeRestored, body), nil
	case r.Sealed: // its custody ledger has to be opened first
		return nil, nil
	}
	return record(typeRestored, body), nil
}

// mirrored reads what the mirror has of a room: its ledgers up to the last signed
// heads. Nothing is proven yet.
func (w *witness) mirrored(ctx context.Context, room string) (c copied, err error) {
	c.Values = map[string]string{}
	names, err := w.mirror.List(ctx, mirrorPrefix(room)) // in order: the numbers have leading zeros
	if err != nil {
		return c, fmt.Errorf("%w: mirror: %w", db.ErrAway, err)
	}
	for _, name := range names {
		p, ok := parsePart(name)
		if !ok {
			continue
		}
		content, err := w.mirror.Get(ctx, name)
		if err != nil {
			return c, fmt.Errorf("%w: mirror: %w", db.ErrAway, err)
		}
		into := &c.Record
		if p.ledger == ledgerCustody {
			into = &c.Custody
		}
		if *into, err = c.takePart(*into, content); err != nil {
			return c, fmt.Errorf("%s: %w", name, err)
		}
	}
	return c, nil
}

// takePart adds the entries of a part, and keeps its values. What the parts have
// twice must be the same.
func (c copied) takePart(entries []ledger.Entry, content []byte) ([]ledger.Entry, error) {
	for line := range bytes.Lines(content) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		if bytes.HasPrefix(line, []byte(`{"commitment":`)) {
			var value kept
			if err := json.Unmarshal(line, &value); err != nil {
				return nil, err
			}
			c.Values[value.Commitment] = value.Stored
			continue
		}
		e, err := ledger.Parse(line)
		if err != nil {
			return nil, err
		}
		if entries, err = proof.Join(entries, e); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// restoreCut completes a room of which Redis has a true beginning from its mirror;
// before is what this store has seen of it.
func (s *Store) restoreCut(ctx context.Context, room string, have copied, before judged) (wrote bool, err error) {
	c, err := s.witness.mirrored(ctx, room)
	if err != nil {
		return false, err
	}
	for head, entries := range map[ledger.Head][]ledger.Entry{before.record: c.Record, before.custody: c.Custody} {
		if err := extends(entries, head.Seq, head.Hash); err != nil {
			return false, fmt.Errorf("the mirror doesn't have all that was read here: %w", err)
		}
	}
	return s.complete(ctx, room, proof.CauseCut, have, c)
}

// longer joins what two places have of a ledger: one must begin with the other.
func longer(a, b []ledger.Entry) ([]ledger.Entry, error) {
	if len(a) < len(b) {
		a, b = b, a
	}
	if n := len(b); n > 0 && a[n-1].Hash != b[n-1].Hash {
		return nil, fmt.Errorf("they differ at entry %d or before", n)
	}
	return a, nil
}

// proven folds the ledgers of a copy, after everything that can be checked
// without Redis was.
func (w *witness) proven(room string, c copied) (*Room, error) {
	for name, entries := range map[string][]ledger.Entry{ledgerRecord: c.Record, ledgerCustody: c.Custody} {
		if err := ledger.Verify(entries); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if len(c.Record) == 0 || body(c.Record[0].Body).text("room") != room {
		return nil, errors.New("the copy has no beginning, or that of another room")
	}
	signed, err := w.signatures(room, c.Record, c.Custody)
	if err != nil {
		return nil, err
	}
	return foldSigned(room, c.Record, c.Custody, signed)
}

// complete writes what Redis lacks of a room: have is what it has, a true beginning
// of the copy, and everything else hangs on the rest. Where nothing is missing it
// writes nothing and says so. Errors: errDiverges, ErrConflict, those of Commit.
func (s *Store) complete(ctx context.Context, room, cause string, have, c copied) (wrote bool, err error) {
	whole := copied{Values: c.Values, Opened: c.Opened}
	if whole.Record, err = longer(c.Record, have.Record); err == nil {
		whole.Custody, err = longer(c.Custody, have.Custody)
	}
	if err != nil {
		return false, fmt.Errorf("%w: %w", proof.ErrDiverges, err)
	}
	missing := restored{cause: cause, recordFrom: firstMissing(have.Record, whole.Record), custodyFrom: firstMissing(have.Custody, whole.Custody)}
	if missing.recordFrom == 0 && missing.custodyFrom == 0 {
		return false, nil
	}
	r, err := s.witness.proven(room, whole)
	if err != nil {
		return false, err
	}
	change, err := s.restoring(ctx, r, have, whole)
	if err != nil {
		return false, err
	}
	drafts, err := decide(r, missing, s.now())
	if err != nil {
		return false, err
	}
	if err := s.chainAll(r, &change, drafts); err != nil {
		return false, err
	}
	if change.State, change.Cut, err = s.projectionOf(r); err != nil {
		return false, err
	}
	if err := s.db.Commit(ctx, change); err != nil {
		return false, err
	}
	s.witness.wrote(r, change)
	s.log.Warn("RECORD RESTORED from its mirror: Redis had lost entries", "room", room, "cause", cause,
		"record_from", missing.recordFrom, "custody_from", missing.custodyFrom)
	return true, nil
}

// chainAll takes drafts and a checkpoint of what they lead to.
func (s *Store) chainAll(r *Room, change *db.Change, drafts []Draft) error {
	for _, d := range drafts {
		if err := r.take(change, s.now(), "system", d); err != nil {
			return err
		}
		head := r.Record
		if d.Ledger == ledgerCustody {
			head = r.Custody
		}
		if err := r.take(change, s.now(), "system", s.witness.checkpoint(r.ID, d.Ledger, head)); err != nil {
			return err
		}
	}
	return nil
}

func firstMissing(have, whole []ledger.Entry) int64 {
	if len(have) == len(whole) {
		return 0
	}
	return int64(len(have)) + 1
}

// restoring is the change that writes the missing entries and all that hangs on
// any entry: private values, links, indexes.
func (s *Store) restoring(ctx context.Context, r *Room, have, whole copied) (db.Change, error) {
	change := db.Change{Aggregate: "room:" + r.ID, Chains: []db.Chain{
		{Ledger: ledgerRecord, Expect: proof.HeadOf(have.Record), Entries: whole.Record[len(have.Record):]},
		{Ledger: ledgerCustody, Expect: proof.HeadOf(have.Custody), Entries: whole.Custody[len(have.Custody):]},
	}}
	for _, commitment := range commitmentsIn(append(slices.Clone(whole.Record), whole.Custody...), whole.Values) {
		change.Ops = append(change.Ops, db.Op{Name: "HSET", Key: "room:" + r.ID + ":private", Args: []string{commitment, whole.Values[commitment]}})
	}
	for _, e := range whole.Record {
		if e.Type == typeLinkAdded && !r.Erased(ClassRecord) {
			if err := addLink(&change, r.ID, e); err != nil {
				return change, err
			}
		}
	}
	r.Personal = map[ledger.Commitment]json.RawMessage{}
	if err := s.open(ctx, r, whole.Values); err != nil {
		return change, err
	}
	for _, p := range whole.Opened {
		if _, there := whole.Values[string(p.Commitment)]; !there {
			change.Privates, r.Personal[p.Commitment] = append(change.Privates, p), p.Value
		}
	}
	before, err := Fold(r.ID, have.Record, have.Custody)
	if err != nil {
		return change, err
	}
	before.Personal = r.Personal
	change.Moves = slices.Concat(outOf(r.ID, memberships(before), memberships(r)),
		outOf(r.ID, s.hiddenMemberships(before), s.hiddenMemberships(r)), timerMoves(r.ID, map[string]int64{}, deadlines(r)))
	return change, nil
}

// outOf is moves, but puts the member into all indexes anew: what Redis has of them
// isn't known.
func outOf(member string, before, after map[string]int64) []db.Move {
	for index := range after {
		delete(before, index)
	}
	return moves(member, before, after)
}

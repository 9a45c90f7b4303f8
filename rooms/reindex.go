package rooms

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"verifycall/rooms/db"
	"verifycall/rooms/form"
	"verifycall/rooms/ledger"
	"verifycall/rooms/proof"
	"verifycall/rooms/tickets"
)

//go:embed lua/index.lua
var indexSource string

var indexScript = db.NewScript(indexSource)

// SealedRecord is the record of a room as its verified bundle has it.
type SealedRecord struct {
	Entries  []ledger.Entry
	Privates []ledger.Private
	Digest   string // of the bundle
	Fence    int64  // of who sealed it
}

// Rebuilding says how Reindex goes about it.
type Rebuilding struct {
	// Sealed gives the record of a room's bundle, after verifying it; found is
	// false where there is none. It is asked where the mirror isn't whole.
	Sealed func(ctx context.Context, room string) (record SealedRecord, found bool, err error)
	// Replace are rooms of which Redis has something else than their mirror, and an
	// operator has decided for the mirror. What Redis had is kept beside it.
	Replace []string
}

// Rebuilt is what Reindex did.
type Rebuilt struct {
	Rooms    int              // that there are
	Restored []string         // of them, rooms that Redis lacked, wholly or at the end
	Refused  map[string]error // rooms that are damaged, or couldn't be read; "calendar:ID" for a manager's calendar

	Calendars []string // managers whose calendars Redis lacked, at least in part
	Mails     int      // that were put back into the outbox
}

// Reindex makes all indexes of rooms anew, and writes what Redis lacks of rooms
// from their mirrors and bundles, with an entry restored. No node may serve
// meanwhile. It needs Signer and Mirror; the error says why it could not go on.
func (s *Store) Reindex(ctx context.Context, how Rebuilding) (Rebuilt, error) {
	done := Rebuilt{Refused: map[string]error{}}
	if s.witness == nil {
		return done, errors.New("reindex: nothing is mirrored")
	}
	ids, err := s.everyRoom(ctx)
	if err == nil {
		err = s.AgreeFormat(ctx, Format)
	}
	if err != nil {
		return done, fmt.Errorf("reindex: %w", err)
	}
	if err := s.dropIndexes(ctx); err != nil {
		return done, fmt.Errorf("reindex: %w", err)
	}
	for _, id := range ids {
		done.Rooms++
		wrote, err := s.rebuild(ctx, id, how)
		switch {
		case errors.Is(err, db.ErrAway) || ctx.Err() != nil:
			return done, fmt.Errorf("reindex %s: %w", id, err)
		case err != nil:
			done.Refused[id] = err
		case wrote:
			done.Restored = append(done.Restored, id)
		}
		if err == nil {
			if err := s.reindexMails(ctx, id, &done); err != nil {
				return done, fmt.Errorf("reindex %s: %w", id, err)
			}
		}
	}
	if err := s.rebuildCalendars(ctx, &done); err != nil {
		return done, fmt.Errorf("reindex: %w", err)
	}
	return done, nil
}

// reindexMails has the mails of a room that is whole in the outbox.
func (s *Store) reindexMails(ctx context.Context, id string, done *Rebuilt) error {
	r, err := s.Load(ctx, id)
	if err != nil {
		return err
	}
	n, err := s.rebuildMails(ctx, r)
	done.Mails += n
	return err
}

// everyRoom lists the rooms that the mirror or an index knows, in order.
func (s *Store) everyRoom(ctx context.Context) ([]string, error) {
	names, err := s.witness.mirror.List(ctx, "rooms/")
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, name := range names {
		if id, _, _ := strings.Cut(strings.TrimPrefix(name, "rooms/"), "/"); form.Room.MatchString(id) {
			known[id] = true
		}
	}
	indexed, err := s.db.Client.ZRange(ctx, db.Prefix+"index:at", 0, -1).Result()
	if err != nil {
		return nil, err
	}
	for _, id := range indexed {
		known[id] = true
	}
	return slices.Sorted(maps.Keys(known)), nil
}

// roomIndex are the names of the indexes that memberships and hiddenMemberships
// give.
var roomIndex = regexp.MustCompile(`^(at|archive|unsealed|review|reviewed|keeping|queue|(at|state|decided|seller|flag|kept):.*)$`)

func (s *Store) dropIndexes(ctx context.Context) error {
	var names []string
	if err := s.scanKeys(ctx, db.Prefix+"index:*", func(key string) { names = append(names, key) }); err != nil {
		return err
	}
	for _, name := range names {
		if !roomIndex.MatchString(strings.TrimPrefix(name, db.Prefix+"index:")) {
			continue
		}
		if _, _, err := s.db.Write(ctx, "DEL", name); err != nil {
			return err
		}
	}
	return nil
}

// rebuild writes what Redis lacks of one room, and its indexes.
func (s *Store) rebuild(ctx context.Context, id string, how Rebuilding) (wrote bool, err error) {
	c, sealed, err := s.everything(ctx, id, how)
	if err != nil {
		return false, err
	}
	cause := proof.CauseLost
	if slices.Contains(how.Replace, id) {
		cause = proof.CauseReplaced
		if err := s.setAside(ctx, id, c); err != nil {
			return false, err
		}
	}
	if err := s.storeAgain(ctx, id, c); err != nil {
		return false, err
	}
	var have copied
	if have.Record, err = s.chain(ctx, "room:"+id, ledgerRecord); err != nil {
		return false, err
	}
	if have.Custody, err = s.chain(ctx, "room:"+id, ledgerCustody); err != nil {
		return false, err
	}
	if cause == proof.CauseLost && len(have.Record) > 0 {
		cause = proof.CauseCut
	}
	if len(c.Record) > 0 {
		if wrote, err = s.complete(ctx, id, cause, have, c); err != nil {
			return false, err
		}
	}
	r, err := s.Load(ctx, id)
	if err != nil {
		return false, err
	}
	if r.Sealed && r.Custody.Seq == 0 && sealed.Digest != "" {
		if r, err = s.Do(ctx, id, "system", OpenCustody{Bundle: sealed.Digest, RecordHead: r.Record, Fence: sealed.Fence}); err == nil {
			r, err = s.Do(ctx, id, "system", restored{cause: cause, recordFrom: firstMissing(have.Record, c.Record)})
		}
		if err != nil {
			return false, err
		}
		wrote = true
	}
	return wrote, s.indexAnew(ctx, r)
}

// everything gives all that there is of a room outside Redis, and its bundle where
// that had to be asked.
func (s *Store) everything(ctx context.Context, id string, how Rebuilding) (copied, SealedRecord, error) {
	c, err := s.witness.mirrored(ctx, id)
	if err != nil || c.closed() || how.Sealed == nil {
		return c, SealedRecord{}, err
	}
	sealed, found, err := how.Sealed(ctx, id)
	if err != nil || !found {
		return c, SealedRecord{}, err
	}
	if c.Record, err = longer(c.Record, sealed.Entries); err != nil {
		return c, SealedRecord{}, fmt.Errorf("mirror and bundle: %w", err)
	}
	c.Opened = sealed.Privates
	return c, sealed, nil
}

// closed says that a copy has the whole record, as its custody ledger names it.
func (c copied) closed() bool {
	return len(c.Custody) > 0 && int64(len(c.Record)) >= body(c.Custody[0].Body).number("record_seq")
}

// setAside takes a room out of Redis after its copy was proven, and keeps what
// Redis had beside the mirror.
func (s *Store) setAside(ctx context.Context, id string, c copied) error {
	if _, err := s.witness.proven(id, c); err != nil {
		return fmt.Errorf("not replaced, the copy doesn't hold: %w", err)
	}
	key := db.Prefix + "room:" + id
	for _, name := range []string{ledgerRecord, ledgerCustody} {
		messages, err := s.db.Client.XRange(ctx, key+":"+name, "-", "+").Result()
		if err != nil {
			return err
		}
		var text bytes.Buffer
		for _, m := range messages {
			fmt.Fprintf(&text, "%v\n", m.Values["e"])
		}
		if text.Len() == 0 {
			continue
		}
		object := fmt.Sprintf("rooms/%s/refused/%s-%s.jsonl", id, name, tickets.HashToken(text.String())[:32])
		if err := s.witness.mirror.Put(ctx, object, text.Bytes()); err != nil {
			return err
		}
	}
	s.witness.forget(id)
	_, _, err := s.db.Write(ctx, "DEL", key, key+":"+ledgerRecord, key+":"+ledgerCustody, key+":private")
	return err
}

// indexAnew puts a room into its indexes.
func (s *Store) indexAnew(ctx context.Context, r *Room) error {
	in := memberships(r)
	maps.Copy(in, s.hiddenMemberships(r))
	keys, args := make([]string, 0, len(in)), []string{r.ID}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		keys, args = append(keys, db.Prefix+"index:"+name), append(args, strconv.FormatInt(in[name], 10))
	}
	if _, err := s.db.Run(ctx, indexScript, keys, args); err != nil {
		return fmt.Errorf("index room %s: %w", r.ID, err)
	}
	for kind, at := range deadlines(r) {
		args := []string{r.ID + "/" + kind, strconv.FormatInt(at, 10)}
		if _, err := s.db.Run(ctx, indexScript, []string{db.Prefix + "index:" + due}, args); err != nil {
			return fmt.Errorf("deadlines of room %s: %w", r.ID, err)
		}
	}
	return nil
}

package rooms

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"verifycall/rooms/db"
	"verifycall/rooms/ledger"
	"verifycall/rooms/proof"
)

//go:embed lua/archive.lua
var archiveSource string

var archiveScript = db.NewScript(archiveSource)

// indexArchive holds the rooms whose record may leave Redis: its custody ledger
// names its last head, so that nothing is added to it. The score is when to try.
const indexArchive = "archive"

// archivedField of a room's hash is the head of its record, as headText gives it,
// where the mirror alone has the entries.
const archivedField = "archived"

// How the archiver goes about it: what it takes at once, how often it looks, and
// after how long it tries a room again that it could not read.
const (
	archiveBatch = 50
	archiveEvery = 5 * time.Second
	archiveAgain = time.Hour
)

// archiveAll has the records of closed rooms leave Redis until ctx ends. While a
// node of an earlier release is there, which would miss them, none does. All nodes
// do this, each step is the same whoever does it.
func (s *Store) archiveAll(ctx context.Context, every time.Duration) {
	told := ""
	for db.PauseFor(ctx, every) {
		for s.archives() {
			n, err := s.archiveSome(ctx)
			if err != nil && ctx.Err() == nil && err.Error() != told {
				told = err.Error()
				s.log.Warn("records stay in Redis; it is tried again", "err", err)
			}
			if err != nil || n < archiveBatch {
				break
			}
		}
	}
}

// archives says whether all nodes read what left Redis.
func (s *Store) archives() bool { return s.marked.Load() && int(s.format.Load()) == Format }

// archiveSome has the records of some rooms leave Redis, and says of how many rooms
// it looked at. The error is one of Redis or of the mirror; a room that can't be
// read is put off.
func (s *Store) archiveSome(ctx context.Context) (int, error) {
	ids, err := s.db.Client.ZRangeArgs(ctx, redis.ZRangeArgs{Key: db.Prefix + "index:" + indexArchive, ByScore: true,
		Start: "-inf", Stop: s.now().UnixMilli(), Count: archiveBatch}).Result()
	if err != nil {
		return 0, fmt.Errorf("rooms to be archived: %w", err)
	}
	for _, id := range ids {
		err := s.archive(ctx, id)
		var damaged *db.DamagedError
		switch {
		case errors.As(err, &damaged), errors.Is(err, ErrNotFound), errors.Is(err, ErrConflict):
			later := strconv.FormatInt(s.now().Add(archiveAgain).UnixMilli(), 10)
			if _, _, err := s.db.Write(ctx, "ZADD", db.Prefix+"index:"+indexArchive, later, id); err != nil {
				return 0, fmt.Errorf("put %s off: %w", id, err)
			}
		case err != nil:
			return 0, err
		}
	}
	return len(ids), nil
}

// archive has one room's record in the mirror as one part, reads that back, and
// only then takes it out of Redis. Whatever ends it in between, it can be done
// again. Errors: those of Load, ErrConflict where the record isn't closed.
func (s *Store) archive(ctx context.Context, id string) error {
	r, err := s.Load(ctx, id)
	if err != nil {
		return err
	}
	record, err := s.chain(ctx, "room:"+id, ledgerRecord)
	if err != nil {
		return err
	}
	if r.Custody.Seq == 0 || proof.HeadOf(record) != r.Record {
		return fmt.Errorf("archive %s: %w", id, ErrConflict)
	}
	if err := s.witness.store(ctx, id, record); err != nil {
		return fmt.Errorf("archive %s: %w", id, err)
	}
	key := db.Prefix + "room:" + id
	reply, err := s.db.Run(ctx, archiveScript, []string{key, key + ":" + ledgerRecord, db.Prefix + "index:" + indexArchive},
		[]string{db.HeadText(r.Record), id})
	if err == nil && reply != "DONE" {
		err = ErrConflict
	}
	if err != nil {
		return fmt.Errorf("archive %s: %w", id, err)
	}
	return nil
}

// store has a whole record in the mirror as one part, and has read it back.
func (w *witness) store(ctx context.Context, room string, record []ledger.Entry) error {
	head := proof.HeadOf(record)
	if _, err := w.stored(ctx, room, head); err == nil {
		return nil
	}
	lines, err := ledger.Lines(record)
	if err != nil {
		return err
	}
	if err := w.mirror.Put(ctx, wholeRecord(head).name(room), lines); err != nil {
		return fmt.Errorf("%w: mirror: %w", db.ErrAway, err)
	}
	_, err = w.stored(ctx, room, head)
	return err
}

// wholeRecord is the part that holds all of a record.
func wholeRecord(head ledger.Head) part { return part{ledgerRecord, 1, head.Seq, head.Hash[:32]} }

// stored reads that part, whole and with the very head. Errors: ErrAway where it
// can't be read.
func (w *witness) stored(ctx context.Context, room string, head ledger.Head) ([]ledger.Entry, error) {
	content, err := w.mirror.Get(ctx, wholeRecord(head).name(room))
	if err != nil {
		return nil, fmt.Errorf("%w: mirror: %w", db.ErrAway, err)
	}
	record, err := copied{Values: map[string]string{}}.takePart(nil, content)
	if err != nil {
		return nil, err
	}
	return record, endsAt(record, head)
}

// endsAt says whether a chain holds and ends at a head.
func endsAt(entries []ledger.Entry, head ledger.Head) error {
	if err := ledger.Verify(entries); err != nil {
		return err
	}
	if proof.HeadOf(entries) != head {
		return fmt.Errorf("it doesn't end at entry %d of Redis", head.Seq)
	}
	return nil
}

// archived reads a record that left Redis: from the part that holds all of it, or,
// where that isn't there, from the others. Errors: ErrAway, *DamagedError where the
// mirror doesn't have it.
func (s *Store) archived(ctx context.Context, room, text string) ([]ledger.Entry, error) {
	head, err := db.ParseHead(text)
	if err != nil {
		return nil, &db.DamagedError{Room: room, Err: err}
	}
	if s.witness == nil {
		return nil, &db.DamagedError{Room: room, Err: errors.New("its record lies in the store, which this program doesn't read")}
	}
	record, err := s.witness.stored(ctx, room, head)
	if err == nil {
		return record, nil
	}
	names, listErr := s.witness.mirror.List(ctx, mirrorPrefix(room))
	if listErr != nil || errors.Is(err, db.ErrAway) && slices.Contains(names, wholeRecord(head).name(room)) {
		return nil, fmt.Errorf("room %s: %w", room, errors.Join(db.ErrAway, err, listErr))
	}
	c, mirrorErr := s.witness.mirrored(ctx, room)
	if errors.Is(mirrorErr, db.ErrAway) {
		return nil, fmt.Errorf("room %s: %w", room, mirrorErr)
	}
	if mirrorErr == nil && int64(len(c.Record)) >= head.Seq {
		if record := c.Record[:head.Seq]; endsAt(record, head) == nil {
			return record, nil
		}
	}
	return nil, &db.DamagedError{Room: room, Err: errors.New("its record lies in the store alone, and isn't whole there")}
}

// archivedHead says where the record of a room that left Redis ends, empty where it
// is there.
func (s *Store) archivedHead(ctx context.Context, room string) (string, error) {
	text, err := s.db.Client.HGet(ctx, db.Prefix+"room:"+room, archivedField).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return "", fmt.Errorf("room %s: %w", room, err)
	}
	return text, nil
}

// storeAgain has a record that left Redis in the mirror again where it isn't whole
// there, from another copy: what the mirror has of it and the bundle.
func (s *Store) storeAgain(ctx context.Context, room string, c copied) error {
	text, err := s.archivedHead(ctx, room)
	if err != nil || text == "" {
		return err
	}
	_, err = s.archived(ctx, room, text)
	var damaged *db.DamagedError
	if !errors.As(err, &damaged) {
		return err
	}
	head, err := db.ParseHead(text)
	if err != nil || int64(len(c.Record)) < head.Seq || endsAt(c.Record[:max(0, head.Seq)], head) != nil {
		return damaged
	}
	return s.witness.store(ctx, room, c.Record[:head.Seq])
}

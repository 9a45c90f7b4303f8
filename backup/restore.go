package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
	"verifycall/rooms/db"
)

// Source is what a deployment is restored from.
type Source struct {
	Rooms    io.ReadSeeker // an archive of rooms
	Keys     io.ReadSeeker // the table of keys; nil: the store has it
	Evidence objects.Store // a copy of the objects; nil: the store has them
	// Sealed gives a room's record from its bundle, see rooms.Rebuilding.
	Sealed func(ctx context.Context, room string) (rooms.SealedRecord, bool, error)
}

// Restored is what Restore did.
type Restored struct {
	Made    time.Time // when the archive was
	Rooms   int       // that there are now
	Entries int       // of their ledgers, every chain verified
	Others  int       // accounts, calendars, links, keys, mails to send
	Newer   int       // rooms of which the store had later entries than the archive
	Purged  int       // rooms of which classes were erased again
	Objects int       // that were brought back into the store
	Keys    int       // wrapped keys that were
	Refused map[string]error
}

// ErrOver says that a table of keys is older than it may be used.
var ErrOver = errors.New("backup: the table of keys is over its time")

// Restore brings a deployment back into a Redis that is empty: evidence and keys that
// the store lacks, then the archive, then what the store's mirrors know beyond it,
// then every purge again. No node may serve. Errors: ErrArchive, ErrOver,
// rooms.ErrInUse; nothing was changed after those.
func (p Places) Restore(ctx context.Context, from Source) (done Restored, err error) {
	done.Refused = map[string]error{}
	if err := p.Rooms.Vacant(ctx); err != nil {
		return done, err
	}
	head, err := p.trusted(from.Rooms, KindRooms)
	if err != nil {
		return done, err
	}
	done.Made = head.Made
	if from.Keys != nil {
		if _, err := p.trusted(from.Keys, KindKeys); err != nil {
			return done, err
		}
	}
	if err := p.refill(ctx, from, &done); err != nil {
		return done, err
	}
	if err := p.Rooms.AgreeFormat(ctx, rooms.Format); err != nil { // nobody serves
		return done, err
	}
	if err := p.importAll(ctx, from.Rooms, &done); err != nil {
		return done, err
	}
	rebuilt, err := p.Rooms.Reindex(ctx, rooms.Rebuilding{Sealed: from.Sealed})
	if err != nil {
		return done, err
	}
	done.Newer = len(rebuilt.Restored)
	for id, err := range rebuilt.Refused {
		done.Refused[id] = err
	}
	return done, p.settleAll(ctx, from.Evidence != nil, &done)
}

// trusted reads an archive to its end before anything of it is used.
func (p Places) trusted(r io.ReadSeeker, kind string) (Header, error) {
	head, _, err := p.Check(r)
	if err != nil {
		return head, err
	}
	if head.Kind != kind {
		return head, fmt.Errorf("%w: it holds %s, not %s", ErrArchive, head.Kind, kind)
	}
	if !head.Until.IsZero() && !time.Now().Before(head.Until) {
		return head, fmt.Errorf("%w since %s: delete it", ErrOver, head.Until.Format(time.DateOnly))
	}
	_, err = r.Seek(0, io.SeekStart)
	return head, err
}

// refill puts into the store what it lacks.
func (p Places) refill(ctx context.Context, from Source, done *Restored) error {
	if from.Evidence != nil {
		names, err := from.Evidence.List(ctx, "")
		if err != nil {
			return fmt.Errorf("restore evidence: %w", err)
		}
		for _, name := range names {
			if strings.HasPrefix(name, keyTable) {
				continue
			}
			if _, err := p.Vault.Store().Stat(ctx, name); err == nil {
				continue
			} else if !errors.Is(err, objects.ErrNotFound) {
				return fmt.Errorf("restore evidence: %w", err)
			}
			if gone, err := p.erased(ctx, name); err != nil || gone {
				if err != nil {
					return fmt.Errorf("restore evidence: %w", err)
				}
				continue
			}
			if err := copyObject(ctx, from.Evidence, p.Vault.Store(), name); err != nil {
				return fmt.Errorf("restore evidence: %w", err)
			}
			done.Objects++
		}
	}
	if from.Keys == nil {
		return nil
	}
	_, _, err := read(from.Keys, p.Vault, p.Keys, func(item []byte) error {
		var k vault.WrappedKey
		if err := json.Unmarshal(item, &k); err != nil {
			return fmt.Errorf("%w: %w", ErrArchive, err)
		}
		put, err := p.Vault.PutKey(ctx, k)
		if put {
			done.Keys++
		}
		return err
	})
	return err
}

func (p Places) importAll(ctx context.Context, r io.Reader, done *Restored) error {
	_, _, err := read(r, p.Vault, p.Keys, func(text []byte) error {
		var item rooms.Item
		if err := json.Unmarshal(text, &item); err != nil {
			return fmt.Errorf("%w: %w", ErrArchive, err)
		}
		err := p.Rooms.Import(ctx, item)
		id, room := strings.CutPrefix(item.Aggregate, "room:")
		switch {
		case room && errors.Is(err, rooms.ErrItem): // it was damaged when it was backed up; the mirror may have it
			done.Refused[id] = err
			return nil
		case err == nil && !room:
			done.Others++
		}
		return err
	})
	return err
}

// settleAll applies every purge again, places holds and locks again where the
// objects are new, verifies every chain, and mirrors what is signed.
func (p Places) settleAll(ctx context.Context, placed bool, done *Restored) error {
	ids, err := p.Rooms.EveryRoom(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		entries, purged, err := p.settle(ctx, id, placed)
		switch {
		case ctx.Err() != nil || errors.Is(err, db.ErrAway):
			return err
		case err != nil:
			done.Refused[id] = err
			continue
		}
		delete(done.Refused, id) // a damaged one that the mirror had
		done.Rooms++
		done.Entries += entries
		if purged {
			done.Purged++
		}
	}
	return nil
}

func (p Places) settle(ctx context.Context, id string, placed bool) (entries int, purged bool, err error) {
	r, err := p.Rooms.Load(ctx, id)
	if err != nil {
		return 0, false, err
	}
	if r.Purging != nil {
		locked, err := evidence.Erase(ctx, p.Vault, id, classesOf(r.Purging.Classes))
		if err != nil {
			return 0, false, err
		}
		if r, err = p.Rooms.Do(ctx, id, "system", rooms.FinishPurge{Locked: locked}); err != nil {
			return 0, false, err
		}
	}
	if len(r.Purged) > 0 {
		purged = true
		if _, err := evidence.Erase(ctx, p.Vault, id, classesOf(r.Purged)); err != nil {
			return 0, true, err
		}
		if err := p.Rooms.Scrub(ctx, r); err != nil {
			return 0, true, err
		}
	}
	if placed {
		if err := p.place(ctx, r); err != nil {
			return 0, purged, err
		}
	}
	record, err := p.Rooms.Record(ctx, id)
	if err != nil {
		return 0, purged, err
	}
	custody, err := p.Rooms.CustodyLog(ctx, id)
	if err != nil {
		return 0, purged, err
	}
	return len(record) + len(custody), purged, p.Rooms.Mirrored(ctx, id)
}

// place holds and locks objects that are new in the store as they were.
func (p Places) place(ctx context.Context, r *rooms.Room) error {
	if r.Hold != nil && r.Placed {
		if _, err := evidence.Hold(ctx, p.Vault.Store(), r.ID, true); err != nil {
			return err
		}
	}
	if r.Bundle == "" {
		return nil
	}
	return evidence.Lock(ctx, p.Vault.Store(), evidence.FencedPrefix(r.ID, r.BundleFence), func(class vault.Class) time.Time {
		if slices.Contains(r.Purged, string(class)) {
			return time.Time{}
		}
		return r.KeptUntil(string(class))
	})
}

func classesOf(names []string) []vault.Class {
	list := make([]vault.Class, len(names))
	for i, name := range names {
		list[i] = vault.Class(name)
	}
	return list
}

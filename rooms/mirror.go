package rooms

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"verifycall/rooms/calendars"
	"verifycall/rooms/db"
	"verifycall/rooms/ledger"
)

// A mirrored part is "rooms/ID/mirror/LEDGER-FROM-TO-HASH.jsonl": the entries FROM
// to TO as canonical lines, then a line {"commitment","stored"} for each private
// value that they commit to, as it lies in Redis. HASH is the beginning of TO's
// hash. Parts may overlap; the lines of a ledger's parts without the private ones,
// in order, are its JSON Lines file.
type part struct {
	ledger   string
	from, to int64
	hash     string // 32 hex digits
}

func mirrorPrefix(room string) string { return "rooms/" + room + "/mirror/" }

func (p part) name(room string) string {
	return fmt.Sprintf("%s%s-%06d-%06d-%s.jsonl", mirrorPrefix(room), p.ledger, p.from, p.to, p.hash)
}

func parsePart(name string) (p part, ok bool) {
	fields := strings.Split(strings.TrimSuffix(path.Base(name), ".jsonl"), "-")
	if len(fields) != 4 || fields[0] != ledgerRecord && fields[0] != ledgerCustody || len(fields[3]) != 32 {
		return p, false
	}
	from, fromErr := strconv.ParseInt(fields[1], 10, 64)
	to, toErr := strconv.ParseInt(fields[2], 10, 64)
	return part{fields[0], from, to, fields[3]}, fromErr == nil && toErr == nil && from >= 1 && to >= from
}

// kept is a private value in a mirrored part.
type kept struct {
	Commitment string `json:"commitment"`
	Stored     string `json:"stored"`
}

// Times of mirroring.
const (
	mirrorTime  = 30 * time.Second // for one room
	mirrorAgain = 30 * time.Second // after a store that didn't take it
	mirrorClose = 10 * time.Second // for all that is owed when the Store closes
)

// mirrorFaults are a store that is away: what is left waits.
const mirrorFaults = 3

// mirrorAll copies signed ledgers until Close, one room after the other; then
// what is still owed, as far as it can in mirrorClose.
func (s *Store) mirrorAll() {
	w := s.witness
	again := time.NewTicker(w.again)
	defer again.Stop()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { // ends with the function: Close always comes
		<-w.closed
		time.AfterFunc(mirrorClose, cancel)
	}()
	for away := false; ; {
		select {
		case <-w.wake:
			if away { // its time comes
				continue
			}
		case <-again.C:
		case <-w.closed:
			s.mirrorOwed(ctx)
			return
		}
		away = !s.mirrorOwed(ctx)
	}
}

// mirrorOwed copies what is owed. false: something is still owed.
func (s *Store) mirrorOwed(ctx context.Context) (all bool) {
	owed := s.witness.owing()
	failed := 0
	for job := range owed {
		if failed == mirrorFaults || ctx.Err() != nil {
			break
		}
		err := s.mirrorJob(ctx, job)
		var damaged *db.DamagedError
		if err == nil || errors.As(err, &damaged) {
			delete(owed, job)
		} else {
			failed++
		}
		if err != nil {
			s.log.Warn("ledger not mirrored", "room", job, "again", !errors.As(err, &damaged), "err", err)
		}
	}
	s.witness.owe(owed)
	return len(owed) == 0
}

func (s *Store) mirrorJob(ctx context.Context, job string) error {
	ctx, cancel := context.WithTimeout(ctx, mirrorTime)
	defer cancel()
	if manager, calendar := strings.CutPrefix(job, calendars.Aggregate("")); calendar {
		return s.Calendars.Mirror(ctx, manager)
	}
	return s.mirrorRoom(ctx, job)
}

// Mirrored has what is signed of a room's ledgers in the mirror when it returns.
func (s *Store) Mirrored(ctx context.Context, room string) error {
	if s.witness == nil {
		return nil
	}
	return s.mirrorRoom(ctx, room)
}

// mirrorRoom copies what is new in a room's ledgers.
func (s *Store) mirrorRoom(ctx context.Context, room string) error {
	names, err := s.witness.mirror.List(ctx, mirrorPrefix(room))
	if err != nil {
		return err
	}
	ledgers := []string{ledgerRecord, ledgerCustody}
	if archived, err := s.archivedHead(ctx, room); err != nil {
		return err
	} else if archived != "" {
		ledgers = ledgers[1:]
	}
	for _, name := range ledgers {
		entries, err := s.chain(ctx, "room:"+room, name)
		if err != nil {
			return err
		}
		if name == ledgerRecord {
			entries = signedOrSealed(entries)
		}
		var have int64
		for _, object := range names {
			if p, ok := parsePart(object); ok && p.ledger == name {
				if err := extends(entries, p.to, p.hash); err != nil {
					return &db.DamagedError{Room: room, Err: fmt.Errorf("the mirrored %s: %w", name, err)}
				}
				have = max(have, p.to)
			}
		}
		if have == int64(len(entries)) {
			continue
		}
		last := entries[len(entries)-1]
		p := part{name, have + 1, last.Seq, last.Hash[:32]}
		// After the entries: a value is there once its entry is.
		values, err := s.db.Client.HGetAll(ctx, db.Prefix+"room:"+room+":private").Result()
		if err != nil {
			return err
		}
		content, err := partOf(entries[have:], values)
		if err != nil {
			return err
		}
		if err := s.witness.mirror.Put(ctx, p.name(room), content); err != nil {
			return err
		}
	}
	return nil
}

// signedOrSealed cuts a record after its last checkpoint; a sealed one is whole,
// its head stands in the signed custody ledger.
func signedOrSealed(entries []ledger.Entry) []ledger.Entry {
	for n := len(entries); n > 0; n-- {
		if t := entries[n-1].Type; t == typeCheckpoint || t == typeSealed {
			return entries[:n]
		}
	}
	return nil
}

func partOf(entries []ledger.Entry, values map[string]string) ([]byte, error) {
	lines, err := ledger.Lines(entries)
	if err != nil {
		return nil, err
	}
	b := bytes.NewBuffer(lines)
	for _, commitment := range commitmentsIn(entries, values) {
		line, err := json.Marshal(kept{commitment, values[commitment]})
		if err != nil {
			return nil, err
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	return b.Bytes(), nil
}

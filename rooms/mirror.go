package rooms

import (
	"bytes"
	"context"
	"encoding/json"
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

// mirrorTime bounds one room's copy.
const mirrorTime = 30 * time.Second

// mirrorAll copies signed ledgers until Close, one room after the other; then
// what still waits.
func (s *Store) mirrorAll() {
	for {
		select {
		case room := <-s.witness.jobs:
			s.mirrorLogged(room)
		case <-s.witness.closed:
			for {
				select {
				case room := <-s.witness.jobs:
					s.mirrorLogged(room)
				default:
					return
				}
			}
		}
	}
}

func (s *Store) mirrorLogged(room string) {
	ctx, cancel := context.WithTimeout(context.Background(), mirrorTime)
	defer cancel()
	err, manager, calendar := error(nil), "", false
	if manager, calendar = strings.CutPrefix(room, calendars.Aggregate("")); calendar {
		err = s.Calendars.Mirror(ctx, manager)
	} else {
		err = s.mirrorRoom(ctx, room)
	}
	if err != nil {
		s.log.Warn("ledger not mirrored; its next change will be with it", "room", room, "err", err)
	}
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

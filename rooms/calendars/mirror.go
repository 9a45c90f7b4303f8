package calendars

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

	"verifycall/rooms/calendar"
	"verifycall/rooms/db"
	"verifycall/rooms/form"
	"verifycall/rooms/ledger"
	"verifycall/rooms/proof"
)

// A segment of a manager's calendar is "calendars/ID/FROM-TO-HASH.jsonl" in the
// mirror: the entries FROM to TO as canonical lines, then a line {"seq","hash",
// "signature"} that signs the last of them. Segments may overlap. What is in them
// Redis may drop once its month is over.
const Prefix = "calendars/"

// Every is how many entries at most wait for a segment. What a room holds
// is in its own ledger too, so that a loss of Redis loses none of it.
const Every = 64

type segment struct {
	from, to int64
	hash     string // 32 hex digits
}

func (p segment) name(manager string) string {
	return fmt.Sprintf("%s%s/%08d-%08d-%s.jsonl", Prefix, manager, p.from, p.to, p.hash)
}

func parseSegment(name string) (p segment, ok bool) {
	fields := strings.Split(strings.TrimSuffix(path.Base(name), ".jsonl"), "-")
	if len(fields) != 3 || len(fields[2]) != 32 {
		return p, false
	}
	from, fromErr := strconv.ParseInt(fields[0], 10, 64)
	to, toErr := strconv.ParseInt(fields[1], 10, 64)
	return segment{from, to, fields[2]}, fromErr == nil && toErr == nil && from >= 1 && to >= from
}

// signedHead is the last line of a segment.
type signedHead struct {
	Seq       int64  `json:"seq"`
	Hash      string `json:"hash"`
	Signature string `json:"signature"`
}

func Aggregate(manager string) string { return "calendar:" + manager }

// Wrote has a calendar mirrored where its terms changed, or much else.
func (s *Calendars) Wrote(change db.Change) {
	if s.mirror == nil {
		return
	}
	for _, chain := range change.Chains {
		for _, e := range chain.Entries {
			if e.Type == calendar.TypeSet || e.Seq%Every == 0 {
				s.soon(change.Aggregate)
				return
			}
		}
	}
}

// tail reads what Redis has of a calendar's chain, from where it was cut.
func (s *Calendars) tail(ctx context.Context, manager string) ([]ledger.Entry, error) {
	entries, err := s.db.Entries(ctx, db.Prefix+Aggregate(manager)+":"+record, "-")
	if err != nil {
		return nil, err
	}
	if err := proof.VerifyTail(entries); err != nil {
		return nil, &db.DamagedError{Room: Aggregate(manager), Err: err}
	}
	return entries, nil
}

// Mirror has what Redis has of a calendar in the mirror when it returns.
func (s *Calendars) Mirror(ctx context.Context, manager string) error {
	names, err := s.mirror.List(ctx, Prefix+manager+"/")
	if err != nil {
		return err
	}
	entries, err := s.tail(ctx, manager)
	if err != nil || len(entries) == 0 {
		return err
	}
	have, first := int64(0), entries[0].Seq
	for _, name := range names {
		p, ok := parseSegment(name)
		if !ok {
			continue
		}
		if at := p.to - first; at >= 0 {
			if at >= int64(len(entries)) || !strings.HasPrefix(entries[at].Hash, p.hash) {
				return &db.DamagedError{Room: Aggregate(manager), Err: fmt.Errorf("entry %d is another one than the mirror's", p.to)}
			}
		}
		have = max(have, p.to)
	}
	last := entries[len(entries)-1]
	switch {
	case have >= last.Seq:
		return nil
	case have < first-1:
		return &db.DamagedError{Room: Aggregate(manager), Err: fmt.Errorf("entries %d to %d are nowhere", have+1, first-1)}
	}
	content, err := s.segmentOf(manager, entries[have+1-first:])
	if err != nil {
		return err
	}
	return s.mirror.Put(ctx, segment{have + 1, last.Seq, last.Hash[:32]}.name(manager), content)
}

func (s *Calendars) segmentOf(manager string, entries []ledger.Entry) ([]byte, error) {
	lines, err := ledger.Lines(entries)
	if err != nil {
		return nil, err
	}
	h := entries[len(entries)-1].Head()
	line, err := json.Marshal(signedHead{h.Seq, h.Hash, s.signer.SignHead(h.Text(Aggregate(manager), record))})
	if err != nil {
		return nil, err
	}
	return append(append(lines, line...), '\n'), nil
}

// Mirrored reads a calendar's chain from the mirror, from its first entry
// on, with every segment's signature checked.
func (s *Calendars) Mirrored(ctx context.Context, manager string) ([]ledger.Entry, error) {
	names, err := s.mirror.List(ctx, Prefix+manager+"/") // in order: the numbers have leading zeros
	if err != nil {
		return nil, fmt.Errorf("%w: mirror: %w", db.ErrAway, err)
	}
	var entries []ledger.Entry
	for _, name := range names {
		if _, ok := parseSegment(name); !ok {
			continue
		}
		content, err := s.mirror.Get(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("%w: mirror: %w", db.ErrAway, err)
		}
		lines := bytes.TrimSuffix(content, []byte("\n"))
		end := bytes.LastIndexByte(lines, '\n') + 1
		if entries, err = joinLines(entries, lines[:end]); err == nil {
			err = s.checkSegment(manager, entries, lines[end:])
		}
		if err != nil {
			return nil, &db.DamagedError{Room: Aggregate(manager), Err: fmt.Errorf("%s: %w", path.Base(name), err)}
		}
	}
	if err := ledger.Verify(entries); err != nil {
		return nil, &db.DamagedError{Room: Aggregate(manager), Err: err}
	}
	return entries, nil
}

func joinLines(entries []ledger.Entry, lines []byte) ([]ledger.Entry, error) {
	for line := range bytes.Lines(lines) {
		e, err := ledger.Parse(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			return nil, err
		}
		if entries, err = proof.Join(entries, e); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

func (s *Calendars) checkSegment(manager string, entries []ledger.Entry, line []byte) error {
	var signed signedHead
	if err := json.Unmarshal(line, &signed); err != nil {
		return fmt.Errorf("signature: %w", err)
	}
	if signed.Seq < 1 || signed.Seq > int64(len(entries)) || entries[signed.Seq-1].Hash != signed.Hash {
		return errors.New("the signature is of another entry")
	}
	return s.signer.CheckHead(ledger.Head{Seq: signed.Seq, Hash: signed.Hash}.Text(Aggregate(manager), record), signed.Signature)
}

// Log gives the entries of a manager's calendar, those too that Redis has
// dropped, after checking that the chain holds. Errors: *db.DamagedError.
func (s *Calendars) Log(ctx context.Context, manager string) ([]ledger.Entry, error) {
	if !form.Staff.MatchString(manager) {
		return nil, fmt.Errorf("calendar of %.20q: %w", manager, db.ErrNotFound)
	}
	entries, err := s.tail(ctx, manager)
	if err != nil || len(entries) == 0 || entries[0].Seq == 1 {
		return entries, err
	}
	if s.mirror == nil {
		return nil, &db.DamagedError{Room: Aggregate(manager), Err: errors.New("its beginning is in the mirror, and there is none")}
	}
	before, err := s.Mirrored(ctx, manager)
	if err != nil {
		return nil, err
	}
	if n := entries[0].Seq - 1; int64(len(before)) >= n {
		entries = append(before[:n:n], entries...)
	}
	if err := ledger.Verify(entries); err != nil {
		return nil, &db.DamagedError{Room: Aggregate(manager), Err: err}
	}
	return entries, nil
}

// cutEvery is how often a node looks for calendars whose months are over.
const cutEvery = time.Hour

// Tend drops past months of calendars from Redis until ctx ends.
func (s *Calendars) Tend(ctx context.Context) {
	tick := time.NewTicker(cutEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if err := s.Cut(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("calendars were not cut, it is tried again", "err", err)
		}
	}
}

// Cut drops from Redis what its calendars had before this month, in UTC,
// once signed segments of it are in the mirror. The last entry always stays. Any
// number of nodes may do so at once.
func (s *Calendars) Cut(ctx context.Context) error {
	if s.mirror == nil {
		return nil
	}
	ids, err := s.db.Client.ZRange(ctx, db.Prefix+"index:calendars", 0, -1).Result()
	if err != nil {
		return fmt.Errorf("calendars: %w", err)
	}
	year, month, _ := s.now().UTC().Date()
	var faults []error
	for _, id := range ids {
		if err := s.cut(ctx, id, time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)); err != nil {
			faults = append(faults, fmt.Errorf("calendar of %s: %w", id, err))
		}
	}
	return errors.Join(faults...)
}

func (s *Calendars) cut(ctx context.Context, manager string, before time.Time) error {
	stream := db.Prefix + Aggregate(manager) + ":" + record
	oldest, err := s.db.Client.XRangeN(ctx, stream, "-", "+", 1).Result()
	if err != nil || len(oldest) == 0 {
		return err
	}
	line, _ := oldest[0].Values["e"].(string)
	if e, err := ledger.Parse([]byte(line)); err != nil || !e.Time().Before(before) {
		return err
	}
	if err := s.Mirror(ctx, manager); err != nil {
		return err
	}
	kept, err := s.Mirrored(ctx, manager)
	if err != nil {
		return err
	}
	entries, err := s.tail(ctx, manager)
	if err != nil || len(entries) == 0 {
		return err
	}
	var until int64 // the last one to go
	for _, e := range entries[:len(entries)-1] {
		if !e.Time().Before(before) || e.Seq > int64(len(kept)) || kept[e.Seq-1].Hash != e.Hash {
			break
		}
		until = e.Seq
	}
	if until == 0 {
		return nil
	}
	_, _, err = s.db.Write(ctx, "XTRIM", stream, "MINID", db.StreamID(until+1))
	return err
}

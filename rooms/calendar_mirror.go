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

	"verifycall/rooms/calendar"
	"verifycall/rooms/ledger"
)

// A segment of a manager's calendar is "calendars/ID/FROM-TO-HASH.jsonl" in the
// mirror: the entries FROM to TO as canonical lines, then a line {"seq","hash",
// "signature"} that signs the last of them. Segments may overlap. What is in them
// Redis may drop once its month is over.
const calendarPrefix = "calendars/"

// calendarEvery is how many entries at most wait for a segment. What a room holds
// is in its own ledger too, so that a loss of Redis loses none of it.
const calendarEvery = 64

type segment struct {
	from, to int64
	hash     string // 32 hex digits
}

func (p segment) name(manager string) string {
	return fmt.Sprintf("%s%s/%08d-%08d-%s.jsonl", calendarPrefix, manager, p.from, p.to, p.hash)
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

func calendarName(manager string) string { return "calendar:" + manager }

// wroteCalendar has a calendar mirrored where its terms changed, or much else.
func (w *witness) wroteCalendar(change Change) {
	for _, chain := range change.Chains {
		for _, e := range chain.Entries {
			if e.Type == calendar.TypeSet || e.Seq%calendarEvery == 0 {
				select {
				case w.jobs <- change.Aggregate:
				default: // its next change will do
				}
				return
			}
		}
	}
}

// tail reads what Redis has of a calendar's chain, from where it was cut.
func (s *Store) tail(ctx context.Context, manager string) ([]ledger.Entry, error) {
	entries, err := s.entries(ctx, prefix+calendarName(manager)+":"+ledgerRecord, "-")
	if err != nil {
		return nil, err
	}
	if err := verifyTail(entries); err != nil {
		return nil, &DamagedError{calendarName(manager), err}
	}
	return entries, nil
}

// verifyTail checks a chain that may begin after its first entry.
func verifyTail(entries []ledger.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	return ledger.VerifyFrom(ledger.Head{Seq: entries[0].Seq - 1, Hash: entries[0].Prev}, entries)
}

// mirrorCalendar has what Redis has of a calendar in the mirror when it returns.
func (s *Store) mirrorCalendar(ctx context.Context, manager string) error {
	names, err := s.witness.mirror.List(ctx, calendarPrefix+manager+"/")
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
				return &DamagedError{calendarName(manager), fmt.Errorf("entry %d is another one than the mirror's", p.to)}
			}
		}
		have = max(have, p.to)
	}
	last := entries[len(entries)-1]
	switch {
	case have >= last.Seq:
		return nil
	case have < first-1:
		return &DamagedError{calendarName(manager), fmt.Errorf("entries %d to %d are nowhere", have+1, first-1)}
	}
	content, err := s.witness.segmentOf(manager, entries[have+1-first:])
	if err != nil {
		return err
	}
	return s.witness.mirror.Put(ctx, segment{have + 1, last.Seq, last.Hash[:32]}.name(manager), content)
}

func (w *witness) segmentOf(manager string, entries []ledger.Entry) ([]byte, error) {
	lines, err := ledger.Lines(entries)
	if err != nil {
		return nil, err
	}
	h := entries[len(entries)-1].Head()
	line, err := json.Marshal(signedHead{h.Seq, h.Hash, w.signer.SignHead(h.Text(calendarName(manager), ledgerRecord))})
	if err != nil {
		return nil, err
	}
	return append(append(lines, line...), '\n'), nil
}

// mirroredCalendar reads a calendar's chain from the mirror, from its first entry
// on, with every segment's signature checked.
func (w *witness) mirroredCalendar(ctx context.Context, manager string) ([]ledger.Entry, error) {
	names, err := w.mirror.List(ctx, calendarPrefix+manager+"/") // in order: the numbers have leading zeros
	if err != nil {
		return nil, fmt.Errorf("%w: mirror: %w", ErrAway, err)
	}
	c := copied{Values: map[string]string{}}
	for _, name := range names {
		if _, ok := parseSegment(name); !ok {
			continue
		}
		content, err := w.mirror.Get(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("%w: mirror: %w", ErrAway, err)
		}
		lines := bytes.TrimSuffix(content, []byte("\n"))
		end := bytes.LastIndexByte(lines, '\n') + 1
		if c.Record, err = c.takePart(c.Record, lines[:end]); err == nil {
			err = w.checkSegment(manager, c.Record, lines[end:])
		}
		if err != nil {
			return nil, &DamagedError{calendarName(manager), fmt.Errorf("%s: %w", path.Base(name), err)}
		}
	}
	if err := ledger.Verify(c.Record); err != nil {
		return nil, &DamagedError{calendarName(manager), err}
	}
	return c.Record, nil
}

func (w *witness) checkSegment(manager string, entries []ledger.Entry, line []byte) error {
	var signed signedHead
	if err := json.Unmarshal(line, &signed); err != nil {
		return fmt.Errorf("signature: %w", err)
	}
	if signed.Seq < 1 || signed.Seq > int64(len(entries)) || entries[signed.Seq-1].Hash != signed.Hash {
		return errors.New("the signature is of another entry")
	}
	return w.signer.CheckHead(ledger.Head{Seq: signed.Seq, Hash: signed.Hash}.Text(calendarName(manager), ledgerRecord), signed.Signature)
}

// CalendarLog gives the entries of a manager's calendar, those too that Redis has
// dropped, after checking that the chain holds. Errors: *DamagedError.
func (s *Store) CalendarLog(ctx context.Context, manager string) ([]ledger.Entry, error) {
	if !staffForm.MatchString(manager) {
		return nil, fmt.Errorf("calendar of %.20q: %w", manager, ErrNotFound)
	}
	entries, err := s.tail(ctx, manager)
	if err != nil || len(entries) == 0 || entries[0].Seq == 1 {
		return entries, err
	}
	if s.witness == nil {
		return nil, &DamagedError{calendarName(manager), errors.New("its beginning is in the mirror, and there is none")}
	}
	before, err := s.witness.mirroredCalendar(ctx, manager)
	if err != nil {
		return nil, err
	}
	if n := entries[0].Seq - 1; int64(len(before)) >= n {
		entries = append(before[:n:n], entries...)
	}
	if err := ledger.Verify(entries); err != nil {
		return nil, &DamagedError{calendarName(manager), err}
	}
	return entries, nil
}

// cutEvery is how often a node looks for calendars whose months are over.
const cutEvery = time.Hour

// cutCalendars drops past months of calendars from Redis while the store is open.
func (s *Store) cutCalendars(ctx context.Context) {
	tick := time.NewTicker(cutEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if err := s.CutCalendars(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("calendars were not cut, it is tried again", "err", err)
		}
	}
}

// CutCalendars drops from Redis what its calendars had before this month, in UTC,
// once signed segments of it are in the mirror. The last entry always stays. Any
// number of nodes may do so at once.
func (s *Store) CutCalendars(ctx context.Context) error {
	if s.witness == nil {
		return nil
	}
	ids, err := s.client.ZRange(ctx, prefix+"index:calendars", 0, -1).Result()
	if err != nil {
		return fmt.Errorf("calendars: %w", err)
	}
	year, month, _ := s.now().UTC().Date()
	var faults []error
	for _, id := range ids {
		if err := s.cutCalendar(ctx, id, time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)); err != nil {
			faults = append(faults, fmt.Errorf("calendar of %s: %w", id, err))
		}
	}
	return errors.Join(faults...)
}

func (s *Store) cutCalendar(ctx context.Context, manager string, before time.Time) error {
	stream := prefix + calendarName(manager) + ":" + ledgerRecord
	oldest, err := s.client.XRangeN(ctx, stream, "-", "+", 1).Result()
	if err != nil || len(oldest) == 0 {
		return err
	}
	line, _ := oldest[0].Values["e"].(string)
	if e, err := ledger.Parse([]byte(line)); err != nil || !e.Time().Before(before) {
		return err
	}
	if err := s.mirrorCalendar(ctx, manager); err != nil {
		return err
	}
	kept, err := s.witness.mirroredCalendar(ctx, manager)
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
	_, _, err = s.write(ctx, "XTRIM", stream, "MINID", streamID(until+1))
	return err
}

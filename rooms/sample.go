package rooms

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"verifycall/rooms/db"
	"verifycall/rooms/form"
)

// Sample is a random sample of decided rooms that an auditor had drawn. Each room
// in it has an entry in its custody ledger with the seed and the population.
type Sample struct {
	ID         string    `json:"id"`
	At         time.Time `json:"at"`
	By         string    `json:"by"`         // staff id
	Share      int       `json:"share"`      // ‰ asked for
	Of         int       `json:"of"`         // rooms that it was drawn from
	Seed       string    `json:"seed"`       // hex
	Population string    `json:"population"` // digest of their ids, hex
	Rooms      []string  `json:"rooms"`      // drawn, in the order of their ids
}

// PopulationDigest is the SHA-256, in hex, of the ids in order, a line each.
func PopulationDigest(ids []string) string {
	sum := sha256.Sum256([]byte(strings.Join(slices.Sorted(slices.Values(ids)), "\n") + "\n"))
	return hex.EncodeToString(sum[:])
}

// DrawSample gives the share (‰, rounded up) of the ids whose SHA-256 of seed and
// id is the lowest, in the order of the ids. Whoever has seed and ids draws the same.
func DrawSample(seed string, ids []string, share int) []string {
	type lot struct {
		sum [sha256.Size]byte
		id  string
	}
	lots := make([]lot, 0, len(ids))
	for _, id := range ids {
		lots = append(lots, lot{sha256.Sum256([]byte(seed + "\n" + id)), id})
	}
	slices.SortFunc(lots, func(a, b lot) int { return bytes.Compare(a.sum[:], b.sum[:]) })
	drawn := []string{}
	for _, l := range lots[:min(len(lots), (len(ids)*share+999)/1000)] {
		drawn = append(drawn, l.id)
	}
	slices.Sort(drawn)
	return drawn
}

// MaxSampled bounds the rooms that one sample is drawn from.
const MaxSampled = 5000

// ErrNoneToSample says that no decided room is left to be drawn.
var ErrNoneToSample = errors.New("no decided room is left to be drawn")

// Sample draws from the decided rooms that a query asks for, that no review was
// drawn for and that the auditor has not looked at. Errors: ErrNoneToSample.
func (s *Store) Sample(ctx context.Context, auditor string, q Query, share int) (Sample, error) {
	q.DecidedOnly, q.Unreviewed, q.Auditor, q.Limit = true, true, auditor, maxLimit
	var ids []string
	for len(ids) < MaxSampled {
		page, err := s.List(ctx, q)
		if err != nil {
			return Sample{}, fmt.Errorf("sample: %w", err)
		}
		for _, r := range page.Rooms {
			if !r.Damaged && r.Custody.Seq > 0 && !slices.Contains(r.Shown, auditor) {
				ids = append(ids, r.ID)
			}
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	if len(ids) == 0 {
		return Sample{}, ErrNoneToSample
	}
	var seed [sha256.Size]byte
	rand.Read(seed[:]) // never fails, crypto/rand
	drawn := Sample{ID: "S" + hex.EncodeToString(seed[:6]), At: s.now().UTC(), By: auditor, Share: share, Of: len(ids), Seed: hex.EncodeToString(seed[:]),
		Population: PopulationDigest(ids)}
	drawn.Rooms = DrawSample(drawn.Seed, ids, share)
	for _, id := range drawn.Rooms {
		_, err := s.Do(ctx, id, "auditor:"+auditor, TakeSample{drawn.ID, drawn.Seed, drawn.Of, drawn.Population})
		var illegal *TransitionError
		if err != nil && !errors.As(err, &illegal) { // closed or erased meanwhile
			return drawn, fmt.Errorf("sample: %w", err)
		}
	}
	return drawn, s.keepSample(ctx, drawn)
}

// keptSamples is how many samples are remembered; the custody ledgers have all.
const keptSamples = 200

func (s *Store) keepSample(ctx context.Context, drawn Sample) error {
	text, err := json.Marshal(drawn)
	if err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	if _, _, err := s.db.Write(ctx, "ZADD", db.Prefix+"index:samples", strconv.FormatInt(drawn.At.UnixMilli(), 10), string(text)); err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	if _, _, err := s.db.Write(ctx, "ZREMRANGEBYRANK", db.Prefix+"index:samples", "0", strconv.Itoa(-keptSamples-1)); err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	return nil
}

// Samples gives the last samples, the newest first.
func (s *Store) Samples(ctx context.Context) ([]Sample, error) {
	texts, err := s.db.Client.ZRevRange(ctx, db.Prefix+"index:samples", 0, keptSamples-1).Result()
	if err != nil {
		return nil, fmt.Errorf("samples: %w", err)
	}
	list := make([]Sample, 0, len(texts))
	for _, text := range texts {
		var drawn Sample
		if err := json.Unmarshal([]byte(text), &drawn); err != nil {
			return nil, fmt.Errorf("samples: %w", err)
		}
		list = append(list, drawn)
	}
	return list, nil
}

// maxViews bounds what one auditor's saved views take, in bytes.
const maxViews = 16 << 10

// SaveViews keeps a staff account's saved views, JSON, in the place of the earlier ones.
func (s *Store) SaveViews(ctx context.Context, staff string, views []byte) error {
	if !form.Staff.MatchString(staff) || len(views) > maxViews || !json.Valid(views) {
		return &form.InputError{Command: "SaveViews", Field: "views", Why: "can't be kept"}
	}
	if _, _, err := s.db.Write(ctx, "SET", db.Prefix+"views:"+staff, string(views)); err != nil {
		return fmt.Errorf("saved views: %w", err)
	}
	return nil
}

// Views gives a staff account's saved views, nil where there are none.
func (s *Store) Views(ctx context.Context, staff string) ([]byte, error) {
	list, err := s.db.Client.MGet(ctx, db.Prefix+"views:"+staff).Result()
	if err != nil {
		return nil, fmt.Errorf("saved views: %w", err)
	}
	text, _ := list[0].(string)
	return []byte(text), nil
}

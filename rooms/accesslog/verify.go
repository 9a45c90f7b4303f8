package accesslog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"verifycall/rooms/db"
	"verifycall/rooms/ledger"
	"verifycall/rooms/proof"
)

// Day is one segment as it was read and checked.
type Day struct {
	Day     string         // YYYY-MM-DD, UTC
	Entries []ledger.Entry // Verify leaves them out
	Count   int
	Signed  int64  // the last entry that a checkpoint covers
	Where   string // "redis and mirror", "redis", "mirror"
	Fault   string // what doesn't hold; empty where all does
}

// Reader reads the ledger from Redis, from its mirror, or from both. Either may be
// nil.
type Reader struct {
	DB     *db.DB
	Signer proof.Signer
	Mirror proof.Mirror
}

// Days lists the segments that there are, oldest first.
func (r Reader) Days(ctx context.Context) ([]string, error) {
	days, err := mirroredSegments(ctx, r.Mirror)
	if err != nil {
		return nil, err
	}
	if r.DB == nil {
		return days, nil
	}
	text, err := r.DB.Plain(ctx, kept)
	if err != nil {
		return nil, err
	}
	for _, day := range strings.Fields(text) {
		if !slices.Contains(days, day) {
			days = append(days, day)
		}
	}
	slices.Sort(days)
	return days, nil
}

// Read reads a segment and checks its chain, its signatures, and that Redis and
// the mirror tell the same. A fault of the ledger is the Day's; the error says that
// it couldn't be read.
func (r Reader) Read(ctx context.Context, day string) (d Day, err error) {
	d = Day{Day: day, Where: "mirror"}
	faults := []error{}
	copied, err := mirrored(ctx, r.Mirror, day)
	if fault := ledgerFault(err); fault != nil {
		faults = append(faults, fault)
	} else if err != nil {
		return d, err
	}
	d.Entries = copied
	if r.DB != nil {
		there, err := r.DB.Chain(ctx, aggregate(day), chainName)
		if fault := ledgerFault(err); fault != nil {
			faults = append(faults, fault)
		} else if err != nil {
			return d, err
		}
		if len(there) > 0 {
			if d.Where = "redis and mirror"; len(copied) == 0 {
				d.Where = "redis"
			}
			faults = append(faults, ledger.Verify(copied), agree(there, copied))
			if len(there) >= len(copied) {
				d.Entries = there
			}
		}
	}
	d.Count = len(d.Entries)
	faults = append(faults, ledger.Verify(d.Entries), r.signatures(&d))
	if err := errors.Join(faults...); err != nil {
		d.Fault, _, _ = strings.Cut(err.Error(), "\n")
	}
	return d, nil
}

// ledgerFault gives the error where it says that the ledger doesn't hold.
func ledgerFault(err error) error {
	var chain *ledger.ChainError
	var damaged *db.DamagedError
	if errors.As(err, &chain) || errors.As(err, &damaged) || errors.Is(err, ledger.ErrMalformed) {
		return err
	}
	return nil
}

// agree says where two copies differ; the mirror may be behind.
func agree(there, copied []ledger.Entry) error {
	for i, e := range copied {
		if i >= len(there) {
			return &ledger.ChainError{Seq: e.Seq, Why: "is in the mirror and gone from Redis"}
		}
		if there[i].Hash != e.Hash {
			return &ledger.ChainError{Seq: e.Seq, Why: "is another one in the mirror"}
		}
	}
	return nil
}

// signatures checks the checkpoints; each commit ends with one.
func (r Reader) signatures(d *Day) error {
	for _, e := range d.Entries {
		before, signature, is, err := e.Checkpoint()
		if !is {
			continue
		}
		if err == nil {
			err = r.Signer.CheckHead(headText(d.Day, before), signature)
		}
		if err != nil {
			return &ledger.ChainError{Seq: e.Seq, Why: err.Error()}
		}
		d.Signed = e.Seq
	}
	if n := len(d.Entries); n > 0 && d.Signed != int64(n) {
		return &ledger.ChainError{Seq: d.Signed + 1, Why: "isn't signed, nor what follows"}
	}
	return nil
}

// Verify reads all days and checks also that each begins with the head of the one
// before.
func (r Reader) Verify(ctx context.Context) ([]Day, error) {
	names, err := r.Days(ctx)
	if err != nil {
		return nil, err
	}
	var days []Day
	before := ledger.Head{}
	for i, name := range names {
		d, err := r.Read(ctx, name)
		if err != nil {
			return days, fmt.Errorf("%s: %w", name, err)
		}
		if d.Fault == "" {
			d.Fault = follows(d, i, names, before)
		}
		before = ledger.Head{}
		if n := len(d.Entries); n > 0 {
			before = d.Entries[n-1].Head()
		}
		d.Entries = nil
		days = append(days, d)
	}
	return days, nil
}

// follows says why a segment doesn't follow the one before it. The first there is
// may follow one that isn't kept any more.
func follows(d Day, i int, names []string, before ledger.Head) string {
	if len(d.Entries) == 0 || d.Entries[0].Type != typeBegun {
		return "it doesn't begin with the day before"
	}
	if i == 0 {
		return ""
	}
	b := d.Entries[0].Body
	seq, _ := b["seq"].(int64)
	if b["previous"] != names[i-1] || seq != before.Seq || b["hash"] != before.Hash {
		return fmt.Sprintf("it begins after another end of %s: that day was cut, changed, or is missing", names[i-1])
	}
	return ""
}

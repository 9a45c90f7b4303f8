package accesslog

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"verifycall/rooms/ledger"
	"verifycall/rooms/proof"
)

// mirrorPrefix is where the ledger lies in the evidence store: parts
// "access/DAY/FROM-TO-HASH.jsonl", the entries FROM to TO as canonical lines. HASH
// is the beginning of TO's hash. Parts may overlap.
const mirrorPrefix = "access/"

type part struct {
	from, to int64
	hash     string // 32 hex digits
}

func (p part) name(segment string) string {
	return fmt.Sprintf("%s%s/%06d-%06d-%s.jsonl", mirrorPrefix, segment, p.from, p.to, p.hash)
}

var partName = regexp.MustCompile(`^` + mirrorPrefix + `(\d{4}-\d\d-\d\d)/(\d{6,18})-(\d{6,18})-([0-9a-f]{32})\.jsonl$`)

// parsePart is the inverse of name. What else somebody has laid into the store is
// no part.
func parsePart(name string) (segment string, p part, ok bool) {
	m := partName.FindStringSubmatch(name)
	if m == nil {
		return "", p, false
	}
	p.from, _ = strconv.ParseInt(m[2], 10, 64) // 18 digits fit
	p.to, _ = strconv.ParseInt(m[3], 10, 64)
	p.hash = m[4]
	return m[1], p, p.from >= 1 && p.to >= p.from && p.name(m[1]) == name
}

// partsOf gives the mirrored parts of a segment, by where they begin.
func partsOf(ctx context.Context, m proof.Mirror, segment string) ([]part, error) {
	if m == nil {
		return nil, nil
	}
	names, err := m.List(ctx, mirrorPrefix+segment+"/")
	if err != nil {
		return nil, fmt.Errorf("mirror: %w", err)
	}
	var parts []part
	for _, name := range names {
		if of, p, ok := parsePart(name); ok && of == segment {
			parts = append(parts, p)
		}
	}
	slices.SortFunc(parts, func(a, b part) int { return cmp.Compare(a.from, b.from) })
	return parts, nil
}

// mirroredSegments lists the days of which the mirror has something, oldest first.
func mirroredSegments(ctx context.Context, m proof.Mirror) ([]string, error) {
	if m == nil {
		return nil, nil
	}
	names, err := m.List(ctx, mirrorPrefix)
	if err != nil {
		return nil, fmt.Errorf("mirror: %w", err)
	}
	var days []string
	for _, name := range names {
		if day, _, ok := parsePart(name); ok && !slices.Contains(days, day) {
			days = append(days, day)
		}
	}
	slices.Sort(days)
	return days, nil
}

// mirrored reads a segment from the mirror. Parts that overlap must agree.
func mirrored(ctx context.Context, m proof.Mirror, segment string) ([]ledger.Entry, error) {
	parts, err := partsOf(ctx, m, segment)
	if err != nil {
		return nil, err
	}
	var all []ledger.Entry
	for _, p := range parts {
		content, err := m.Get(ctx, p.name(segment))
		if err != nil {
			return nil, fmt.Errorf("mirror: %w", err)
		}
		entries, err := parseLines(content)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name(segment), err)
		}
		for _, e := range entries {
			switch n := int64(len(all)); {
			case e.Seq == n+1:
				all = append(all, e)
			case e.Seq > n+1:
				return all, &ledger.ChainError{Seq: n + 1, Why: "is missing in the mirror"}
			case e.Seq < 1 || all[e.Seq-1].Hash != e.Hash:
				return all, &ledger.ChainError{Seq: e.Seq, Why: "stands in the mirror twice, differently"}
			}
		}
	}
	return all, nil
}

func parseLines(content []byte) (entries []ledger.Entry, err error) {
	scanner := bufio.NewScanner(bytes.NewReader(content))
	scanner.Buffer(nil, ledger.MaxLine+1)
	for scanner.Scan() {
		e, err := ledger.Parse(scanner.Bytes())
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, scanner.Err()
}

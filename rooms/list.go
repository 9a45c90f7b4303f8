package rooms

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"verifycall/rooms/ledger"
)

// Query asks for rooms. Zero fields don't filter. Rooms come by appointment,
// the earliest first; with DecidedOnly or Verdict by decision, the latest first.
type Query struct {
	From, To    time.Time // of the appointment or decision; To itself is not in
	Manager     string    // staff id
	State       string
	Verdict     string
	DecidedOnly bool
	Cursor      string // Next of the page before
	Limit       int    // 1 to 200, 0 for 50
}

// Page is a part of a list. Next is empty at its end.
type Page struct {
	Rooms []*Room
	Next  string
}

// ErrCursor says that a cursor is none that List gave.
var ErrCursor = errors.New("not a cursor")

const (
	defaultLimit = 50
	maxLimit     = 200
)

// memberships lists the indexes that a room stands in, with its score there.
func memberships(r *Room) map[string]int64 {
	if r.State == "" {
		return nil
	}
	at := r.At
	if at.IsZero() {
		at = r.Created
	}
	in := map[string]int64{"at": at.UnixMilli(), "state:" + r.State: at.UnixMilli()}
	if r.Manager != "" {
		in["at:"+r.Manager] = at.UnixMilli()
	}
	if r.unsealed() {
		in[indexUnsealed] = r.Decided.UnixMilli()
	}
	if !r.Decided.IsZero() {
		for _, name := range []string{decidedIndex("", ""), decidedIndex(r.Manager, ""), decidedIndex("", r.Verdict),
			decidedIndex(r.Manager, r.Verdict)} {
			in[name] = r.Decided.UnixMilli()
		}
	}
	return in
}

func decidedIndex(manager, verdict string) string { return "decided:" + verdict + ":" + manager }

// moves is what leads from one set of memberships to another.
func moves(member string, before, after map[string]int64) []Move {
	var list []Move
	for index := range before {
		if _, stays := after[index]; !stays {
			list = append(list, Move{Index: index, Member: member, Out: true})
		}
	}
	for index, score := range after {
		if old, was := before[index]; !was || old != score {
			list = append(list, Move{Index: index, Member: member, Score: score})
		}
	}
	return list
}

// index is the narrowest index for the query, and whether the latest come first.
func (q Query) index() (name string, latestFirst bool) {
	switch {
	case q.DecidedOnly || q.Verdict != "":
		return decidedIndex(q.Manager, q.Verdict), true
	case q.State != "":
		return "state:" + q.State, false
	case q.Manager != "":
		return "at:" + q.Manager, false
	}
	return "at", false
}

// matches says what the index has not said already.
func (q Query) matches(r *Room) bool {
	return (q.State == "" || r.State == q.State) && (q.Manager == "" || r.Manager == q.Manager)
}

// List gives a page of rooms with the seller's name and mail opened and no
// other personal value. A room that changes its place between two pages can be
// seen twice or not at all. Errors: ErrCursor.
func (s *Store) List(ctx context.Context, q Query) (Page, error) {
	at, err := parseCursor(q.Cursor)
	if err != nil {
		return Page{}, err
	}
	limit := q.Limit
	if limit < 1 {
		limit = defaultLimit
	}
	limit = min(limit, maxLimit)
	var found []placed
	for len(found) <= limit { // one more than asked tells whether there is a next page
		members, err := s.scan(ctx, q, at, limit+1)
		if err != nil {
			return Page{}, fmt.Errorf("list rooms: %w", err)
		}
		if len(members) == 0 {
			break
		}
		at = &members[len(members)-1]
		rooms, err := s.loadAll(ctx, members)
		if err != nil {
			return Page{}, fmt.Errorf("list rooms: %w", err)
		}
		for i, r := range rooms {
			if r != nil && q.matches(r) {
				found = append(found, placed{r, members[i]})
			}
		}
	}
	return pageOf(found, limit), nil
}

type placed struct {
	room *Room
	at   place
}

func pageOf(found []placed, limit int) Page {
	page := Page{Rooms: make([]*Room, 0, min(limit, len(found)))}
	for i, f := range found {
		if i == limit {
			page.Next = found[i-1].at.cursor()
			break
		}
		page.Rooms = append(page.Rooms, f.room)
	}
	return page
}

// place is where a member stands in an index; those of one score stand in the
// order of their names.
type place struct {
	score  int64
	member string
}

func (p place) cursor() string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(p.score, 10) + ":" + p.member))
}

func parseCursor(text string) (*place, error) {
	if text == "" {
		return nil, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %.40q", ErrCursor, text)
	}
	score, member, _ := strings.Cut(string(raw), ":")
	number, err := strconv.ParseInt(score, 10, 64)
	if err != nil || member == "" {
		return nil, fmt.Errorf("%w: %.40q", ErrCursor, text)
	}
	return &place{number, member}, nil
}

// scan gives up to count members that stand after a place.
func (s *Store) scan(ctx context.Context, q Query, after *place, count int) ([]place, error) {
	index, latestFirst := q.index()
	low, high := "-inf", "+inf"
	if !q.From.IsZero() {
		low = strconv.FormatInt(q.From.UnixMilli(), 10)
	}
	if !q.To.IsZero() {
		high = "(" + strconv.FormatInt(q.To.UnixMilli(), 10)
	}
	by := redis.ZRangeArgs{Key: prefix + "index:" + index, ByScore: true, Rev: latestFirst, Count: int64(count)}
	by.Start, by.Stop = low, high
	if latestFirst {
		by.Start, by.Stop = high, low
	}
	if after != nil {
		by.Start = after.score
	}
	for {
		members, err := s.client.ZRangeArgsWithScores(ctx, by).Result()
		if err != nil {
			return nil, err
		}
		if list := beyond(after, members, latestFirst); len(list) > 0 || len(members) < count {
			return list, nil
		}
		by.Offset += int64(count) // all of them share the place's score
	}
}

// beyond drops the members that stand at the place or before it.
func beyond(after *place, members []redis.Z, latestFirst bool) []place {
	var list []place
	for _, z := range members {
		p := place{int64(z.Score), z.Member.(string)}
		if after != nil && p.score == after.score && (p.member == after.member || (p.member < after.member) != latestFirst) {
			continue
		}
		list = append(list, p)
	}
	return list
}

// loadAll reads rooms in two round trips; one that is gone is nil.
func (s *Store) loadAll(ctx context.Context, members []place) ([]*Room, error) {
	pipe := s.client.Pipeline()
	states := make([]*redis.StringCmd, len(members))
	for i, m := range members {
		states[i] = pipe.HGet(ctx, prefix+"room:"+m.member, "state")
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, err
	}
	list := make([]*Room, len(members))
	names := make([]*redis.SliceCmd, len(members))
	pipe = s.client.Pipeline()
	for i, m := range members {
		r, err := roomFrom(m.member, states[i])
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		list[i] = r
		names[i] = pipe.HMGet(ctx, prefix+"room:"+m.member+":private", string(r.SellerName), string(r.SellerMail))
	}
	if pipe.Len() == 0 {
		return list, nil
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	return list, s.openNames(ctx, list, names)
}

func (s *Store) openNames(ctx context.Context, list []*Room, names []*redis.SliceCmd) error {
	for i, r := range list {
		if r == nil {
			continue
		}
		values := map[string]string{}
		for j, c := range []ledger.Commitment{r.SellerName, r.SellerMail} {
			if text, there := names[i].Val()[j].(string); there {
				values[string(c)] = text
			}
		}
		if err := s.open(ctx, r, values); err != nil {
			return err
		}
	}
	return nil
}

package rooms

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"verifycall/rooms/db"

	"github.com/redis/go-redis/v9"
)

// Query asks for rooms. Zero fields don't filter. Rooms come by appointment,
// the earliest first; with DecidedOnly or Verdict by decision, the latest first.
type Query struct {
	From, To    time.Time // of the appointment or decision, a day for example; To itself is not in
	Manager     string    // staff id
	State       string
	Seller      string // mail address, in any case
	Flag        string // code of a silent flag, for who may know of it
	Verdict     string
	DecidedOnly bool

	Due    bool // something of it is to be erased, the first to go first; From and To are of that
	Held   bool // under legal hold, the latest first
	Purged bool // something of it is erased, the latest change first

	ForReview  bool   // what waits for an auditor's decision, the latest verdict first
	Appeals    bool   // what a seller wants looked at again and nobody has answered, the longest waiting first
	Reviewed   bool   // what an auditor has decided, the latest decision first; From and To are of that
	Reason     string // of the verdict
	Profile    string
	Why        string // one of ReviewReasons
	Unreviewed bool   // decided, and no review was drawn
	// Auditor leaves out what this staff account must not review, and, where the
	// query asks for something of the manager's opinion, what is blind for it.
	Auditor string
	Notes   bool // opens the notes and flags too

	Cursor string // Next of the page before
	Limit  int    // 1 to 200, 0 for 50
}

// Page is a part of a list. Next is empty at its end; a page may have fewer
// rooms than asked for, or none, and still a Next: it was cut where too many
// rooms had to be looked at that are not asked for.
type Page struct {
	Rooms []*Room
	Next  string
}

// ErrCursor says that a cursor is none that List gave.
var ErrCursor = errors.New("not a cursor")

const (
	defaultLimit = 50
	maxLimit     = 200
	maxLookedAt  = 2000 // rooms for one page
)

// memberships lists the indexes that a room stands in, with its score there.
func memberships(r *Room) map[string]int64 {
	if r.State == "" {
		return nil
	}
	at := r.place()
	in := map[string]int64{"at": at, stateIndex(r.State, ""): at}
	if r.Manager != "" {
		in["at:"+r.Manager], in[stateIndex(r.State, r.Manager)] = at, at
	}
	if r.inQueue() {
		in[indexQueue] = r.Queued.UnixMilli()
	}
	if r.unsealed() {
		in[indexUnsealed] = r.Decided.UnixMilli()
	}
	if r.Custody.Seq > 0 {
		in[indexArchive] = at
	}
	if r.tellsStore() {
		in[indexKeeping] = at
	}
	if due := r.purgeDue(); !due.IsZero() {
		in[indexDue] = due.UnixMilli()
	}
	if r.Hold != nil {
		in[indexHeld] = r.Hold.Since.UnixMilli()
	}
	if len(r.Purged) > 0 {
		in[indexPurged] = r.Since.UnixMilli()
	}
	if r.Reviewing() {
		in[indexReview] = r.Decided.UnixMilli()
	}
	if r.Appealing() {
		in[indexAppeals] = r.Appeal.At.UnixMilli()
	}
	if o := r.Opinion(); o != nil {
		in[indexReviewed] = o.At.UnixMilli()
	}
	if !r.Decided.IsZero() {
		for _, name := range []string{decidedIndex("", ""), decidedIndex(r.Manager, ""), decidedIndex("", r.Verdict),
			decidedIndex(r.Manager, r.Verdict)} {
			in[name] = r.Decided.UnixMilli()
		}
	}
	return in
}

// place is where a room stands in the order of appointments: ms since 1970.
func (r *Room) place() int64 {
	if r.At.IsZero() {
		return r.Created.UnixMilli()
	}
	return r.At.UnixMilli()
}

func stateIndex(state, manager string) string {
	if manager == "" {
		return "state:" + state
	}
	return "state:" + state + ":" + manager
}

func decidedIndex(manager, verdict string) string { return "decided:" + verdict + ":" + manager }

// moves is what leads from one set of memberships to another.
func moves(member string, before, after map[string]int64) []db.Move {
	var list []db.Move
	for index := range before {
		if _, stays := after[index]; !stays {
			list = append(list, db.Move{Index: index, Member: member, Out: true})
		}
	}
	for index, score := range after {
		if old, was := before[index]; !was || old != score {
			list = append(list, db.Move{Index: index, Member: member, Score: score})
		}
	}
	return list
}

// index is the narrowest index for the query, and whether the latest come first.
func (s *Store) index(q Query) (name string, latestFirst bool) {
	switch {
	case q.Due:
		return indexDue, false
	case q.Held:
		return indexHeld, true
	case q.Purged:
		return indexPurged, true
	case q.Appeals:
		return indexAppeals, false
	case q.ForReview:
		return indexReview, true
	case q.Reviewed:
		return indexReviewed, true
	case q.DecidedOnly || q.Verdict != "":
		return decidedIndex(q.Manager, q.Verdict), true
	case q.Seller != "":
		return s.sellerIndex(q.Seller), false
	case q.Flag != "":
		return s.flagIndex(q.Flag), false
	case q.State != "":
		return stateIndex(q.State, q.Manager), false
	case q.Manager != "":
		return "at:" + q.Manager, false
	}
	return "at", false
}

// among gives those members that stand in the hidden indexes asked for, too.
func (s *Store) among(ctx context.Context, q Query, members []place) ([]place, error) {
	index, _ := s.index(q)
	var others []string
	if name := s.sellerIndex(q.Seller); q.Seller != "" && name != index {
		others = append(others, name)
	}
	if name := s.flagIndex(q.Flag); q.Flag != "" && name != index {
		others = append(others, name)
	}
	for _, other := range others {
		pipe := s.db.Client.Pipeline()
		scores := make([]*redis.FloatCmd, len(members))
		for i, m := range members {
			scores[i] = pipe.ZScore(ctx, db.Prefix+"index:"+other, m.member)
		}
		if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
			return nil, err
		}
		var in []place
		for i, m := range members {
			if scores[i].Err() == nil {
				in = append(in, m)
			}
		}
		if members = in; len(members) == 0 {
			break
		}
	}
	return members, nil
}

// matches says what the index has not said already. A damaged room is taken to be
// what its index says.
func (q Query) matches(r *Room) bool {
	if r.Damaged {
		return q.Manager == "" || q.Seller == "" && q.Flag == ""
	}
	return (q.State == "" || r.State == q.State) && (q.Manager == "" || r.Manager == q.Manager) &&
		(q.Verdict == "" || r.Verdict == q.Verdict) && q.audits(r)
}

// audits says what matters to an auditor.
func (q Query) audits(r *Room) bool {
	why := ""
	if r.Review != nil {
		why = r.Review.Why
	}
	opinion := q.Verdict != "" || q.Reason != "" || q.Flag != "" || q.Appeals
	if q.Auditor != "" && (r.Test || r.Manager == q.Auditor || opinion && r.BlindFor(q.Auditor)) {
		return false
	}
	return (q.Reason == "" || slices.Contains(r.Reasons, q.Reason)) && (q.Profile == "" || r.Profile == q.Profile) &&
		(q.Why == "" || why == q.Why) && (!q.Unreviewed || r.Review == nil && r.State == StateDecided)
}

// Indexes of reviews: those that wait, those with an opinion.
const (
	indexReview   = "review"
	indexReviewed = "reviewed"
)

// List gives a page of rooms with the seller's name and mail opened and no
// other personal value. The projections are shown as Redis has them; Load is
// what compares a room with its signatures and its mirror. One that can't be
// read, or that Load has found damaged, is there with its ID and Damaged alone. A
// room that changes its place between two pages can be seen twice or not at all.
// Errors: ErrCursor.
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
	for looked := 0; len(found) <= limit; { // one more than asked tells whether there is a next page
		members, err := s.scan(ctx, q, at, limit+1)
		if err != nil {
			return Page{}, fmt.Errorf("list rooms: %w", err)
		}
		if len(members) == 0 {
			break
		}
		if looked += len(members); looked > maxLookedAt {
			return Page{Rooms: roomsOf(found), Next: at.cursor()}, nil
		}
		at = &members[len(members)-1]
		more, err := s.matching(ctx, q, members)
		if err != nil {
			return Page{}, fmt.Errorf("list rooms: %w", err)
		}
		found = append(found, more...)
	}
	return pageOf(found, limit), nil
}

// matching reads those of the members that are asked for.
func (s *Store) matching(ctx context.Context, q Query, members []place) ([]placed, error) {
	members, err := s.among(ctx, q, members)
	if err != nil || len(members) == 0 {
		return nil, err
	}
	rooms, err := s.loadAll(ctx, members, q.Notes)
	if err != nil {
		return nil, err
	}
	var found []placed
	for i, r := range rooms {
		if r != nil && q.matches(r) {
			found = append(found, placed{r, members[i]})
		}
	}
	return found, nil
}

type placed struct {
	room *Room
	at   place
}

func pageOf(found []placed, limit int) Page {
	if len(found) <= limit {
		return Page{Rooms: roomsOf(found)}
	}
	return Page{Rooms: roomsOf(found[:limit]), Next: found[limit-1].at.cursor()}
}

func roomsOf(found []placed) []*Room {
	list := make([]*Room, 0, len(found))
	for _, f := range found {
		list = append(list, f.room)
	}
	return list
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
	index, latestFirst := s.index(q)
	low, high := "-inf", "+inf"
	if !q.From.IsZero() {
		low = strconv.FormatInt(q.From.UnixMilli(), 10)
	}
	if !q.To.IsZero() {
		high = "(" + strconv.FormatInt(q.To.UnixMilli(), 10)
	}
	by := redis.ZRangeArgs{Key: db.Prefix + "index:" + index, ByScore: true, Rev: latestFirst, Count: int64(count)}
	by.Start, by.Stop = low, high
	if latestFirst {
		by.Start, by.Stop = high, low
	}
	if after != nil {
		by.Start = after.score
	}
	for {
		members, err := s.db.Client.ZRangeArgsWithScores(ctx, by).Result()
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

// loadAll reads rooms in two round trips; one that is gone is nil, one that can't
// be understood is damaged.
func (s *Store) loadAll(ctx context.Context, members []place, notes bool) ([]*Room, error) {
	pipe := s.db.Client.Pipeline()
	states := make([]*redis.StringCmd, len(members))
	for i, m := range members {
		states[i] = pipe.HGet(ctx, db.Prefix+"room:"+m.member, "state")
	}
	if _, err := pipe.Exec(ctx); !answered(err) {
		return nil, err
	}
	list := make([]*Room, len(members))
	names := make([]*redis.SliceCmd, len(members))
	pipe = s.db.Client.Pipeline()
	for i, m := range members {
		r, err := roomFrom(m.member, states[i])
		switch {
		case errors.Is(err, ErrNotFound):
			continue
		case err != nil || r.ID != m.member || s.witness.doubts(m.member):
			list[i] = s.damagedAt(m, err)
			continue
		}
		list[i] = r
		names[i] = pipe.HMGet(ctx, db.Prefix+"room:"+m.member+":private", r.listed(notes)...)
	}
	if pipe.Len() == 0 {
		return list, nil
	}
	if _, err := pipe.Exec(ctx); !answered(err) {
		return nil, err
	}
	for i, r := range list {
		if r == nil || r.Damaged {
			continue
		}
		var damaged *db.DamagedError
		switch err := s.openNames(ctx, r, r.listed(notes), names[i]); {
		case errors.As(err, &damaged):
			list[i] = s.damagedAt(members[i], err)
		case err != nil:
			return nil, err
		}
	}
	return list, nil
}

// answered says whether Redis has answered every command of a pipeline, be it that
// one is refused.
func answered(err error) bool {
	var reply redis.Error
	return err == nil || errors.As(err, &reply) && !errors.Is(err, db.ErrAway)
}

// damagedAt is what a list shows of a room that can't be used: where it stands,
// nothing more.
func (s *Store) damagedAt(m place, err error) *Room {
	if err != nil {
		s.log.Error("RECORD DAMAGED: a list shows a room as damaged", "room", m.member, "why", err)
	}
	at := time.UnixMilli(m.score).UTC()
	return &Room{ID: m.member, Damaged: true, At: at, Decided: at}
}

// listedNotes bounds the notes of a room that a list opens.
const listedNotes = 50

// listed names the personal values of a room that a list opens.
func (r *Room) listed(notes bool) []string {
	list := []string{string(r.SellerName), string(r.SellerMail)}
	for i, ref := range r.Notes {
		if notes && i < listedNotes {
			list = append(list, string(ref.Content))
		}
	}
	return list
}

func (s *Store) openNames(ctx context.Context, r *Room, asked []string, names *redis.SliceCmd) error {
	if err := names.Err(); err != nil {
		return &db.DamagedError{Room: r.ID, Err: err}
	}
	values := map[string]string{}
	for j, c := range asked {
		if text, there := names.Val()[j].(string); there {
			values[c] = text
		}
	}
	return s.open(ctx, r, values)
}

package rooms

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"verifycall/rooms/db"
	"verifycall/rooms/ledger"
	"verifycall/rooms/redistest"
)

// closedFew is how many closed rooms the test makes; ROOMS_CLOSED says otherwise.
const closedFew = 2000

// closedManagers share the rooms.
const closedManagers = 200

// TestClosedRooms fills a real Redis with closed rooms and pages through each
// index and pairs of them: each page holds what was asked for and no other. It
// prints how long a page of 50 takes and what a closed room costs in memory, one
// JSON object a line. The rooms are copies of one that was held from its creation
// to its custody ledger. The first 20,000 are whole, and
// then without their record, as a closed room is; the others are without their
// ledgers, which no list reads.
func TestClosedRooms(t *testing.T) {
	many := closedFew
	if text := os.Getenv("ROOMS_CLOSED"); text != "" {
		var err error
		if many, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	server := redistest.Serve(t, "--appendonly", "no")
	s := openStore(t, Options{URL: server.URL(), Keys: newOneKey(t)})
	c := newCopier(t, s)
	c.writer = redis.NewClient(&redis.Options{Addr: server.Addr, ReadTimeout: time.Minute, WriteTimeout: time.Minute})
	defer c.writer.Close()
	empty := c.used(t)
	whole := min(many, 20_000)
	c.fill(t, 0, whole, many, true)
	fmt.Printf(`{"name":"closed_room_bytes","of":"before its record leaves Redis","mean":%d,"n":%d}`+"\n", (c.used(t)-empty)/whole, whole)
	c.archive(t, whole)
	fmt.Printf(`{"name":"closed_room_bytes","of":"all that stays in Redis","mean":%d,"n":%d}`+"\n", (c.used(t)-empty)/whole, whole)
	before := c.used(t)
	c.fill(t, whole, many, many, false)
	if many > whole {
		fmt.Printf(`{"name":"closed_room_bytes","of":"projection, names, indexes","mean":%d,"n":%d}`+"\n", (c.used(t)-before)/(many-whole), many-whole)
	}
	queries := map[string]Query{
		"day":          {From: c.day, To: c.day.Add(24 * time.Hour)},
		"manager":      {Manager: "m7"},
		"seller":       {Seller: c.mail(140)},
		"verdict":      {Verdict: VerdictFail},
		"flag":         {Flag: "S_FRAUD"},
		"state":        {State: StateClosed},
		"manager+day":  {Manager: "m7", From: c.day, To: c.day.Add(30 * 24 * time.Hour)},
		"verdict+day":  {Verdict: VerdictPass, From: c.day, To: c.day.Add(24 * time.Hour)},
		"manager+fail": {Manager: "m7", Verdict: VerdictFail},
		"flag+verdict": {Flag: "S_FRAUD", Verdict: VerdictPass},
		"seller+state": {Seller: c.mail(180), State: StateClosed},
	}
	for name, q := range queries {
		took := c.pages(t, name, q)
		p := func(f float64) float64 { return float64(took[int(f*float64(len(took)-1))].Microseconds()) / 1000 }
		fmt.Printf(`{"name":"closed_page_ms","filter":%q,"rooms":%d,"p50":%.2f,"p95":%.2f,"n":%d}`+"\n", name, many, p(0.5), p(0.95), len(took))
	}
}

// oneKey opens the personal values of all aggregates: a million keys are not what
// is measured.
type oneKey struct{ cipher.AEAD }

// ValueKey implements Keys.
func (k oneKey) ValueKey(context.Context, string, bool) (cipher.AEAD, error) { return k.AEAD, nil }

func newOneKey(t *testing.T) oneKey {
	t.Helper()
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	key, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return oneKey{key}
}

// copier makes closed rooms of one.
type copier struct {
	s      *Store
	writer *redis.Client // has all the time that a batch takes
	from   *Room
	names  []ledger.Private // that a list opens
	day    time.Time
}

func newCopier(t *testing.T, s *Store) *copier {
	t.Helper()
	r := create(t, s, nil)
	r = do(t, s, r.ID, wholeCall(t)...)
	r = do(t, s, r.ID, OpenCustody{Bundle: capture.SHA256, RecordHead: r.Record}, LogView{"a1", "room"})
	privates, err := s.Privates(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	c := &copier{s: s, from: r, day: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)}
	for _, p := range privates {
		if slices.Contains(r.listed(false), string(p.Commitment)) {
			c.names = append(c.names, p)
		}
	}
	return c
}

// copiesOfSeller is how many rooms one seller has.
const copiesOfSeller = 20

func (c *copier) mail(n int) string {
	return fmt.Sprintf("seller%d@example.org", n/copiesOfSeller)
}

// room is the n-th copy's projection: 200 managers, rooms over some 250 days, a
// third failed.
func (c *copier) room(t *testing.T, n, of int) *Room {
	t.Helper()
	r, err := c.from.clone()
	if err != nil {
		t.Fatal(err)
	}
	r.ID, r.Manager, r.State = copyID(n), fmt.Sprint("m", n%closedManagers), StateClosed
	r.Verdict = []string{VerdictPass, VerdictFail, VerdictPass}[n/closedManagers%3]
	r.At = c.day.Add(time.Duration(int64(250*24*time.Hour) / int64(of) * int64(n)).Truncate(time.Second))
	r.Decided = r.At.Add(20 * time.Minute)
	return r
}

// flagged says whether the n-th copy has a silent flag.
func flagged(n int) bool { return n%100 == 0 }

func copyID(n int) string {
	const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	text := []byte("R-00000000")
	for i := len(text) - 1; n > 0; i-- {
		text[i] = digits[n%32]
		n /= 32
	}
	return string(text)
}

// put writes a copy: its projection, its names encrypted for it, and its indexes;
// whole, its ledgers and other private values too.
func (c *copier) put(t *testing.T, pipe redis.Pipeliner, n, of int, whole bool) {
	ctx, r := t.Context(), c.room(t, n, of)
	state, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	from, to := db.Prefix+"room:"+c.from.ID, db.Prefix+"room:"+r.ID
	if whole {
		for _, part := range []string{":record", ":custody", ":private"} {
			pipe.Copy(ctx, from+part, to+part, 0, false)
		}
	}
	pipe.HSet(ctx, to, "record", db.HeadText(r.Record), "custody", db.HeadText(r.Custody), "state", state)
	names, err := c.s.db.Ready(ctx, db.Change{Aggregate: "room:" + r.ID, Privates: c.names})
	if err != nil {
		t.Fatal(err)
	}
	for _, stored := range names.Stored {
		pipe.HSet(ctx, to+":private", stored)
	}
	in := memberships(r)
	in[c.s.sellerIndex(c.mail(n))] = r.place()
	if flagged(n) {
		in[c.s.flagIndex("S_FRAUD")] = r.place()
	}
	for name, score := range in {
		pipe.ZAdd(ctx, db.Prefix+"index:"+name, redis.Z{Score: float64(score), Member: r.ID})
	}
}

func (c *copier) fill(t *testing.T, from, to, of int, whole bool) {
	t.Helper()
	const batch = 500
	for ; from < to; from += batch {
		pipe := c.writer.Pipeline()
		for n := from; n < min(from+batch, to); n++ {
			c.put(t, pipe, n, of, whole)
		}
		if _, err := pipe.Exec(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

// archive takes the records of the first copies out of Redis.
func (c *copier) archive(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		key := db.Prefix + "room:" + copyID(i)
		reply, err := c.s.db.Run(t.Context(), archiveScript,
			[]string{key, key + ":" + ledgerRecord, db.Prefix + "index:" + indexArchive}, []string{db.HeadText(c.from.Record), copyID(i)})
		if err != nil || reply != "DONE" {
			t.Fatal(reply, err)
		}
	}
}

// used is what Redis has in memory, in bytes.
func (c *copier) used(t *testing.T) int {
	t.Helper()
	text, err := c.s.db.Client.Info(t.Context(), "memory").Result()
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ = strings.Cut(text, "used_memory:")
	n, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(text, "\n", 2)[0]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// pages goes through a query's pages of 50 and gives how long each took, sorted.
func (c *copier) pages(t *testing.T, name string, q Query) (took []time.Duration) {
	t.Helper()
	const count = 100
	seen := map[string]bool{}
	for len(took) < count {
		began := time.Now()
		page, err := c.s.List(t.Context(), q)
		took = append(took, time.Since(began))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Rooms {
			if seen[r.ID] || r.Damaged || r.Text(r.SellerMail) == "" || !q.matches(r) || !q.From.IsZero() && (r.At.Before(q.From.Add(-time.Hour)) || r.At.After(q.To)) {
				t.Fatalf("%s: %s of %s at %s is in the page, damaged %t, seen %t", name, r.ID, r.Manager, r.At, r.Damaged, seen[r.ID])
			}
			seen[r.ID] = true
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			if len(seen) == 0 {
				t.Errorf("%s: nothing found", name)
			}
			clear(seen) // from the first page again
		}
	}
	slices.Sort(took)
	return took
}

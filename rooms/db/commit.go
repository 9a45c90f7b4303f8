package db

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"verifycall/rooms/ledger"
)

//go:embed lua/commit.lua
var commitSource string

var commitScript = NewScript(commitSource)

// Chain is one ledger of an aggregate as a change has seen it.
type Chain struct {
	Ledger  string         // "record", "custody"
	Expect  ledger.Head    // where it was read
	Entries []ledger.Entry // what follows; none to check the head only
}

// Change is what a commit does to one aggregate: a room, a calendar, an account,
// whatever has ledgers. Names of keys have no prefix.
//
// What must come or go together with an entry is part of its Change: indexes and
// deadlines as Moves (a deadline is a member of an index whose score is when it is
// due), plain keys as Sets, queues and counters as Ops. What must still be true
// when it is written is a Guard. A commit over a room and a calendar is
// Commit(ctx, roomChange, calendarChange).
type Change struct {
	Aggregate string           // "room:R-7K3M9QXD"
	Chains    []Chain          // all its ledgers; one at least with entries
	State     []byte           // its new projection
	Cut       bool             // it lacks what an earlier release doesn't know
	Privates  []ledger.Private // opened values of the entries' commitments; encrypted when they are written
	locked    []string         // they, encrypted
	Moves     []Move
	Sets      map[string][]byte // plain keys that belong to it: "link:HASH"
	Ops       []Op              // after all else, in this order
	Guards    []Guard
}

// Writes says whether the change holds an entry.
func (c Change) Writes() bool {
	return slices.ContainsFunc(c.Chains, func(chain Chain) bool { return len(chain.Entries) > 0 })
}

// UnmarshalJSON reads a chain back as it is kept: the entries as lines, so
// that their bodies keep their types.
func (c *Chain) UnmarshalJSON(text []byte) error {
	var raw struct {
		Ledger  string
		Expect  ledger.Head
		Entries []json.RawMessage
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		return err
	}
	*c = Chain{Ledger: raw.Ledger, Expect: raw.Expect}
	for _, line := range raw.Entries {
		e, err := ledger.Parse(line)
		if err != nil {
			return err
		}
		c.Entries = append(c.Entries, e)
	}
	return nil
}

// MarshalJSON writes a chain with its entries as their canonical lines.
func (c Chain) MarshalJSON() ([]byte, error) {
	lines := make([]json.RawMessage, 0, len(c.Entries))
	for _, e := range c.Entries {
		line, err := e.Line()
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return json.Marshal(map[string]any{"Ledger": c.Ledger, "Expect": c.Expect, "Entries": lines})
}

// Op is one more write of a commit. Its key must have no time to live: what a
// commit does is the same at each replay of the embedded journal.
type Op struct {
	Name string   // HSET, HDEL, ZADD, ZREM, SET, DEL, SADD, SREM, XADD (with an id), INCRBY, PUBLISH
	Key  string   // or channel
	Args []string // what follows the key
}

// Guard is a value in Redis that must stand as it was read: the fence of a Lease,
// a switch. An absent one is empty.
type Guard struct {
	Key   string
	Field string // of a hash; empty for a plain key
	Want  string
}

// Move puts a member into an index or takes it out.
type Move struct {
	Index  string
	Member string
	Score  int64 // milliseconds since 1970; not used to take out
	Out    bool
}

// Commit writes the changes, all or nothing, where every chain still ends as
// expected. It is idempotent: the hash of a commit's last entry names it, and
// where that entry stands already the commit counts as done. Errors:
// ErrConflict and ErrFenced (nothing was changed), ErrUnknown (Redis can't be asked whether it
// was written; the same commit may be sent again), ErrAway without ErrUnknown
// (it was not sent), others say that nothing was
// changed and sending again won't help.
func (d *DB) Commit(ctx context.Context, changes ...Change) (err error) {
	defer func(began time.Time) { d.metrics.committed(began, err) }(time.Now())
	last, err := lastEntry(changes)
	if err == nil {
		err = d.carried(changes)
	}
	if err != nil {
		return err
	}
	if err := d.lock(ctx, changes); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	keys, args, err := encode(changes)
	if err != nil {
		return err
	}
	reply, err := d.Run(ctx, commitScript, keys, args)
	if errors.Is(err, errSlow) { // sent again it writes nothing twice
		reply, err = d.Run(ctx, commitScript, keys, args)
	}
	switch {
	case err != nil:
		return d.settle(ctx, last, err, func(ctx context.Context) error {
			_, err := d.Run(ctx, commitScript, keys, args)
			return err
		})
	case reply == "DONE", reply == "AGAIN":
		return nil
	case strings.HasPrefix(reply, "FENCED"):
		return fmt.Errorf("%w: %s", ErrFenced, reply)
	}
	return fmt.Errorf("%w: %s", ErrConflict, reply)
}

// carried says whether everybody who is there can read a change.
func (d *DB) carried(changes []Change) error {
	if d.carries == nil {
		return nil
	}
	return d.carries(changes)
}

// Ready is a commit of one change as it is sent, its personal values encrypted:
// it can be kept, and sent later or again.
type Ready struct {
	Keys   []string   `json:"keys"`
	Args   []string   `json:"args"`
	Chains []Chain    `json:"chains"`
	Stored [][]string `json:"stored"` // personal values: commitment, as it lies in Redis
}

// Ready lays a change out as it is sent.
func (d *DB) Ready(ctx context.Context, change Change) (r Ready, err error) {
	changes := []Change{change}
	if err := d.lock(ctx, changes); err != nil {
		return r, err
	}
	if r.Keys, r.Args, err = encode(changes); err != nil {
		return r, err
	}
	r.Chains = change.Chains
	for i, private := range change.Privates {
		r.Stored = append(r.Stored, []string{string(private.Commitment), changes[0].locked[i]})
	}
	return r, nil
}

// Send commits what is ready, once however often it is sent. refusal says in
// Redis's words why it was not written, where a chain goes on otherwise or a guard
// doesn't hold.
func (d *DB) Send(ctx context.Context, r Ready) (refusal string, err error) {
	reply, err := d.Run(ctx, commitScript, r.Keys, r.Args)
	if reply == "DONE" || reply == "AGAIN" {
		reply = ""
	}
	return reply, err
}

// commitID tells a commit by its last entry.
type commitID struct {
	stream string
	entry  ledger.Entry
}

func lastEntry(changes []Change) (id commitID, err error) {
	for _, c := range changes {
		for _, chain := range c.Chains {
			if n := len(chain.Entries); n > 0 {
				id = commitID{Prefix + c.Aggregate + ":" + chain.Ledger, chain.Entries[n-1]}
			}
		}
	}
	if id.stream == "" {
		return id, errors.New("commit: no entries")
	}
	return id, nil
}

// settle finds out whether a commit that got no answer was written, and has the
// replicas confirm it by sending it again.
func (d *DB) settle(ctx context.Context, id commitID, cause error, again func(context.Context) error) error {
	var refused redis.Error
	switch {
	case d.embedded != nil || errors.As(cause, &refused) && !absent(cause) || errors.Is(cause, errNotAsked):
		return fmt.Errorf("commit: %w", cause)
	case errors.Is(cause, errShort):
		return fmt.Errorf("%w: %w", ErrUnknown, cause)
	}
	ctx, cancel := context.WithTimeout(withoutPulse(context.WithoutCancel(ctx)), settleTime)
	defer cancel()
	entries, err := d.Entries(ctx, id.stream, StreamID(id.entry.Seq))
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUnknown, errors.Join(cause, err))
	case len(entries) == 0:
		return fmt.Errorf("%w: %w", ErrUnknown, cause)
	case entries[0].Hash != id.entry.Hash:
		return fmt.Errorf("%w: %w", ErrConflict, cause)
	case d.replicas > 0:
		if err := again(ctx); err != nil {
			return fmt.Errorf("%w: %w", ErrUnknown, errors.Join(cause, err))
		}
	}
	return nil
}

// call collects KEYS and ARGV of the script.
type call struct {
	keys  []string
	index map[string]string // key → its number in keys
	args  []string
}

func (c *call) key(name string) string {
	number, known := c.index[name]
	if !known {
		c.keys = append(c.keys, Prefix+name)
		number = strconv.Itoa(len(c.keys))
		c.index[name] = number
	}
	return number
}

func (c *call) add(args ...string) { c.args = append(c.args, args...) }

func (c *call) command(name, key string, args ...string) {
	c.add(name, c.key(key), strconv.Itoa(len(args)))
	c.add(args...)
}

// encode lays the changes out as commit.lua reads them.
func encode(changes []Change) (keys, args []string, err error) {
	c := &call{index: map[string]string{}}
	chains, guards := 0, []Guard(nil)
	for _, change := range changes {
		chains += len(change.Chains)
		guards = append(guards, change.Guards...)
	}
	c.add(strconv.Itoa(chains))
	for _, change := range changes {
		for _, chain := range change.Chains {
			if err := c.chain(change.Aggregate, chain); err != nil {
				return nil, nil, err
			}
		}
	}
	c.add(strconv.Itoa(len(guards)))
	for _, g := range guards {
		c.add(c.key(g.Key), g.Field, g.Want)
	}
	for _, change := range changes {
		if err := c.rest(change); err != nil {
			return nil, nil, err
		}
	}
	return c.keys, c.args, nil
}

func (c *call) chain(aggregate string, chain Chain) error {
	head := chain.Expect
	if n := len(chain.Entries); n > 0 {
		head = chain.Entries[n-1].Head()
	}
	c.add(c.key(aggregate), chain.Ledger, HeadText(chain.Expect), HeadText(head),
		c.key(aggregate+":"+chain.Ledger), strconv.Itoa(len(chain.Entries)))
	for _, e := range chain.Entries {
		line, err := e.Line()
		if err != nil {
			return err
		}
		c.add(StreamID(e.Seq), string(line))
	}
	return nil
}

var opNames = []string{"HSET", "HDEL", "ZADD", "ZREM", "SET", "DEL", "SADD", "SREM", "XADD", "INCRBY", "PUBLISH"}

func (c *call) rest(change Change) error {
	if change.State != nil {
		c.command("HSET", change.Aggregate, "state", string(change.State))
	}
	for i, p := range change.Privates {
		c.command("HSET", change.Aggregate+":private", string(p.Commitment), change.locked[i])
	}
	for _, m := range change.Moves {
		if m.Out {
			c.command("ZREM", "index:"+m.Index, m.Member)
		} else {
			c.command("ZADD", "index:"+m.Index, strconv.FormatInt(m.Score, 10), m.Member)
		}
	}
	for key, value := range change.Sets {
		c.command("SET", key, string(value))
	}
	for _, op := range change.Ops {
		if !slices.Contains(opNames, op.Name) {
			return fmt.Errorf("commit: no op %q", op.Name)
		}
		c.command(op.Name, op.Key, op.Args...)
	}
	return nil
}

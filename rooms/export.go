package rooms

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"verifycall/rooms/db"

	"github.com/redis/go-redis/v9"
)

// Item is one aggregate, or one key that belongs to none, as Redis had it at one
// moment. Names have no prefix.
type Item struct {
	Aggregate string   `json:"aggregate,omitempty"` // "room:R-7K3M9QXD"; empty for a key of its own
	Record    []string `json:"record,omitempty"`    // canonical lines
	Custody   []string `json:"custody,omitempty"`
	Keys      []Held   `json:"keys"` // all else of it: projection and heads, private values as they lie there, what became of mails
}

// Held is what one key held. One of Text, Hash, Sorted, Set and Stream is there.
type Held struct {
	Key    string            `json:"key"`
	Text   *string           `json:"text,omitempty"`
	Hash   map[string]string `json:"hash,omitempty"`
	Sorted map[string]int64  `json:"sorted,omitempty"` // members and scores
	Set    []string          `json:"set,omitempty"`
	Stream []string          `json:"stream,omitempty"` // canonical lines of a ledger, from the first
	Until  int64             `json:"until,omitempty"`  // ms since 1970; 0: for ever
}

// passing are keys that mean nothing in another Redis or on another day: leases
// and announcements, limits, sessions and what a request was used for. Indexes of
// rooms and their deadlines are made anew, see Reindex.
var passing = regexp.MustCompile(`^(lease:.*|node:.*|nodes|limit:.*|knock|keys:.*|common:.*|ticket:(session|idem):.*|index:grants:session|index:ended|index:here|index:queue|index:` + due + `|index:` + indexKeeping + `)$`)

func exported(name string) bool {
	index, is := strings.CutPrefix(name, "index:")
	return !passing.MatchString(name) && !(is && roomIndex.MatchString(index))
}

// Export gives all there is to be kept of Redis, aggregates first and each as it was
// at one moment. Nodes may serve meanwhile: what begins after Export began may be
// missing.
func (s *Store) Export(ctx context.Context, visit func(Item) error) error {
	names, err := s.everyKey(ctx)
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	whole, alone := aggregatesOf(names)
	for _, name := range slices.Sorted(maps.Keys(whole)) {
		item, err := s.exportItem(ctx, name, whole[name])
		if err == nil {
			err = visit(item)
		}
		if err != nil {
			return fmt.Errorf("export %s: %w", name, err)
		}
	}
	for _, names := range together(alone) {
		name := names[0]
		item, err := s.exportItem(ctx, "", names)
		if err == nil && len(item.Keys) > 0 {
			err = visit(item)
		}
		if err != nil {
			return fmt.Errorf("export %s: %w", name, err)
		}
	}
	return nil
}

// everyKey lists the names of all keys to be kept, sorted.
func (s *Store) everyKey(ctx context.Context) ([]string, error) {
	found := map[string]bool{} // SCAN may give a key twice
	err := s.scanKeys(ctx, db.Prefix+"*", func(key string) {
		if name := strings.TrimPrefix(key, db.Prefix); exported(name) {
			found[name] = true
		}
	})
	return slices.Sorted(maps.Keys(found)), err
}

// scanKeys visits the keys of a pattern on the server that has all of them.
func (s *Store) scanKeys(ctx context.Context, pattern string, visit func(key string)) error {
	var on redis.UniversalClient = s.db.Client
	if cluster, ok := s.db.Client.(*redis.ClusterClient); ok {
		master, err := cluster.MasterForKey(ctx, db.Prefix)
		if err != nil {
			return err
		}
		on = master
	}
	keys := on.Scan(ctx, 0, pattern, 1000).Iterator()
	for keys.Next(ctx) {
		visit(keys.Val())
	}
	return keys.Err()
}

// aggregatesOf sorts names into aggregates, each with its further keys, and those
// that stand alone.
func aggregatesOf(names []string) (whole map[string][]string, alone []string) {
	whole = map[string][]string{}
	for _, name := range names {
		if aggregate, is := strings.CutSuffix(name, ":"+ledgerRecord); is {
			whole[aggregate] = nil
		} else if strings.HasPrefix(name, "room:") && strings.Count(name, ":") == 1 { // its record may lie in the mirror alone
			whole[name] = nil
		}
	}
	for _, name := range names {
		aggregate, rest := name, ""
		if parts := strings.SplitN(name, ":", 3); len(parts) == 3 {
			aggregate, rest = parts[0]+":"+parts[1], parts[2]
		}
		more, is := whole[aggregate]
		switch {
		case !is:
			alone = append(alone, name)
		case rest != "" && rest != ledgerRecord && rest != ledgerCustody && rest != "private":
			whole[aggregate] = append(more, name)
		}
	}
	return whole, alone
}

// together puts keys that only make sense with each other into one list: a log's
// head and its stream.
func together(alone []string) (lists [][]string) {
	for _, name := range alone {
		if n := len(lists); n > 0 && strings.HasPrefix(name, logPrefix) && strings.HasPrefix(name, lists[n-1][0]+":") {
			lists[n-1] = append(lists[n-1], name)
			continue
		}
		lists = append(lists, []string{name})
	}
	return lists
}

// logPrefix begins the names of logs that are ledgers of their own.
const logPrefix = "access:"

// exportItem reads an aggregate with its further keys, or the keys alone, in one
// transaction.
func (s *Store) exportItem(ctx context.Context, aggregate string, more []string) (Item, error) {
	item := Item{Aggregate: aggregate}
	names, kinds := []string{}, []string{}
	if aggregate != "" {
		names, kinds = append(names, aggregate, aggregate+":private"), append(kinds, "hash", "hash")
	}
	for _, name := range more {
		kind, err := s.db.Client.Type(ctx, db.Prefix+name).Result()
		if err != nil {
			return item, err
		}
		names, kinds = append(names, name), append(kinds, kind)
	}
	var streams []*redis.XMessageSliceCmd
	var reads []func() (Held, bool)
	pipe := s.db.Client.TxPipeline()
	if aggregate != "" {
		for _, name := range []string{ledgerRecord, ledgerCustody} {
			streams = append(streams, pipe.XRange(ctx, db.Prefix+aggregate+":"+name, "-", "+"))
		}
	}
	for i, name := range names {
		read, err := reading(ctx, pipe, name, kinds[i])
		if err != nil {
			return item, err
		}
		if read != nil {
			reads = append(reads, read)
		}
	}
	if len(streams)+len(reads) == 0 { // it is gone
		return item, nil
	}
	now := s.now()
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return item, err
	}
	for i, into := range []*[]string{&item.Record, &item.Custody}[:len(streams)] {
		for _, m := range streams[i].Val() {
			line, _ := m.Values["e"].(string)
			*into = append(*into, line)
		}
	}
	for _, read := range reads {
		if held, there := read(); there {
			if held.Until > 0 {
				held.Until += now.UnixMilli()
			}
			item.Keys = append(item.Keys, held)
		}
	}
	return item, s.exportArchived(ctx, &item)
}

// exportArchived reads the record of a room that left Redis from the mirror. One
// that isn't there is a damaged room's and is left out; a mirror that can't be
// asked is an error.
func (s *Store) exportArchived(ctx context.Context, item *Item) error {
	room, is := strings.CutPrefix(item.Aggregate, "room:")
	if !is || len(item.Record) > 0 {
		return nil
	}
	record, err := s.chain(ctx, item.Aggregate, ledgerRecord)
	var damaged *db.DamagedError
	if errors.As(err, &damaged) {
		s.log.Error("RECORD DAMAGED: a room is backed up without it", "room", room, "why", err)
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range record {
		line, err := e.Line()
		if err != nil {
			return err
		}
		item.Record = append(item.Record, string(line))
	}
	return nil
}

// reading asks for what a key holds and gives what reads the answer; nil for a key
// that is gone. Until is then the time that is left.
func reading(ctx context.Context, pipe redis.Pipeliner, name, kind string) (func() (Held, bool), error) {
	key := db.Prefix + name
	held := Held{Key: name}
	var take func() bool
	switch kind {
	case "string":
		text := pipe.Get(ctx, key)
		take = func() bool { value, err := text.Result(); held.Text = &value; return err == nil }
	case "hash":
		hash := pipe.HGetAll(ctx, key)
		take = func() bool { held.Hash = hash.Val(); return len(held.Hash) > 0 }
	case "zset":
		sorted := pipe.ZRangeWithScores(ctx, key, 0, -1)
		take = func() bool {
			held.Sorted = map[string]int64{}
			for _, z := range sorted.Val() {
				member, _ := z.Member.(string)
				held.Sorted[member] = int64(z.Score)
			}
			return len(held.Sorted) > 0
		}
	case "set":
		set := pipe.SMembers(ctx, key)
		take = func() bool { held.Set = set.Val(); return len(held.Set) > 0 }
	case "stream":
		stream := pipe.XRange(ctx, key, "-", "+")
		take = func() bool {
			for _, m := range stream.Val() {
				line, _ := m.Values["e"].(string)
				held.Stream = append(held.Stream, line)
			}
			return len(held.Stream) > 0
		}
	case "none":
		return nil, nil
	default:
		return nil, fmt.Errorf("%s is a %s, of which no backup is made", name, kind)
	}
	left := pipe.PTTL(ctx, key)
	return func() (Held, bool) {
		if !take() {
			return held, false
		}
		held.Until = max(0, left.Val().Milliseconds())
		return held, true
	}, nil
}

// Vacant says whether nothing that Export would give is there, and no node serves.
// Errors: ErrInUse.
func (s *Store) Vacant(ctx context.Context) error {
	names, err := s.everyKey(ctx)
	if err != nil {
		return fmt.Errorf("look what is there: %w", err)
	}
	if len(names) > 0 {
		return fmt.Errorf("%w: it has %d keys, as %s", ErrInUse, len(names), names[0])
	}
	return s.Unserved(ctx)
}

// Unserved says whether no node serves on this Redis, as far as nodes are announced.
// Errors: ErrInUse.
func (s *Store) Unserved(ctx context.Context) error {
	nodes, err := s.Announced(ctx)
	if err == nil && len(nodes) > 0 {
		return fmt.Errorf("%w: a node serves on it; stop every node, one that was lost counts for some seconds", ErrInUse)
	}
	return err
}

// ErrInUse says that this Redis isn't empty, or that a node serves on it.
var ErrInUse = errors.New("redis is in use")

// write commands of a Held, in parts of at most so many arguments.
const heldPart = 500

// putHeld writes what a key held, where its time isn't over.
func (s *Store) putHeld(ctx context.Context, h Held) error {
	left := time.Duration(0)
	if h.Until > 0 {
		if left = time.UnixMilli(h.Until).Sub(s.now()); left <= 0 {
			return nil
		}
	}
	key := db.Prefix + h.Key
	for _, call := range h.calls() {
		if _, _, err := s.db.Write(ctx, append([]string{call[0], key}, call[1:]...)...); err != nil {
			return fmt.Errorf("write %s: %w", h.Key, err)
		}
	}
	if left > 0 {
		if _, _, err := s.db.Write(ctx, "PEXPIRE", key, strconv.FormatInt(max(1, left.Milliseconds()), 10)); err != nil {
			return fmt.Errorf("write %s: %w", h.Key, err)
		}
	}
	return nil
}

// calls are the commands, without the key, that make a key hold that.
func (h Held) calls() (list [][]string) {
	var args []string
	var name string
	switch {
	case h.Text != nil:
		return [][]string{{"SET", *h.Text}}
	case h.Hash != nil:
		name = "HSET"
		for _, field := range slices.Sorted(maps.Keys(h.Hash)) {
			args = append(args, field, h.Hash[field])
		}
	case h.Sorted != nil:
		name = "ZADD"
		for _, member := range slices.Sorted(maps.Keys(h.Sorted)) {
			args = append(args, strconv.FormatInt(h.Sorted[member], 10), member)
		}
	case h.Stream != nil:
		for i, line := range h.Stream {
			list = append(list, []string{"XADD", db.StreamID(int64(i) + 1), "e", line})
		}
		return list
	default:
		name, args = "SADD", slices.Sorted(slices.Values(h.Set))
	}
	for part := range slices.Chunk(args, heldPart) {
		list = append(list, append([]string{name}, part...))
	}
	return list
}

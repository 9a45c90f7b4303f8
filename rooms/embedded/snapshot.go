package embedded

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/alicebob/miniredis/v2"
)

// dumpCalls bounds the commands of one line of a snapshot.
const dumpCalls = 256

// dump writes commands that make all keys anew as they are at a time, the
// clock's. Nobody may write meanwhile.
func dump(redis *miniredis.Miniredis, at int64, write func(journalRecord) error) error {
	for _, key := range redis.Keys() {
		calls, err := dumpKey(redis, key)
		if err != nil {
			return fmt.Errorf("key %s: %w", key, err)
		}
		if ttl := redis.TTL(key); ttl > 0 {
			calls = append(calls, []string{"PEXPIRE", key, strconv.FormatInt(max(1, ttl.Milliseconds()), 10)})
		}
		for part := range slices.Chunk(calls, dumpCalls) {
			if err := write(journalRecord{At: at, Calls: part}); err != nil {
				return err
			}
		}
	}
	return nil
}

// dumpKey gives the commands for one key, none where it has just run out.
func dumpKey(redis *miniredis.Miniredis, key string) ([][]string, error) {
	switch kind := redis.Type(key); kind {
	case "":
		return nil, nil
	case "string":
		value, err := redis.Get(key)
		return [][]string{{"SET", key, value}}, err
	case "hash":
		return dumpHash(redis, key)
	case "zset":
		return dumpSorted(redis, key)
	case "stream":
		return dumpStream(redis, key)
	default:
		return nil, fmt.Errorf("no snapshot of a %s", kind)
	}
}

func dumpHash(redis *miniredis.Miniredis, key string) ([][]string, error) {
	fields, err := redis.HKeys(key)
	if err != nil {
		return nil, err
	}
	var calls [][]string
	for _, field := range fields {
		calls = append(calls, []string{"HSET", key, field, redis.HGet(key, field)})
	}
	return calls, nil
}

func dumpSorted(redis *miniredis.Miniredis, key string) ([][]string, error) {
	scores, err := redis.SortedSet(key)
	if err != nil {
		return nil, err
	}
	var calls [][]string
	for _, member := range slices.Sorted(maps.Keys(scores)) {
		calls = append(calls, []string{"ZADD", key, strconv.FormatFloat(scores[member], 'f', -1, 64), member})
	}
	return calls, nil
}

func dumpStream(redis *miniredis.Miniredis, key string) ([][]string, error) {
	entries, err := redis.Stream(key)
	if err != nil {
		return nil, err
	}
	var calls [][]string
	for _, e := range entries {
		calls = append(calls, append([]string{"XADD", key, e.ID}, e.Values...))
	}
	return calls, nil
}

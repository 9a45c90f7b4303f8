package db

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Server is a Redis server as it says it is set.
type Server struct {
	Address    string
	Version    string        // such as 7.0.15
	AppendOnly bool          // has an append-only file
	Sync       string        // appendfsync; empty where the server doesn't tell
	Eviction   string        // maxmemory_policy
	Offset     time.Duration // its clock before ours, half of a round trip exact
	RoundTrip  time.Duration
}

// Inspect asks every master behind a URL (see Options.URL) how it is set, and
// changes nothing. Errors: that of the URL, of the network.
func Inspect(ctx context.Context, url string) ([]Server, error) {
	make, err := clientOf(url)
	if err != nil {
		return nil, err
	}
	client := make()
	defer client.Close()
	cluster, ok := client.(*redis.ClusterClient)
	if !ok {
		s, err := inspect(ctx, client)
		if one, ok := client.(*redis.Client); ok {
			s.Address = one.Options().Addr
		}
		return []Server{s}, err
	}
	var mu sync.Mutex
	var all []Server
	err = cluster.ForEachMaster(ctx, func(ctx context.Context, master *redis.Client) error {
		s, err := inspect(ctx, master)
		s.Address = master.Options().Addr
		mu.Lock()
		defer mu.Unlock()
		all = append(all, s)
		return err
	})
	return all, err
}

func inspect(ctx context.Context, server redis.Cmdable) (s Server, err error) {
	sent := time.Now()
	at, err := server.Time(ctx).Result()
	if err != nil {
		return s, fmt.Errorf("redis: %w", err)
	}
	s.RoundTrip = time.Since(sent)
	s.Offset = at.Sub(sent.Add(s.RoundTrip / 2))
	var faults error
	info := func(section, field string) string {
		text, err := server.Info(ctx, section).Result() // one section a call: several at once are new in Redis 7
		faults = errors.Join(faults, err)
		for line := range strings.Lines(text) {
			if value, found := strings.CutPrefix(strings.TrimSpace(line), field+":"); found {
				return value
			}
		}
		return ""
	}
	s.Version = info("server", "redis_version")
	s.AppendOnly = info("persistence", "aof_enabled") == "1"
	s.Eviction = info("memory", "maxmemory_policy")
	if set, err := server.ConfigGet(ctx, "appendfsync").Result(); err == nil { // hosted servers often refuse CONFIG
		s.Sync = set["appendfsync"]
	}
	return s, faults
}

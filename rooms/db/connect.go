package db

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Times of a connection to Redis. A request that Redis leaves without an answer
// has failed after answerTime, those after it at once: see pulse.
const (
	dialTime   = 500 * time.Millisecond
	answerTime = 700 * time.Millisecond
	settleTime = 200 * time.Millisecond // for the question whether a commit was written
	waitTime   = 300 * time.Millisecond // for replicas to have it; Redis looks at it ten times a second
)

// requests bounds what is asked at the same time; a connection each.
const requests = 64

// CheckURL says what is wrong with the URL of a Redis, see Options.URL.
func CheckURL(text string) error {
	_, err := clientOf(text)
	return err
}

// clientOf makes the constructor for what a URL names: one server, Sentinels or a
// Cluster.
func clientOf(text string) (func() redis.UniversalClient, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "redis" && u.Scheme != "rediss" {
		return nil, errors.New("not a redis:// or rediss:// URL")
	}
	query := u.Query()
	switch {
	case query.Get("master_name") != "":
		o, err := redis.ParseFailoverURL(text)
		if err != nil {
			return nil, err
		}
		if o.Password == "" && u.User != nil { // one account for Sentinels and servers
			o.Username = u.User.Username()
			o.Password, _ = u.User.Password()
		}
		o.DialTimeout, o.DialerRetries, o.ContextTimeoutEnabled, o.PoolSize = dialTime, 1, true, requests+16
		return func() redis.UniversalClient { return redis.NewFailoverClient(o) }, nil
	case query.Get("cluster") != "":
		query.Del("cluster")
		u.RawQuery = query.Encode()
		o, err := redis.ParseClusterURL(u.String())
		if err != nil {
			return nil, err
		}
		o.DialTimeout, o.DialerRetries, o.ContextTimeoutEnabled, o.PoolSize = dialTime, 1, true, requests+16
		return func() redis.UniversalClient { return redis.NewClusterClient(o) }, nil
	}
	o, err := redis.ParseURL(text)
	if err != nil {
		return nil, err
	}
	o.DialTimeout, o.DialerRetries, o.ContextTimeoutEnabled, o.PoolSize = dialTime, 1, true, requests+16
	return func() redis.UniversalClient { return redis.NewClient(o) }, nil
}

// connect opens the connection to a Redis of its own and looks at how it is set.
func (d *DB) connect(ctx context.Context, text string) error {
	client, err := clientOf(text)
	if err != nil {
		return fmt.Errorf("redis URL: %w", err)
	}
	d.Client, d.pulse = client(), newPulse()
	d.Client.AddHook(d.pulse)
	if err := d.Client.Ping(withoutPulse(ctx)).Err(); err != nil {
		return errors.Join(fmt.Errorf("redis: %w", err), d.Client.Close())
	}
	d.warnIfForgetful(ctx)
	return nil
}

// warnIfForgetful says loudly, for each master, when what Redis acknowledges can
// be lost.
func (d *DB) warnIfForgetful(ctx context.Context) {
	if cluster, ok := d.Client.(*redis.ClusterClient); ok {
		err := cluster.ForEachMaster(ctx, func(ctx context.Context, master *redis.Client) error {
			warnIfForgetful(ctx, master, d.log.With("server", master.Options().Addr))
			return nil
		})
		if err != nil {
			d.log.Warn("can't read whether redis persists", "err", err)
		}
		return
	}
	warnIfForgetful(ctx, d.Client, d.log)
}

func warnIfForgetful(ctx context.Context, server redis.Cmdable, log *slog.Logger) {
	info, err := server.Info(ctx, "persistence").Result()
	memory, memoryErr := server.Info(ctx, "memory").Result() // one section a call: several at once are new in Redis 7
	if err := errors.Join(err, memoryErr); err != nil {
		log.Warn("can't read whether redis persists", "err", err)
		return
	}
	if strings.Contains(info, "aof_enabled:0") {
		log.Warn("redis runs without an append-only file: acknowledged records are lost when it stops",
			"remedy", "set appendonly yes and appendfsync always")
	}
	if !strings.Contains(memory, "maxmemory_policy:noeviction") {
		log.Warn("redis may evict keys: records can vanish", "remedy", "set maxmemory-policy noeviction")
	}
}

// scriptAndWait runs a script that changes something and, where replicas are to
// be waited for, has it on that many before it answers. errShort: it is written,
// but on too few.
func (d *DB) scriptAndWait(ctx context.Context, script *redis.Script, keys []string, args []any) (string, error) {
	if d.replicas == 0 {
		return script.Run(ctx, d.Client, keys, args...).Text()
	}
	run := script.EvalSha
	for attempt := 1; ; attempt++ {
		var text string
		err := d.pulse.guard(ctx, func(ctx context.Context) (err error) {
			text, err = d.onMaster(ctx, run, keys, args)
			return err
		})
		cluster, ok := d.Client.(*redis.ClusterClient)
		switch {
		case attempt == 3:
			return text, err
		case redis.HasErrorPrefix(err, "NOSCRIPT"):
			run = script.Eval
		case ok && redis.HasErrorPrefix(err, "MOVED"):
			cluster.ReloadState(ctx)
		default:
			return text, err
		}
	}
}

type runScript func(ctx context.Context, on redis.Scripter, keys []string, args ...any) *redis.Cmd

// onMaster sends script and WAIT over one connection: WAIT counts the replicas
// that have what was written on its own.
func (d *DB) onMaster(ctx context.Context, run runScript, keys []string, args []any) (string, error) {
	ctx = withoutPulse(ctx) // guard has looked already
	var master redis.UniversalClient = d.Client
	if cluster, ok := d.Client.(*redis.ClusterClient); ok {
		node, err := cluster.MasterForKey(ctx, keys[0])
		if err != nil {
			return "", err
		}
		master = node
	}
	pipe := master.Pipeline()
	reply := run(ctx, pipe, keys, args...)
	have := pipe.Do(ctx, "WAIT", d.replicas, waitTime.Milliseconds())
	if _, err := pipe.Exec(ctx); err != nil {
		return "", err
	}
	if n, err := have.Int64(); err != nil || n < int64(d.replicas) {
		return "", fmt.Errorf("%w: %d of %d", errShort, n, d.replicas)
	}
	return reply.Text()
}

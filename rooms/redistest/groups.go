package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Group is several servers that stand in for each other.
type Group struct {
	URL     string // what rooms.Open takes
	Servers []*Server
}

// Kill ends all its servers.
func (g *Group) Kill() {
	for _, s := range g.Servers {
		s.Kill()
	}
}

// Master gives the running server that has the keys of the slot that key is in.
func (g *Group) Master(ctx context.Context, key string) (*Server, error) {
	for _, s := range g.Servers {
		if s.sentinel() {
			continue
		}
		client := redis.NewClient(&redis.Options{Addr: s.Addr, MaxRetries: -1, DialerRetries: 1})
		role, err := client.Do(ctx, "ROLE").Slice()
		owns := err == nil && len(role) > 0 && role[0] == "master"
		if owns { // in a Cluster another master answers MOVED
			err = client.Get(ctx, key).Err()
			owns = err == nil || errors.Is(err, redis.Nil)
		}
		_ = client.Close()
		if owns {
			return s, nil
		}
	}
	return nil, fmt.Errorf("no master of %s", key)
}

func (s *Server) sentinel() bool { return len(s.args) > 0 && s.args[0] == "--sentinel" }

// StartSentinel runs a master, a replica and three Sentinels that fail over after
// half a second without an answer.
func StartSentinel(ctx context.Context, dir string) (g *Group, err error) {
	g = &Group{}
	defer func() { g.killIf(err) }()
	master, err := g.add(ctx, filepath.Join(dir, "master"))
	if err != nil {
		return g, err
	}
	host, port, err := net.SplitHostPort(master.Addr)
	if err != nil {
		return g, err
	}
	if _, err := g.add(ctx, filepath.Join(dir, "replica"), "--replicaof", host+" "+port); err != nil {
		return g, err
	}
	conf := fmt.Sprintf("sentinel monitor vc %s %s 2\nsentinel down-after-milliseconds vc 500\nsentinel failover-timeout vc 3000\n", host, port)
	var sentinels []string
	for i := range 3 {
		at := filepath.Join(dir, fmt.Sprint("sentinel", i))
		if err := os.MkdirAll(at, 0o700); err != nil {
			return g, err
		}
		if err := os.WriteFile(filepath.Join(at, "sentinel.conf"), []byte(conf), 0o600); err != nil {
			return g, err
		}
		s, err := start(ctx, at, []string{"--sentinel"})
		if err != nil {
			return g, err
		}
		g.Servers = append(g.Servers, s)
		sentinels = append(sentinels, s.Addr)
	}
	g.URL = "redis://" + sentinels[0] + "/0?master_name=vc&addr=" + strings.Join(sentinels[1:], "&addr=")
	if err := g.until(ctx, g.Servers[:2], []any{"PING"}, "PONG"); err != nil {
		return g, err
	}
	if err := g.until(ctx, g.Servers[:1], []any{"EVAL", "redis.call('INCR', 'redistest') return 'written'", "0"}, "written"); err != nil {
		return g, err
	}
	if err := g.until(ctx, g.Servers[:1], []any{"WAIT", "1", "1000"}, "1"); err != nil { // the first write takes its time
		return g, err
	}
	return g, g.until(ctx, g.Servers[2:], []any{"SENTINEL", "MASTER", "vc"}, "num-slaves:1", "num-other-sentinels:2")
}

// StartCluster runs a Cluster of three masters with a replica each, which fails
// over after half a second without an answer.
func StartCluster(ctx context.Context, dir string) (g *Group, err error) {
	g = &Group{}
	defer func() { g.killIf(err) }()
	var addrs []string
	for i := range 6 {
		s, err := g.add(ctx, filepath.Join(dir, fmt.Sprint("node", i)), "--cluster-enabled", "yes", "--cluster-node-timeout", "500",
			"--cluster-replica-validity-factor", "0")
		if err != nil {
			return g, err
		}
		addrs = append(addrs, s.Addr)
	}
	args := append([]string{"--cluster", "create"}, addrs...)
	out, err := exec.CommandContext(ctx, "redis-cli", append(args, "--cluster-replicas", "1", "--cluster-yes")...).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return g, ErrMissing
	}
	if err != nil {
		return g, fmt.Errorf("make cluster: %w\n%s", err, out)
	}
	g.URL = "redis://" + addrs[0] + "?cluster=1&addr=" + strings.Join(addrs[1:], "&addr=")
	return g, g.until(ctx, g.Servers, []any{"CLUSTER", "INFO"}, "cluster_state:ok", "cluster_known_nodes:6")
}

func (g *Group) add(ctx context.Context, dir string, args ...string) (*Server, error) {
	s, err := Start(ctx, dir, args...)
	if err == nil {
		g.Servers = append(g.Servers, s)
	}
	return s, err
}

func (g *Group) killIf(err error) {
	if err != nil {
		g.Kill()
	}
}

// until waits till all servers' answers to a command hold all words and the
// replicas are connected.
func (g *Group) until(ctx context.Context, servers []*Server, command []any, words ...string) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for _, s := range servers {
		client := redis.NewClient(&redis.Options{Addr: s.Addr})
		defer client.Close()
		for {
			answer := fmt.Sprint(client.Do(ctx, command...).Val())
			info := client.Info(ctx, "replication").Val()
			ready := !strings.Contains(info, "master_link_status:down") &&
				(!strings.Contains(info, "role:master") || strings.Contains(info, "state=online"))
			for _, word := range words {
				ready = ready && strings.Contains(answer, word)
			}
			if ready {
				break
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("%s is not ready: %w\n%s\n%s", s.Addr, ctx.Err(), answer, info)
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	return nil
}

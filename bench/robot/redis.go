package robot

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"time"
)

// Redis is a redis-server of a test's own that keeps every command on disk.
type Redis struct {
	URL  string
	dir  string
	addr string
	cmd  *exec.Cmd
}

// StartRedis starts redis-server on a free port of the loopback interface, with
// its files in dir, and waits until it answers.
func StartRedis(ctx context.Context, dir string) (*Redis, error) {
	ports, err := FreePorts(1)
	if err != nil {
		return nil, err
	}
	r := &Redis{URL: "redis://" + ports[0] + "/0", dir: dir, addr: ports[0]}
	return r, r.Start(ctx)
}

// Start starts it again on its port and files.
func (r *Redis) Start(ctx context.Context) error {
	host, port, err := net.SplitHostPort(r.addr)
	if err != nil {
		return err
	}
	r.cmd = exec.Command("redis-server", "--port", port, "--bind", host, "--dir", r.dir, "--save", "",
		"--appendonly", "yes", "--appendfsync", "always")
	if err := r.cmd.Start(); err != nil {
		return fmt.Errorf("redis-server: %w", err)
	}
	for ctx.Err() == nil {
		if conn, err := net.DialTimeout("tcp", r.addr, time.Second); err == nil {
			return conn.Close()
		}
		time.Sleep(20 * time.Millisecond)
	}
	r.Kill()
	return errors.New("redis-server does not answer")
}

// Kill ends it at once (SIGKILL), as a power cut would, and waits.
func (r *Redis) Kill() {
	_ = r.cmd.Process.Kill() // an error means it has ended
	_ = r.cmd.Wait()
}

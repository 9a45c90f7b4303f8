// Package redistest runs real Redis servers for tests and benchmarks: one, one
// behind Sentinels, a Cluster of three masters and three replicas. They listen on
// free loopback ports, keep every command on disk, and die with the process.
package redistest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
)

// ErrMissing says that redis-server or redis-cli is not installed.
var ErrMissing = errors.New("redis-server and redis-cli are not installed")

// startTime bounds how long a server may take to answer.
const startTime = 30 * time.Second

// Server is one redis-server process.
type Server struct {
	Addr string // host:port on loopback

	args   []string
	dir    string
	mu     sync.Mutex // guards the rest
	cmd    *exec.Cmd
	ended  chan struct{} // closed when the process has ended
	output bytes.Buffer  // read once ended
}

// Start runs a redis-server in the folder dir, which is made, with appendonly and
// appendfsync always; more settings come last and count. Errors: ErrMissing.
func Start(ctx context.Context, dir string, more ...string) (*Server, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return start(ctx, dir, append([]string{"--save", "", "--appendonly", "yes", "--appendfsync", "always"}, more...))
}

// start tries several ports: a free one may be taken before the server has it.
func start(ctx context.Context, dir string, args []string) (*Server, error) {
	for attempt := 1; ; attempt++ {
		addr, err := freeAddr()
		if err != nil {
			return nil, err
		}
		s := &Server{Addr: addr, dir: dir, args: args}
		if err = s.Restart(ctx); err == nil || attempt == 5 || errors.Is(err, ErrMissing) || ctx.Err() != nil {
			return s, err
		}
	}
}

// freeAddr gives a loopback address that was free a moment ago. A Cluster also
// needs the port 10,000 above.
func freeAddr() (string, error) {
	for range 1000 {
		port := 20000 + rand.IntN(12000)
		if free(port) && free(port+10000) {
			return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), nil
		}
	}
	return "", errors.New("no free port")
}

func free(port int) bool {
	l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	return err == nil && l.Close() == nil
}

// Restart runs the server again, on the same port and folder, and waits until it
// answers.
func (s *Server) Restart(ctx context.Context) error {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return ErrMissing
	}
	_, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return err
	}
	args := append([]string{"--port", port, "--bind", "127.0.0.1", "--dir", s.dir}, s.args...)
	if len(s.args) > 0 && s.args[0] == "--sentinel" {
		args = []string{filepath.Join(s.dir, "sentinel.conf"), "--sentinel", "--port", port, "--bind", "127.0.0.1", "--dir", s.dir}
	}
	cmd := exec.Command(program, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	s.output.Reset()
	cmd.Stdout = &s.output
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("redis-server: %w", err)
	}
	ended := make(chan struct{})
	s.mu.Lock()
	s.cmd, s.ended = cmd, ended
	s.mu.Unlock()
	go func() {
		_ = cmd.Wait() // its output says why
		close(ended)
	}()
	return s.answers(ctx, ended)
}

func (s *Server) answers(ctx context.Context, ended <-chan struct{}) error {
	logging.Disable() // that it doesn't answer yet is no news
	client := redis.NewClient(&redis.Options{Addr: s.Addr, MaxRetries: -1, DialerRetries: 1})
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for client.Ping(ctx).Err() != nil {
		select {
		case <-ended:
			return fmt.Errorf("redis-server has ended:\n%s", s.output.String())
		case <-ctx.Done():
			s.Kill()
			return fmt.Errorf("redis-server does not answer: %w", ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil
}

// Kill ends the process at once, as a power cut would, and waits for its end.
func (s *Server) Kill() {
	s.signal(syscall.SIGKILL)
	s.mu.Lock()
	ended := s.ended
	s.mu.Unlock()
	<-ended
}

// Pause makes the server hang: connections stand, nothing is answered.
func (s *Server) Pause() { s.signal(syscall.SIGSTOP) }

// Continue ends Pause.
func (s *Server) Continue() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.cmd.Process.Signal(sig) // one that has ended already is as wanted
}

// URL is what rooms.Open takes.
func (s *Server) URL() string { return "redis://" + s.Addr + "/0" }

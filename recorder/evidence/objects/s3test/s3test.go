// Package s3test runs a real S3 server with object lock (versitygw) for tests, in
// a process of its own on a free loopback port, over a folder.
package s3test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// ErrMissing says that the server's program can't be built here. Its modules are
// those of test/s3server, which the product doesn't have.
var ErrMissing = errors.New("the S3 server of test/s3server can't be built")

// The server's one account.
const (
	AccessKey = "verifycall"
	SecretKey = "verifycall-test-secret"
)

// startTime bounds how long a server may take to answer.
const startTime = 30 * time.Second

// Server is one S3 server process.
type Server struct {
	Addr string // host:port on loopback

	dir    string
	mu     sync.Mutex // guards the rest
	cmd    *exec.Cmd
	ended  chan struct{} // closed when the process has ended
	output bytes.Buffer  // read once ended
}

// Start runs a server over the folder dir, which is made and must take extended
// attributes. Errors: ErrMissing.
func Start(ctx context.Context, dir string) (*Server, error) {
	for _, folder := range []string{"objects", "versions"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			return nil, err
		}
	}
	for attempt := 1; ; attempt++ { // a free port may be taken before the server has it
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		s := &Server{Addr: l.Addr().String(), dir: dir}
		if err := l.Close(); err != nil {
			return nil, err
		}
		if err = s.Restart(ctx); err == nil || attempt == 5 || errors.Is(err, ErrMissing) || ctx.Err() != nil {
			return s, err
		}
	}
}

// program builds the server, once for all processes: Go keeps it in its cache.
var program = sync.OnceValues(func() (string, error) {
	mod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrMissing, err)
	}
	cmd := exec.Command("go", "-C", filepath.Join(filepath.Dir(strings.TrimSpace(string(mod))), "test", "s3server"), "tool", "-n", "versitygw")
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	path, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%w: %w: %s", ErrMissing, err, errOut.Bytes())
	}
	return strings.TrimSpace(string(path)), nil
})

// Restart runs the server again at its address, over what it had.
func (s *Server) Restart(ctx context.Context) error {
	path, err := program()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.output.Reset()
	s.cmd = exec.Command(path, "--port", s.Addr, "--quiet", "posix", "--versioning-dir", filepath.Join(s.dir, "versions"), filepath.Join(s.dir, "objects"))
	s.cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+AccessKey, "ROOT_SECRET_KEY="+SecretKey)
	s.cmd.Stdout, s.cmd.Stderr = &s.output, &s.output
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.ended = make(chan struct{})
	go func(cmd *exec.Cmd, ended chan struct{}) {
		_ = cmd.Wait() // it is killed in the end
		close(ended)
	}(s.cmd, s.ended)
	return s.await(ctx)
}

// await returns when the server takes connections.
func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		c, err := net.DialTimeout("tcp", s.Addr, time.Second)
		if err == nil {
			return c.Close()
		}
		select {
		case <-s.ended:
			return fmt.Errorf("the S3 server ended: %s", s.output.Bytes())
		case <-ctx.Done():
			return fmt.Errorf("the S3 server doesn't answer: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Pause stops the process where it is: connections are taken and nothing is
// answered, as of a store that hangs. Continue lets it go on.
func (s *Server) Pause() error { return s.signal(syscall.SIGSTOP) }

// Continue is the end of Pause.
func (s *Server) Continue() error { return s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cmd.Process.Signal(sig)
}

// Stop kills the process. What it has answered stays.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil || s.cmd.Process == nil {
		return
	}
	_ = s.cmd.Process.Kill() // it may have ended
	<-s.ended
}

// Client speaks to the server as its account.
func (s *Server) Client() (*minio.Client, error) {
	return minio.New(s.Addr, &minio.Options{Creds: credentials.NewStaticV4(AccessKey, SecretKey, ""), Region: "us-east-1"})
}

// Bucket makes a bucket, with object lock if need be.
func (s *Server) Bucket(ctx context.Context, name string, lock bool) error {
	client, err := s.Client()
	if err != nil {
		return err
	}
	return client.MakeBucket(ctx, name, minio.MakeBucketOptions{Region: "us-east-1", ObjectLocking: lock})
}

// URL is the store in a bucket, as --store takes it. The credentials are AccessKey
// and SecretKey.
func (s *Server) URL(bucket string) string {
	return "s3://" + bucket + "/evidence?region=us-east-1&endpoint=http://" + s.Addr
}

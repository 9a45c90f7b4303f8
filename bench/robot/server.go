// Package robot holds verification calls from both sides without a browser, as
// an outside client: the REST routes and the WebSocket protocol of
// docs/protocol.md, pictures from a film that was encoded before, silence for
// sound. Benchmarks and fault tests use it.
package robot

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Server is a running program under test, started with --demo.
type Server struct {
	URL string // of the pages, without a slash at the end
	Key string // API key of class test
	// Lines are what --demo printed: manager, auditor, seller, apikey.
	Lines map[string]string
	// Place is where the robots are that use this Server.
	Place Place

	run  Run
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
	log  *tail
}

// Run is how to start a Server.
type Run struct {
	Program, Dir string   // Dir holds its data
	Listen       []string // host:port of pages, media, ops
	URL          string   // of the pages; empty: http and the first of Listen
	Args         []string // more settings
	Within       []string // a command that runs it, such as "ip netns exec NAME"
	Place        Place    // of the robots
}

// StartServer runs program with its data in dir on free ports of the loopback
// interface and waits until it answers; more are further settings.
func StartServer(ctx context.Context, program, dir string, more ...string) (*Server, error) {
	ports, err := FreePorts(4)
	if err != nil {
		return nil, err
	}
	return Start(ctx, Run{Program: program, Dir: dir, Listen: ports, Args: more})
}

// StartNode is StartServer for one of several nodes on a Redis: they share dir's
// keys, store and cluster secret, and each has the folder of its name for itself.
func StartNode(ctx context.Context, program, dir, name, redis string, more ...string) (*Server, error) {
	ports, err := FreePorts(4)
	if err != nil {
		return nil, err
	}
	secret := filepath.Join(dir, "secret")
	if _, err := os.Stat(secret); err != nil {
		if err := os.WriteFile(secret, []byte(rand.Text()+rand.Text()), 0o600); err != nil {
			return nil, err
		}
	}
	args := []string{"--redis", redis, "--store", filepath.Join(dir, "store"), "--data", filepath.Join(dir, name),
		"--cluster-secret-file", secret, "--node-listen", ports[3], "--node-cidr", "127.0.0.0/8"}
	return Start(ctx, Run{Program: program, Dir: dir, Listen: ports[:3], Args: append(args, more...)})
}

// Again starts a server that was killed or stopped, on its ports and folder.
func (s *Server) Again(ctx context.Context) (*Server, error) { return Start(ctx, s.run) }

// Start runs the program with --demo and waits until it answers.
func Start(ctx context.Context, run Run) (*Server, error) {
	s := &Server{URL: run.URL, Place: run.Place, run: run, done: make(chan struct{}), log: &tail{}}
	if s.URL == "" {
		s.URL = "http://" + run.Listen[0]
	}
	words := append(append([]string{}, run.Within...), run.Program, "serve", "--demo", "--listen", run.Listen[0], "--media-listen", run.Listen[1],
		"--ops-listen", run.Listen[2], "--data", filepath.Join(run.Dir, "data"), "--keys", filepath.Join(run.Dir, "keys"))
	words = append(words, run.Args...)
	s.cmd = exec.Command(words[0], words[1:]...)
	s.cmd.Dir = run.Dir
	s.cmd.Stderr = s.log
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", run.Program, err)
	}
	lines := make(chan map[string]string, 1) // one map, sent once by the reader
	go s.read(out, lines)
	if err := s.ready(ctx, lines); err != nil {
		s.Kill()
		return nil, fmt.Errorf("%s: %w\n%s", run.Program, err, s.log)
	}
	return s, nil
}

// read collects the demo's lines and then waits for the process.
func (s *Server) read(out io.Reader, lines chan<- map[string]string) {
	defer close(s.done)
	found := make(map[string]string)
	scanner := bufio.NewScanner(out)
	for scanner.Scan() {
		fields := strings.Fields(scanner.Text())
		if len(fields) < 2 {
			continue
		}
		found[fields[0]] = fields[len(fields)-1]
		if len(found) >= 4 && found["apikey"] != "" && lines != nil {
			lines <- found
			lines, found = nil, make(map[string]string)
		}
	}
	_ = s.cmd.Wait() // its code is in ProcessState
}

func (s *Server) ready(ctx context.Context, lines <-chan map[string]string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	select {
	case s.Lines = <-lines:
		s.Key = s.Lines["apikey"]
	case <-s.done:
		return errors.New("ended at the start")
	case <-ctx.Done():
		return errors.New("did not print the lines of --demo")
	}
	for {
		res, err := s.Place.client(nil).Get(s.URL + "/healthz")
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return errors.New("is not healthy")
		case <-s.done:
			return errors.New("ended at the start")
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Data is the node's own folder, of StartNode.
func (s *Server) Data() string {
	return s.run.Args[slices.Index(s.run.Args, "--data")+1]
}

// Ops is the address of the listener for operators.
func (s *Server) Ops() string { return "http://" + s.run.Listen[2] }

// Pause stops the process where it stands (SIGSTOP) until Wake. Where there is
// /proc it returns when all of its threads stand.
func (s *Server) Pause() error {
	if err := s.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	for range 1000 {
		if !s.runs() {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return errors.New("the process doesn't stop")
}

// runs says whether a thread of the process is seen running (proc_pid_stat(5)).
func (s *Server) runs() bool {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", s.cmd.Process.Pid))
	if err != nil {
		return false
	}
	for _, name := range threads {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		_, state, _ := strings.Cut(string(text), ") ")
		if !strings.HasPrefix(state, "T") {
			return true
		}
	}
	return false
}

// Drain tells it to take nothing new.
func (s *Server) Drain(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Ops()+"/drain", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	if err := res.Body.Close(); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("drain: %s", res.Status)
	}
	return nil
}

// Media is the host:port of audio and video.
func (s *Server) Media() string { return s.run.Listen[1] }

// Wake lets a paused process go on.
func (s *Server) Wake() error { return s.cmd.Process.Signal(syscall.SIGCONT) }

// Kill ends the process at once (SIGKILL), as a power cut would, and waits.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

// Stop asks the process to end (SIGTERM), waits at most 20 s and gives its exit
// code.
func (s *Server) Stop() int {
	timer := time.AfterFunc(20*time.Second, func() { _ = s.cmd.Process.Kill() })
	defer timer.Stop()
	s.end(syscall.SIGTERM)
	return s.cmd.ProcessState.ExitCode()
}

func (s *Server) end(sig syscall.Signal) {
	_ = s.cmd.Process.Signal(sig) // an error means it has ended
	<-s.done
}

// Log gives the end of what the process has logged.
func (s *Server) Log() string { return s.log.String() }

// WholeLog gives all of it, as long as that is under 1 MiB.
func (s *Server) WholeLog() string { return s.log.end(wholeBytes) }

// tail keeps the last wholeBytes written to it.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

const (
	tailBytes  = 16 << 10 // that a failure shows
	wholeBytes = 1 << 20
)

// Write implements io.Writer; VERIFYCALL_SHOW_LOG passes it on as well.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - wholeBytes; over > 0 {
		t.kept = t.kept[over:]
	}
	t.mu.Unlock()
	if os.Getenv("VERIFYCALL_SHOW_LOG") != "" {
		return os.Stderr.Write(p)
	}
	return len(p), nil
}

// String gives the end of what is kept.
func (t *tail) String() string { return t.end(tailBytes) }

func (t *tail) end(bytes int) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept[max(0, len(t.kept)-bytes):])
}

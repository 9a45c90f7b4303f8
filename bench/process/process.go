// Package process runs a server under test on a core of its own and reads what it uses.
package process

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// ServerCore is where the server under test runs, LoadCore where its load is made.
const ServerCore, LoadCore = "0", "1"

// clockTick is the unit of times in /proc, USER_HZ: 100 on every Linux that Go runs on.
const clockTick = 10 * time.Millisecond

// Server is a process under test.
type Server struct {
	cmd    *exec.Cmd
	Target string // of its signalling
}

// Start runs a program pinned to the server's core. Unless target says where
// its signalling is, its first line of output does.
func Start(ctx context.Context, target string, command ...string) (*Server, error) {
	cmd := exec.CommandContext(ctx, "taskset", append([]string{"-c", ServerCore}, command...)...)
	cmd.Stderr = os.Stderr
	s := &Server{cmd: cmd, Target: target}
	if target != "" {
		return s, cmd.Start()
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.Stop()
		return nil, fmt.Errorf("%s: %w", command[0], err)
	}
	s.Target = strings.TrimSpace(line)
	return s, nil
}

// Stop ends the process at once.
func (s *Server) Stop() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait() // the error is that it was killed
}

// CPU is the time that the process has run, user and system.
func (s *Server) CPU() (time.Duration, error) {
	stat, err := s.proc("stat")
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(stat, ") ") // the name may hold blanks; then state is field 3
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("stat has %d fields", len(fields))
	}
	var ticks int
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(f)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * clockTick, nil
}

// RSS is the resident memory in bytes.
func (s *Server) RSS() (int, error) {
	statm, err := s.proc("statm")
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(statm)
	if len(fields) < 2 {
		return 0, fmt.Errorf("statm has %d fields", len(fields))
	}
	pages, err := strconv.Atoi(fields[1])
	return pages * os.Getpagesize(), err
}

func (s *Server) proc(name string) (string, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", s.cmd.Process.Pid, name)) // taskset has become the program
	return string(raw), err
}

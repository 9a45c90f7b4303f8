// Package oidctest runs a real OpenID Connect provider (zitadel/oidc) for tests,
// in a process of its own on a free loopback port.
package oidctest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// ErrMissing says that the provider can't be built here. Its modules are those of
// test/oidcserver, which the product doesn't have.
var ErrMissing = errors.New("the provider of test/oidcserver can't be built")

// The provider's client, the people who can sign in there, and their password.
const (
	ClientID = "verifycall"
	Secret   = "hush"
	Operator = "id1" // Olga Brandt, in the group vc-operators
	Manager  = "id2" // Maria König, in vc-managers
	Nobody   = "id3" // in no group that says anything
	Password = "verysecure"
)

// Server is one provider.
type Server struct {
	Issuer string // http://localhost:PORT/

	cmd *exec.Cmd
}

// Start builds the provider in dir and runs it for a product at origin. Errors:
// ErrMissing.
func Start(dir, origin string, env ...string) (*Server, error) {
	mod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMissing, err)
	}
	path := filepath.Join(dir, "oidcserver")
	build := exec.Command("go", "-C", filepath.Join(filepath.Dir(strings.TrimSpace(string(mod))), "test", "oidcserver"), "build", "-o", path, ".")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %w: %s", ErrMissing, err, out)
	}
	s := &Server{cmd: exec.Command(path, origin)}
	s.cmd.Env = append(os.Environ(), env...)
	s.cmd.Stderr = &bytes.Buffer{}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the provider says nothing: %s", s.cmd.Stderr), s.Close())
	}
	s.Issuer = strings.TrimSpace(line)
	return s, nil
}

// Close ends the provider.
func (s *Server) Close() error {
	if err := s.cmd.Process.Kill(); err != nil {
		return err
	}
	_ = s.cmd.Wait() // it was killed
	return nil
}

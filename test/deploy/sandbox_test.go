//go:build fault && linux

package deploy

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"verifycall/bench/robot"
)

// sandboxed as a variable of this test binary makes it run the command in its arguments,
// with sockets of these families alone, as systemd's RestrictAddressFamilies does.
const sandboxed = "DEPLOY_TEST_FAMILIES"

func TestMain(m *testing.M) {
	if names := os.Getenv(sandboxed); names != "" {
		fmt.Fprintln(os.Stderr, inSandbox(strings.Fields(names), os.Args[1:]))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

var families = map[string]uint32{"AF_INET": unix.AF_INET, "AF_INET6": unix.AF_INET6, "AF_UNIX": unix.AF_UNIX, "AF_NETLINK": unix.AF_NETLINK}

// inSandbox becomes the command; it comes back only where it can't.
func inSandbox(names, command []string) error {
	const numberAt, argumentAt = 0, 16 // of struct seccomp_data
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: numberAt},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: 1, K: unix.SYS_SOCKET},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: argumentAt},
	}
	for _, name := range names {
		family, is := families[name]
		if !is {
			return fmt.Errorf("family %s isn't known here", name)
		}
		filter = append(filter, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: family},
			unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	}
	filter = append(filter, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EAFNOSUPPORT)})
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	runtime.LockOSThread() // the filter is this thread's, and what it becomes
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no new privileges: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0); err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	return syscall.Exec(command[0], command, os.Environ())
}

// TestUnitsSockets: the server comes up with the families of sockets that the unit
// leaves it.
func TestUnitsSockets(t *testing.T) {
	unit, err := os.ReadFile("../../deploy/verifycall.service")
	must(t, err)
	allowed := regexp.MustCompile(`(?m)^RestrictAddressFamilies=(.+)$`).FindSubmatch(unit)
	if allowed == nil {
		t.Fatal("the unit restricts no families")
	}
	self, err := os.Executable()
	must(t, err)
	env, err := exec.LookPath("env")
	must(t, err)
	within := []string{env, sandboxed + "=" + string(allowed[1]), self}
	if out, err := exec.CommandContext(t.Context(), env, sandboxed+"=AF_UNIX", self, env).CombinedOutput(); err != nil {
		t.Skipf("no filter of system calls may be set here: %s", out)
	}
	program := filepath.Join(t.TempDir(), "verifycall")
	build(t, program)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	at := free(t, 3)
	s, err := robot.Start(ctx, robot.Run{Program: program, Dir: t.TempDir(), Listen: at, Within: within})
	must(t, err)
	t.Cleanup(s.Kill)
	res, err := http.Get("http://" + at[0] + "/readyz")
	must(t, err)
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("/readyz: %s", res.Status)
	}
}

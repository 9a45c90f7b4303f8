//go:build fault

package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestContainer builds the image and runs the program in it as its user.
func TestContainer(t *testing.T) {
	buildah, err := exec.LookPath("buildah")
	if err != nil || os.Getuid() != 0 {
		t.Skip("buildah is not installed, or may not be used")
	}
	dir, context := t.TempDir(), t.TempDir()
	must(t, os.Mkdir(filepath.Join(context, "data"), 0o755))
	build(t, filepath.Join(context, "verifycall"), "CGO_ENABLED=0")
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), buildah, append([]string{"--storage-driver", "vfs", "--root", dir + "/root", "--runroot", dir + "/run"}, args...)...)
		var said strings.Builder
		cmd.Stderr = &said
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v\n%s%s", args, err, out, said.String())
		}
		return strings.TrimSpace(string(out))
	}
	run("build", "--isolation", "chroot", "--format", "docker", "-f", "../../deploy/Containerfile", "-t", "verifycall", context)
	container := run("from", "verifycall")
	if out := run("run", "--isolation", "chroot", container, "--", "/verifycall", "version"); !strings.HasPrefix(out, "verifycall ") {
		t.Errorf("version: %s", out)
	}
	config := run("run", "--isolation", "chroot", container, "--", "/verifycall", "serve", "--print-config")
	if !strings.Contains(config, "--listen=0.0.0.0:8080") || !strings.Contains(config, "--data=/data") {
		t.Errorf("settings of the image: %s", config)
	}
	if user := run("inspect", "--format", "{{.OCIv1.Config.User}}", container); user != "65532:65532" {
		t.Errorf("runs as %q", user)
	}
}

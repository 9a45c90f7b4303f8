//go:build fault

// Package fault breaks the running program and looks at what is left.
package fault

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"verifycall/bench/robot"
	"verifycall/calls/protocol"
)

// build gives the program under test.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "verifycall")
	cmd := exec.Command("go", "build", "-o", program, "./cmd/verifycall")
	cmd.Dir = "../.."
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, text)
	}
	return program
}

// TestKillInACall ends the program with SIGKILL in the middle of a live call,
// starts it again on the same folder, brings both robots back with the sessions
// that they had, and ends the call. What was acknowledged before the kill has to
// be in the sealed record, and each recording of before and after has to play.
func TestKillInACall(t *testing.T) {
	program, dir := build(t), t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // building has time of its own
	defer cancel()
	film, err := robot.OpenFilm("../../bench/testdata/card.ivf")
	must(t, err)
	server, err := robot.StartServer(ctx, program, dir)
	must(t, err)
	defer func() { server.Kill() }()

	call, err := server.Wait(ctx, film)
	must(t, err)
	must(t, call.Admit(ctx))
	must(t, call.M.Do(ctx, &protocol.Chat{Text: "Said before."}))
	time.Sleep(5 * time.Second) // of recording; a cluster is at most 2 s
	capture(t, ctx, call.M, protocol.SlotDocFront)
	before, err := call.M.Wait(ctx, func(s *protocol.State) bool { return s.Staff != nil && len(s.Staff.Captures) == 1 })
	must(t, err)

	server.Kill()
	<-call.S.Ended()
	<-call.M.Ended()
	_, _ = call.S.Close(), call.M.Close() // their connections are gone
	again, err := server.Again(ctx)
	must(t, err)
	server = again

	call.S, err = call.Seller.Rejoin(ctx, film)
	must(t, err)
	call.M, err = call.Manager.Rejoin(ctx, film)
	must(t, err)
	state, err := call.M.Wait(ctx, func(s *protocol.State) bool {
		return s.Room.State == "live" && s.You.Media && s.Peer != nil && s.Peer.Media
	})
	must(t, err)
	if len(state.Staff.Captures) != 1 || state.Staff.Captures[0].SHA256 != before.Staff.Captures[0].SHA256 {
		t.Errorf("captures after the restart: %+v, before: %+v", state.Staff.Captures, before.Staff.Captures)
	}
	if len(state.Chat) != 1 || state.Chat[0].Text != "Said before." {
		t.Errorf("chat after the restart: %+v", state.Chat)
	}
	time.Sleep(3 * time.Second)
	capture(t, ctx, call.M, protocol.SlotFace)
	must(t, call.Finish(ctx))

	folder := bundle(t, ctx, server, call.Room.ID)
	verified(t, program, folder, dir)
	checkRecordings(t, folder)
}

// TestSecondProcessIsRefused starts the program twice on one folder: the second
// says why it doesn't start, and the first is not disturbed. After a kill the
// folder is free.
func TestSecondProcessIsRefused(t *testing.T) {
	program := build(t)
	for _, kind := range []string{"embedded", "redis"} {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var more []string
			if kind == "redis" {
				server, err := robot.StartRedis(ctx, t.TempDir())
				must(t, err)
				t.Cleanup(server.Kill)
				more = []string{"--redis", server.URL}
			}
			first, err := robot.StartServer(ctx, program, dir, more...)
			must(t, err)
			defer func() { first.Kill() }()
			text, err := exec.CommandContext(ctx, program, append([]string{"serve", "--listen", "127.0.0.1:0", "--media-listen", "127.0.0.1:0", "--ops-listen", "",
				"--data", filepath.Join(dir, "data"), "--keys", filepath.Join(dir, "keys")}, more...)...).CombinedOutput()
			var ended *exec.ExitError
			if !errors.As(err, &ended) || ended.ExitCode() != 1 || !strings.Contains(string(text), "another process") {
				t.Errorf("%v\n%s", err, text)
			}
			room, err := first.NewRoom(ctx)
			must(t, err)
			first.Kill()
			again, err := first.Again(ctx)
			must(t, err)
			first = again
			state, err := first.State(ctx, room.ID)
			if err != nil || state != "booked" {
				t.Errorf("a room made before the kill is %q, %v", state, err)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// bundle waits for the sealed record and unpacks it.
func bundle(t *testing.T, ctx context.Context, server *robot.Server, room string) string {
	t.Helper()
	var body io.ReadCloser
	var err error
	for range 100 {
		if body, err = server.Get(ctx, "/api/v1/rooms/"+room+"/bundle.zip"); err == nil {
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	must(t, err)
	defer body.Close()
	path := filepath.Join(t.TempDir(), "bundle.zip")
	file, err := os.Create(path)
	must(t, err)
	_, err = io.Copy(file, body)
	must(t, err)
	must(t, file.Close())
	return path
}

func verified(t *testing.T, program, bundle, dir string) {
	t.Helper()
	keys, err := filepath.Glob(filepath.Join(dir, "keys", "*.pub"))
	if err != nil || len(keys) != 1 {
		t.Fatalf("public keys %v, %v", keys, err)
	}
	text, err := exec.Command(program, "verify", bundle, "--key", keys[0]).CombinedOutput()
	if err != nil {
		t.Errorf("verify: %v\n%s", err, text)
	}
}

// checkRecordings decodes every recording of the bundle whole.
func checkRecordings(t *testing.T, path string) {
	t.Helper()
	bundle, err := zip.OpenReader(path)
	must(t, err)
	defer bundle.Close()
	of := make(map[string]int)
	for _, f := range bundle.File {
		if !strings.HasSuffix(f.Name, ".webm") {
			continue
		}
		name := filepath.Join(t.TempDir(), filepath.Base(f.Name))
		src, err := f.Open()
		must(t, err)
		dst, err := os.Create(name)
		must(t, err)
		_, err = io.Copy(dst, src)
		must(t, err)
		must(t, dst.Close())
		text, err := exec.Command("ffmpeg", "-v", "error", "-i", name, "-fps_mode", "passthrough", "-enc_time_base", "-1", "-f", "null", "-").CombinedOutput()
		if err != nil || len(text) > 0 {
			t.Errorf("%s does not decode: %v\n%s", f.Name, err, text)
		}
		seconds := duration(t, name)
		t.Logf("%s: %.1f s", f.Name, seconds)
		if seconds < 1.5 {
			t.Errorf("%s has only %.1f s", f.Name, seconds)
		}
		of[strings.SplitN(filepath.Base(f.Name), "-", 2)[0]]++
	}
	for _, who := range []string{"seller", "manager"} {
		if of[who] < 2 {
			t.Errorf("%s has %d recordings, wanted one before and one after the kill", who, of[who])
		}
	}
}

func duration(t *testing.T, name string) float64 {
	t.Helper()
	text, err := exec.Command("ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "json", name).Output()
	must(t, err)
	var probe struct {
		Format struct {
			Duration json.Number `json:"duration"`
		} `json:"format"`
	}
	must(t, json.Unmarshal(text, &probe))
	seconds, err := probe.Format.Duration.Float64()
	must(t, err)
	return seconds
}

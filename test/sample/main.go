// Command sample writes what testdata/releases keeps of a release: the data of a
// demo that was killed in the middle of a live call, as COMMIT.tar.gz. Run it from
// the root of the release's tree: go run ./test/sample.
package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"verifycall/bench/robot"
	"verifycall/calls/protocol"
)

func main() {
	log.SetFlags(0)
	into := flag.String("into", "testdata/releases", "`folder` of the archive")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	if err := run(ctx, *into); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, into string) error {
	commit, err := exec.CommandContext(ctx, "git", "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return fmt.Errorf("git rev-parse: %w", err)
	}
	dir, err := os.MkdirTemp("", "sample")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program, demo := filepath.Join(dir, "verifycall"), filepath.Join(dir, "demo")
	if err := command(ctx, "go", "build", "-o", program, "./cmd/verifycall"); err != nil {
		return err
	}
	if err := os.Mkdir(demo, 0o700); err != nil {
		return err
	}
	if err := play(ctx, program, demo); err != nil {
		return err
	}
	return pack(demo, filepath.Join(into, strings.TrimSpace(string(commit))+".tar.gz"))
}

func command(ctx context.Context, words ...string) error {
	out, err := exec.CommandContext(ctx, words[0], words[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%v: %w\n%s", words, err, out)
	}
	return nil
}

// play leaves one room sealed and downloaded, one live and one booked beside the
// demo's own, backups of them, and a server that was killed.
func play(ctx context.Context, program, dir string) error {
	film, err := robot.OpenFilm("bench/testdata/card.ivf")
	if err != nil {
		return err
	}
	// The demo's own key may not take bundles away.
	made, err := exec.CommandContext(ctx, program, "apikey", "create", "sample", "rooms", "evidence", "test",
		"--data", filepath.Join(dir, "data"), "--keys", filepath.Join(dir, "keys")).Output()
	words := strings.Fields(string(made))
	if err != nil || len(words) < 2 {
		return fmt.Errorf("apikey create: %q, %w", made, err)
	}
	server, err := robot.StartServer(ctx, program, dir)
	if err != nil {
		return err
	}
	defer server.Kill()
	server.Key = words[1]
	ended, err := held(ctx, server, film)
	if err != nil {
		return err
	}
	if err := ended.Finish(ctx); err != nil {
		return err
	}
	if err := downloaded(ctx, server, ended.Room.ID); err != nil {
		return err
	}
	if err := archived(ctx, filepath.Join(dir, "data", "store", "rooms", ended.Room.ID, "mirror")); err != nil {
		return err
	}
	if _, err := server.Book(ctx, "sample", time.Now().Add(72*time.Hour)); err != nil {
		return err
	}
	live, err := held(ctx, server, film)
	if err != nil {
		return err
	}
	defer live.Close()
	return command(ctx, program, "backup", "--to", filepath.Join(dir, "kept"), "--key-days", "3660", "--ops", server.Ops(),
		"--data", filepath.Join(dir, "data"), "--keys", filepath.Join(dir, "keys"))
}

// held is a live call with a line of chat and a capture.
func held(ctx context.Context, server *robot.Server, film *robot.Film) (*robot.Call, error) {
	call, err := server.Wait(ctx, film)
	if err != nil {
		return nil, err
	}
	if err := call.Admit(ctx); err != nil {
		return nil, err
	}
	select {
	case <-call.M.FirstFrame():
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if _, err := call.S.Wait(ctx, func(s *protocol.State) bool { return s.Recording }); err != nil { // it begins beside the call
		return nil, err
	}
	err = call.M.Do(ctx, &protocol.Chat{Text: "Welcome."})
	return call, errors.Join(err, call.M.Do(ctx, &protocol.Capture{Slot: protocol.SlotDocFront}))
}

// downloaded reads a room's bundle as soon as there is one, which its custody ledger says.
func downloaded(ctx context.Context, server *robot.Server, room string) error {
	for {
		body, err := server.Get(ctx, "/api/v1/rooms/"+room+"/bundle.zip")
		if err == nil {
			_, err = io.Copy(io.Discard, body)
			return errors.Join(err, body.Close())
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("no bundle of %s: %w", room, err)
		}
	}
}

// archived waits until a closed room's record is in the store as one part, beside
// the part it began with: then it has left Redis.
func archived(ctx context.Context, mirror string) error {
	for {
		parts, err := filepath.Glob(filepath.Join(mirror, "record-000001-*"))
		if err != nil || len(parts) == 2 {
			return err
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", mirror, ctx.Err())
		}
	}
}

// pack writes the folder as a tar.gz.
func pack(dir, file string) error {
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer out.Close()
	zip := gzip.NewWriter(out)
	archive := tar.NewWriter(zip)
	if err := archive.AddFS(os.DirFS(dir)); err != nil {
		return err
	}
	if err := errors.Join(archive.Close(), zip.Close(), out.Close()); err != nil {
		return err
	}
	log.Println(file)
	return nil
}

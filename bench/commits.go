package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
	"verifycall/rooms/tickets"
)

// chatsOfARoom is how many commits go into one room before the next is made, so
// that rooms have the size of real ones.
const chatsOfARoom = 50

// benchCommits measures a chat line's way into the ledger on the embedded store
// and, where redis-server is installed, on a real Redis that is as careful:
// appendfsync always.
func benchCommits(ctx context.Context, commits int, dir string, out *json.Encoder) error {
	embedded, err := commitFigure(ctx, rooms.Options{Dir: filepath.Join(dir, "embedded")}, "embedded", commits)
	if err != nil {
		return fmt.Errorf("embedded: %w", err)
	}
	if err := out.Encode(embedded); err != nil {
		return err
	}
	url, stop, err := startRedis(filepath.Join(dir, "redis"))
	if errors.Is(err, exec.ErrNotFound) {
		fmt.Fprintln(os.Stderr, "bench: commit_us on redis SKIPPED: redis-server is not installed")
		return nil
	}
	if err != nil {
		return err
	}
	defer stop()
	redis, err := commitFigure(ctx, rooms.Options{URL: url}, "redis", commits)
	if err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	return out.Encode(redis.compare(embedded))
}

func commitFigure(ctx context.Context, options rooms.Options, on string, commits int) (f figure, err error) {
	options.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	if options.Dir != "" {
		if err := os.MkdirAll(options.Dir, 0o700); err != nil {
			return f, err
		}
	}
	keys, err := os.MkdirTemp("", "verifycall-bench-keys-")
	if err != nil {
		return f, err
	}
	defer os.RemoveAll(keys)
	folder, err := objects.OpenFS(keys)
	if err != nil {
		return f, err
	}
	defer folder.Close()
	if options.Keys, err = vault.Open(folder, keys); err != nil {
		return f, err
	}
	store, err := rooms.Open(ctx, options)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	var samples []time.Duration
	for len(samples) < commits {
		room, err := waitingRoom(ctx, store)
		if err != nil {
			return f, err
		}
		for range min(chatsOfARoom, commits-len(samples)) {
			start := time.Now()
			if _, err := store.Do(ctx, room, rooms.Seller, rooms.SendChat{From: rooms.Seller, Text: "Is the light good like this?"}); err != nil {
				return f, err
			}
			samples = append(samples, time.Since(start))
		}
	}
	f = summarise("commit_us", samples, time.Microsecond)
	f.On = on
	return f, nil
}

// waitingRoom makes a room whose seller waits: the first state with a chat.
func waitingRoom(ctx context.Context, store *rooms.Store) (string, error) {
	room, err := store.Create(ctx, "bench", rooms.CreateRoom{SellerName: "Anna Maria Eriksson", Language: "en",
		Zone: "America/Toronto", At: time.Now(), Test: true,
		Link: rooms.Link{Hash: tickets.HashToken(tickets.NewToken()), Expires: time.Now().Add(time.Hour)}})
	if err != nil {
		return "", err
	}
	notice := rooms.GiveNotice{Who: rooms.Seller, Version: "2026-11", Language: "en", Agree: true}
	for _, command := range []rooms.Command{notice, rooms.EnterWaiting{}} {
		if _, err := store.Do(ctx, room.ID, rooms.Seller, command); err != nil {
			return "", err
		}
	}
	return room.ID, nil
}

// startRedis runs redis-server on a free loopback port until stop.
func startRedis(dir string) (url string, stop func(), err error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return "", nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, err
	}
	free, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	addr := free.Addr().(*net.TCPAddr)
	if err := free.Close(); err != nil {
		return "", nil, err
	}
	cmd := exec.Command(program, "--bind", "127.0.0.1", "--port", fmt.Sprint(addr.Port), "--dir", dir,
		"--appendonly", "yes", "--appendfsync", "always", "--save", "")
	if err := cmd.Start(); err != nil {
		return "", nil, fmt.Errorf("redis-server: %w", err)
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // its code says only that it was killed
	}
	for range 100 {
		conn, err := net.DialTimeout("tcp4", addr.String(), time.Second)
		if err == nil {
			return "redis://" + addr.String(), stop, conn.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
	stop()
	return "", nil, errors.New("redis-server does not answer")
}

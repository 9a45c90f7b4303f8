package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"verifycall/bench/robot"
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
	own := filepath.Join(dir, "redis")
	if err := os.MkdirAll(own, 0o700); err != nil {
		return err
	}
	starting, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	server, err := robot.StartRedis(starting, own)
	if errors.Is(err, exec.ErrNotFound) {
		fmt.Fprintln(os.Stderr, "bench: commit_us on redis SKIPPED: redis-server is not installed")
		return nil
	}
	if err != nil {
		return err
	}
	defer server.Kill()
	redis, err := commitFigure(ctx, rooms.Options{URL: server.URL}, "redis", commits)
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

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"

	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/objects"
	"verifycall/rooms"
	"verifycall/rooms/ledger"
)

const reindexUsage = `usage: verifycall reindex [--replace ROOM]... [flags]

Makes the indexes of all rooms anew, and writes what Redis lacks of rooms from
their mirrored records and bundles in the store: after Redis was lost or rolled
back, and after the signing key was rotated. Each room that was written again has
an entry "restored" in its ledger. Managers' calendars are completed too and made
to hold what the rooms say, and mails of the last three days of which nobody knows
what became are in the outbox again. Stop every node before.

A room of which Redis has something else than the store is named and left alone.
With --replace ROOM the store's copy takes its place; what Redis had is kept in the
store, under rooms/ROOM/refused/. Staff accounts, API keys and sessions are not in
the store: make them again with "verifycall invite".

exit code  0  every room is whole
           1  something could not be read, or a room is refused and named
           2  a wrong call

Each flag may be given as an environment variable too, as for serve.

`

// runReindex is the subcommand reindex. It gives the exit code.
func runReindex(args []string, out, errOut io.Writer) int {
	var c settings
	var replace []string
	f := flag.NewFlagSet("reindex", flag.ContinueOnError)
	f.Func("replace", "`room` whose stored copy takes the place of what Redis has", func(room string) error {
		replace = append(replace, room)
		return nil
	})
	if code, done := c.forPlaces(f, reindexUsage, args, out, errOut, func() error { return nil }); done {
		return code
	}
	whole, err := reindex(context.Background(), c, replace, out, errOut)
	if err != nil {
		fmt.Fprintf(errOut, "verifycall reindex: %v\n", err)
	}
	if err != nil || !whole {
		return 1
	}
	return 0
}

func reindex(ctx context.Context, c settings, replace []string, out, errOut io.Writer) (whole bool, err error) {
	var p places
	defer func() { err = errors.Join(err, p.close()) }()
	log := slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if err := p.open(ctx, c, log); err != nil {
		return false, err
	}
	done, err := p.rooms.Reindex(ctx, rooms.Rebuilding{Sealed: p.sealedRecord, Replace: replace})
	for _, id := range done.Restored {
		fmt.Fprintf(out, "restored %s\n", id)
	}
	for _, id := range done.Calendars {
		fmt.Fprintf(out, "calendar of %s\n", id)
	}
	if done.Mails > 0 {
		fmt.Fprintf(out, "mails to send again %d\n", done.Mails)
	}
	for _, id := range slices.Sorted(maps.Keys(done.Refused)) {
		fmt.Fprintf(out, "refused %s: %v\n", id, done.Refused[id])
	}
	fmt.Fprintf(out, "rooms %d, restored %d, refused %d\n", done.Rooms, len(done.Restored), len(done.Refused))
	return len(done.Refused) == 0, err
}

// sealedRecord reads the record of a room's bundle after verifying the bundle.
func (p *places) sealedRecord(ctx context.Context, room string) (sealed rooms.SealedRecord, found bool, err error) {
	prefix, fence, err := evidence.Locate(ctx, p.vault.Store(), room)
	if err != nil {
		return sealed, false, err
	}
	bundle, err := evidence.OpenBundle(ctx, p.vault, prefix)
	if errors.Is(err, objects.ErrNotFound) {
		return sealed, false, nil
	}
	if err != nil {
		return sealed, false, err
	}
	report, err := evidence.VerifyStore(ctx, p.vault, prefix, []string{string(p.keys.WellKnown())})
	if err != nil {
		return sealed, false, err
	}
	if !report.Whole || !report.SignerKnown {
		return sealed, false, fmt.Errorf("its bundle isn't whole and signed by this deployment: %s", report.Wrong)
	}
	sealed.Digest, sealed.Fence = bundle.Digest(), fence
	err = eachBundleLine(ctx, bundle, "data/ledger.jsonl", func(line []byte) error {
		e, err := ledger.Parse(line)
		sealed.Entries = append(sealed.Entries, e)
		return err
	})
	if err == nil {
		err = eachBundleLine(ctx, bundle, "data/private.jsonl", func(line []byte) error {
			var v ledger.Private
			err := json.Unmarshal(line, &v)
			sealed.Privates = append(sealed.Privates, v)
			return err
		})
	}
	return sealed, true, err
}

// eachBundleLine gives the lines of a verified bundle's file.
func eachBundleLine(ctx context.Context, bundle *evidence.Bundle, name string, take func(line []byte) error) (err error) {
	file, _, err := bundle.Open(ctx, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20) // no line of a verified bundle is longer
	for lines.Scan() {
		if err := take(lines.Bytes()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return lines.Err()
}

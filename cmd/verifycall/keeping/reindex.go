package keeping

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"

	"verifycall/cmd/verifycall/places"
	"verifycall/cmd/verifycall/settings"
	"verifycall/rooms"
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

// Reindex is the subcommand reindex. It gives the exit code.
func Reindex(args []string, out, errOut io.Writer) int {
	var c settings.Settings
	var replace []string
	f := flag.NewFlagSet("reindex", flag.ContinueOnError)
	f.Func("replace", "`room` whose stored copy takes the place of what Redis has", func(room string) error {
		replace = append(replace, room)
		return nil
	})
	if code, done := c.ForPlaces(f, reindexUsage, args, out, errOut, settings.NoWords); done {
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

func reindex(ctx context.Context, c settings.Settings, replace []string, out, errOut io.Writer) (whole bool, err error) {
	var p places.Places
	defer func() { err = errors.Join(err, p.Close()) }()
	log := slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if err := p.Open(ctx, c, log); err != nil {
		return false, err
	}
	if err := p.Rooms.Unserved(ctx); err != nil {
		return false, err
	}
	done, err := p.Rooms.Reindex(ctx, rooms.Rebuilding{Sealed: p.SealedRecord, Replace: replace})
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

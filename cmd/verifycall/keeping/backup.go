// Package keeping has the subcommands of whoever keeps a deployment: backup, restore,
// reindex, keys and access.
package keeping

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"verifycall/backup"
	"verifycall/cmd/verifycall/console"
	"verifycall/cmd/verifycall/places"
	"verifycall/cmd/verifycall/settings"
	"verifycall/recorder/evidence"
	"verifycall/recorder/evidence/objects"
	"verifycall/recorder/evidence/vault"
	"verifycall/rooms"
	"verifycall/rooms/embedded"
)

const backupUsage = `usage: verifycall backup --to FOLDER [--evidence] [--key-days N] [flags]

Writes beside a running server, with calls going on, two files into FOLDER:

  verifycall-TIME-rooms.backup           what Redis has: rooms, accounts, calendars, links, API keys
  verifycall-TIME-keys-UNTIL.backup      the table of the rooms' wrapped keys

Both are encrypted to the wrapping key and the recovery, and signed. Keep the first
as long as you like: what is erased from the table of keys can't be read in it. The
second opens rooms that are erased after it was made, so it counts for --key-days
only; those in FOLDER that are over are deleted. With --evidence also the objects of
the store that FOLDER/evidence lacks are copied there, encrypted as they are, and
those that were erased since are deleted there.

The key folder (--keys) is in none of them: keep a copy of it elsewhere, without it
no backup can be read. With the embedded Redis a running server is asked by --ops.

Each flag may be given as an environment variable too, as for serve.

`

// TableDays is how long a table of keys counts unless something else is said.
const TableDays = 35

// Backup is the subcommand backup. It gives the exit code: 1 when something
// could not be read or written, 2 for a wrong call.
func Backup(args []string, out, errOut io.Writer) int {
	var c settings.Settings
	var to, ops string
	var days int
	var withEvidence bool
	f := flag.NewFlagSet("backup", flag.ContinueOnError)
	f.StringVar(&to, "to", "", "`folder` of the backups, made if need be")
	f.BoolVar(&withEvidence, "evidence", false, "copy the objects of the store too")
	f.Var(console.NewNumber(&days, TableDays, 1, 3660), "key-days", "`number` of days that the table of keys counts")
	f.StringVar(&ops, "ops", "http://127.0.0.1:9090", "`URL` of the server's --ops-listen")
	if code, done := c.ForPlaces(f, backupUsage, args, out, errOut, func(words []string) error {
		if to == "" {
			return errors.New("--to: say where the backups go")
		}
		return settings.NoWords(words)
	}); done {
		return code
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	b := backingUp{Settings: c, folder: to, ops: ops, days: days, evidence: withEvidence, out: out}
	if err := b.run(ctx); err != nil {
		fmt.Fprintf(errOut, "verifycall backup: %v\n", err)
		return 1
	}
	return 0
}

// backingUp is one run of the subcommand.
type backingUp struct {
	settings.Settings
	folder, ops string
	days        int
	evidence    bool
	out         io.Writer
}

func (b *backingUp) run(ctx context.Context) (err error) {
	if err := places.Owned(b.Settings); err != nil { // before anything is made
		return err
	}
	if err := os.MkdirAll(b.folder, 0o700); err != nil {
		return err
	}
	p := places.Places{}
	defer func() { err = errors.Join(err, p.Close()) }()
	running, err := b.open(ctx, &p)
	if err != nil {
		return err
	}
	from := p.ForBackup()
	now := time.Now().UTC()
	name := "verifycall-" + now.Format("20060102T150405Z")
	rooms := func(w io.Writer) (string, error) {
		if running {
			return "from the running server", b.ask(ctx, w)
		}
		n, err := from.WriteRooms(ctx, w)
		return fmt.Sprintf("rooms %d, others %d", n.Rooms, n.Others), err
	}
	if err := b.write(from, name+"-rooms.backup", rooms); err != nil {
		return err
	}
	until := now.AddDate(0, 0, b.days).Truncate(24 * time.Hour)
	err = b.write(from, name+"-keys-"+until.Format(keyFileDay)+".backup", func(w io.Writer) (string, error) {
		n, err := from.WriteKeys(ctx, w, until)
		return fmt.Sprintf("keys %d, until %s", n, until.Format(time.DateOnly)), err
	})
	if err == nil {
		err = b.prune(now)
	}
	if err == nil && b.evidence {
		err = b.copyEvidence(ctx, from)
	}
	return err
}

// open opens the places; running says that a server has the embedded Redis.
func (b *backingUp) open(ctx context.Context, p *places.Places) (running bool, err error) {
	c := b.Settings
	err = p.Open(ctx, c, nil)
	if errors.Is(err, embedded.ErrLocked) {
		return true, nil
	}
	return false, err
}

// write makes a file that only the service can read, and reads it again before it
// gets its name.
func (b *backingUp) write(from backup.Places, name string, fill func(io.Writer) (says string, err error)) (err error) {
	temp, err := os.CreateTemp(b.folder, ".new-*") // 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, temp.Close(), os.Remove(temp.Name()))
		}
	}()
	says, err := fill(temp)
	if err != nil {
		return err
	}
	if _, err = temp.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if _, _, err = from.Check(temp); err != nil {
		return fmt.Errorf("what was written: %w", err)
	}
	if err = errors.Join(temp.Sync(), temp.Close()); err != nil {
		return err
	}
	place := filepath.Join(b.folder, name)
	if err = os.Rename(temp.Name(), place); err != nil {
		return err
	}
	fmt.Fprintf(b.out, "%s  %s\n", place, says)
	return nil
}

// ask has the running server write its rooms.
func (b *backingUp) ask(ctx context.Context, w io.Writer) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.ops+"/backup", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("the server has the embedded Redis, and is asked by --ops: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s/backup: %s", b.ops, res.Status)
	}
	_, err = io.Copy(w, res.Body) // one that is cut has no signature
	return err
}

// keyFileDay is how the file's name says until when a table of keys counts.
const keyFileDay = "20060102"

// prune deletes tables of keys that are over.
func (b *backingUp) prune(now time.Time) error {
	files, err := filepath.Glob(filepath.Join(b.folder, "verifycall-*-keys-*.backup"))
	if err != nil {
		return err
	}
	for _, file := range files {
		day := strings.TrimSuffix(file[strings.LastIndex(file, "-")+1:], ".backup")
		until, err := time.Parse(keyFileDay, day)
		if err != nil || now.Before(until) {
			continue
		}
		if err := os.Remove(file); err != nil {
			return err
		}
		fmt.Fprintf(b.out, "%s  deleted, it was over\n", file)
	}
	return nil
}

func (b *backingUp) copyEvidence(ctx context.Context, from backup.Places) (err error) {
	into, err := objects.OpenFS(filepath.Join(b.folder, EvidenceFolder))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, into.Close()) }()
	copied, dropped, err := from.CopyEvidence(ctx, into)
	fmt.Fprintf(b.out, "%s  copied %d, erased %d\n", filepath.Join(b.folder, EvidenceFolder), copied, dropped)
	return err
}

const EvidenceFolder = "evidence"

const restoreUsage = `usage: verifycall restore ROOMS.backup [--key-table KEYS.backup] [--evidence FOLDER] [--bundles] [flags]

Brings a deployment back into an empty Redis, with no node serving. Needed are the key
folder (--keys) and the store. What the store lacks of evidence comes from the copy
that "backup --evidence" made, what it lacks of keys from the table of keys. What the
store's mirrors know beyond the backup is added, every purge that they know is applied
again, and every chain is verified; with --bundles also every bundle, which reads all
recordings. Sessions don't come back: people sign in again. API keys and sign-in links
do, also those that were revoked after the backup: look at "apikey list" and "admin
list".

exit code  0  every room is whole
           1  something could not be read, or a room is refused and named
           2  a wrong call

Each flag may be given as an environment variable too, as for serve.

`

// Restore is the subcommand restore. It gives the exit code.
func Restore(args []string, out, errOut io.Writer) int {
	var c settings.Settings
	r := restoring{out: out}
	f := flag.NewFlagSet("restore", flag.ContinueOnError)
	f.StringVar(&r.keys, "key-table", "", "`file` of a table of keys")
	f.StringVar(&r.evidence, "evidence", "", "`folder` of a copy of the evidence")
	f.BoolVar(&r.bundles, "bundles", false, "verify every bundle")
	if code, done := c.ForPlaces(f, restoreUsage, args, out, errOut, func(words []string) error {
		if len(words) == 0 {
			return errors.New("say which file to restore from")
		}
		r.file = words[0]
		return settings.NoWords(words[1:])
	}); done {
		return code
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	whole, err := r.run(ctx, c, slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: slog.LevelError})))
	if err != nil {
		fmt.Fprintf(errOut, "verifycall restore: %v\n", err)
	}
	if err != nil || !whole {
		return 1
	}
	return 0
}

// restoring is one run of the subcommand.
type restoring struct {
	file, keys, evidence string
	bundles              bool
	out                  io.Writer
}

func (r *restoring) run(ctx context.Context, c settings.Settings, log *slog.Logger) (whole bool, err error) {
	var p places.Places
	defer func() { err = errors.Join(err, p.Close()) }()
	if _, err := os.Stat(filepath.Join(c.Keys, evidence.SecretFile)); err != nil {
		return false, fmt.Errorf("the key folder is needed, new keys open nothing: %w", err)
	}
	if _, err := os.Stat(filepath.Join(c.Keys, vault.WrapFile)); err != nil {
		return false, fmt.Errorf("the key folder is needed, new keys open nothing: %w", err)
	}
	if err := p.Open(ctx, c, log); err != nil {
		return false, err
	}
	from := backup.Source{Sealed: p.SealedRecord}
	archive, err := os.Open(r.file)
	if err != nil {
		return false, err
	}
	defer archive.Close()
	from.Rooms = archive
	if r.keys != "" {
		table, err := os.Open(r.keys)
		if err != nil {
			return false, err
		}
		defer table.Close()
		from.Keys = table
	}
	if r.evidence != "" {
		if _, err := os.Stat(r.evidence); err != nil {
			return false, err
		}
		copyOf, err := objects.OpenFS(r.evidence)
		if err != nil {
			return false, err
		}
		defer copyOf.Close()
		from.Evidence = copyOf
	}
	done, err := p.ForBackup().Restore(ctx, from)
	if err != nil {
		return false, err
	}
	if r.bundles {
		if err := r.verifyBundles(ctx, &p, &done); err != nil {
			return false, err
		}
	}
	r.say(done)
	return len(done.Refused) == 0, nil
}

// verifyBundles verifies each sealed room's bundle as it lies in the store.
func (r *restoring) verifyBundles(ctx context.Context, p *places.Places, done *backup.Restored) error {
	ids, err := p.Rooms.EveryRoom(ctx)
	if err != nil {
		return err
	}
	verified := 0
	for _, id := range ids {
		if done.Refused[id] != nil {
			continue
		}
		room, err := p.Rooms.Load(ctx, id)
		if err != nil {
			return err
		}
		if room.Bundle == "" || room.Erased(rooms.ClassRecord) {
			continue
		}
		report, err := evidence.VerifyStore(ctx, p.Vault, evidence.FencedPrefix(id, room.BundleFence), []string{string(p.Keys.WellKnown())})
		if err == nil && (!report.Whole || !report.SignerKnown) {
			err = fmt.Errorf("its bundle isn't whole and signed by this deployment: %s", report.Wrong)
		}
		if err != nil {
			done.Refused[id] = err
			continue
		}
		verified++
	}
	_, err = fmt.Fprintf(r.out, "bundles verified %d\n", verified)
	return err
}

func (r *restoring) say(done backup.Restored) {
	for id, err := range done.Refused {
		fmt.Fprintf(r.out, "refused %s: %v\n", id, err)
	}
	fmt.Fprintf(r.out, "backup of %s\nrooms %d, entries %d, others %d\nlater in the store %d, purged again %d\nobjects brought back %d, keys %d\nrefused %d\n",
		done.Made.Format(time.RFC3339), done.Rooms, done.Entries, done.Others, done.Newer, done.Purged, done.Objects, done.Keys, len(done.Refused))
}

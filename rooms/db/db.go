// Package db writes to Redis, or to the embedded one, and reads from it: one commit
// over the ledgers of several aggregates and all that goes with them, the
// encryption of personal values, and what to do while Redis is away. It knows
// nothing of what an aggregate is.
//
// A DB has one goroutine, that asks an absent Redis whether it is back; it ends
// with Close.
package db

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"verifycall/rooms/embedded"
)

// Errors of a DB, found by errors.Is; ErrAway too.
var (
	ErrNotFound = errors.New("not found")
	ErrConflict = errors.New("somebody else has written") // read again and decide again
	ErrFenced   = errors.New("a guard of the write doesn't hold any more")
	ErrUnknown  = errors.New("not known whether written") // Redis can't be asked; the same commit may be sent again
)

// Prefix carries the tenant as hash tag, so that all keys of a commit lie in one
// slot of a cluster.
const Prefix = "vc:{main}:"

// DB is a Redis, or the embedded one, as everything of the deployment is kept in
// it. It is safe for concurrent use. Keys that it is given have Prefix, but for
// those of a Change.
type DB struct {
	Client   redis.UniversalClient // to read; what changes something goes through Commit, Write and Run
	embedded *embedded.Server      // nil with a Redis of its own
	pulse    *pulse                // nil with the embedded one
	replicas int                   // that must have a write
	keys     Keys
	carries  func([]Change) error // nil: everything is
	log      *slog.Logger
	metrics  *Metrics // nil: nobody reads them
	stop     context.CancelFunc
	tasks    sync.WaitGroup
}

// Options say where a DB is.
type Options struct {
	// URL names a Redis, empty the embedded one. redis:// or rediss:// with
	// host:port/db is one server; ?master_name=NAME&addr=HOST:PORT names
	// Sentinels, ?cluster=1&addr=HOST:PORT the first nodes of a Cluster.
	URL      string
	Dir      string // of the embedded one's journal; made if need be
	Replicas int    // that must have a write before it counts as done
	Keys     Keys   // of personal values; needed
	Log      *slog.Logger
	Metrics  *Metrics // nil: nobody reads them

	// Carries is asked before each commit whether everybody who is there can read
	// it; its error is that of the commit. nil: yes.
	Carries func([]Change) error
}

// Open connects to Redis, or starts the embedded one and replays its journal.
// Only one process can have an embedded Dir open: embedded.ErrLocked.
func Open(ctx context.Context, o Options) (*DB, error) {
	logging.Disable() // go-redis writes to stderr what it also returns
	if o.Keys == nil {
		return nil, errors.New("db: Keys are needed")
	}
	d := &DB{log: o.Log, keys: o.Keys, replicas: o.Replicas, carries: o.Carries, metrics: o.Metrics}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	if o.URL == "" {
		return d, d.openEmbedded(o.Dir)
	}
	if err := d.connect(ctx, o.URL); err != nil {
		return nil, err
	}
	tending, stop := context.WithCancel(context.Background())
	d.stop = stop
	d.tasks.Go(func() { d.tend(tending) })
	return d, nil
}

func (d *DB) openEmbedded(dir string) (err error) {
	if d.embedded, err = embedded.Open(dir, d.log); err != nil {
		return fmt.Errorf("embedded redis: %w", err)
	}
	d.Client = redis.NewClient(&redis.Options{
		Addr:            "embedded",
		Dialer:          func(context.Context, string, string) (net.Conn, error) { return d.embedded.Dial() },
		DisableIdentity: true,
		Protocol:        2,
	})
	return nil
}

// Close ends the connections, and the embedded Redis after its last write.
func (d *DB) Close() error {
	if d.stop != nil {
		d.stop()
	}
	d.tasks.Wait()
	err := d.Client.Close()
	if d.embedded != nil {
		err = errors.Join(err, d.embedded.Close())
	}
	return err
}

// Away reports that Redis doesn't answer: whatever is asked now is refused.
func (d *DB) Away() bool { return d.pulse != nil && d.pulse.away.Load() }

// Write runs a command that changes something; all writes come through here or
// Run, so that the embedded Redis has them on disk before they are answered.
// ok is false for a null reply.
func (d *DB) Write(ctx context.Context, args ...string) (text string, ok bool, err error) {
	if d.embedded != nil {
		return d.embedded.Do(ctx, args...)
	}
	list := make([]any, len(args))
	for i, a := range args {
		list[i] = a
	}
	switch reply, err := d.Client.Do(ctx, list...).Result(); {
	case errors.Is(err, redis.Nil):
		return "", false, nil
	case err != nil:
		return "", false, err
	default:
		return fmt.Sprint(reply), true, nil
	}
}

// Script is a program that Redis runs, see DB.Run.
type Script struct {
	source string
	redis  *redis.Script
}

// NewScript makes one of its text. Its reply must be one string.
func NewScript(source string) *Script { return &Script{source, redis.NewScript(source)} }

// Run runs a script that changes something.
func (d *DB) Run(ctx context.Context, program *Script, keys, args []string) (string, error) {
	if d.embedded != nil {
		text, _, err := d.embedded.Script(ctx, program.source, keys, args)
		return text, err
	}
	list := make([]any, len(args))
	for i, a := range args {
		list[i] = a
	}
	return d.scriptAndWait(ctx, program.redis, keys, list)
}

package rooms

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"verifycall/rooms/embedded"
)

// Errors of a Store, found by errors.Is.
var (
	ErrNotFound    = errors.New("not found")
	ErrLinkExpired = errors.New("the link's time is over")
	ErrConflict    = errors.New("somebody else has written") // read again and decide again
	ErrFenced      = errors.New("a guard of the write doesn't hold any more")
	ErrUnknown     = errors.New("not known whether written") // Redis can't be asked; the same commit may be sent again
)

// prefix carries the tenant as hash tag, so that all keys of a commit lie in one
// slot of a cluster.
const prefix = "vc:{main}:"

// Store keeps rooms, staff accounts, links and tickets in Redis. It is safe for
// concurrent use. What lies where, after the prefix:
//
//	room:ID           hash: record and custody (heads, "seq-hash"), state (the Room as JSON), archived (see Store.archive)
//	room:ID:record    stream: the entries, id "seq-0", field "e" the canonical line; of a closed room in the mirror alone
//	room:ID:custody   stream: as above
//	room:ID:private   hash: commitment → {salt, value}, encrypted, see Keys
//	staff:ID…         the same for an account, with the ledger record
//	calendar:ID…      the same for a manager's calendar; past months are in the mirror alone
//	index:NAME        sorted set of ids, score in milliseconds, see memberships and hiddenMemberships
//	index:due         deadlines "ROOM/KIND", score when each is due, see deadlines
//	index:queue       the rooms in the instant queue, score since when
//	queue             number of changes of the queue; who gives a turn guards it
//	desks             hash: manager → "status since", see SetDesk
//	index:here        whose pages are open, score until when that is believed
//	index:outbox      mails to send "ROOM.SEQ.KIND", score when to try next
//	room:ID:mail      hash: "SEQ.KIND" → what became of that mail
//	link:HASH         {room, expires}
//	index:samples     the last samples as JSON, score when each was drawn
//	views:ID          an auditor's saved views as JSON
//	ticket:KIND:HASH  a Ticket, with a time to live
//	lease:ID          who holds a live room, with a time to live, see lease.lua; room:ID has its last fence
//	node:ID, nodes    announcements of the nodes, with a time to live
//	common:NAME       what all nodes have in common
type Store struct {
	client   redis.UniversalClient
	embedded *embedded.Server // nil with a Redis of its own
	pulse    *pulse           // nil with the embedded one
	witness  *witness         // nil where nothing is signed
	pending  *pending         // nil where nothing is kept
	replicas int              // that must have a write
	keys     Keys

	hiddenKey [sha256.Size]byte // of the names of indexes about what is private
	log       *slog.Logger
	now       func() time.Time
	stop      context.CancelFunc // ends tasks
	tasks     sync.WaitGroup
	shelf     shelf
	booking   chan struct{} // capacity 1: the right to decide a booking
	format    atomic.Int32  // that is written, at most Format
	marked    atomic.Bool   // Redis was told of it
	keeper    atomic.Value  // string: the node that keeps leases through this store, see node

	spare spareBuckets // while Redis can't be asked for a limit

	metrics *Metrics // nil: nobody reads them
}

// Options say where a Store keeps its things.
type Options struct {
	// URL names a Redis, empty the embedded one. redis:// or rediss:// with
	// host:port/db is one server; ?master_name=NAME&addr=HOST:PORT names
	// Sentinels, ?cluster=1&addr=HOST:PORT the first nodes of a Cluster.
	URL      string
	Dir      string // of the embedded one's journal; made if need be
	Replicas int    // that must have a write before it counts as done
	// Kept is the folder for what live calls do while Redis is away, see DoLive;
	// made if need be. The embedded one is never away.
	Kept string
	// Signer and Mirror, both or none: heads are signed and ledgers copied, and a
	// room is used only where Redis agrees with them.
	Signer Signer
	Mirror Mirror
	Log    *slog.Logger
	Keys   Keys // of personal values; needed

	Metrics *Metrics // nil: nobody reads them

	Now func() time.Time // the clock of entries; nil: time.Now
}

// Open connects to Redis, or starts the embedded one and replays its journal.
// Only one process can have an embedded Dir open: embedded.ErrLocked.
func Open(ctx context.Context, o Options) (*Store, error) {
	logging.Disable() // go-redis writes to stderr what it also returns
	if o.Keys == nil {
		return nil, errors.New("rooms: Keys are needed")
	}
	s := &Store{log: o.Log, keys: o.Keys, now: time.Now, replicas: o.Replicas, hiddenKey: hiddenKeyOf(o.Signer),
		booking: make(chan struct{}, 1), metrics: o.Metrics}
	s.format.Store(Format)
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if o.Signer != nil && o.Mirror != nil {
		s.witness = newWitness(o.Signer, o.Mirror)
	}
	if o.Now != nil {
		s.now = o.Now
	}
	var err error
	if o.URL == "" {
		err = s.openEmbedded(o.Dir)
	} else {
		err = s.connect(ctx, o.URL)
	}
	if err != nil {
		return nil, err
	}
	if o.URL != "" && o.Kept != "" {
		if s.pending, err = openPending(o.Kept); err != nil {
			return nil, errors.Join(fmt.Errorf("changes kept: %w", err), s.client.Close())
		}
	}
	s.start()
	return s, nil
}

// start runs what tends the store until Close.
func (s *Store) start() {
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	if s.pulse != nil {
		s.tasks.Go(func() { s.tend(ctx) })
	}
	if s.pending != nil {
		s.tasks.Go(func() { s.deliver(ctx) })
	}
	if s.witness != nil {
		s.tasks.Go(s.mirrorAll)
		s.tasks.Go(func() { s.cutCalendars(ctx) })
		s.tasks.Go(func() { s.archiveAll(ctx, archiveEvery) })
	}
}

func (s *Store) openEmbedded(dir string) (err error) {
	if s.embedded, err = embedded.Open(dir, s.log); err != nil {
		return fmt.Errorf("embedded redis: %w", err)
	}
	s.client = redis.NewClient(&redis.Options{
		Addr:            "embedded",
		Dialer:          func(context.Context, string, string) (net.Conn, error) { return s.embedded.Dial() },
		DisableIdentity: true,
		Protocol:        2,
	})
	if err := s.freeMails(context.Background()); err != nil {
		return errors.Join(err, s.client.Close(), s.embedded.Close())
	}
	return nil
}

// Close ends the connections, and the embedded Redis after its last write.
//
// What is signed and not mirrored yet is mirrored before.
func (s *Store) Close() error {
	s.stop()
	if s.witness != nil {
		close(s.witness.closed)
	}
	s.tasks.Wait()
	err := s.client.Close()
	if s.pending != nil {
		err = errors.Join(err, s.pending.close())
	}
	if s.embedded != nil {
		err = errors.Join(err, s.embedded.Close())
	}
	return err
}

// write runs a command that changes something; all writes come through here or
// script, so that the embedded Redis has them on disk before they are answered.
// ok is false for a null reply.
func (s *Store) write(ctx context.Context, args ...string) (text string, ok bool, err error) {
	if s.embedded != nil {
		return s.embedded.Do(ctx, args...)
	}
	list := make([]any, len(args))
	for i, a := range args {
		list[i] = a
	}
	switch reply, err := s.client.Do(ctx, list...).Result(); {
	case errors.Is(err, redis.Nil):
		return "", false, nil
	case err != nil:
		return "", false, err
	default:
		return fmt.Sprint(reply), true, nil
	}
}

// script runs a script that changes something. Its reply is one string.
func (s *Store) script(ctx context.Context, script *redis.Script, source string, keys, args []string) (string, error) {
	if s.embedded != nil {
		text, _, err := s.embedded.Script(ctx, source, keys, args)
		return text, err
	}
	list := make([]any, len(args))
	for i, a := range args {
		list[i] = a
	}
	return s.scriptAndWait(ctx, script, keys, list)
}

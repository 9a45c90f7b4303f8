package rooms

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"verifycall/rooms/calendars"
	"verifycall/rooms/db"
	"verifycall/rooms/limits"
	"verifycall/rooms/outbox"
	"verifycall/rooms/proof"
	"verifycall/rooms/staff"
	"verifycall/rooms/tickets"
	"verifycall/rooms/waiting"
)

// Errors of a Store, found by errors.Is.
var (
	ErrNotFound    = db.ErrNotFound
	ErrConflict    = db.ErrConflict
	ErrFenced      = db.ErrFenced
	ErrUnknown     = db.ErrUnknown
	ErrLinkExpired = errors.New("the link's time is over")
)

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
	Accounts  *staff.Accounts
	Tickets   *tickets.Tickets
	Limits    *limits.Buckets
	Calendars *calendars.Calendars
	Outbox    *outbox.Outbox

	db      *db.DB
	witness *witness               // nil where nothing is signed
	pending *waiting.Folder[*Room] // nil where nothing is kept

	hiddenKey [sha256.Size]byte // of the names of indexes about what is private
	log       *slog.Logger
	now       func() time.Time
	stop      context.CancelFunc // ends tasks
	tasks     sync.WaitGroup
	booking   chan struct{} // capacity 1: the right to decide a booking
	format    atomic.Int32  // that is written, at most Format
	marked    atomic.Bool   // Redis was told of it
	keeper    atomic.Value  // string: the node that keeps leases through this store, see node

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
	Signer proof.Signer
	Mirror proof.Mirror
	Log    *slog.Logger
	Keys   db.Keys // of personal values; needed

	Metrics *Metrics // nil: nobody reads them

	Now func() time.Time // the clock of entries; nil: time.Now
}

// Open connects to Redis, or starts the embedded one and replays its journal.
// Only one process can have an embedded Dir open: embedded.ErrLocked.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{log: o.Log, now: time.Now, hiddenKey: hiddenKeyOf(o.Signer), booking: make(chan struct{}, 1), metrics: o.Metrics}
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
	below := db.Options{URL: o.URL, Dir: o.Dir, Replicas: o.Replicas, Keys: o.Keys, Log: s.log, Carries: s.carried}
	if o.Metrics != nil {
		below.Metrics = o.Metrics.commits
	}
	var err error
	if s.db, err = db.Open(ctx, below); err != nil {
		return nil, err
	}
	clock := func() time.Time { return s.now() }
	s.Accounts, s.Tickets, s.Limits = staff.New(s.db, clock), tickets.New(s.db, clock), limits.New(s.db, s.log, clock)
	hours := calendars.Options{DB: s.db, Accounts: s.Accounts, Log: s.log, Now: clock}
	if s.witness != nil {
		hours.Signer, hours.Mirror, hours.Soon = o.Signer, o.Mirror, s.witness.soon
	}
	s.Calendars = calendars.New(hours)
	s.Outbox = outbox.New(s.db, s.keepSettled, s.log, clock)
	switch {
	case o.URL == "":
		err = s.Outbox.Free(ctx)
	case o.Kept != "":
		if s.pending, err = waiting.Open[*Room](o.Kept); err != nil {
			err = fmt.Errorf("changes kept: %w", err)
		}
	}
	if err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	s.start()
	return s, nil
}

// DB is what the store keeps its things in, for those who keep others there.
func (s *Store) DB() *db.DB { return s.db }

// start runs what tends the store until Close.
func (s *Store) start() {
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	if s.pending != nil {
		s.tasks.Go(func() { s.deliver(ctx) })
	}
	if s.witness != nil {
		s.tasks.Go(s.mirrorAll)
		s.tasks.Go(func() { s.Calendars.Tend(ctx) })
		s.tasks.Go(func() { s.archiveAll(ctx, archiveEvery) })
	}
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
	err := s.db.Close()
	if s.pending != nil {
		err = errors.Join(err, s.pending.Close())
	}
	return err
}

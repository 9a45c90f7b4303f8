// Package embedded is a Redis in the process that forgets nothing: miniredis
// behind a journal. Reads go through Dial; everything that changes something
// goes through Do or Script, which have it on disk before they run it and
// answer. One process at a time can have a directory open.
//
// It serves one node, for trying out and for small houses; all data is in
// memory.
package embedded

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/proto"
)

// Errors of a Server, found by errors.Is.
var (
	ErrLocked  = errors.New("another process has the directory open")
	ErrDamaged = errors.New("the journal is damaged before its end")
	ErrClosed  = errors.New("the embedded redis is closed")
)

// maxBatch bounds how many writes share one fsync.
const maxBatch = 128

// step is how often the clock runs on when nobody writes: a key lives that much
// too long for a reader. With many keys it is longer, see advance.
const step = time.Second

// Server is an embedded Redis with its journal. It is safe for concurrent use.
// Whoever opened it closes it, after its own connections.
type Server struct {
	log      *slog.Logger
	redis    *miniredis.Miniredis
	lock     *os.File
	requests chan request  // unbuffered and never closed: what run has taken is always answered
	stop     chan struct{} // closed by Close
	stopped  chan struct{} // closed by run when it returns
	closing  sync.Once
	conns    conns // of Dial

	// ---- owned by run, and by Open before it starts
	executor *proto.Client
	clock    int64 // miniredis's time, ms since 1970
	journal  *journal
	known    map[string]bool // SHA-1 of the scripts in this generation of the journal
	broken   error           // why nothing can be written any more
	closeErr error           // what Close gives; Close's once stopped
}

type request struct {
	calls  [][]string // the answer is that of the last
	sha    string     // of the script that must be loaded before, or empty
	source string
	answer chan answer // capacity 1
}

type answer struct {
	text string
	ok   bool
	err  error
}

// Open replays the journal in dir, which is made if need be, and starts to
// serve. Errors: ErrLocked, ErrDamaged.
func Open(dir string, log *slog.Logger) (*Server, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := LockDir(dir)
	if err != nil {
		return nil, err
	}
	s := &Server{log: log, redis: miniredis.NewMiniRedis(), lock: lock, requests: make(chan request),
		stop: make(chan struct{}), stopped: make(chan struct{}), known: map[string]bool{}}
	if err := s.begin(dir); err != nil {
		s.redis.Close()
		return nil, errors.Join(err, lock.Close())
	}
	go s.run()
	return s, nil
}

// begin connects the executor, replays and takes the first snapshot.
func (s *Server) begin(dir string) error {
	conn, err := s.redis.Dial()
	if err != nil {
		return err
	}
	s.executor = proto.NewClient(conn)
	s.redis.ClockTTL(true)
	if s.journal, err = openJournal(dir, s.log, s.replay); err != nil {
		return err
	}
	s.advance(time.Now())
	if s.journal.size > 0 {
		return s.snapshot()
	}
	return nil
}

// advance lets miniredis's clock run to a time, and says how long that took.
// Left to itself miniredis looks at every key at every command to see what has
// run out; with a clock that stands still in between it does so here alone.
func (s *Server) advance(to time.Time) time.Duration {
	began := time.Now()
	s.clock = to.UnixMilli()
	s.redis.SetTime(time.UnixMilli(s.clock))
	s.execute([]string{"DBSIZE"}) // any command takes the step
	return time.Since(began)
}

// replay runs the calls of one record. Where they know time they run at the
// record's, so that what had run out then has run out now.
func (s *Server) replay(r journalRecord) {
	if s.clock == 0 || r.timed() && r.At != s.clock { // the first one stops the clock
		s.advance(time.UnixMilli(r.At))
	}
	for _, args := range r.Calls {
		if a := s.execute(args); a.err != nil { // as it did then: its caller was told
			s.log.Warn("a call in the journal fails", "command", args[0], "err", a.err)
		}
		if args[0] == "SCRIPT" {
			s.known[scriptSHA(args[2])] = true
		}
	}
}

// Dial gives a connection to read by. Writes through it would not last.
func (s *Server) Dial() (net.Conn, error) {
	select {
	case <-s.stop:
		return nil, ErrClosed
	default:
	}
	conn, err := s.redis.Dial()
	if err != nil {
		return nil, fmt.Errorf("embedded redis: %w", err)
	}
	return s.conns.start(conn)
}

// Do runs a command that changes something; it is on disk before it runs. ok is
// false for a null reply. ctx bounds the waiting before the command is taken;
// once taken it is answered.
func (s *Server) Do(ctx context.Context, args ...string) (text string, ok bool, err error) {
	return s.ask(ctx, request{calls: [][]string{args}})
}

// Script runs a Lua script as Do runs a command. The script must not touch keys
// with a time to live: it runs whatever the time is.
func (s *Server) Script(ctx context.Context, source string, keys, args []string) (text string, ok bool, err error) {
	sha := scriptSHA(source)
	call := append([]string{"EVALSHA", sha, strconv.Itoa(len(keys))}, keys...)
	return s.ask(ctx, request{calls: [][]string{append(call, args...)}, sha: sha, source: source})
}

func scriptSHA(source string) string {
	sum := sha1.Sum([]byte(source)) // as Redis names scripts
	return hex.EncodeToString(sum[:])
}

func (s *Server) ask(ctx context.Context, r request) (string, bool, error) {
	for _, arg := range r.calls[0] {
		if !utf8.ValidString(arg) {
			return "", false, errors.New("embedded redis: an argument is not UTF-8")
		}
	}
	r.answer = make(chan answer, 1)
	select {
	case s.requests <- r:
		a := <-r.answer
		return a.text, a.ok, a.err
	case <-s.stop:
		return "", false, ErrClosed
	case <-ctx.Done():
		return "", false, ctx.Err()
	}
}

// run is the only one that writes: it takes what waits, has it on disk with one
// fsync, and runs it in that order.
func (s *Server) run() {
	defer close(s.stopped)
	tick := time.NewTimer(step)
	defer tick.Stop()
	for {
		select {
		case r := <-s.requests:
			s.serve(s.gather(r))
		case now := <-tick.C:
			tick.Reset(max(step, 100*s.advance(now))) // at most 1 % of a core
		case <-s.stop:
			s.closeErr = s.journal.close()
			return
		}
	}
}

func (s *Server) gather(first request) []request {
	batch := []request{first}
	for len(batch) < maxBatch {
		select {
		case r := <-s.requests:
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}

func (s *Server) serve(batch []request) {
	record := journalRecord{At: s.clock}
	loads := map[string]bool{}
	for i, r := range batch {
		if r.sha != "" && !s.known[r.sha] && !loads[r.sha] {
			loads[r.sha] = true
			batch[i].calls = append([][]string{{"SCRIPT", "LOAD", r.source}}, r.calls...)
		}
		record.Calls = append(record.Calls, batch[i].calls...)
	}
	if record.timed() {
		s.advance(time.Now())
		record.At = s.clock
	}
	if err := s.store(record); err != nil {
		for _, r := range batch {
			r.answer <- answer{err: err}
		}
		return
	}
	for sha := range loads {
		s.known[sha] = true
	}
	for _, r := range batch {
		var last answer
		for _, args := range r.calls {
			last = s.execute(args)
		}
		r.answer <- last
	}
	if s.journal.full() {
		if err := s.snapshot(); err != nil {
			s.log.Error("no snapshot taken, the journal goes on growing", "err", err)
		}
	}
}

// store has a record on disk, or says why not; then it will not run.
func (s *Server) store(record journalRecord) error {
	if s.broken != nil {
		return s.broken
	}
	err := s.journal.append(record)
	var lost *lostError
	if errors.As(err, &lost) {
		s.broken = fmt.Errorf("nothing can be stored until a restart: %w", err)
		return s.broken
	}
	return err
}

// execute runs one command in memory.
func (s *Server) execute(args []string) answer {
	raw, err := s.executor.Do(args...)
	if err != nil {
		return answer{err: fmt.Errorf("embedded redis: %w", err)}
	}
	if strings.HasPrefix(raw, "$-1") || strings.HasPrefix(raw, "*-1") || strings.HasPrefix(raw, "_") {
		return answer{} // null, RESP 2 and 3
	}
	value, err := proto.Parse(raw)
	switch v := value.(type) {
	case error:
		return answer{err: fmt.Errorf("embedded redis: %w", v)}
	case string:
		return answer{text: v, ok: true, err: err}
	default:
		return answer{text: fmt.Sprint(v), ok: true, err: err}
	}
}

// snapshot starts a new generation of the journal with all there is now.
func (s *Server) snapshot() error {
	if err := s.journal.renew(func(write func(journalRecord) error) error { return dump(s.redis, s.clock, write) }); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	s.known = map[string]bool{}
	return nil
}

// Close waits for what was taken, ends all connections and frees the directory.
func (s *Server) Close() error {
	s.closing.Do(func() {
		close(s.stop)
		<-s.stopped
		s.conns.close()
		s.redis.Close()
		s.closeErr = errors.Join(s.closeErr, s.lock.Close())
	})
	return s.closeErr
}

package rooms

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"verifycall/rooms/embedded"
	"verifycall/rooms/redistest"
	"verifycall/rooms/tickets"
)

// cutter is a TCP proxy before a Redis that cuts connections on which a script
// is called: before the call has gone on, or after its reply has come.
type cutter struct {
	upstream string
	before   atomic.Int64 // calls still to be cut before
	after    atomic.Int64 // calls still to be cut after
	cut      atomic.Int64 // calls that were cut
	wg       sync.WaitGroup
}

func newCutter(t *testing.T, upstream string) (*cutter, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &cutter{upstream: upstream}
	p.wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p.wg.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.wg.Wait()
	})
	return p, l.Addr().String()
}

func (p *cutter) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.upstream)
	if err != nil {
		return
	}
	defer server.Close()
	request, reply := make([]byte, 64<<10), make([]byte, 64<<10)
	for { // request and reply take turns: the tests pipeline only small reads
		n, err := client.Read(request)
		if err != nil {
			return
		}
		script := bytes.Contains(bytes.ToLower(request[:n]), []byte("evalsha"))
		if script && p.before.Add(-1) >= 0 {
			p.cut.Add(1)
			return
		}
		if _, err := server.Write(request[:n]); err != nil {
			return
		}
		n, err = server.Read(reply)
		if err != nil {
			return
		}
		if script && p.after.Add(-1) >= 0 {
			p.cut.Add(1)
			return
		}
		if _, err := client.Write(reply[:n]); err != nil {
			return
		}
	}
}

// throughCutter gives a store behind a cutter, with a room and the script
// loaded.
func throughCutter(t *testing.T) (*Store, *cutter, string) {
	t.Helper()
	p, address := newCutter(t, redistest.Serve(t).Addr)
	s := openStore(t, Options{URL: "redis://" + address + "/0"})
	id := create(t, s, nil).ID
	do(t, s, id, append(agree[:2:2], EnterWaiting{})...)
	p.before.Store(0)
	p.after.Store(0)
	return s, p, id
}

// TestLostReplyIsWrittenOnce cuts the connection between the write and its
// reply: once, so that the client sends again by itself, and so often that it
// gives up and the store has to ask.
func TestLostReplyIsWrittenOnce(t *testing.T) {
	for _, cuts := range []int64{1, 3, 1000} {
		t.Run(fmt.Sprint(cuts), func(t *testing.T) {
			s, p, id := throughCutter(t)
			p.after.Store(cuts)
			r, err := s.Do(t.Context(), id, "seller", SendChat{Seller, "once"})
			if err != nil {
				t.Fatal(err)
			}
			if n := p.cut.Load(); n == 0 || n > cuts {
				t.Fatalf("%d replies were cut", n)
			}
			p.after.Store(0)
			record, err := s.Record(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Chat) != 1 || r.Record != record[len(record)-1].Head() || record[len(record)-1].Type != typeChat ||
				record[len(record)-2].Type == typeChat {
				t.Fatalf("%d entries, chat %+v", len(record), r.Chat)
			}
		})
	}
}

func TestLostCallIsUnknown(t *testing.T) {
	s, p, id := throughCutter(t)
	p.before.Store(1000)
	if _, err := s.Do(t.Context(), id, "seller", SendChat{Seller, "lost"}); !errors.Is(err, ErrUnknown) {
		t.Fatal(err)
	}
	p.before.Store(0)
	if r := do(t, s, id, SendChat{Seller, "again"}); len(r.Chat) != 1 || r.Text(r.Chat[0].Text) != "again" {
		t.Fatalf("%+v", r.Chat)
	}
}

func TestStoppedRedisIsUnknown(t *testing.T) {
	address := redistest.Serve(t).Addr
	s := openStore(t, Options{URL: "redis://" + address + "/0"})
	r := create(t, s, nil)
	admin := redis.NewClient(&redis.Options{Addr: address})
	defer admin.Close()
	_ = admin.ShutdownNoSave(t.Context()).Err() // the connection ends with it
	if err := s.db.Commit(t.Context(), changeOf(t, r, typeExpired)); !errors.Is(err, ErrUnknown) {
		t.Fatal(err)
	}
}

func TestForgetfulRedisIsWarnedOf(t *testing.T) {
	for name, c := range map[string]struct {
		settings []string
		warned   string
	}{
		"no file": {[]string{"--appendonly", "no"}, "append-only"},
		"evicts":  {[]string{"--maxmemory-policy", "allkeys-lru"}, "evict"},
		"sound":   {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var log lines
			openStore(t, Options{URL: redistest.Serve(t, c.settings...).URL(), Log: log.logger()})
			if text := log.String(); (text == "") != (c.warned == "") || !strings.Contains(text, c.warned) {
				t.Fatalf("logged %q", text)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, url := range []string{"http://127.0.0.1", "redis://127.0.0.1:1/0", "::"} {
		if s, err := Open(t.Context(), Options{URL: url, Keys: testKeys(t)}); err == nil {
			s.Close()
			t.Errorf("%s was opened", url)
		}
	}
	dir := t.TempDir()
	openStore(t, Options{Dir: dir})
	if _, err := Open(t.Context(), Options{Dir: dir, Keys: testKeys(t)}); !errors.Is(err, embedded.ErrLocked) {
		t.Errorf("opened twice: %v", err)
	}
}

func TestEmbeddedComesBackWhole(t *testing.T) {
	dir, keys := t.TempDir(), testKeys(t)
	var want *Room
	for run := range 3 {
		s, err := Open(t.Context(), Options{Dir: dir, Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		if run == 0 {
			r := create(t, s, func(c *CreateRoom) { c.Link = Link{tickets.HashToken("token"), time.Now().Add(time.Hour)} })
			want = do(t, s, r.ID, wholeCall(t)...)
			if err := s.Tickets.Put(t.Context(), "session", "token", tickets.Ticket{Subject: "m1"}, time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.RoomByLink(t.Context(), "token")
		if err != nil {
			t.Fatalf("run %d: %v", run, err)
		}
		if !sameJSON(t, got, want) || len(got.Personal) != len(want.Personal) {
			t.Fatalf("run %d: another room", run)
		}
		if _, err := s.Record(t.Context(), want.ID); err != nil {
			t.Fatalf("run %d: %v", run, err)
		}
		if ids := all(t, s, Query{DecidedOnly: true}); len(ids) != 1 {
			t.Fatalf("run %d: %d decided rooms", run, len(ids))
		}
		if _, err := s.Tickets.Get(t.Context(), "session", "token"); err != nil {
			t.Fatalf("run %d: %v", run, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// committerDir makes the test binary a process that commits to the embedded
// store there and prints what was acknowledged, until it is killed.
const committerDir = "ROOMS_TEST_COMMITTER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(committerDir); dir != "" {
		fmt.Fprintln(os.Stderr, commitForEver(dir))
		os.Exit(1)
	}
	code := m.Run()
	redistest.End()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func commitForEver(dir string) error {
	ctx := context.Background()
	keys, closeKeys, err := keysIn(dir + "-keys")
	if err != nil {
		return err
	}
	defer closeKeys()
	s, err := Open(ctx, Options{Dir: dir, Keys: keys})
	if err != nil {
		return err
	}
	faults := make(chan error)
	for range 4 {
		go func() {
			r, err := s.Create(ctx, "system", newRoom)
			for err == nil {
				fmt.Printf("%s %d %s\n", r.ID, r.Record.Seq, r.Record.Hash) // one write each
				r, err = s.Do(ctx, r.ID, "manager:m1", WriteNote{"", "Jörg"})
			}
			faults <- err
		}()
	}
	return <-faults
}

// TestKilledProcessKeepsWhatItAcknowledged kills a committing process again and
// again and finds every acknowledged entry after each.
func TestKilledProcessKeepsWhatItAcknowledged(t *testing.T) {
	dir := t.TempDir()
	acked := map[string][]string{} // room → "seq hash"
	for round := range 3 {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), committerDir+"="+dir)
		child.Stderr = os.Stderr
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(out)
		for count := 0; ; count++ {
			line, err := lines.ReadString('\n')
			if errors.Is(err, io.EOF) {
				break // a line that was cut by the kill was not read by anybody
			}
			if err != nil {
				t.Fatal(err)
			}
			id, entry, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			acked[id] = append(acked[id], entry)
			if count == 40+17*round {
				child.Process.Kill()
			}
		}
		if err := child.Wait(); err == nil {
			t.Fatal("the process has ended by itself")
		}
		checkAcked(t, dir, acked)
	}
}

func checkAcked(t *testing.T, dir string, acked map[string][]string) {
	t.Helper()
	keys, closeKeys, err := keysIn(dir + "-keys")
	if err != nil {
		t.Fatal(err)
	}
	defer closeKeys()
	s, err := Open(t.Context(), Options{Dir: dir, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	total := 0
	for id, entries := range acked {
		record, err := s.Record(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		there := map[string]bool{}
		for _, e := range record {
			there[fmt.Sprint(e.Seq, " ", e.Hash)] = true
		}
		for _, entry := range entries {
			if total++; !there[entry] {
				t.Errorf("room %s has lost its entry %s", id, entry)
			}
		}
		if r, err := s.Load(t.Context(), id); err != nil || r.Record != record[len(record)-1].Head() {
			t.Errorf("room %s: projection and chain differ: %v", id, err)
		}
	}
	t.Logf("%d acknowledged entries of %d rooms are there", total, len(acked))
}

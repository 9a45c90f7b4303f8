package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2/proto"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, dir string, log io.Writer) *Server {
	t.Helper()
	s, err := Open(dir, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func do(t testing.TB, s *Server, args ...string) string {
	t.Helper()
	text, _, err := s.Do(context.Background(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// read asks through a connection of Dial, as go-redis does.
func read(t testing.TB, s *Server, args ...string) string {
	t.Helper()
	conn, err := s.Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	raw, err := proto.NewClient(conn).Do(args...)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// contents gives all keys as the commands that make them.
func contents(t testing.TB, s *Server) string {
	t.Helper()
	var b bytes.Buffer
	err := dump(s.redis, 0, func(r journalRecord) error {
		_, err := fmt.Fprintln(&b, r.Calls)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const addTwice = `redis.call('XADD', KEYS[1], ARGV[1] .. '-0', 'e', ARGV[2]) redis.call('ZADD', KEYS[2], ARGV[1], ARGV[2]) return ARGV[2]`

// fill writes one key of each type.
func fill(t testing.TB, s *Server, n int) {
	t.Helper()
	do(t, s, "SET", fmt.Sprint("string", n), "Jörg \"x\"\n<&> \u2028")
	do(t, s, "HSET", "hash", fmt.Sprint("field", n), "1", "other", "2")
	text, ok, err := s.Script(context.Background(), addTwice, []string{"stream", "zset"}, []string{fmt.Sprint(n), fmt.Sprint("member", n)})
	if err != nil || !ok || text != fmt.Sprint("member", n) {
		t.Fatalf("%q, %v, %v", text, ok, err)
	}
}

func TestEverythingComesBack(t *testing.T) {
	dir := t.TempDir()
	var want string
	for round := 1; round <= 4; round++ {
		s := open(t, dir, t.Output())
		if got := contents(t, s); got != want {
			t.Fatalf("round %d:\n%s\nwant\n%s", round, got, want)
		}
		if round != 3 { // a round without writes
			fill(t, s, round)
		}
		want = contents(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(want, "XADD"); n != 3 {
		t.Fatalf("%d stream entries:\n%s", n, want)
	}
}

func TestNullAndNumbersAndErrors(t *testing.T) {
	s := open(t, t.TempDir(), t.Output())
	if _, ok, err := s.Do(t.Context(), "GETDEL", "nothing"); ok || err != nil {
		t.Errorf("null: %v, %v", ok, err)
	}
	if got := do(t, s, "DEL", "nothing"); got != "0" {
		t.Errorf("number: %s", got)
	}
	if _, _, err := s.Do(t.Context(), "HSET", "a"); err == nil {
		t.Error("an error reply is no error")
	}
	if _, _, err := s.Do(t.Context(), "SET", "a", "\xff"); err == nil {
		t.Error("a value that JSON can't hold was taken")
	}
	if read(t, s, "EXISTS", "a") != ":0\r\n" {
		t.Error("a refused call has written")
	}
}

// TestFailedCallDoesNotBarTheStart has a call in the journal that fails again
// when it is replayed.
func TestFailedCallDoesNotBarTheStart(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, t.Output())
	do(t, s, "SET", "a", "1")
	if _, _, err := s.Do(t.Context(), "HSET", "a", "f", "1"); err == nil {
		t.Fatal("no error")
	}
	s.Close()
	var log bytes.Buffer
	if s = open(t, dir, &log); read(t, s, "GET", "a") != "$1\r\n1\r\n" || !strings.Contains(log.String(), "HSET") {
		t.Errorf("logged %q", log.String())
	}
}

func only(t testing.TB, dir, pattern string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(names) != 1 {
		t.Fatalf("%s: %v, %v", pattern, names, err)
	}
	return names[0]
}

func copyDir(t testing.TB, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(filepath.Join(to, "copy"), os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(to, "copy")
}

// TestTornLastLineIsCut cuts the journal at every byte of its last line, and
// tears holes into it.
func TestTornLastLineIsCut(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, t.Output())
	fill(t, s, 1)
	before := contents(t, s)
	whole, err := os.ReadFile(only(t, dir, "journal-*"))
	if err != nil {
		t.Fatal(err)
	}
	do(t, s, "SET", "last", "x")
	after := contents(t, s)
	s.Close()
	text, err := os.ReadFile(only(t, dir, "journal-*"))
	if err != nil {
		t.Fatal(err)
	}
	torn := map[string][]byte{"zeroed": append(slices.Clone(whole), make([]byte, 4096)...)}
	for n := len(whole) + 1; n < len(text); n += 3 {
		torn[fmt.Sprint("cut at ", n-len(whole))] = text[:n]
		hole := slices.Clone(text)
		hole[n-1] = 0
		torn[fmt.Sprint("hole at ", n-len(whole))] = hole
	}
	for name, bad := range torn {
		dir := copyDir(t, dir)
		if err := os.WriteFile(only(t, dir, "journal-*"), bad, 0o600); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		s := open(t, dir, &log)
		if got := contents(t, s); got != before || !strings.Contains(log.String(), "torn") {
			t.Fatalf("%s: %s\nlogged %q", name, got, log.String())
		}
		do(t, s, "SET", "last", "x")
		s.Close()
		if s = open(t, dir, t.Output()); contents(t, s) != after {
			t.Fatalf("%s: what was written after the cut is lost", name)
		}
		s.Close()
	}
}

// TestDamageIsRefused changes what was acknowledged: nothing may be dropped
// silently.
func TestDamageIsRefused(t *testing.T) {
	dir := t.TempDir()
	for n := 1; n <= 3; n++ { // the last leaves a snapshot and a journal
		s := open(t, dir, t.Output())
		fill(t, s, n)
		do(t, s, "SET", "more", fmt.Sprint(n))
		s.Close()
	}
	flip := func(name string, at func(length int) int) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			name := only(t, dir, name)
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			text[at(len(text))] ^= 1
			if err := os.WriteFile(name, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, damage := range map[string]func(t *testing.T, dir string){
		"journal, first byte":    flip("journal-*", func(int) int { return 0 }),
		"journal, third":         flip("journal-*", func(n int) int { return n / 3 }),
		"snapshot, first byte":   flip("snapshot-*", func(int) int { return 0 }),
		"snapshot, middle":       flip("snapshot-*", func(n int) int { return n / 2 }),
		"snapshot, end":          flip("snapshot-*", func(n int) int { return n - 3 }),
		"snapshot, last newline": flip("snapshot-*", func(n int) int { return n - 1 }),
		"snapshot cut": func(t *testing.T, dir string) {
			name := only(t, dir, "snapshot-*")
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			text = text[:bytes.LastIndexByte(text[:len(text)-1], '\n')+1] // a whole line
			if err := os.WriteFile(name, text, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"snapshot gone": func(t *testing.T, dir string) {
			if err := os.Remove(only(t, dir, "snapshot-*")); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := copyDir(t, dir)
			damage(t, dir)
			if s, err := Open(dir, slog.New(slog.DiscardHandler)); !errors.Is(err, ErrDamaged) {
				if err == nil {
					s.Close()
				}
				t.Fatalf("got %v", err)
			}
			if s, err := Open(dir, slog.New(slog.DiscardHandler)); !errors.Is(err, ErrDamaged) { // and not ErrLocked
				if err == nil {
					s.Close()
				}
				t.Fatalf("the second time: %v", err)
			}
		})
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, t.Output())
	if _, err := Open(dir, slog.New(slog.DiscardHandler)); !errors.Is(err, ErrLocked) {
		t.Fatal(err)
	}
	s.Close()
	open(t, dir, t.Output())
}

func TestJournalIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made")
	s := open(t, dir, t.Output())
	fill(t, s, 1)
	for _, name := range []string{dir, only(t, dir, "journal-*")} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

// TestLongJournalBecomesASnapshot has the limit low, so that generations pass.
func TestLongJournalBecomesASnapshot(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	s, err = restarted(dir, 500)
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 60; n++ {
		fill(t, s, n)
	}
	want, generation := contents(t, s), s.journal.generation
	s.Close()
	if generation < 3 {
		t.Fatalf("generation %d", generation)
	}
	for _, kind := range []string{"journal", "snapshot"} {
		if got, want := only(t, dir, kind+"-*"), fmt.Sprintf("%s-%08d.jsonl", kind, generation); filepath.Base(got) != want {
			t.Errorf("%s is left, want %s", got, want)
		}
	}
	again := open(t, dir, t.Output())
	if got := contents(t, again); got != want {
		t.Fatalf("%s\nwant\n%s", got, want)
	}
	fill(t, again, 99) // the script is loaded into the new generation
}

// TestCrashWhileTheSnapshotIsTaken leaves what a kill leaves: a half-written
// snapshot, and a whole one whose journal was not begun.
func TestCrashWhileTheSnapshotIsTaken(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, t.Output())
	fill(t, s, 1)
	want := contents(t, s)
	s.Close()
	half := copyDir(t, dir)
	journal, err := os.ReadFile(only(t, dir, "journal-*"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(half, "snapshot-00000001.jsonl.new"), journal[:40], 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, dir, t.Output()).Close() // takes the snapshot
	if err := os.Rename(only(t, dir, "journal-*"), filepath.Join(dir, "journal-00000000.jsonl")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "journal-00000000.jsonl"), journal, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{half, dir} {
		for range 2 {
			s := open(t, dir, t.Output())
			if got := contents(t, s); got != want {
				t.Fatalf("%s\nwant\n%s", got, want)
			}
			s.Close()
		}
	}
}

// restarted opens dir with another limit of its journal.
func restarted(dir string, limit int64) (*Server, error) {
	s, err := Open(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	close(s.stop)
	<-s.stopped
	s.stop, s.stopped = make(chan struct{}), make(chan struct{})
	s.journal.limit = limit
	if err := s.journal.open(); err != nil {
		return nil, err
	}
	go s.run()
	return s, nil
}

// TestTimeRunsOnWhileClosed replays keys with a time to live at the time they
// were written.
func TestTimeRunsOnWhileClosed(t *testing.T) {
	dir := t.TempDir()
	now := time.Now().UnixMilli()
	var text []byte
	for _, r := range []journalRecord{
		{now - 60_000, [][]string{{"SET", "old", "1", "PX", "50000"}, {"SET", "long", "1", "PX", "3600000"}}},
		{now - 60_000, [][]string{{"SET", "claim", "first", "NX", "PX", "30000"}}},
		{now - 40_000, [][]string{{"SET", "claim", "second", "NX", "PX", "3600000"}}}, // refused then
		{now - 20_000, [][]string{{"SET", "claim", "third", "NX", "PX", "3600000"}}},  // the first had run out
		{now - 19_000, [][]string{{"SET", "ever", "1"}}},
	} {
		line, err := r.line()
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, line...)
	}
	if err := os.WriteFile(filepath.Join(dir, "journal-00000000.jsonl"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	for round := range 2 { // from the journal, then from the snapshot
		s := open(t, dir, t.Output())
		for key, want := range map[string]string{"old": "$-1\r\n", "long": "$1\r\n1\r\n", "claim": "$5\r\nthird\r\n", "ever": "$1\r\n1\r\n"} {
			if got := read(t, s, "GET", key); got != want {
				t.Errorf("round %d: %s is %q, want %q", round, key, got, want)
			}
		}
		if ttl := s.redis.TTL("long"); ttl <= 0 || ttl > 3540*time.Second {
			t.Errorf("round %d: long has %v left", round, ttl)
		}
		if ttl := s.redis.TTL("ever"); ttl != 0 {
			t.Errorf("round %d: ever has %v left", round, ttl)
		}
		s.Close()
	}
}

// TestClockStandsWhileReplaying has scripts alone in the journal. A running
// clock would have miniredis look at every key at every command.
func TestClockStandsWhileReplaying(t *testing.T) {
	const script = `redis.call('SET', KEYS[1], redis.call('TIME')[1])`
	dir := t.TempDir()
	at := time.Now().Add(-time.Hour).Unix()
	line, err := journalRecord{at * 1000, [][]string{{"SCRIPT", "LOAD", script}, {"EVALSHA", scriptSHA(script), "1", "time"}}}.line()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "journal-00000000.jsonl"), line, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, want := read(t, open(t, dir, t.Output()), "GET", "time"), fmt.Sprintf("$10\r\n%d\r\n", at); got != want {
		t.Fatalf("replayed at %q, want %q", got, want)
	}
}

func TestKeysRunOutWhileOpen(t *testing.T) {
	s := open(t, t.TempDir(), t.Output())
	do(t, s, "SET", "brief", "1", "PX", "1")
	for read(t, s, "GET", "brief") != "$-1\r\n" { // ends within a step, else with the test's time
	}
}

// TestBatchIsOneLine has several writes wait at once.
func TestBatchIsOneLine(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, t.Output())
	close(s.stop) // run is held, and the test in its place
	<-s.stopped
	s.stop, s.stopped = make(chan struct{}), make(chan struct{})
	if err := s.journal.open(); err != nil {
		t.Fatal(err)
	}
	var batch []request
	for n := range 3 {
		batch = append(batch, request{calls: [][]string{{"SET", "n", fmt.Sprint(n)}}, answer: make(chan answer, 1)})
	}
	batch = append(batch, request{calls: [][]string{{"GETDEL", "n"}}, answer: make(chan answer, 1)})
	s.serve(batch)
	text, err := os.ReadFile(only(t, dir, "journal-*"))
	if err != nil {
		t.Fatal(err)
	}
	if got := <-batch[3].answer; got.text != "2" || bytes.Count(text, []byte("\n")) != 1 {
		t.Errorf("answer %+v, journal\n%s", got, text)
	}
	go s.run()
}

func TestManyWritersAtOnce(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, t.Output())
	var wg sync.WaitGroup
	for n := range 40 {
		wg.Go(func() {
			for i := range 5 {
				if _, _, err := s.Do(context.Background(), "HSET", "hash", fmt.Sprint(n, "-", i), "x"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	want := contents(t, s)
	s.Close()
	if again := open(t, dir, t.Output()); contents(t, again) != want || strings.Count(want, "HSET") != 200 {
		t.Error("writes are lost")
	}
}

// TestFullDisk has a write fail in the middle: it is refused, what was there
// stays, and once there is room it goes on.
func TestFullDisk(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := open(t, dir, t.Output())
	fill(t, s, 1)
	before := contents(t, s)
	full := old
	full.Cur = uint64(s.journal.size) + 100
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &full); err != nil {
		t.Fatal(err)
	}
	_, _, err := s.Do(context.Background(), "SET", "big", strings.Repeat("x", 1000))
	if undo := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); undo != nil {
		t.Fatal(undo)
	}
	if !errors.Is(err, syscall.EFBIG) {
		t.Fatal(err)
	}
	if got := contents(t, s); got != before {
		t.Fatalf("a refused write is there:\n%s", got)
	}
	fill(t, s, 2)
	want := contents(t, s)
	s.Close()
	if again := open(t, dir, t.Output()); contents(t, again) != want {
		t.Error("lost after a full disk")
	}
}

// TestLostDiskStopsWriting has the disk in an unknown state: nothing more is
// acknowledged.
func TestLostDiskStopsWriting(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("needs /dev/full")
	}
	s := open(t, t.TempDir(), t.Output())
	fill(t, s, 1)
	before := contents(t, s)
	broken, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	good := s.journal.file // run waits for a request
	s.journal.file = broken
	for range 2 {
		if _, _, err := s.Do(context.Background(), "SET", "a", "1"); !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
		s.journal.file = good // too late
	}
	if got := contents(t, s); got != before {
		t.Fatalf("a refused write is there:\n%s", got)
	}
	broken.Close()
}

// TestLongPipelineDoesNotHang writes far more commands than any buffer holds
// before it reads the first answer.
func TestLongPipelineDoesNotHang(t *testing.T) {
	s := open(t, t.TempDir(), t.Output())
	do(t, s, "SET", "a", strings.Repeat("x", 1000))
	conn, err := s.Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for range 5000 {
		if err := proto.Write(conn, []string{"GET", "a"}); err != nil {
			t.Fatal(err)
		}
	}
	client := proto.NewClient(conn)
	for range 5000 {
		if _, err := client.Read(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestClosed(t *testing.T) {
	s := open(t, t.TempDir(), t.Output())
	conn, err := s.Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := s.Do(t.Context(), "SET", "a", "1"); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if _, err := s.Dial(); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.Do(ctx, "SET", "a", "1"); err == nil {
		t.Error("written after the end")
	}
}

func FuzzParseLine(f *testing.F) {
	line, err := journalRecord{1764000000000, [][]string{{"SET", "a", "é\n"}, {"SCRIPT", "LOAD", "return 1"}}}.line()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.TrimSuffix(line, []byte("\n")))
	f.Add([]byte("00000000 {}"))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := parseLine(line)
		if err != nil {
			return
		}
		again, err := r.line()
		if err != nil {
			t.Fatal(err)
		}
		back, err := parseLine(bytes.TrimSuffix(again, []byte("\n")))
		if err != nil || fmt.Sprint(back) != fmt.Sprint(r) {
			t.Fatalf("%+v came back as %+v, %v", r, back, err)
		}
	})
}

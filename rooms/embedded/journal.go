package embedded

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
)

// snapshotAt is the size in bytes past which a journal is replaced by a
// snapshot, unless the snapshot itself is larger.
const snapshotAt = 64 << 20

// A journal lies in numbered generations: snapshot-N holds all there was when
// journal-N began, and ends with a record without calls. Both are lines of a CRC-32C in hex, a space and a
// journalRecord as JSON. A line is one write and one fsync, so that only the
// last line of a journal can be torn, and nobody was told of it.
type journal struct {
	dir        string
	log        *slog.Logger
	generation int
	file       *os.File
	size       int64 // bytes of whole lines
	base       int64 // bytes of this generation's snapshot
	limit      int64
	sync       func(*os.File) error // has what was written on disk: syncData
}

// journalRecord is what was run together. At is the clock's time then, in ms
// since 1970.
type journalRecord struct {
	At    int64      `json:"at"`
	Calls [][]string `json:"calls"`
}

// timed says whether a call may depend on the clock: all but scripts.
func (r journalRecord) timed() bool {
	return slices.ContainsFunc(r.Calls, func(args []string) bool { return args[0] != "EVALSHA" && args[0] != "SCRIPT" })
}

// lostError says that it is not known what the disk holds.
type lostError struct{ err error }

func (e *lostError) Error() string { return "journal: " + e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (r journalRecord) line() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("00000000 ")
	enc := json.NewEncoder(&b) // ends with a newline
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	line := b.Bytes()
	var sum [4]byte
	crc := crc32.Checksum(line[9:len(line)-1], castagnoli)
	sum[0], sum[1], sum[2], sum[3] = byte(crc>>24), byte(crc>>16), byte(crc>>8), byte(crc)
	hex.Encode(line, sum[:])
	return line, nil
}

// parseLine reads a line without its newline.
func parseLine(line []byte) (journalRecord, error) {
	var r journalRecord
	var sum [4]byte
	if len(line) < 10 || line[8] != ' ' {
		return r, errors.New("too short")
	}
	if _, err := hex.Decode(sum[:], line[:8]); err != nil {
		return r, err
	}
	want := uint32(sum[0])<<24 | uint32(sum[1])<<16 | uint32(sum[2])<<8 | uint32(sum[3])
	if crc32.Checksum(line[9:], castagnoli) != want {
		return r, errors.New("wrong checksum")
	}
	if err := json.Unmarshal(line[9:], &r); err != nil {
		return r, err
	}
	for _, args := range r.Calls {
		if len(args) == 0 || args[0] == "SCRIPT" && len(args) != 3 {
			return r, errors.New("not a command")
		}
	}
	return r, nil
}

func (j *journal) path(kind string, generation int) string {
	return filepath.Join(j.dir, fmt.Sprintf("%s-%08d.jsonl", kind, generation))
}

// openJournal replays the newest generation and opens it to append.
func openJournal(dir string, log *slog.Logger, replay func(journalRecord)) (*journal, error) {
	j := &journal{dir: dir, log: log, limit: snapshotAt, sync: syncData}
	var err error
	if j.generation, err = newest(dir, "snapshot"); err != nil {
		return nil, err
	}
	switch last, err := newest(dir, "journal"); {
	case err != nil:
		return nil, err
	case last > j.generation:
		return nil, fmt.Errorf("%w: %s is missing", ErrDamaged, j.path("snapshot", last))
	}
	if j.generation > 0 {
		if j.base, err = j.read("snapshot", false, replay); err != nil {
			return nil, err
		}
	}
	if j.size, err = j.read("journal", true, replay); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return j, j.open()
}

// newest is the highest generation of a kind in dir, 0 where there is none.
func newest(dir, kind string) (int, error) {
	names, err := filepath.Glob(filepath.Join(dir, kind+"-*.jsonl"))
	if err != nil {
		return 0, err
	}
	top := 0
	for _, name := range names {
		var n int
		if _, err := fmt.Sscanf(filepath.Base(name), kind+"-%d.jsonl", &n); err == nil {
			top = max(top, n)
		}
	}
	return top, nil
}

// read replays a file and gives the bytes of its whole lines. A bad last line
// is cut where that may be; any other is ErrDamaged.
func (j *journal) read(kind string, mayCut bool, replay func(journalRecord)) (int64, error) {
	name := j.path(kind, j.generation)
	file, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	in, good, ended := bufio.NewReaderSize(file, 1<<20), int64(0), false
	for number := 1; ; number++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			if !mayCut && !ended {
				return 0, fmt.Errorf("%w: %s has lost its end", ErrDamaged, name)
			}
			return good, nil
		}
		whole := err == nil
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		record, fault := parseLine(bytes.TrimSuffix(line, []byte("\n")))
		if !whole || fault != nil {
			_, err := in.Peek(1)
			if !mayCut || !errors.Is(err, io.EOF) {
				return 0, fmt.Errorf("%w: %s line %d: %v", ErrDamaged, name, number, fault)
			}
			j.log.Warn("the journal's last line was torn and is cut; nobody was told it was stored",
				"file", filepath.Base(name), "line", number, "bytes", len(line))
			return good, nil
		}
		replay(record)
		ended = len(record.Calls) == 0
		good += int64(len(line))
	}
}

// open opens the generation's file, cut to its whole lines.
func (j *journal) open() error {
	file, err := os.OpenFile(j.path("journal", j.generation), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, seekErr := file.Seek(j.size, io.SeekStart)
	if err := errors.Join(file.Truncate(j.size), seekErr, file.Sync(), syncDir(j.dir)); err != nil {
		return errors.Join(err, file.Close())
	}
	j.file = file
	return nil
}

// append has a record on disk. A *lostError says that the disk may or may not
// hold it; after any other error it does not.
func (j *journal) append(r journalRecord) error {
	line, err := r.line()
	if err != nil {
		return err
	}
	if _, err := j.file.Write(line); err != nil {
		_, seekErr := j.file.Seek(j.size, io.SeekStart)
		if undo := errors.Join(j.file.Truncate(j.size), seekErr, j.file.Sync()); undo != nil {
			return &lostError{errors.Join(err, undo)}
		}
		return fmt.Errorf("journal: %w", err) // a full disk: the next one may fit
	}
	if err := j.sync(j.file); err != nil {
		return &lostError{err}
	}
	j.size += int64(len(line))
	return nil
}

func (j *journal) full() bool { return j.size > max(j.limit, j.base) }

// renew writes a snapshot by fill and begins the next generation with it. After
// an error the old generation goes on.
func (j *journal) renew(fill func(write func(journalRecord) error) error) error {
	next := *j
	next.generation, next.size = j.generation+1, 0
	size, err := next.writeSnapshot(fill)
	if err != nil {
		return err
	}
	next.base = size
	if err := next.open(); err != nil {
		// The snapshot would hide what the old generation takes from now on.
		return errors.Join(err, os.Remove(next.path("snapshot", next.generation)))
	}
	old := *j
	*j = next
	if err := errors.Join(old.file.Close(), old.remove()); err != nil {
		j.log.Warn("an old generation of the journal is left", "err", err)
	}
	return nil
}

func (j *journal) writeSnapshot(fill func(write func(journalRecord) error) error) (size int64, err error) {
	name := j.path("snapshot", j.generation)
	file, err := os.OpenFile(name+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriterSize(file, 1<<20)
	write := func(r journalRecord) error {
		line, err := r.line()
		if err != nil {
			return err
		}
		size += int64(len(line))
		_, err = out.Write(line)
		return err
	}
	err = errors.Join(fill(write), write(journalRecord{}))
	if err = errors.Join(err, out.Flush(), file.Sync(), file.Close()); err != nil {
		return 0, errors.Join(err, os.Remove(name+".new"))
	}
	if err := os.Rename(name+".new", name); err != nil {
		return 0, err
	}
	if err := syncDir(j.dir); err != nil { // it would hide what the old generation takes from now on
		return 0, errors.Join(err, os.Remove(name))
	}
	return size, nil
}

// remove deletes a generation that a newer one has replaced, and older ones that
// a crash left.
func (j *journal) remove() error {
	var faults []error
	for generation := j.generation; generation >= 0; generation-- {
		gone := 0
		for _, kind := range []string{"snapshot", "journal"} {
			switch err := os.Remove(j.path(kind, generation)); {
			case errors.Is(err, fs.ErrNotExist):
				gone++
			case err != nil:
				faults = append(faults, err)
			}
		}
		if gone == 2 {
			break
		}
	}
	return errors.Join(faults...)
}

func (j *journal) close() error { return errors.Join(j.file.Sync(), j.file.Close()) }

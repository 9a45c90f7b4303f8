package calls

import (
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"verifycall/calls/protocol"
)

// The figures of a call in its record: a line each reportSpan of the server,
// and one for each report of a page, which may come as often.
const (
	qualityFile    = "quality.jsonl" // beside the recordings, and in the bundle's data/
	reportSpan     = 5 * time.Second
	qualityQueue   = 64      // lines that wait for the disk; more are dropped
	maxQualityFile = 4 << 20 // bytes: some four hours of both sides
	maxQualityLine = 4 << 10
)

// qualityLine is one line of the file.
type qualityLine struct {
	At     time.Time `json:"at"`
	Who    string    `json:"who"`            // "server", "seller", "manager"
	Path   string    `json:"path,omitempty"` // of a page
	Tracks any       `json:"tracks"`         // []protocol.TrackHealth or []protocol.TrackQuality
}

// qualityLog writes the lines of one call beside it: a call never waits for a
// disk. Its methods are its call's.
type qualityLog struct {
	lines chan []byte   // closed by close
	done  chan struct{} // closed by run
}

func newQualityLog(dir string, log *slog.Logger) *qualityLog {
	q := &qualityLog{lines: make(chan []byte, qualityQueue), done: make(chan struct{})}
	go q.run(dir, log)
	return q
}

// add queues a line, or drops it when the disk doesn't keep up.
func (q *qualityLog) add(l qualityLine) {
	text, err := json.Marshal(l)
	if err != nil || len(text) > maxQualityLine {
		return // of bounded messages neither can be
	}
	select {
	case q.lines <- append(text, '\n'):
	default:
	}
}

// close returns when what is queued is written.
func (q *qualityLog) close() {
	close(q.lines)
	<-q.done
}

func (q *qualityLog) run(dir string, log *slog.Logger) {
	defer close(q.done)
	var file *os.File
	var size int64
	for line := range q.lines {
		var err error
		if file == nil {
			file, size, err = openQuality(dir)
		}
		if err == nil && size+int64(len(line)) <= maxQualityFile {
			_, err = file.Write(line)
			size += int64(len(line))
		}
		if err == nil {
			continue
		}
		log.Debug("figures not kept", "err", err) // the recorder's light tells of the disk
		if file != nil {
			_ = file.Close() // it failed already
			file = nil
		}
	}
	if file != nil {
		if err := file.Close(); err != nil {
			log.Debug("figures not kept", "err", err)
		}
	}
}

// openQuality opens the file behind its last whole line.
func openQuality(dir string) (*os.File, int64, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, 0, err
	}
	file, err := os.OpenFile(filepath.Join(dir, qualityFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, 0, err
	}
	text, err := os.ReadFile(file.Name())
	size := int64(len(wholeLines(text)))
	if err == nil {
		err = file.Truncate(size)
	}
	if err == nil {
		_, err = file.Seek(size, 0)
	}
	if err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}
	return file, size, nil
}

// wholeLines cuts a line that a crash has torn.
func wholeLines(text []byte) []byte {
	for n := len(text); n > 0; n-- {
		if text[n-1] == '\n' {
			return text[:n]
		}
	}
	return nil
}

// figures gives the path of a room's file with its torn end cut, "" without one.
func figures(dir string) (string, error) {
	path := filepath.Join(dir, qualityFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return path, os.Truncate(path, int64(len(wholeLines(text))))
}

// onQuality keeps what a page reports of a live call whose recording its person
// has agreed to, as often as a page should say it and not more.
func (c *Call) onQuality(s *side, msg *protocol.Quality, now time.Time) {
	if s.recording == nil || now.Sub(s.reported) < reportSpan*4/5 {
		return
	}
	s.reported = now
	c.keep(qualityLine{At: now.UTC().Truncate(time.Millisecond), Who: string(s.role), Path: msg.Path, Tracks: msg.Tracks})
}

func (c *Call) keep(l qualityLine) {
	if c.quality == nil {
		c.quality = newQualityLog(c.house.depot.Folder(c.id), c.log)
	}
	c.quality.add(l)
}

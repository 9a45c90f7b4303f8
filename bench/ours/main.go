// Command ours is package media alone, for bench/media: it speaks the same
// signalling as bench/plain. With -record each track is recorded as well.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	_ "net/http/pprof" // for the profiles in docs/decisions
	"os"
	"runtime"
	"runtime/debug"
	"sync"

	"filippo.io/age"

	"verifycall/media"
	"verifycall/recorder"
)

// heapGrowth is what cmd/verifycall sets.
const heapGrowth = 25

// settings of a run.
type settings struct {
	listen, media, record, path string
	heap                        bool
}

// call is two sides.
type call struct {
	name  string
	sides [2]*media.Transport
	tapes *recorder.Recorder // nil without recording
	taped [2]*recorder.Recording
}

// server holds the calls.
type server struct {
	node   *media.Node
	record string

	mu    sync.Mutex // guards calls and what is in them
	calls map[string]*call
}

func main() {
	var set settings
	flag.StringVar(&set.listen, "listen", "127.0.0.1:0", "address of the signalling")
	flag.StringVar(&set.media, "media", "127.0.0.1:0", "address of the media port")
	flag.StringVar(&set.record, "record", "", "directory to record to; nothing is recorded without")
	flag.StringVar(&set.path, "path", string(media.PathLean), "lean or pion")
	flag.BoolVar(&set.heap, "heap", false, "sample what is allocated, for /debug/pprof/heap")
	flag.Parse()
	if !set.heap {
		runtime.MemProfileRate = 0 // its table is a megabyte
	}
	runtime.GOMAXPROCS(max(2, runtime.GOMAXPROCS(0))) // so does cmd/verifycall
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
	if err := run(set); err != nil {
		fmt.Fprintln(os.Stderr, "ours:", err)
		os.Exit(1)
	}
}

func run(set settings) error {
	node, err := media.NewNode(media.Config{Listen: set.media, Path: media.Path(set.path)})
	if err != nil {
		return err
	}
	s := &server{node: node, record: set.record, calls: map[string]*call{}}
	listener, err := net.Listen("tcp", set.listen)
	if err != nil {
		return errors.Join(err, node.Close())
	}
	fmt.Println(listener.Addr())
	http.HandleFunc("POST /join", s.join)
	return http.Serve(listener, nil)
}

func (s *server) join(w http.ResponseWriter, r *http.Request) {
	offer, err := io.ReadAll(r.Body)
	if err == nil {
		var answer string
		side := 0
		if r.FormValue("side") == "1" {
			side = 1
		}
		if answer, err = s.answer(r, r.FormValue("call"), side, string(offer)); err == nil {
			_, err = io.WriteString(w, answer)
		}
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (s *server) answer(r *http.Request, name string, side int, offer string) (string, error) {
	s.mu.Lock()
	c, err := s.find(name)
	s.mu.Unlock()
	if err != nil {
		return "", err
	}
	t, err := s.node.NewTransport(func(e media.Event) { s.handle(c, side, e) })
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	c.sides[side] = t
	s.connect(c)
	s.mu.Unlock()
	return t.Answer(r.Context(), offer)
}

// find makes the call on first use; the caller holds mu.
func (s *server) find(name string) (*call, error) {
	if c := s.calls[name]; c != nil {
		return c, nil
	}
	c := &call{name: name}
	if s.record != "" {
		key, err := age.GenerateX25519Identity()
		if err != nil {
			return nil, err
		}
		tapes, err := recorder.New(recorder.Config{Dir: s.record + "/" + name, Room: name, Key: key.Recipient(), Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			return nil, err
		}
		c.tapes = tapes
		for side, who := range []string{"seller", "manager"} {
			if c.taped[side], err = tapes.Begin(who, name); err != nil {
				return nil, err
			}
		}
	}
	s.calls[name] = c
	return c, nil
}

// handle plays what has started to the other side.
func (s *server) handle(c *call, side int, e media.Event) {
	started, ok := e.(media.TrackStarted)
	if !ok {
		return
	}
	if c.tapes != nil {
		started.R.SetTap(c.taped[side].Tap(string(started.R.Kind()), started.R.ClockRate()))
	}
	go func() { // transports aren't to be called from here
		s.mu.Lock()
		defer s.mu.Unlock()
		s.connect(c)
	}()
}

// connect plays each side's tracks to the other; the caller holds mu.
func (s *server) connect(c *call) {
	for side, t := range c.sides {
		if other := c.sides[1-side]; t != nil && other != nil {
			for _, kind := range []media.Kind{media.Audio, media.Video} {
				other.Play(kind, t.Receiver(kind))
			}
		}
	}
}
